"""The known servers, the addresses that may be used, and the settings that must be given before anything is sent."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from batch_enroll.settings.declaration import list_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Needs(StrEnum):
    """The settings that a command needs."""

    SERVER = "server"  # it sends: an environment and credentials
    ROSTER = "roster"  # it reads a roster and sends nothing: an environment if there is one
    STATE = "state"  # it reads past runs only


class EnvironmentUrls(NamedTuple):
    """The addresses of one environment."""

    base_url: str
    token_url: str


# Source: contract, "Hosts" and section 3. The sandbox has no address until it is started.
SERVERS: Final[Mapping[str, EnvironmentUrls]] = {
    "production": EnvironmentUrls(
        "https://api.alpha-1edtech.ai",
        "https://prod-beyond-timeback-api-2-idp.auth.us-east-1.amazoncognito.com/oauth2/token",
    ),
    "staging": EnvironmentUrls(
        "https://api.staging.alpha-1edtech.ai",
        "https://staging-beyond-timeback-api-2-idp.auth.us-east-1.amazoncognito.com/oauth2/token",
    ),
}
SANDBOX: Final = "sandbox"
CUSTOM: Final = "custom"  # an address that was given without an environment
ENVIRONMENTS: Final = (*SERVERS, SANDBOX)
_SPELLINGS: Final = {"prod": "production", "stage": "staging"}


def normalize_environment(text: str) -> str:
    """Returns the environment's own name for what was typed; an unknown one as it is, in lower case."""
    name = text.strip().lower()
    return _SPELLINGS.get(name, name)


def check_environment(text: str) -> str:
    """Returns `text` as one of our environments; empty stays empty.

    Raises:
        ValueError: it is none of them.
    """
    name = normalize_environment(text)
    if name and name not in {*ENVIRONMENTS, CUSTOM}:
        raise ValueError(f"{text!r} is not an environment; choose one of {', '.join(ENVIRONMENTS)}")
    return name


def check_url(text: str) -> str:
    """Returns `text` without its last slashes; empty stays empty.

    Raises:
        ValueError: not https (http on this machine only), or with credentials, query or fragment.
    """
    url = text.strip().rstrip("/")
    if url:
        _refuse_unusable_url(url)
    return url


def _refuse_unusable_url(url: str) -> None:
    if not _is_well_formed(url):
        raise ValueError("is not a URL such as https://api.example.org")
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("holds a user name or password; give credentials in their own settings")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError("has a query or a fragment; give the address alone")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError("is not https; plain http is accepted only for this machine (127.0.0.1, localhost)")


def _is_well_formed(url: str) -> bool:
    try:
        parts = urlsplit(url)
        sound = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is not a number, a bracket that is not closed
        return False
    return sound and parts.scheme in {"http", "https"} and not any(ord(letter) <= ord(" ") for letter in url)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def complete_addresses(given: Mapping[str, object]) -> dict[str, object]:
    """Returns `given` with the environment's own addresses where none was given, or the environment of the address."""
    env, base_url, token_url = (_read_text(given, name) for name in ("env", "base_url", "token_url"))
    env = normalize_environment(env)
    if not env and base_url:
        env = _find_owner(base_url) or CUSTOM
    if not base_url and env in SERVERS:
        base_url = SERVERS[env].base_url
    if not token_url and (owner := _find_owner(base_url)):
        token_url = SERVERS[owner].token_url
    return {**given, "env": env, "base_url": base_url, "token_url": token_url}


def find_problems(values: Mapping[str, object], needs: Needs) -> Iterator[tuple[str, str]]:
    """Yields the reasons why completed `values` cannot be used, each with the name of the setting to correct."""
    env, base_url, token_url = (_read_text(values, name) for name in ("env", "base_url", "token_url"))
    if needs is not Needs.STATE:
        yield from _find_contradiction(env, base_url, token_url)
    if needs is not Needs.SERVER:
        return
    yield from _find_misplaced(values, embedded=env == SANDBOX and not base_url)
    if not env:
        yield (
            "env",
            f"no environment was chosen; give --env {list_in_words(ENVIRONMENTS)} (a rehearsal), or set TIMEBACK_ENV",
        )
    elif not values.get("dry_run") and (env != SANDBOX or base_url):
        yield from _find_missing(values, token_url)


def _find_contradiction(env: str, base_url: str, token_url: str) -> Iterator[tuple[str, str]]:
    """A rehearsal must never reach production because an address was left in the shell."""
    if env not in ENVIRONMENTS:
        return
    for name, url in (("base_url", base_url), ("token_url", token_url)):
        owner = _find_owner(url)
        if owner and owner != env:
            yield name, f"is the address of {owner}, but the environment is {env}; remove one of the two"
            return  # the token URL may follow from the base URL


def _find_misplaced(values: Mapping[str, object], *, embedded: bool) -> Iterator[tuple[str, str]]:
    """Yields rehearsal settings that were typed for this command; a profile may keep some for its rehearsals."""
    origins = values.get("origins")
    for name, origin in origins.items() if isinstance(origins, dict) else ():
        if name.startswith("sandbox_") and str(origin).startswith("flag ") and not embedded:
            yield name, "only a rehearsal inside this process can use it; give --env sandbox and no base URL"


def _find_missing(values: Mapping[str, object], token_url: str) -> Iterator[tuple[str, str]]:
    if not token_url and _read_text(values, "base_url"):
        yield (
            "token_url",
            "missing; the base URL is not one of ours, so give its token URL too: --token-url or TIMEBACK_TOKEN_URL",
        )
    for name in ("client_id", "client_secret"):
        if not _read_text(values, name):
            variable = f"TIMEBACK_{name.upper()}"
            also = f" (or {variable}_FILE, a file that holds it)" if name == "client_secret" else ""
            yield name, f"missing; set {variable}{also}"


def _find_owner(url: str) -> str:
    """Returns the environment whose host this is, whatever the path; empty for a foreign host."""
    host = _read_host(url)
    return next((name for name, server in SERVERS.items() if host and host in map(_read_host, server)), "")


def _read_host(url: str) -> str:
    try:
        return urlsplit(url.strip()).hostname or ""
    except ValueError:  # `check_url` reports it
        return ""


def _read_text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""
