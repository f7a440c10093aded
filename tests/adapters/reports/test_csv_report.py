"""results.csv and failed.csv: the roster's own columns, our columns, safe in a spreadsheet, whole or not there."""

from __future__ import annotations

import csv
import io
import resource
import stat
import sys
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.adapters.reports.csv_report import CsvReport
from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.model import KINDS_TO_FIX, Outcome, OutcomeKind, ResultRow, RowLocation
from batch_enroll.core.reporting.result_columns import ResultsTable
from batch_enroll.core.roster.cells import undefuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

DONE = Outcome(OutcomeKind.ENROLLED, attempts=2, status=201, enrollment_id="enr-9")
BAD = Outcome(OutcomeKind.INVALID, catalogue.MISSING_USER, "user_id: it is empty")
AT = datetime(2025, 9, 1, 6, 0, 0, 123456, tzinfo=UTC)
COLUMNS = ("user_id", "course_id")


def a_result(row_no: int = 1, outcome: Outcome = DONE, cells: tuple[str, ...] = ("amy", "007")) -> ResultRow:
    return ResultRow(row_no, RowLocation("term.csv", row_no + 1), cells, outcome, AT)


def written(folder: Path, rows: Sequence[ResultRow], columns: Sequence[str] = COLUMNS) -> CsvReport:
    with CsvReport(folder, columns) as report:
        for row in rows:
            report.write(row)
    return report


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [[undefuse(cell) for cell in line] for line in csv.reader(file)]


def test_each_row_has_its_own_columns_first_and_ours_after(tmp_path: Path) -> None:
    written(tmp_path, [a_result()])
    assert (tmp_path / "results.csv").read_bytes().decode() == (
        "user_id,course_id,enroll_row,enroll_outcome,enroll_code,enroll_detail,enroll_hint,enroll_http_status,"
        "enroll_attempts,enroll_enrollment_id,enroll_finished_at\r\n"
        "amy,007,2,enrolled,,,,201,2,enr-9,2025-09-01T06:00:00.123Z\r\n"
    )


def test_a_row_that_never_settled_has_no_time_and_no_status(tmp_path: Path) -> None:
    unknown = Outcome(OutcomeKind.UNKNOWN, catalogue.INTERRUPTED, "the run ended")
    written(tmp_path, [ResultRow(1, RowLocation("t.csv", 2), ("amy", ""), unknown, None)])
    hint = catalogue.get_remedy(catalogue.INTERRUPTED)
    expected = ["amy", "", "2", "unknown", "E402", "the run ended", hint, "", "0", "", ""]
    assert read(tmp_path / "results.csv")[1] == expected


def test_failed_has_the_rows_to_fix_in_the_same_columns(tmp_path: Path) -> None:
    rows = [a_result(row_no, Outcome(kind)) for row_no, kind in enumerate(OutcomeKind, 1)]
    written(tmp_path, rows)
    results, failed = read(tmp_path / "results.csv"), read(tmp_path / "failed.csv")
    assert failed[0] == results[0]
    assert failed[1:] == [line for line in results[1:] if OutcomeKind(line[3]) in KINDS_TO_FIX]
    assert len(results) == len(OutcomeKind) + 1


def test_failed_is_there_with_its_header_when_nothing_failed(tmp_path: Path) -> None:
    written(tmp_path, [a_result()])
    assert len(read(tmp_path / "failed.csv")) == 1


def test_with_several_rosters_each_row_names_its_own(tmp_path: Path) -> None:
    with CsvReport(tmp_path, COLUMNS, with_roster=True) as report:
        report.write(a_result())
    header, line = read(tmp_path / "results.csv")
    assert header[2:4] == ["enroll_roster", "enroll_row"]
    assert line[2:4] == ["term.csv", "2"]


def test_what_a_spreadsheet_would_run_is_defused_in_every_column(tmp_path: Path) -> None:
    trap = Outcome(OutcomeKind.REJECTED, "E208", "@SUM(A1)", 1, 400, "=1+1")
    written(tmp_path, [a_result(1, trap, ("=cmd|' /C calc'!A0", "-5"))], ("+user", "course_id"))
    with (tmp_path / "results.csv").open(encoding="utf-8", newline="") as file:
        header, line = csv.reader(file)
    assert header[0] == "'+user"
    assert line[0] == "'=cmd|' /C calc'!A0"
    assert (line[1], line[5], line[9]) == ("-5", "'@SUM(A1)", "'=1+1")


