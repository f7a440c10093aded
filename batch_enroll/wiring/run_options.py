"""Options that decide how a run reads its roster: recorded with it, so that `resume` reads the same rows alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ConfigDict, create_model

from batch_enroll.adapters.rosters.csv_roster import STDIN
from batch_enroll.core.errors import UsageError
from batch_enroll.core.lookup.id_resolution import NEVER
from batch_enroll.core.lookup.records import EntityKind
from batch_enroll.core.planning.protected_enrollments import NOTHING_PROTECTED, WHOLE_PLACES
from batch_enroll.core.planning.row_planner import PlanSettings, SendSourcedId
from batch_enroll.core.reporting.check_summary import Estimate
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.settings.model import OPTIONS, Settings
from batch_enroll.wiring.runtime import resolve_deadline, utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.model import Json, RunId
    from batch_enroll.core.run_record import RunRecord

# For rows that this program wrote: they hold ids, whatever those look like.
FIND_NOTHING: Final = {kind.value: NEVER for kind in EntityKind}
DEFAULT_IN_FLIGHT: Final = 10  # what a pace that tunes itself begins with


# The settings that belong to a run, so that it is resumed as it began; the last two are set by commands.
_RECORDED: Final = frozenset({*(name for name, option in OPTIONS.items() if option.recorded), "exact", "own_since"})
_FIELDS: Final[dict[str, Any]] = {
    name: (field.annotation, field) for name, field in Settings.model_fields.items() if name in _RECORDED
}
_RecordedOptions: Final = create_model("_RecordedOptions", __config__=ConfigDict(extra="ignore"), **_FIELDS)


def freeze_dates(settings: Settings) -> Settings:
    """Returns the settings with today's date and the moment of the deadline fixed.

    Looking ids up may take long, and both are to mean the same before and after it.
    """
    deadline = None if settings.deadline is None else resolve_deadline(settings.deadline)
    return settings.model_copy(update={"as_of": settings.as_of or utc_now().astimezone().date(), "deadline": deadline})


def recorded_options(settings: Settings, rosters: Sequence[str]) -> dict[str, Json]:
    """Returns the options that are recorded with a run."""
    places = tuple(name if name == STDIN else str(Path(name).absolute()) for name in rosters)
    return {**settings.model_dump(mode="json", include=set(_RECORDED)), "rosters": list(places)}


def restore_options(settings: Settings, record: RunRecord) -> tuple[Settings, tuple[str, ...]]:
    """Returns settings that read the roster of `record` as it was read then, and the paths of its files."""
    rosters = record.options.get("rosters")
    names = tuple(map(str, rosters)) if isinstance(rosters, list) else ()
    return settings.model_copy(update=_read_recorded(record)), names


def _read_recorded(record: RunRecord) -> dict[str, object]:
    """Returns the options recorded with a run; those that its version did not know have their defaults."""
    return dict(_RecordedOptions.model_validate(record.options).model_dump())


def make_defaults(settings: Settings) -> Defaults:
    """Returns the values for rows that name no course, school, role or first day."""
    return Defaults(settings.course_id, settings.school_id, settings.role, settings.begin_date)


def undo_settings(settings: Settings, undone: RunRecord, via: str | None) -> Settings:
    """Returns settings that read the roster of an undo, whatever the options of other rosters say.

    Enrollments are withdrawn by the route that created them, unless `via` names another.

    Raises:
        UsageError: they were created class by class, and `via` is a route that knows no classes.
    """
    created_via = _read_recorded(undone)["via"]
    if (created_via, via) == ("oneroster", "edubridge"):
        raise UsageError(
            f"run {undone.run_id} enrolled class by class; undo it the same way: leave out --via edubridge"
        )
    plain = {
        **_RecordedOptions().model_dump(),
        "no_roster_columns": settings.no_roster_columns,
        "withdraw": True,
        "via": via or created_via,
        "withdraw_by": settings.withdraw_by,
        "own_since": undone.started_at,
        "find": FIND_NOTHING,
    }
    return freeze_dates(settings.model_copy(update=plain))


def make_plan_settings(settings: Settings, run_id: RunId, scope: str) -> PlanSettings:
    """Returns what the plan of a run depends on apart from its rows."""
    return PlanSettings(
        scope=scope,
        run_id=run_id,
        today=settings.as_of or utc_now().astimezone().date(),
        defaults=make_defaults(settings),
        send_sourced_id=SendSourcedId(settings.send_sourced_id),
        recheck=settings.recheck or settings.exact,
        withdraw=settings.withdraw,
        kept=WHOLE_PLACES if settings.exact else NOTHING_PROTECTED,
        own_since=settings.own_since,
        by_class=settings.via == "oneroster",
    )


def make_estimate(settings: Settings) -> Estimate:
    """Returns the estimate of the time that requests take at the pace of the settings."""
    return Estimate(settings.rate, settings.max_in_flight or DEFAULT_IN_FLIGHT)
