"""Options for the server and the credentials."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import SecretStr

from batch_enroll.settings.declaration import Option, Panel, declare, list_in_words
from batch_enroll.settings.servers import ENVIRONMENTS
from batch_enroll.settings.values import Environment, HiddenText, Secret, Url


def _list_environments() -> tuple[str, ...]:
    return ENVIRONMENTS


@declare(Panel.SERVER)
class Server:
    """The API that is used. The variables are the ones that people already have. Source: contract section 3."""

    env: Annotated[
        Environment,
        Option(
            f"Environment: {list_in_words(ENVIRONMENTS)} (a rehearsal inside this process).",
            metavar="ENV",
            variables=("TIMEBACK_ENV",),
            default_text="TIMEBACK_ENV, else none",
            choices=_list_environments,
        ),
    ] = ""
    base_url: Annotated[
        Url,
        Option(
            "Use this API instead of the environment's own.",
            metavar="URL",
            variables=("TIMEBACK_API_BASE_URL", "TIMEBACK_BASE_URL", "EDUBRIDGE_BASE_URL"),
        ),
    ] = ""
    token_url: Annotated[
        Url,
        Option(
            "Fetch tokens from this URL instead of the environment's own.",
            metavar="URL",
            variables=("TIMEBACK_API_AUTH_URL", "TIMEBACK_AUTH_URL", "TIMEBACK_TOKEN_URL", "EDUBRIDGE_TOKEN_URL"),
        ),
    ] = ""


@declare(Panel.SERVER)
class Credentials:
    """The client's credentials: never flags, which other users of a machine can see."""

    client_id: Annotated[
        HiddenText,
        Option(
            "Id of the client.",
            flag=None,
            variables=("TIMEBACK_API_CLIENT_ID", "TIMEBACK_CLIENT_ID", "EDUBRIDGE_CLIENT_ID"),
        ),
    ] = ""
    client_secret: Annotated[
        Secret,
        Option(
            "Secret of the client. The same variables with _FILE at the end, and the key client_secret_file, name a "
            "file that holds it.",
            flag=None,
            variables=("TIMEBACK_API_CLIENT_SECRET", "TIMEBACK_CLIENT_SECRET", "EDUBRIDGE_CLIENT_SECRET"),
        ),
    ] = SecretStr("")
    token_auth: Annotated[
        Literal["auto", "basic", "body"],
        Option(
            "How the token request sends the credentials: in the Authorization header (basic), in the body (body), or "
            "in the header and, if that is refused, in the body (auto).",
            flag=None,
        ),
    ] = "auto"  # noqa: S105 - a choice, not a password
