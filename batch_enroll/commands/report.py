"""Reports of past runs, in the format that was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from batch_enroll import workflows
from batch_enroll.adapters.files import run_folder
from batch_enroll.adapters.reports.csv_report import CsvDocument
from batch_enroll.adapters.reports.json_report import JsonDocument
from batch_enroll.core.errors import UsageError
from batch_enroll.wiring.ledger import open_past_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batch_enroll.core.run_record import RunRecord
    from batch_enroll.ports import Document
    from batch_enroll.settings import Settings

STDOUT: Final = "-"


def report(settings: Settings, run_id: str | None, form: str, where: str | None) -> Path | Iterator[bytes]:
    """Writes the report of one run (its id, or its folder), or of the latest, and returns its file.

    `where` is a file or `-` for stdout, for which the report itself is returned. Without it pages and workbooks go into
    a file of the run's name here, and the others to stdout.

    Raises:
        UsageError: there is no such run or format.
        RunStoppedError: the file cannot be written.
    """
    if form not in FORMATS:
        raise UsageError(f"--format: there is no format {form!r}; choose one of {', '.join(FORMATS)}")
    make, to_stdout = FORMATS[form]
    with open_past_run(settings, run_id) as (ledger, record):
        document = make(record)
        summary = workflows.summarize_past_run(record, ledger, run_folder.files_in(Path(record.folder)), (document,))
    pieces = document.pieces(summary)
    if where == STDOUT or (where is None and to_stdout):
        return pieces
    path = Path(where or f"{record.run_id}.{form}")
    run_folder.write_whole(path, pieces)
    return path


def _html(record: RunRecord) -> Document:
    from batch_enroll.adapters.reports.html_report import HtmlReport  # noqa: PLC0415 - brings jinja2

    return HtmlReport(record, _columns(record), with_roster=len(record.rosters) > 1)


def _xlsx(record: RunRecord) -> Document:
    from batch_enroll.adapters.reports.xlsx_report import XlsxDocument  # noqa: PLC0415 - brings XlsxWriter

    return XlsxDocument(_columns(record), with_roster=len(record.rosters) > 1)


def _csv(record: RunRecord) -> Document:
    return CsvDocument(_columns(record), with_roster=len(record.rosters) > 1)


def _json(record: RunRecord) -> Document:
    return JsonDocument(record, _columns(record))


def _columns(record: RunRecord) -> tuple[str, ...]:
    return () if record.options.get("no_roster_columns") else record.columns


FORMATS: Final[dict[str, tuple[Callable[[RunRecord], Document], bool]]] = {
    "html": (_html, False),
    "xlsx": (_xlsx, False),
    "csv": (_csv, True),
    "json": (_json, True),
}
