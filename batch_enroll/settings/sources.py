"""Where settings come from, beside flags: variables and the TOML file. Each value keeps the name of its origin.

A source never stops at its first problem: it puts what it found wrong into `complaints` and goes on, so that the
user hears of everything at once.
"""

from __future__ import annotations

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic_settings import PydanticBaseSettingsSource

from batch_enroll.core.lookup.id_resolution import AUTO, NEVER
from batch_enroll.core.lookup.records import EntityKind
from batch_enroll.settings.servers import CUSTOM, ENVIRONMENTS, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo

DEFAULT_FILE: Final = "batch-enroll.toml"
BOOKKEEPING: Final = frozenset({"origins", "complaints", "needs", "exact", "own_since"})

# Source: contract section 3; people have these set already. The first that is set and not empty wins.
VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "env": ("TIMEBACK_ENV",),
    "base_url": ("TIMEBACK_API_BASE_URL", "TIMEBACK_BASE_URL", "EDUBRIDGE_BASE_URL"),
    "token_url": ("TIMEBACK_API_AUTH_URL", "TIMEBACK_AUTH_URL", "TIMEBACK_TOKEN_URL", "EDUBRIDGE_TOKEN_URL"),
    "client_id": ("TIMEBACK_API_CLIENT_ID", "TIMEBACK_CLIENT_ID", "EDUBRIDGE_CLIENT_ID"),
    "client_secret": ("TIMEBACK_API_CLIENT_SECRET", "TIMEBACK_CLIENT_SECRET", "EDUBRIDGE_CLIENT_SECRET"),
}


class SettingSource(NamedTuple):
    """One value and where it was found."""

    value: object
    origin: str


class Findings:
    """What one source found, in the shape that pydantic-settings merges by precedence."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._origins: dict[str, str] = {}
        self._complaints: dict[str, str] = {}

    def add(self, name: str, value: object, origin: str) -> None:
        """Takes one value; a value that is text of several parts is taken apart."""
        try:
            self._values[name] = in_parts(name, value)
        except ValueError as problem:
            self.complain(origin, str(problem))
        self._origins[name] = origin

    def complain(self, origin: str, problem: str) -> None:
        """Takes note of a problem; one for each origin."""
        self._complaints[origin] = problem

    def merged(self) -> dict[str, Any]:
        """Values with their origins and problems."""
        return {**self._values, "origins": self._origins, "complaints": self._complaints}


def in_parts(name: str, value: object) -> object:
    """`map` as field to header, scenarios and notifications as lists; everything else as it is.

    Raises:
        ValueError: a mapping without `=`.
    """
    if name == "find" and isinstance(value, str | list):
        return _wishes(value.split(",") if isinstance(value, str) else value)
    if name == "map" and isinstance(value, str):
        return _pairs(value.split(","))
    if name == "map" and isinstance(value, list):
        return _pairs(value)
    if name == "notify" and isinstance(value, str):
        return value.split()  # such addresses may hold commas
    if name == "sandbox_scenarios" and isinstance(value, str):
        return [scenario.strip() for scenario in value.split(",") if scenario.strip()]
    return value


def _wishes(texts: Sequence[object]) -> dict[str, str]:
    wishes: dict[str, str] = {}
    for part in (part.strip().casefold() for text in texts for part in str(text).split(",")):
        kind, equals, by = part.partition("=")
        if part in {AUTO, NEVER}:
            wishes |= dict.fromkeys(EntityKind, part)
        elif equals:
            wishes[kind.strip()] = by.strip()
        else:
            raise ValueError(f"{part!r} is neither {AUTO}, {NEVER} nor such as user=email")
    return wishes


def _pairs(texts: Sequence[object]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, header = str(text).partition("=")
        if not (equals and name.strip() and header.strip()):
            raise ValueError(f"{text!r} is not of the form field=Header, such as user_id=StudentNo")
        pairs[name.strip()] = header.strip()
    return pairs


def file_text(path: Path) -> str:
    """What stands in a secret's file, without the line end.

    Raises:
        ValueError: it cannot be read, or is empty.
    """
    try:
        text = path.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the file {path} cannot be read ({_reason(error)})") from error
    if not text:
        raise ValueError(f"the file {path} is empty")
    return text


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is not text in UTF-8"


class _Source(PydanticBaseSettingsSource):
    """A source that gives all its values in one go."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Never called: the library's own sources use it to fill `__call__`, which ours write out."""
        del field, field_name
        raise NotImplementedError


