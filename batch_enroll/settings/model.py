"""The settings of one command, complete and valid once they exist; every problem is told at once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from platformdirs import user_state_path
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from batch_enroll.core.durations import parse_deadline
from batch_enroll.core.errors import UsageError
from batch_enroll.core.lookup.id_resolution import AUTO, BYS, NEVER
from batch_enroll.core.lookup.records import EntityKind
from batch_enroll.core.model import Role
from batch_enroll.core.roster.formats import Format  # noqa: TC001 - the library reads the annotations
from batch_enroll.settings.guards import GuardSettings
from batch_enroll.settings.servers import SANDBOX, Needs, complaints, completed, known_environment, usable_url
from batch_enroll.settings.sources import BOOKKEEPING, FileSource, Findings, VariableSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

    from pydantic_core import ErrorDetails

_SAFE_IN_FLIGHT: Final = 10
_MOST_IN_FLIGHT: Final = 100
_SECRET: Final = frozenset({"client_id", "client_secret", "ledger_url", "notify", "ping_url"})


def _a_role(value: object) -> object:
    role = str(value).strip().lower()
    if role not in set(Role):
        raise ValueError(f"{value!r} is not a role; choose one of {', '.join(Role)}")
    return role


def _an_iso_date(value: object) -> object:
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date; write it as YYYY-MM-DD") from error
    return text


def _a_moment(value: object) -> object:
    text = str(value).strip()
    parse_deadline(text, datetime(2000, 1, 1, tzinfo=UTC))  # whether it can be read; when that is, the run will say
    return text


def _known_ways(wishes: dict[str, str]) -> dict[str, str]:
    for kind, by in wishes.items():
        if kind not in set(EntityKind):
            raise ValueError(f"{kind!r} cannot be found; choose one of {', '.join(EntityKind)}")
        if by not in (choices := (*BYS[EntityKind(kind)], AUTO, NEVER)):
            raise ValueError(f"a {kind} is not found by {by!r}; choose one of {', '.join(choices)}")
    return wishes


def _a_home_path(path: Path) -> Path:
    return path.expanduser()


def _a_ping_url(value: SecretStr) -> SecretStr:
    return SecretStr(usable_url(value.get_secret_value()))


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1), BeforeValidator(_stripped)]
UsableUrl = Annotated[str, AfterValidator(usable_url)]
Folder = Annotated[Path, AfterValidator(_a_home_path)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class Settings(GuardSettings):
    """Flags, then variables, then `batch-enroll.toml`, then these defaults.

    Building one raises UsageError with all problems. `repr` and `str` show neither the client's id and
    secret nor the ledger's URL.

    Attributes:
        env: production, staging, sandbox; custom for an address of no environment; empty if none was chosen.
        base_url: where the API is; empty for the embedded sandbox.
        ledger_url: a ledger elsewhere than in the state folder; empty: there.
        rate: requests per second at most; None: no ceiling.
        pace: auto finds the server's limits, and `rate` and `max_in_flight` are ceilings; fixed keeps to those two.
        max_in_flight: requests at once, at most; see `at_once`.
        retry_budget: failed attempts the whole run may repeat before anything has succeeded (see `core.breaker`).
        patience_s: the run gives up when nothing succeeded for so long.
        max_failed_share: the run stops when more of its last 200 sent rows than this were not enrolled; 1: never.
        probe: whether the first row of each course and school goes ahead alone.
        map: field to the roster's header.
        format: what the rosters are read as; None: as their content shows.
        find: by kind (user, course, school) what its ids are found by, `never`, or `auto`.
        find_cache_hours: how long what was found is believed; 0: not at all.
        send_sourced_id: which sourcedId is sent with an enrollment. Source: `core.plan.SendSourcedId`.
        deadline: when the run stops taking rows: a span such as 30m from its start, or the next such time of day.
        grace: seconds that requests in flight get once the run stops.
        exact: whether the rows are a sync's, whose withdrawals take whole places and are followed by what stays.
        own_since: when the run began whose seats alone may be withdrawn; None: no run is undone.
        verify: whether the server is asked for every seat after the run.
        verify_within_s: how long after a write its seat may still come to be seen. Source: contract 4, people wait 1 s.
        recheck: whether the server is asked for seats that an earlier run settled, instead of skipping them.
        withdraw: whether rows that say `tobedeleted` are withdrawn, instead of being skipped.
        no_roster_columns: whether the results leave the roster's own columns out.
        notify: addresses of apprise that are told how a run ended; they hold passwords.
        ping_url: a healthchecks-style address, told of start, success and failure; whoever knows it can use it.
        on_change_only: whether notifications are sent only when something differs from the last run.
        metrics_file: where a Prometheus textfile is written.
        via: by which of the vendor's routes rows are sent; OneRoster's is told the class.
        withdraw_by: what a withdrawal by OneRoster does: delete the row softly, or end it today.
        sandbox_scenarios, sandbox_school, sandbox_seed: what the embedded sandbox plays.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    env: Annotated[str, AfterValidator(known_environment)] = ""
    base_url: UsableUrl = ""
    token_url: UsableUrl = ""
    client_id: Annotated[str, BeforeValidator(_stripped), Field(repr=False)] = ""
    client_secret: Annotated[SecretStr, BeforeValidator(_stripped)] = SecretStr("")
    token_auth: Literal["auto", "basic", "body"] = "auto"  # noqa: S105 - a choice, not a password
    rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    pace: Literal["auto", "fixed"] = "auto"
    max_in_flight: Annotated[int, Field(ge=1, le=1000)] | None = None
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 6
    timeout_s: Seconds = 30.0
    retry_budget: Annotated[int, Field(ge=0)] = 200
    patience_s: Seconds = 600.0
    max_failed_share: Annotated[float, Field(gt=0, le=1)] = 0.9
    probe: Literal["first_row", "never"] = "first_row"
    out: Folder = Path("batch-enroll-runs")
    state: Folder = Field(default_factory=lambda: user_state_path("batch-enroll"))
    ledger_url: Annotated[SecretStr, BeforeValidator(_stripped)] = SecretStr("")  # it may hold a password
    config: Path | None = None
    course_id: Text | None = None
    school_id: Text | None = None
    role: Annotated[Role, BeforeValidator(_a_role)] | None = None
    begin_date: Annotated[str, BeforeValidator(_an_iso_date)] | None = None
    map: dict[str, str] = Field(default_factory=dict)
    find: Annotated[dict[str, str], AfterValidator(_known_ways)] = Field(default_factory=dict)
    find_cache_hours: Annotated[float, Field(ge=0, le=8_760, allow_inf_nan=False)] = 12.0
    sheet: Text | None = None
    format: Format | None = None
    as_of: date | None = None
    dry_run: bool = False
    recheck: bool = False
    verify: bool = False
    exact: bool = Field(default=False, repr=False)
    own_since: datetime | None = Field(default=None, repr=False)
    verify_within_s: Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False)] = 30.0
    withdraw: bool = False
    via: Literal["edubridge", "oneroster"] = "edubridge"
    withdraw_by: Literal["status", "end_date"] = "status"
    deadline: Annotated[str, BeforeValidator(_a_moment)] | None = None
    grace: Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False)] = 30.0
    limit: Annotated[int, Field(ge=1)] | None = None
    log_format: Literal["console", "json"] | None = None
    quiet: bool = False
    send_sourced_id: Literal["roster", "derived", "never"] = "roster"
    no_roster_columns: bool = False
    notify: tuple[SecretStr, ...] = ()
    ping_url: Annotated[SecretStr, BeforeValidator(_stripped), AfterValidator(_a_ping_url)] = SecretStr("")
    on_change_only: bool = False
    metrics_file: Folder | None = None
    sandbox_scenarios: tuple[str, ...] = ()
    sandbox_school: Path | None = None
    sandbox_seed: int = 0
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
        """Flags, variables, file: with readers that remember where each value came from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return init_settings, VariableSource(cls), FileSource(cls)

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, values: dict[str, object], handler: ModelWrapValidatorHandler[Self]) -> Self:
        values = completed(values)
        problems = list(_noted(values))
        try:
            settings = handler({**values, "complaints": {}})
        except ValidationError as error:
            problems = [*(_sentence(wrong, _origins(values)) for wrong in error.errors()), *problems]
            raise _usage_error(problems) from None  # the library's text may hold a secret
        if problems:
            raise _usage_error(problems)
        return settings

    @property
    def embedded(self) -> bool:
        """Whether the rehearsal server is started inside this process."""
        return self.env == SANDBOX and not self.base_url

    @property
    def at_once(self) -> int:
        """Requests at once, at most, if nothing was set.

        Source: contract section 4: 10 is the safe number people report, and some run 100. A fixed pace must be safe;
        the self-tuning one begins with 10 and has to feel its way to 100.
        """
        return self.max_in_flight or (_MOST_IN_FLIGHT if self.pace == "auto" else _SAFE_IN_FLIGHT)

    def sources(self) -> dict[str, str]:
        """Every setting's name and where its value came from."""
        names = type(self).model_fields.keys() - BOOKKEEPING
        return {name: self.origins.get(name, "default") for name in sorted(names)}


