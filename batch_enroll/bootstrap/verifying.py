"""What the server has of a run or a roster: asked for, and written down."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch_enroll import job
from batch_enroll.adapters import run_folder
from batch_enroll.adapters.api import EduBridge, Enrollments
from batch_enroll.adapters.report_csv import VERIFY, VerifyCsv
from batch_enroll.adapters.roster_recorded import RecordedRoster
from batch_enroll.adapters.sink_all import AllSinks
from batch_enroll.bootstrap.books import ledger_of, ledger_there
from batch_enroll.bootstrap.loop import in_loop
from batch_enroll.bootstrap.past import past_run, refuse_another_server
from batch_enroll.bootstrap.reading import as_then, on_a_day, rules_of
from batch_enroll.bootstrap.rosters import opened
from batch_enroll.bootstrap.sending import asking_of, server_of
from batch_enroll.bootstrap.wall import utc_now
from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.model import Requests, RunId, Seat
from batch_enroll.core.verify import VerifySummary
from batch_enroll.engine import verify as verify_seats

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from batch_enroll.adapters.api import Wire
    from batch_enroll.bootstrap.sending import Server
    from batch_enroll.core.model import RunRecord, SourceRow, UserId
    from batch_enroll.core.plan import Rules
    from batch_enroll.core.verify import Checked, Wishes
    from batch_enroll.engine import Asking, Ending, Planning
    from batch_enroll.ports import EventSink, Ledger
    from batch_enroll.settings import Settings


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is verified: its rows and how they are read, and where what was found is written."""

    name: str
    folder: Path
    columns: Sequence[str]
    rows: Callable[[], Iterable[SourceRow]]
    rules: Rules
    grace_s: float
    runs: Iterable[RunRecord] = ()


def verify(settings: Settings, what: str | None) -> VerifySummary:
    """Compares the server with a run (by id or folder, or the latest) or a roster, and writes verify.csv.

    Raises:
        BatchEnrollError: there is no such run or roster, or the server cannot be asked.
    """
    return in_loop(partial(_verify, on_a_day(settings), what))


async def _verify(settings: Settings, what: str | None) -> VerifySummary:
    with ExitStack() as stack:
        settings, subject = _subject(settings, what, stack)
        sink = AllSinks()  # there are no rows to tell of
        async with server_of(settings, subject.rules.run_id) as server:
            checked, summary = await _compared(settings, server, sink, subject)
        _write(subject, checked)
        summary.files = {"verify": str(subject.folder / VERIFY)}
        return summary


def _subject(settings: Settings, what: str | None, stack: ExitStack) -> tuple[Settings, _Subject]:
    if what is not None and Path(what).exists() and not _is_a_run(settings, what, stack):
        source = opened(settings, [what])
        folder = run_folder.create(settings.out, what, utc_now())
        rules = rules_of(settings, RunId(folder.name), settings.base_url)
        return settings, _Subject(what, folder, source.columns, source.rows, rules, 0.0)
    ledger, record = past_run(settings, what, stack)
    refuse_another_server(settings, record)
    settings, _ = as_then(settings, record)
    rows = RecordedRoster(record, ledger, overrides=settings.map).rows
    age_s = (utc_now() - (record.finished_at or record.started_at)).total_seconds()
    rules = rules_of(settings, record.run_id, record.scope)
    folder = run_folder.reopened(Path(record.folder))
    grace_s = settings.verify_within_s - age_s
    return settings, _Subject(record.run_id, folder, record.columns, rows, rules, grace_s, ledger.runs())


def _is_a_run(settings: Settings, what: str, stack: ExitStack) -> bool:
    """Whether this is the folder of a run; a bundle may be a folder, too."""
    return ledger_there(settings) and ledger_of(settings, stack).run(RunId(Path(what).name)) is not None


async def _compared(
    settings: Settings, server: Server, sink: EventSink, subject: _Subject
) -> tuple[list[Checked], VerifySummary]:
    wishes = job.wishes_of(subject.rows(), subject.rules)
    async with asking_of(settings, server, sink, subject.runs) as (asking, wire):
        listed = await _listed(wishes, asking, wire)
        checked = await verify_seats(wishes, asking, EduBridge(wire).look_up, grace_s=subject.grace_s, listed=listed)
        counts = Counter(each.found for each in checked)
        summary = VerifySummary(subject.name, settings.env, server.base_url, len(wishes.of), asking.requests, counts)
    return checked, summary


async def _listed(wishes: Wishes, asking: Asking, wire: Wire) -> Mapping[UserId, Sequence[Seat]] | None:
    """What lists show of the users, where that is cheaper; None where it is not, or where they cannot be read."""
    if not wishes.lists_are_cheaper():
        return None
    schools = [school for school in wishes.schools() if school is not None]
    try:
        listed = await job.seats_of(schools, asking, Enrollments(wire).page)
    except RunStoppedError:  # a client may look users up without the right to list them
        return None
    of_user: dict[UserId, list[Seat]] = {}
    for seat in listed.seats:
        of_user.setdefault(seat.user_id, []).append(Seat("", seat.course_id, seat.school_id, seat.role))
    return of_user


def _write(subject: _Subject, checked: Sequence[Checked]) -> None:
    with VerifyCsv(subject.folder, subject.columns) as report:
        job.write_checked(subject.rows(), checked, report.write)


def verifying(
    sending: Callable[[Planning], Awaitable[Ending]],
    settings: Settings,
    server: Server,
    record: RunRecord,
    rules: Rules,
    ledger: Ledger,
    sink: EventSink,
) -> Callable[[Planning], Awaitable[Ending]]:
    """`sending`, and with `--verify` a look at every seat after it."""
    if not settings.verify:
        return sending
    return partial(_send_and_verify, sending, settings, server, record, rules, ledger, sink)


async def _send_and_verify(
    sending: Callable[[Planning], Awaitable[Ending]],
    settings: Settings,
    server: Server,
    record: RunRecord,
    rules: Rules,
    ledger: Ledger,
    sink: EventSink,
    planning: Planning,
) -> Ending:
    """Sends the rows, then asks the server for each that was reported enrolled; one that is not there has failed.

    A run that stopped early is not verified: `resume` does so when it ends.
    """
    ending = await sending(planning)
    if ending.halted is not None or ending.cut:
        return ending
    rows = RecordedRoster(record, ledger, overrides=settings.map).rows
    grace_s, folder = settings.verify_within_s, Path(record.folder)
    subject = _Subject(record.run_id, folder, record.columns, rows, rules, grace_s, ledger.runs())
    checked, summary = await _compared(settings, server, sink, subject)
    job.take_back(ledger, record.run_id, checked)
    _write(subject, checked)
    sent, asked = ending.requests, summary.requests
    ending.requests = Requests(sent.sent + asked.sent, sent.retried + asked.retried, sent.throttled + asked.throttled)
    ending.facts["verified"] = {found.value: count for found, count in summary.found()}
    return ending
