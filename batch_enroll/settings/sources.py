"""Sources of settings other than flags: variables and the TOML file. Each value keeps the name of its origin.

A source does not stop at its first problem: it records the problem and continues, so that all are reported at once.
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
from batch_enroll.settings.servers import CUSTOM, ENVIRONMENTS, normalize_environment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_settings import BaseSettings

    from batch_enroll.settings.declaration import Option

DEFAULT_FILE: Final = "batch-enroll.toml"
SECRET_FILE: Final = "client_secret_file"  # noqa: S105 - a key


class SettingSource(NamedTuple):
    """One value and its origin."""

    value: object
    origin: str


class Findings:
    """The values and problems of one source, in the shape that pydantic-settings merges by precedence."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._origins: dict[str, str] = {}
        self._complaints: dict[str, str] = {}

    def add(self, name: str, value: object, origin: str) -> None:
        """Adds one value; a text of several parts is split."""
        try:
            self._values[name] = split_value(name, value)
        except ValueError as problem:
            self.complain(origin, str(problem))
        self._origins[name] = origin

    def complain(self, origin: str, problem: str) -> None:
        """Records a problem; one for each origin."""
        self._complaints[origin] = problem

    def merged(self) -> dict[str, Any]:
        """Returns values with their origins and problems."""
        return {**self._values, "origins": self._origins, "complaints": self._complaints}


def split_value(name: str, value: object) -> object:
    """Returns `map` as field to header, scenarios and notifications as lists, and any other value as it is.

    Raises:
        ValueError: a mapping without `=`.
    """
    if name == "find" and isinstance(value, str | list):
        return _split_lookups(value.split(",") if isinstance(value, str) else value)
    if name == "map" and isinstance(value, str):
        return _split_pairs(value.split(","))
    if name == "map" and isinstance(value, list):
        return _split_pairs(value)
    if name == "notify" and isinstance(value, str):
        return value.split()  # such addresses may hold commas
    if name == "sandbox_scenarios" and isinstance(value, str):
        return [scenario.strip() for scenario in value.split(",") if scenario.strip()]
    return value


def _split_lookups(texts: Sequence[object]) -> dict[str, str]:
    lookups: dict[str, str] = {}
    for part in (part.strip().casefold() for text in texts for part in str(text).split(",")):
        kind, equals, by = part.partition("=")
        if part in {AUTO, NEVER}:
            lookups |= dict.fromkeys(EntityKind, part)
        elif equals:
            lookups[kind.strip()] = by.strip()
        else:
            raise ValueError(f"{part!r} is neither {AUTO} nor {NEVER}, nor a pair such as user=email")
    return lookups


