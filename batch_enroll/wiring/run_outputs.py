"""Outputs of a run: the progress on the terminal, and the results, the summary and the page in its folder."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from batch_enroll.adapters.events.fanout_sink import FanoutSink
from batch_enroll.adapters.events.progress_sink import ProgressSink
from batch_enroll.adapters.files import run_folder
from batch_enroll.adapters.reports.csv_report import CsvReport
from batch_enroll.core.errors import ReportError
from batch_enroll.core.events import ReportFailed
from batch_enroll.wiring.runtime import utc_now
from batch_enroll.workflows import RunOutputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.adapters.events.timeline_sink import TimelineSink
    from batch_enroll.core.reporting.run_summary import RunSummary
    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import EventSink, Ledger
    from batch_enroll.settings import Settings


@contextmanager
def open_progress(settings: Settings) -> Iterator[EventSink]:
    """Opens the progress display of the terminal; it shows nothing where log records go to stderr in its place."""
    if settings.log_format is not None:
        yield FanoutSink()
        return
    with ProgressSink(sys.stderr, time.monotonic, max_in_flight=settings.at_once, quiet=settings.quiet) as display:
        yield display


def make_outputs(
    settings: Settings, record: RunRecord, ledger: Ledger, sink: EventSink, timeline: TimelineSink | None = None
) -> RunOutputs:
    """Returns the outputs of a run, in its folder; with several rosters each result names its own."""
    from batch_enroll.adapters.reports.html_report import HtmlReport  # noqa: PLC0415 - brings jinja2, for runs only

    folder, several = Path(record.folder), len(record.rosters) > 1
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
        with suppress(OSError):  # a file of an earlier try would contradict the results
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
        facts=dict if timeline is None else timeline.facts,
    )
