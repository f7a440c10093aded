"""The settings of one command: complete and valid once they exist, else an error that names every problem at once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from batch_enroll.core.errors import UsageError
from batch_enroll.settings.declaration import Option, list_options, strip_type
from batch_enroll.settings.options.guards import GuardSettings
from batch_enroll.settings.options.output import Results, State, Terminal, Unattended
from batch_enroll.settings.options.rehearsal import Rehearsal
from batch_enroll.settings.options.roster import Reading, RowDefaults
from batch_enroll.settings.options.safety import Verifying, Withdrawing
from batch_enroll.settings.options.sending import Requests, Sending, Stopping
from batch_enroll.settings.options.server import Credentials, Server
from batch_enroll.settings.servers import SANDBOX, Needs, complete_addresses, find_problems
from batch_enroll.settings.sources import FileSource, Findings, VariableSource, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

    from pydantic_core import ErrorDetails

_SAFE_IN_FLIGHT: Final = 10
_MOST_IN_FLIGHT: Final = 100
_MESSAGES: Final = {  # for the library's own, which describe how it reads a value
    "float_parsing": "must be a number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_parsing": "must be true or false",
    "date_from_datetime_parsing": "must be a date, as YYYY-MM-DD",
    "string_too_short": "must not be empty",
}


class _Declared(
    Server, Credentials, Reading, RowDefaults, Requests, Sending, Stopping, Withdrawing, Verifying, GuardSettings,
    Results, Terminal, State, Unattended, Rehearsal,
):  # fmt: skip
    """Every option that is a setting."""


OPTIONS: Final[Mapping[str, Option]] = {option.name: option for option in list_options(_Declared.__mro__)}


class Settings(_Declared, BaseSettings):
    """Flags, then variables, then `batch-enroll.toml`, then the defaults of the options.

    Building one raises UsageError with all problems. `repr` and `str` show neither the client's id and secret nor the
    ledger's URL.

    Attributes:
        exact: true if the rows are a sync's, whose withdrawals take all enrollments of user, course and school and are
            followed by those that stay.
        own_since: the start of the run whose enrollments alone may be withdrawn; None: no run is undone.
        needs: the parts that must be given.
        origins: where each value was found.
        complaints: problems of the sources; there are none in valid settings.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    exact: bool = Field(default=False, repr=False)
    own_since: datetime | None = Field(default=None, repr=False)
    needs: Needs = Field(default=Needs.SERVER, repr=False)
    origins: dict[str, str] = Field(default_factory=dict, repr=False)
    complaints: Annotated[dict[str, str], Field(max_length=0)] = Field(default_factory=dict, repr=False)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Returns flags, variables and file: with readers that remember where each value was found."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return init_settings, VariableSource(cls, OPTIONS), FileSource(cls, OPTIONS)

    @model_validator(mode="wrap")
    @classmethod
    def _report_all_at_once(cls, values: dict[str, object], handler: ModelWrapValidatorHandler[Self]) -> Self:
        values = complete_addresses(values)
        problems = list(_list_problems(values))
        try:
            settings = handler({**values, "complaints": {}})
        except ValidationError as error:
            problems = [*(_describe(wrong, _read_origins(values)) for wrong in error.errors()), *problems]
            raise _make_error(problems) from None  # the library's text may hold a secret
        if problems:
            raise _make_error(problems)
        return settings

    @property
    def embedded(self) -> bool:
        """True if the rehearsal server is started inside this process."""
        return self.env == SANDBOX and not self.base_url

    @property
    def at_once(self) -> int:
        """The most requests at once, whether it was set or not.

        Source: contract section 4: 10 is the safe number people report, and some run 100. A fixed pace must be safe;
        the self-tuning one begins with 10 and has to find its way to 100.
        """
        return self.max_in_flight or (_MOST_IN_FLIGHT if self.pace == "auto" else _SAFE_IN_FLIGHT)

    def sources(self) -> dict[str, str]:
        """Returns where the value of each setting was found."""
        return {name: self.origins.get(name, "default") for name in sorted(OPTIONS)}


def _list_problems(values: Mapping[str, object]) -> Iterator[str]:
    """Yields problems beyond single values: those of the sources, and values that contradict each other."""
    found = values.get("complaints")
    if isinstance(found, dict):
        yield from (f"{origin}: {text}" for origin, text in found.items())
    origins = _read_origins(values)
    for name, text in find_problems(values, Needs(str(values.get("needs", Needs.SERVER)))):
        yield f"{origins.get(name, name)}: {text}"


def _read_origins(values: Mapping[str, object]) -> Mapping[str, str]:
    found = values.get("origins")
    return {str(name): str(origin) for name, origin in found.items()} if isinstance(found, dict) else {}


def _describe(wrong: ErrorDetails, origins: Mapping[str, str]) -> str:
    """Returns one problem of one value, with the value unless it is a secret."""
    name = str(wrong["loc"][0]) if wrong["loc"] else ""
    text = _MESSAGES.get(wrong["type"]) or wrong["msg"].removeprefix("Value error, ").replace("Input should", "must")
    seen = "" if _is_secret(name) or wrong["type"] == "value_error" else f", not {wrong['input']!r}"
    return f"{origins.get(name, name)}: {text}{seen}"


def _is_secret(name: str) -> bool:
    option = OPTIONS.get(name)
    return option is not None and (not Settings.model_fields[name].repr or "SecretStr" in str(strip_type(option.kind)))


def _make_error(problems: Iterable[str]) -> UsageError:
    lines = list(dict.fromkeys(problems))
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    return UsageError("\n- ".join((f"settings: {count}", *lines)))


def load(flags: Mapping[str, object], *, needs: Needs = Needs.SERVER) -> Settings:
    """Returns the settings for one command. `flags` by setting; None, False and empty ones count as not given.

    Raises:
        UsageError: with every problem, and where each value was found.
    """
    return Settings(**_read_flags(flags).merged(), needs=needs)


def _read_flags(flags: Mapping[str, object]) -> Findings:
    findings = Findings()
    for name, value in flags.items():
        if value not in (None, False, (), []):
            known = OPTIONS.get(name)
            origin = f"flag {(known and known.flag) or '--' + name.replace('_', '-')}"
            if known is None:
                findings.complain(origin, f"is not a setting{suggest(name, OPTIONS)}")
            else:
                findings.add(name, value, origin)
    return findings


class _Sealed(Settings):
    """Settings from flags alone."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Returns flags only."""
        del settings_cls
        return (init_settings,)


def load_sealed(flags: Mapping[str, object]) -> Settings:
    """Returns settings from `flags` alone: a demo is the same whatever the shell or the working folder sets.

    Raises:
        UsageError: with every problem.
    """
    return _Sealed(**_read_flags(flags).merged())