def _noted(values: Mapping[str, object]) -> Iterator[str]:
    """Problems that are no matter of one value: what the sources found, and what does not go together."""
    found = values.get("complaints")
    if isinstance(found, dict):
        yield from (f"{origin}: {text}" for origin, text in found.items())
    origins = _origins(values)
    for name, text in complaints(values, Needs(str(values.get("needs", Needs.SERVER)))):
        yield f"{origins.get(name, name)}: {text}"


def _origins(values: Mapping[str, object]) -> Mapping[str, str]:
    found = values.get("origins")
    return {str(name): str(origin) for name, origin in found.items()} if isinstance(found, dict) else {}


def _sentence(wrong: ErrorDetails, origins: Mapping[str, str]) -> str:
    """One problem of one value, with the value seen unless it is a secret."""
    name = str(wrong["loc"][0]) if wrong["loc"] else ""
    text = wrong["msg"].removeprefix("Value error, ").replace("Input should be", "should be")
    seen = "" if name in _SECRET or wrong["type"] == "value_error" else f", not {wrong['input']!r}"
    return f"{origins.get(name, name)}: {text}{seen}"


def _usage_error(problems: Iterable[str]) -> UsageError:
    lines = list(dict.fromkeys(problems))
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    return UsageError("\n- ".join((f"settings: {count}", *lines)))


def load(flags: Mapping[str, object], *, needs: Needs = Needs.SERVER) -> Settings:
    """The settings for one command. `flags` by setting name; None, False and empty ones count as not given.

    Raises:
        UsageError: with every problem, and where each value came from.
    """
    return Settings(**_given(flags).merged(), needs=needs)


def _given(flags: Mapping[str, object]) -> Findings:
    findings = Findings()
    for name, value in flags.items():
        if value not in (None, False, (), []):
            findings.add(name, value, f"flag {flag_of(name)}")
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
        """Flags only."""
        del settings_cls
        return (init_settings,)


def sealed(flags: Mapping[str, object]) -> Settings:
    """Settings from `flags` alone: whatever is set in the shell or the working folder, a demo stays a demo.

    Raises:
        UsageError: with every problem.
    """
    return _Sealed(**_given(flags).merged())


def flag_of(name: str) -> str:
    """The flag of a setting, as it is typed."""
    return "--scenario" if name == "sandbox_scenarios" else "--" + name.removeprefix("sandbox_").replace("_", "-")
