"""Where a run is written down: the ledger in the state folder, the results in the run's folder."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.files import run_folder
from batch_enroll.adapters.ledger import SqlLedger
from batch_enroll.adapters.ledger.dry_run_ledger import DryRunLedger
from batch_enroll.adapters.reports.csv_report import CsvReport
from batch_enroll.core.errors import ReportError
from batch_enroll.core.events import ReportFailed
from batch_enroll.wiring.runtime import utc_now
from batch_enroll.workflows import RunOutputs

if TYPE_CHECKING:
    from contextlib import ExitStack

    from batch_enroll.adapters.events.timeline_sink import TimelineSink
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import EventSink, Ledger
    from batch_enroll.settings import Settings

LEDGER_FILE: Final = "ledger.sqlite3"


def ledger_exists(settings: Settings) -> bool:
    """Whether there is a ledger to look into; asking makes no file. One with a URL says so itself."""
    return bool(settings.ledger_url.get_secret_value()) or (settings.state / LEDGER_FILE).exists()


def ledger_label(settings: Settings) -> str:
    """What messages call the place of the ledger; a URL is not repeated, since it may hold a password."""
    return "that ledger" if settings.ledger_url.get_secret_value() else str(settings.state)


def open_ledger(settings: Settings, stack: ExitStack) -> Ledger:
    """The ledger in the state folder, or the one that was named instead; closed with `stack`."""
    ledger = SqlLedger(settings.ledger_url.get_secret_value() or settings.state / LEDGER_FILE, utc_now)
    stack.callback(ledger.close)
    return ledger


def open_scratch_ledger(real: Ledger | None, stack: ExitStack) -> Ledger:
    """A ledger that reads the real one and forgets what is written to it."""
    folder = stack.enter_context(TemporaryDirectory(prefix="batch-enroll-"))
    scratch = SqlLedger(Path(folder) / LEDGER_FILE, utc_now)
    stack.callback(scratch.close)
    return DryRunLedger(real, scratch)


def open_outputs(
    folder: Path, settings: Settings, record: RunRecord, ledger: Ledger, sink: EventSink, timeline: TimelineSink
) -> RunOutputs:
    """The books of a run in its folder; with several rosters each result names its own."""
    from batch_enroll.adapters.reports.html_report import HtmlReport  # noqa: PLC0415 - brings jinja2, for runs only

    several = len(record.rosters) > 1
    columns = () if settings.no_roster_columns else record.columns
    report = CsvReport(folder, columns, with_roster=several)
    page = HtmlReport(record, columns, with_roster=several)
    files = {**report.files, **run_folder.own_files(folder)}

    def write_summary(summary: RunSummary) -> RunSummary:
        if summary.files:
            try:
                run_folder.write_whole(files["report"], page.pieces(summary))
            except ReportError as error:
                summary = give_up(summary, "report", error, f"batch-enroll report {record.run_id}")
        try:
            run_folder.write_summary(files["summary"], summary.as_json())
        except ReportError as error:
            summary = give_up(summary, "summary", error, f"batch-enroll show {record.run_id} --json")
        return summary

    def give_up(summary: RunSummary, role: str, error: ReportError, remedy: str) -> RunSummary:
        with suppress(OSError):  # one of an earlier try would contradict the results
            files[role].unlink(missing_ok=True)
        sink.emit(ReportFailed(files[role].name, error.reason, remedy))
        return replace(summary, files={other: path for other, path in summary.files.items() if other != role})

    return RunOutputs(
        ledger=ledger,
        reports=(report,),
        write_summary=write_summary,
        sink=sink,
        utc_now=utc_now,
        files=files,
        documents=(page,),
        facts=timeline.facts,
    )
