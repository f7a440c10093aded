"""Ids for users, courses and schools that a roster names otherwise, looked up before a run or a check."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias

from batch_enroll import workflows
from batch_enroll.adapters.api import OneRosterDirectory
from batch_enroll.adapters.stores.lookup_cache import NoLookupCache, SqliteLookupCache
from batch_enroll.core.errors import RosterError, UsageError
from batch_enroll.core.lookup.id_resolution import search_in
from batch_enroll.core.lookup.records import EntityKind
from batch_enroll.core.run_record import Requests
from batch_enroll.engine import run_until_stopped
from batch_enroll.wiring.runtime import make_deadline_wait, utc_now
from batch_enroll.wiring.server import open_query_runner, open_signals

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.pace import Pace
    from batch_enroll.engine import BatchSource, EngineResult
    from batch_enroll.ports import EventSink, LookupCache, RosterSource
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.server import ApiTarget

    Send: TypeAlias = Callable[[BatchSource], Awaitable[EngineResult]]

CACHE_FILE: Final = "found.sqlite3"


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The result of looking ids up.

    Attributes:
        notes: what was looked up, a line each, for people.
        requests: those that it took.
        stopped: what stopped it; None if it was finished.
    """

    notes: tuple[str, ...] = ()
    requests: Requests = field(default_factory=Requests)
    stopped: EngineResult | None = None

    def replace_send(self, send: Send) -> Send:
        """Returns `send`, or if the look-ups were stopped a function that holds all rows for `resume`."""
        return send if self.stopped is None else partial(workflows.hold_all_rows, self.stopped)


def prepare_roster(
    settings: Settings, source: RosterSource, also: Iterable[SourceRow] = (), *, keeps_first_rows: bool = False
) -> workflows.PreparedRoster:
    """Returns the roster with ids that are yet to be looked up; until then, what was typed takes their place.

    Args:
        settings: which ids are looked up.
        source: the roster.
        also: rows that show what its columns hold, too, where it is a part of a roster.
        keeps_first_rows: its first rows are read once, however often they are looked at.

    Raises:
        UsageError: it would withdraw what is yet to be looked up, and only a part of its rows is read.
    """
    roster = workflows.PreparedRoster(source, keeps_first_rows=keeps_first_rows)
    fields = [field for _, field in source.describe()]
    roster.search = search_in(fields, chain(_read_to_error(roster), also), settings.find, settings.school_id)
    if settings.withdraw and settings.limit is not None and roster.search:
        raise UsageError(
            "--withdraw needs the whole roster, and ids are found for the rows within --limit only; leave out --limit, "
            "or add --find never if every row has ids"
        )
    return roster


def _read_to_error(source: RosterSource) -> Iterator[SourceRow]:
    """Yields the rows up to where they cannot be read; the run reports why."""
    with suppress(RosterError):
        yield from source.rows()


async def look_up_ids(
    settings: Settings,
    target: ApiTarget,
    roster: workflows.PreparedRoster,
    sink: EventSink,
    also: Iterable[SourceRow] = (),
    *,
    pace: Pace | None = None,
    online: bool = False,
    owns_process: bool | None = None,
) -> LookedUp:
    """Finds the ids of a roster.

    Args:
        settings: which ids, and how long answers of earlier runs are believed.
        target: the server.
        roster: gets the answers.
        sink: receives the progress.
        also: rows that were recorded from the roster earlier.
        pace: that of the run; None: one that begins at its start.
        online: also checks the ids that the rows have, and remembers nothing.
        owns_process: of a run; the deadline ends its look-ups, and where it owns its process a signal does. Then
            nothing counts as found. None: nothing ends them.

    Raises:
        AuthRefusedError, RunStoppedError: the server does not answer; nothing was sent.
    """
    if not (roster.search or online):
        return LookedUp()
    # An e-mail that was found earlier may belong to a user who has left by now.
    cache = NoLookupCache() if online or settings.withdraw else _make_cache(settings, target)
    deadline = None if owns_process is None else settings.deadline
    async with open_query_runner(settings, target, sink, pace=pace) as (queries, transport):
        lookups = workflows.IdLookups(workflows.DirectoryPages(queries, OneRosterDirectory(transport)), cache, sink)
        find = partial(_find_ids, settings, lookups, roster, also, online=online)
        with open_signals(owns_process=bool(owns_process)) as signals:
            stopped = await run_until_stopped(find, signals, make_deadline_wait(deadline), sink)
    roster.given_up = stopped is not None
    if pace is not None:
        pace.begin_other_work()
    return LookedUp((*roster.search.seen(), *lookups.notes), queries.requests, stopped)


async def _find_ids(
    settings: Settings,
    lookups: workflows.IdLookups,
    roster: workflows.PreparedRoster,
    also: Iterable[SourceRow],
    *,
    online: bool,
) -> None:
    with suppress(RosterError):  # the run reports where it breaks off
        await lookups.find(chain(roster.unresolved_rows(), also), roster.search)
    roster.answers = lookups.answers
    if online:
        given = {EntityKind.COURSE: settings.course_id, EntityKind.SCHOOL: settings.school_id}
        defaults = {kind: id_ for kind, id_ in given.items() if id_ is not None}
        with suppress(RosterError):
            await lookups.check_ids(roster.rows(), defaults)
        roster.defaults = defaults


def _make_cache(settings: Settings, target: ApiTarget) -> LookupCache:
    """Returns the answers of earlier runs; those of an embedded rehearsal are of no use afterwards."""
    if settings.embedded or not settings.find_cache_hours:
        return NoLookupCache()
    max_age = timedelta(hours=settings.find_cache_hours)
    return SqliteLookupCache(settings.state / CACHE_FILE, target.scope, utc_now, max_age)