def _split_pairs(texts: Sequence[object]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, header = str(text).partition("=")
        if not (equals and name.strip() and header.strip()):
            raise ValueError(f"{text!r} is not of the form field=Header, such as user_id=StudentNo")
        pairs[name.strip()] = header.strip()
    return pairs


def read_secret(path: Path) -> str:
    """Returns the text of a secret's file without the line end.

    Raises:
        ValueError: the file cannot be read, or is empty.
    """
    try:
        text = path.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the file {path} cannot be read ({_describe(error)})") from error
    if not text:
        raise ValueError(f"the file {path} is empty")
    return text


def _describe(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is not text in UTF-8"


class _Source(PydanticBaseSettingsSource):
    """A source that returns all its values at once."""

    def __init__(self, settings_cls: type[BaseSettings], options: Mapping[str, Option]) -> None:
        super().__init__(settings_cls)
        self._options = options

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Never called: the library's own sources use it to fill `__call__`, which ours implement themselves."""
        del field, field_name
        raise NotImplementedError


class VariableSource(_Source):
    """Environment variables. Empty ones count as absent; unknown ones belong to other programs."""

    def __call__(self) -> dict[str, Any]:
        """Returns the values found in the environment."""
        findings = Findings()
        for option in self._options.values():
            found = _find_variable(option, findings)
            if found is not None:
                findings.add(option.name, found.value, found.origin)
        return findings.merged()


def _find_variable(option: Option, findings: Findings) -> SettingSource | None:
    for variable in option.variables:
        if value := os.environ.get(variable, "").strip():
            return SettingSource(value, f"variable {variable}")
        if option.name == "client_secret" and (path := os.environ.get(f"{variable}_FILE", "").strip()):
            return _find_secret(Path(path), f"variable {variable}_FILE", findings)
    return None


def _find_secret(path: Path, origin: str, findings: Findings) -> SettingSource:
    """Returns the secret in a file. If it cannot be read, that is the problem, not that the secret is missing too."""
    try:
        return SettingSource(read_secret(path), origin)
    except ValueError as problem:
        findings.complain(origin, str(problem))
        return SettingSource("unreadable", origin)


class FileSource(_Source):
    """`batch-enroll.toml`, or the file that `config` names: top-level keys, and over them the chosen `[env.NAME]`."""

    def __call__(self) -> dict[str, Any]:
        """Returns the values found in the file, for the environment that flags and variables chose."""
        findings = Findings()
        path = Path(str(self.current_state.get("config") or DEFAULT_FILE)).expanduser()
        content = _read_file(path, findings, required="config" in self.current_state)
        profiles = content.pop("env", {})
        if isinstance(profiles, str):
            content["env"], profiles = profiles, {}
        self._add_table(content, path.name, findings)
        chosen = normalize_environment(str(self.current_state.get("env") or ""))
        for name, profile in _iter_profiles(profiles, path.name, findings):
            self._add_table(profile, f"{path.name} [env.{name}]", findings, use=normalize_environment(name) == chosen)
        return findings.merged()

    def _add_table(self, table: Mapping[str, object], origin: str, findings: Findings, *, use: bool = True) -> None:
        known = self._options.keys() - {"config"} | {SECRET_FILE}
        current = {option.former_name: option.name for option in self._options.values()}
        for key, value in _flatten(table):
            name = key.replace("-", "_")
            name = current.get(name, name)
            if name not in known:
                findings.complain(f"{origin} {key}", f"is not a setting{suggest(name, known)}")
            elif use and name == SECRET_FILE:
                self._add_secret(Path(str(value)), f"{origin} {key}", findings)
            elif use:
                findings.add(name, value, f"{origin} {key}")

    def _add_secret(self, path: Path, origin: str, findings: Findings) -> None:
        """A missing file is not a problem if flags or variables gave the secret."""
        if "client_secret" not in self.current_state:
            found = _find_secret(path, origin, findings)
            findings.add("client_secret", found.value, found.origin)


def _read_file(path: Path, findings: Findings, *, required: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        if required:
            findings.complain("config", f"there is no file {path}")
    except (OSError, UnicodeDecodeError) as error:
        findings.complain(path.name, f"cannot be read ({_describe(error)})")
    except tomllib.TOMLDecodeError as error:
        findings.complain(path.name, f"is not TOML: {error}")
    return {}


def _flatten(table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yields keys and values; those of a table `[guards]` as `guard_...`, the names of the settings."""
    for key, value in table.items():
        if key == "guards" and isinstance(value, dict):
            yield from ((f"guard_{name}", limit) for name, limit in value.items())
        else:
            yield key, value


def _iter_profiles(profiles: object, origin: str, findings: Findings) -> Iterator[tuple[str, Mapping[str, object]]]:
    if not isinstance(profiles, dict):
        findings.complain(f"{origin} env", "must be a name or tables such as [env.staging]")
        return
    names = (*ENVIRONMENTS, CUSTOM)
    for name, profile in profiles.items():
        if normalize_environment(name) not in names or not isinstance(profile, dict):
            findings.complain(f"{origin} [env.{name}]", f"is not an environment{suggest(name, names)}")
        else:
            yield name, profile


def suggest(name: str, known: Collection[str]) -> str:
    """Returns the end of a message about an unknown name: the closest known one, or all of them."""
    close = get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else f"; choose one of {', '.join(sorted(known))}"