class VariableSource(_Source):
    """Environment variables. Empty ones count as absent; unknown ones are none of our business."""

    def __call__(self) -> dict[str, Any]:
        """Everything found in the environment."""
        findings = Findings()
        for name in self.settings_cls.model_fields.keys() - BOOKKEEPING:
            found = self._found(name, findings)
            if found is not None:
                findings.add(name, found.value, found.origin)
        return findings.merged()

    def _found(self, name: str, findings: Findings) -> SettingSource | None:
        for variable in VARIABLES.get(name, (f"BATCH_ENROLL_{name.upper()}",)):
            if value := os.environ.get(variable, "").strip():
                return SettingSource(value, f"variable {variable}")
            if name == "client_secret" and (path := os.environ.get(f"{variable}_FILE", "").strip()):
                return _secret_in(Path(path), f"variable {variable}_FILE", findings)
        return None


def _secret_in(path: Path, origin: str, findings: Findings) -> SettingSource | None:
    """The secret in a file. If it cannot be had, that is the problem, and not that the secret is missing too."""
    try:
        return SettingSource(file_text(path), origin)
    except ValueError as problem:
        findings.complain(origin, str(problem))
        return SettingSource("unreadable", origin)


class FileSource(_Source):
    """`batch-enroll.toml`, or the file that `config` names: top-level keys, and over them the chosen `[env.NAME]`."""

    def __call__(self) -> dict[str, Any]:
        """Everything found in the file, for the environment that flags and variables chose."""
        findings = Findings()
        path = Path(str(self.current_state.get("config") or DEFAULT_FILE)).expanduser()
        content = _read(path, findings, wanted="config" in self.current_state)
        profiles = content.pop("env", {})
        if isinstance(profiles, str):
            content["env"], profiles = profiles, {}
        self._take(content, path.name, findings)
        chosen = environment(str(self.current_state.get("env") or ""))
        for name, profile in _tables(profiles, path.name, findings):
            self._take(profile, f"{path.name} [env.{name}]", findings, use=environment(name) == chosen)
        return findings.merged()

    def _take(self, table: Mapping[str, object], origin: str, findings: Findings, *, use: bool = True) -> None:
        known = self.settings_cls.model_fields.keys() - BOOKKEEPING - {"config"} | {"client_secret_file"}
        for key, value in _flat(table):
            name = key.replace("-", "_")
            if name not in known:
                findings.complain(f"{origin} {key}", f"is not a setting{_did_you_mean(name, known)}")
            elif use and name == "client_secret_file":
                self._take_secret(Path(str(value)), f"{origin} {key}", findings)
            elif use:
                findings.add(name, value, f"{origin} {key}")

    def _take_secret(self, path: Path, origin: str, findings: Findings) -> None:
        """A file that is not there is no problem when flags or variables gave the secret."""
        if "client_secret" not in self.current_state and (found := _secret_in(path, origin, findings)):
            findings.add("client_secret", found.value, origin)


def _read(path: Path, findings: Findings, *, wanted: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        if wanted:
            findings.complain("config", f"there is no file {path}")
    except (OSError, UnicodeDecodeError) as error:
        findings.complain(path.name, f"cannot be read ({_reason(error)})")
    except tomllib.TOMLDecodeError as error:
        findings.complain(path.name, f"is not TOML: {error}")
    return {}


def _flat(table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Keys and values; those of a table `[guards]` as `guard_...`, which is what the settings are called."""
    for key, value in table.items():
        if key == "guards" and isinstance(value, dict):
            yield from ((f"guard_{name}", limit) for name, limit in value.items())
        else:
            yield key, value


def _tables(profiles: object, origin: str, findings: Findings) -> Iterator[tuple[str, Mapping[str, object]]]:
    if not isinstance(profiles, dict):
        findings.complain(f"{origin} env", "must be a name or tables such as [env.staging]")
        return
    names = (*ENVIRONMENTS, CUSTOM)
    for name, profile in profiles.items():
        if environment(name) not in names or not isinstance(profile, dict):
            findings.complain(f"{origin} [env.{name}]", f"is not an environment{_did_you_mean(name, names)}")
        else:
            yield name, profile


def _did_you_mean(name: str, known: Sequence[str] | set[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(sorted(known))}"
