"""Ids for what a roster names otherwise, with the parts put together: found before a run or a check, under its pace."""

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
from batch_enroll.wiring.runtime import until, utc_now
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

ANSWERS_FILE: Final = "found.sqlite3"


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What looking up came to: what was done, a line each, the requests it took, and what stopped it, if it was."""

    notes: tuple[str, ...] = ()
    requests: Requests = field(default_factory=Requests)
    stopped: EngineResult | None = None

    def instead_of(self, sending: Send) -> Send:
        """What sends the rows: nobody, if they are not known because it was stopped."""
        return sending if self.stopped is None else partial(workflows.hold_all_rows, self.stopped)


def with_lookups(
    settings: Settings, source: RosterSource, beside: Iterable[SourceRow] = ()
) -> workflows.ResolvedRoster:
    """The roster with ids that are yet to be found; until then, what was typed stands for them.

    Rows `beside` it tell what its columns hold too, where it is a part of a roster.

    Raises:
        UsageError: it would withdraw what is yet to be found, and shows a part of its rows only.
    """
    fields = [field for _, field in source.describe()]
    search = search_in(fields, chain(_readable(source), beside), settings.find, settings.school_id)
    if settings.withdraw and settings.limit is not None and search:
        raise UsageError(
            "--withdraw needs the whole roster, and ids are found for the rows within --limit only; leave out --limit, "
            "or add --find never if every row has ids"
        )
    return workflows.ResolvedRoster(source, search)


def _readable(source: RosterSource) -> Iterator[SourceRow]:
    """The rows up to where they cannot be read; the run says why."""
    with suppress(RosterError):
        yield from source.rows()


async def look_up_ids(
    settings: Settings,
    server: ApiTarget,
    roster: workflows.ResolvedRoster,
    sink: EventSink,
    more: Iterable[SourceRow] = (),
    *,
    pace: Pace | None = None,
    online: bool = False,
    alone: bool | None = None,
) -> LookedUp:
    """Finds the ids of a roster, and of `more` rows recorded from it, under the pace of the sending if there is one.

    `online` proves the ids that are there too, and remembers nothing. For a run, which knows whether it is `alone` in
    its process, the deadline ends it, and a signal if it is; then nothing counts as found.

    Raises:
        AuthRefusedError, RunStoppedError: the server does not answer; nothing was sent.
    """
    if not (roster.search or online):
        return LookedUp()
    book = (
        NoLookupCache() if online or settings.withdraw else _book(settings, server)
    )  # who had an e-mail may have left
    async with open_query_runner(settings, server, sink, pace=pace) as (asking, wire):
        lookups = workflows.IdLookups(workflows.DirectoryPages(asking, OneRosterDirectory(wire)), book, sink)
        ask = partial(_ask, settings, lookups, roster, more, online=online)
        with open_signals(alone=bool(alone)) as signals:
            stopped = await run_until_stopped(ask, signals, until(None if alone is None else settings.deadline), sink)
    roster.given_up = stopped is not None
    if pace is not None:
        pace.begin_other_work()
    return LookedUp((*roster.search.seen(), *lookups.notes), asking.requests, stopped)


async def _ask(
    settings: Settings,
    lookups: workflows.IdLookups,
    roster: workflows.ResolvedRoster,
    more: Iterable[SourceRow],
    *,
    online: bool,
) -> None:
    with suppress(RosterError):  # where it breaks off, the run says so
        await lookups.find(chain(roster.unfound(), more), roster.search)
    roster.answers = lookups.answers
    if online:
        given = {EntityKind.COURSE: settings.course_id, EntityKind.SCHOOL: settings.school_id}
        defaults = {kind: id_ for kind, id_ in given.items() if id_ is not None}
        with suppress(RosterError):
            await lookups.prove(roster.rows(), defaults)
        roster.defaults = defaults


def _book(settings: Settings, server: ApiTarget) -> LookupCache:
    """An embedded rehearsal's answers are worth nothing afterwards."""
    if settings.embedded or not settings.find_cache_hours:
        return NoLookupCache()
    believed = timedelta(hours=settings.find_cache_hours)
    return SqliteLookupCache(settings.state / ANSWERS_FILE, server.scope, utc_now, believed)