def test_a_short_row_still_has_our_columns_in_their_place(tmp_path: Path) -> None:
    written(tmp_path, [a_result(cells=("amy",))])
    assert read(tmp_path / "results.csv")[1][:4] == ["amy", "", "2", "enrolled"]


def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    report = written(tmp_path, [a_result()])
    assert {name: stat.S_IMODE(path.stat().st_mode) for name, path in report.files.items()} == {
        "results": 0o600,
        "failed": 0o600,
    }


def test_the_files_appear_only_when_they_are_whole(tmp_path: Path) -> None:
    with CsvReport(tmp_path, COLUMNS) as report:
        report.write(a_result())
        assert not any(path.exists() for path in report.files.values())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["failed.csv", "results.csv"]


def test_a_report_that_breaks_off_leaves_older_files_as_they_were(tmp_path: Path) -> None:
    written(tmp_path, [a_result()])
    before = (tmp_path / "results.csv").read_bytes()
    with suppress(KeyError), CsvReport(tmp_path, COLUMNS) as report:
        report.write(a_result(outcome=BAD))
        raise KeyError
    assert (tmp_path / "results.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["failed.csv", "results.csv"]


def test_a_folder_that_is_not_there_stops_the_run_and_says_what_is_safe(tmp_path: Path) -> None:
    with pytest.raises(RunStoppedError, match=r"No such file or directory.*the ledger has every outcome"):
        written(tmp_path / "gone", [])


def test_a_name_that_is_taken_by_a_folder_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "failed.csv").mkdir()
    with pytest.raises(RunStoppedError, match="Is a directory"):
        written(tmp_path, [a_result()])
    assert not list(tmp_path.glob(".*"))


@contextmanager
def no_room() -> Iterator[None]:
    # Files of this process may not grow beyond 4 kB meanwhile; Python ignores the signal, so writing fails. Not for
    # longer than the writing: pytest's own output may go to a file.
    if sys.platform == "win32":
        pytest.skip("needs limits on the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("rows", [60, 2000])
def test_a_full_disk_stops_the_run_and_leaves_no_half_written_file(tmp_path: Path, rows: int) -> None:
    with pytest.raises(RunStoppedError, match="File too large"), no_room():
        written(tmp_path, [a_result(row_no, BAD) for row_no in range(1, rows)])
    assert list(tmp_path.iterdir()) == []


texts = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["=1", "'=1", "''+a", "-1", "-1.5", "+", "\r", "a\rb", "a\nb", "\r\n", '"', '""', ",", "\0", "\ufeff", " x ", "'"]
)


@given(rows=st.lists(st.tuples(texts, texts, texts), max_size=6), columns=st.tuples(texts, texts, texts))
def test_results_read_back_as_the_same_rows_in_the_same_order(
    rows: list[tuple[str, ...]], columns: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("run")
    written(folder, [a_result(row_no, DONE, cells) for row_no, cells in enumerate(rows, 1)], columns)
    header, *lines = read(folder / "results.csv")
    assert tuple(header[:3]) == columns
    assert [tuple(line[:3]) for line in lines] == rows
    assert [line[3] for line in lines] == [str(row_no + 1) for row_no in range(1, len(rows) + 1)]


@given(rows=st.lists(st.tuples(texts, texts, texts), max_size=6), columns=st.tuples(texts, texts, texts))
def test_every_line_is_written_as_by_the_csv_module(
    rows: list[tuple[str, ...]], columns: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, table, expected = tmp_path_factory.mktemp("run"), ResultsTable(columns), io.StringIO(newline="")
    results = [a_result(row_no, DONE, cells) for row_no, cells in enumerate(rows, 1)]
    written(folder, results, columns)
    csv.writer(expected, lineterminator="\r\n").writerows([table.header, *map(table.line, results)])
    assert (folder / "results.csv").read_bytes() == expected.getvalue().encode()
