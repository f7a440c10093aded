"""A run while it is open: the lock of its ledger, its folder, its event sinks, the server, and its outputs."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch_enroll import workflows
from batch_enroll.adapters.events.callback_sink import CallbackSink
from batch_enroll.adapters.events.fanout_sink import FanoutSink
from batch_enroll.adapters.events.log_sink import LogSink
from batch_enroll.adapters.events.timeline_sink import TimelineSink
from batch_enroll.adapters.files import run_folder
from batch_enroll.core.errors import UsageError
from batch_enroll.core.model import RunId
from batch_enroll.core.run_record import Requests, RunRecord
from batch_enroll.wiring.id_lookup import LookedUp, look_up_ids
from batch_enroll.wiring.ledger import acquire_run_lock, open_scratch_ledger
from batch_enroll.wiring.post_run_verify import PostRunVerification
from batch_enroll.wiring.run_options import make_plan_settings, recorded_options
from batch_enroll.wiring.run_outputs import make_outputs, open_progress
from batch_enroll.wiring.runtime import utc_now
from batch_enroll.wiring.server import make_pace, open_target, send_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from batch_enroll.core.events import Event
    from batch_enroll.core.model import Json, SourceRow
    from batch_enroll.core.pace import Pace
    from batch_enroll.core.planning.row_planner import PlanSettings
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.ports import EventSink, Ledger, RosterSource
    from batch_enroll.settings import Settings
    from batch_enroll.wiring.id_lookup import Send
    from batch_enroll.wiring.server import ApiTarget
    from batch_enroll.workflows import CapacityGuard, PreparedRoster, ResumePlanner, ResumeResult, Rows, RunOutputs


@dataclass(frozen=True, slots=True)
class HostProgram:
    """A program that enrolls from within its own event loop; the process, its terminal and its signals stay its own.

    Attributes:
        rows: rows in place of files; None if there are files.
        on_event: called with each event in place of the progress display; None drops them.
    """

    rows: pd.DataFrame | Iterable[Mapping[str, object]] | None = None
    on_event: Callable[[Event], object] | None = None


@dataclass(frozen=True, slots=True)
class RunSession:
    """An open run.

    Attributes:
        settings: those of the run.
        ledger: the one the run writes to; of a dry run a scratch one.
        folder: the results folder; its name is the run's id.
        sink: receives each event of the run.
        timeline: the part of `sink` that remembers the run over time, for its report.
        target: the server.
        pace: holds for look-ups and for rows, so that what the first learned serves the others.
        opened_at: when the session was opened.
        owns_process: false in a host program; then signals are left to the host.
    """

    settings: Settings
    ledger: Ledger
    folder: Path
    sink: EventSink
    timeline: TimelineSink
    target: ApiTarget
    pace: Pace
    opened_at: datetime
    owns_process: bool

    @property
    def run_id(self) -> RunId:
        """The id of the run."""
        return RunId(self.folder.name)

    def make_record(
        self,
        source: RosterSource,
        rosters: Sequence[str],
        *,
        kind: str = "run",
        facts: Mapping[str, Json] | None = None,
        requests: Requests | None = None,
    ) -> RunRecord:
        """Returns the record of a new run.

        Args:
            source: the roster, as far as it was read.
            rosters: its files as they were typed.
            kind: the command that makes the run.
            facts: what was found out before its first row.
            requests: those that this took.
        """
        return RunRecord(
            run_id=self.run_id,
            environment=self.settings.env,
            base_url=self.target.base_url,
            scope=self.target.scope,
            columns=source.columns,
            started_at=self.opened_at,
            folder=str(self.folder),
            rosters=source.refs(),
            requests=requests or Requests(),
            dry_run=self.settings.dry_run,
            options=recorded_options(self.settings, rosters),
            kind=kind,
            facts=facts or {},
        )

    def make_plan_settings(self) -> PlanSettings:
        """Returns what the plan of the run depends on apart from its rows."""
        return make_plan_settings(self.settings, self.run_id, self.target.scope)

    async def look_up_ids(self, roster: PreparedRoster, also: Iterable[SourceRow] = ()) -> LookedUp:
        """Finds the ids of a roster, and of rows recorded from it, under the pace of the run; a dry run finds none.

        A signal or the deadline ends it; then nothing counts as found.

        Raises:
            AuthRefusedError, RunStoppedError: the server does not answer; nothing was sent.
        """
        if self.settings.dry_run:
            return LookedUp()
        return await look_up_ids(
            self.settings, self.target, roster, self.sink, also, pace=self.pace, owns_process=self.owns_process
        )

    async def run(
        self,
        record: RunRecord,
        source: RosterSource,
        rules: PlanSettings,
        looked_up: LookedUp | None = None,
        read_recorded: Callable[[SourceRow], SourceRow] | None = None,
        guard: CapacityGuard | None = None,
    ) -> RunSummary:
        """Sends a roster, verifies it if that was asked for, writes the results and finishes; a dry run only plans.

        Args:
            record: the run.
            source: its roster.
            rules: what its plan depends on.
            looked_up: the look-ups before it; if they were stopped, nothing is sent.
            read_recorded: gives a recorded row the ids that were found for it.
            guard: stops the run before a course or school takes too many.

        Raises:
            LedgerError: the ledger cannot be written, or rows and results do not add up.
        """
        send = None if self.settings.dry_run else self._make_send(record, rules, looked_up, read_recorded)
        return await workflows.run(record, source, rules, self._make_outputs(record), send, guard)

    async def resume(
        self,
        record: RunRecord,
        source: Rows,
        planner: ResumePlanner,
        rules: PlanSettings,
        looked_up: LookedUp,
        read_recorded: Callable[[SourceRow], SourceRow],
    ) -> ResumeResult:
        """Sends what an earlier run left, into the same results. Arguments and errors as of `run`."""
        send = self._make_send(record, rules, looked_up, read_recorded)
        return await workflows.resume_run(record, source, self._make_outputs(record), planner, send)

    def _make_outputs(self, record: RunRecord) -> RunOutputs:
        return make_outputs(self.settings, record, self.ledger, self.sink, self.timeline)

    def _make_send(
        self,
        record: RunRecord,
        rules: PlanSettings,
        looked_up: LookedUp | None,
        read_recorded: Callable[[SourceRow], SourceRow] | None,
    ) -> Send:
        send: Send = partial(
            send_rows,
            self.settings,
            self.target,
            self.run_id,
            self.ledger,
            self.sink,
            pace=self.pace,
            owns_process=self.owns_process,
        )
        verification = PostRunVerification(
            self.settings, self.target, record, rules, self.ledger, self.sink, read_recorded
        )
        return verification.wrap(send if looked_up is None else looked_up.replace_send(send))


@asynccontextmanager
async def open_run_session(
    settings: Settings,
    ledger: Ledger,
    command: str,
    place: str | RunRecord,
    *,
    host: HostProgram | None = None,
    is_locked: bool = False,
) -> AsyncIterator[RunSession]:
    """Opens a run: locks its ledger, creates its folder, starts its log and display, and starts or finds its server.

    A dry run locks nothing and writes to a scratch ledger.

    Args:
        settings: those of the run.
        ledger: the open ledger.
        command: named to others that wait for the lock.
        place: the roster for which a new folder is named, or the past run whose folder is opened again.
        host: the program that the run is a part of; None if the process is its own.
        is_locked: the caller has locked the ledger, since it had to read what must not change meanwhile.

    Raises:
        LedgerError: another run uses the same ledger and server.
        RunStoppedError: the folder cannot be written.
        UsageError: the rehearsal server cannot start.
    """
    with ExitStack() as stack:
        used = ledger
        if settings.dry_run:
            used = stack.enter_context(open_scratch_ledger(ledger))
        elif not is_locked:
            acquire_run_lock(settings, ledger, command)
        folder = stack.enter_context(_open_folder(settings, place))
        timeline = TimelineSink(time.monotonic)
        log = stack.enter_context(
            LogSink(folder / run_folder.LOG, sys.stderr, settings.log_format, utc_now, run_id=folder.name)
        )
        sink = FanoutSink(log, stack.enter_context(_open_display(settings, host)), timeline)
        async with open_target(settings, RunId(folder.name)) as target:
            pace = make_pace(settings, target, ledger.runs())
            yield RunSession(settings, used, folder, sink, timeline, target, pace, utc_now(), host is None)


@contextmanager
def _open_folder(settings: Settings, place: str | RunRecord) -> Iterator[Path]:
    """Opens the folder of a run; a new one is removed if the run is refused before it wrote more than its log."""
    if isinstance(place, RunRecord):
        yield run_folder.reopened(Path(place.folder))
        return
    with run_folder.unless(UsageError, settings.out, place, utc_now()) as folder:
        yield folder


@contextmanager
def _open_display(settings: Settings, host: HostProgram | None) -> Iterator[EventSink]:
    if host is not None:
        yield FanoutSink() if host.on_event is None else CallbackSink(host.on_event)
        return
    with open_progress(settings) as display:
        yield display
