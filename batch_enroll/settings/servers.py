"""Which servers there are, which addresses may be used, and what must be given before anything can be sent."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Needs(StrEnum):
    """What a command wants from the settings."""

    SERVER = "server"  # it sends: an environment and credentials
    ROSTER = "roster"  # it reads a roster and sends nothing: an environment if there is one
    STATE = "state"  # it reads past runs only


class EnvironmentUrls(NamedTuple):
    """Where one environment lives."""

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


def environment(text: str) -> str:
    """The environment's own name for what was typed; what is not known comes back as it is, in lower case."""
    name = text.strip().lower()
    return _SPELLINGS.get(name, name)


def known_environment(text: str) -> str:
    """`text` as one of our environments.

    Raises:
        ValueError: it is none of them.
    """
    name = environment(text)
    if name and name not in {*ENVIRONMENTS, CUSTOM}:
        raise ValueError(f"{text!r} is not an environment; choose one of {', '.join(ENVIRONMENTS)}")
    return name


def usable_url(text: str) -> str:
    """`text` without its last slashes; empty stays empty.

    Raises:
        ValueError: not https (http on this machine only), or with credentials, query or fragment.
    """
    url = text.strip().rstrip("/")
    if url:
        _refuse_odd_url(url)
    return url


def _refuse_odd_url(url: str) -> None:
    if not _well_formed(url):
        raise ValueError("is not a URL such as https://api.example.org")
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("holds a user name or password; credentials are settings of their own")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError("has a query or a fragment; give the bare address")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError("is not https; plain http is accepted for this machine (127.0.0.1, localhost) only")


def _well_formed(url: str) -> bool:
    try:
        parts = urlsplit(url)
        sound = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False
    return sound and parts.scheme in {"http", "https"} and not any(ord(letter) <= ord(" ") for letter in url)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def completed(given: Mapping[str, object]) -> dict[str, object]:
    """`given` with the environment's own addresses where none was given, and the environment an address belongs to."""
    env, base_url, token_url = (_text(given, name) for name in ("env", "base_url", "token_url"))
    env = environment(env)
    if not env and base_url:
        env = _owner(base_url) or CUSTOM
    if not base_url and env in SERVERS:
        base_url = SERVERS[env].base_url
    if not token_url and (owner := _owner(base_url)):
        token_url = SERVERS[owner].token_url
    return {**given, "env": env, "base_url": base_url, "token_url": token_url}


def complaints(values: Mapping[str, object], needs: Needs) -> Iterator[tuple[str, str]]:
    """What stands in the way of using completed `values`, each with the name of the setting to mend."""
    env, base_url, token_url = (_text(values, name) for name in ("env", "base_url", "token_url"))
    if needs is not Needs.STATE:
        yield from _crossed(env, base_url, token_url)
    if needs is not Needs.SERVER:
        return
    yield from _misplaced(values, embedded=env == SANDBOX and not base_url)
    if not env:
        yield (
            "env",
            "no environment was chosen; give --env production, staging or sandbox (a rehearsal), or set TIMEBACK_ENV",
        )
    elif not values.get("dry_run") and (env != SANDBOX or base_url):
        yield from _missing(values, token_url)


def _crossed(env: str, base_url: str, token_url: str) -> Iterator[tuple[str, str]]:
    """A rehearsal must never reach production because an address was left in the shell."""
    if env not in ENVIRONMENTS:
        return
    for name, url in (("base_url", base_url), ("token_url", token_url)):
        owner = _owner(url)
        if owner and owner != env:
            yield name, f"is the address of {owner}, but the environment is {env}; drop one of the two"
            return  # the token URL may only follow from the base URL


def _misplaced(values: Mapping[str, object], *, embedded: bool) -> Iterator[tuple[str, str]]:
    """Only what was typed for this very command; a profile may keep them for its rehearsals."""
    origins = values.get("origins")
    for name in ("sandbox_scenarios", "sandbox_school", "sandbox_seed"):
        typed = isinstance(origins, dict) and str(origins.get(name, "")).startswith("flag ")
        if typed and not embedded:
            yield name, "only the rehearsal inside this process can play it; give --env sandbox and no base URL"


def _missing(values: Mapping[str, object], token_url: str) -> Iterator[tuple[str, str]]:
    if not token_url and _text(values, "base_url"):
        yield (
            "token_url",
            "the base URL is none of ours, so its token URL must be given too: --token-url or TIMEBACK_TOKEN_URL",
        )
    for name in ("client_id", "client_secret"):
        if not _text(values, name):
            variable = f"TIMEBACK_{name.upper()}"
            also = f" (or {variable}_FILE, the name of a file that holds it)" if name == "client_secret" else ""
            yield name, f"missing; set {variable}{also}"


def _owner(url: str) -> str:
    """The environment whose host this is, whatever its path; empty for a foreign one."""
    host = _host(url)
    return next((name for name, server in SERVERS.items() if host and host in map(_host, server)), "")


def _host(url: str) -> str:
    try:
        return urlsplit(url.strip()).hostname or ""
    except ValueError:  # `usable_url` says what is wrong with it
        return ""


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""
