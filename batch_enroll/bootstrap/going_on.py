"""How an earlier run is gone on with, with its parts put together."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch_enroll import job
from batch_enroll.adapters import run_folder
from batch_enroll.adapters.roster_csv import STDIN
from batch_enroll.adapters.roster_recorded import RecordedRoster
from batch_enroll.adapters.sink_all import AllSinks
from batch_enroll.bootstrap.alone import keep_others_out
from batch_enroll.bootstrap.books import books_in
from batch_enroll.bootstrap.loop import in_loop
from batch_enroll.bootstrap.past import past_run
from batch_enroll.bootstrap.reading import as_then, rules_of
from batch_enroll.bootstrap.rosters import opened
from batch_enroll.bootstrap.sending import send, server_of
from batch_enroll.bootstrap.sinks import log_in, progress_of
from batch_enroll.core.errors import UsageError
from batch_enroll.core.replan import TO_RESUME, compare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.model import OutcomeKind, RunRecord
    from batch_enroll.job import GoneOn
    from batch_enroll.ports import Ledger, RosterSource
    from batch_enroll.settings import Settings


def resume(settings: Settings, run_id: str | None) -> GoneOn:
    """Finishes an interrupted run: what was left, what is in doubt, and what was never read.

    Raises:
        BatchEnrollError: it cannot be gone on with, or the books could not be kept.
    """
    return in_loop(partial(_go_on, settings, run_id, TO_RESUME, "resume"))


async def _go_on(settings: Settings, run_id: str | None, again: frozenset[OutcomeKind], command: str) -> GoneOn:
    with ExitStack() as stack:
        ledger, record = past_run(settings, run_id, stack)
        _refuse_another_server(settings, record)
        keep_others_out(settings, ledger, command)
        settings, rosters = as_then(settings, record)
        source = _source(settings, rosters, record, ledger)
        _refuse_changes(source, record, ledger)
        folder = run_folder.reopened(Path(record.folder))
        sink = AllSinks(log_in(folder, settings, stack), progress_of(settings, stack))
        async with server_of(settings, record.run_id) as server:
            rules = rules_of(settings, record.run_id, server.scope)
            books = books_in(folder, record.columns, ledger, sink, several=len(rosters) > 1)
            sending = partial(send, settings, server, record.run_id, ledger, sink)
            return await job.go_on(record, source, rules, books, again, sending)


def _source(settings: Settings, rosters: Sequence[str], record: RunRecord, ledger: Ledger) -> RosterSource:
    if STDIN in rosters:
        return RecordedRoster(record, ledger, overrides=settings.map)
    return opened(settings, rosters)


def _refuse_another_server(settings: Settings, record: RunRecord) -> None:
    """What is left of one server's run must not be sent to another one."""
    again = " ".join(["batch-enroll run", *(ref.path for ref in record.rosters)])
    if not record.lasting:
        raise UsageError(
            f"run {record.run_id} was a rehearsal inside its own process; that server is gone and its seats with it. "
            f"Rehearse it again: {again} --env {record.environment}"
        )
    if record.scope != settings.base_url:
        raise UsageError(
            f"run {record.run_id} enrolled at {record.base_url} ({record.environment}), but these settings lead to "
            f"{settings.base_url or 'a rehearsal of its own'}; choose the same server with --env or --base-url"
        )


def _refuse_changes(source: RosterSource, record: RunRecord, ledger: Ledger) -> None:
    """Rows are known by their place, so a roster that changed is not gone on with unseen."""
    if [ref.sha256 for ref in source.refs()] == [ref.sha256 for ref in record.rosters]:
        return
    changes = compare(source.rows(), ledger.results(record.run_id))
    names = " ".join(ref.path for ref in record.rosters)
    raise UsageError(
        f"{names} changed since run {record.run_id}; {changes}. Enroll the changed roster as a run of its own "
        f"(what is enrolled is not sent twice): batch-enroll run {names}"
    )
