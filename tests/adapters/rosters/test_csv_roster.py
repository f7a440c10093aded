from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.roster_files import HEADER, ROW, cells, csv_text, read, write_csv

from batch_enroll.adapters.rosters.csv_roster import CsvRoster
from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import RowLocation

if TYPE_CHECKING:
    from pathlib import Path

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=10)
CELL = TEXT | st.sampled_from(["a,b", "a;b", "a|b", "a\tb", '"', "two\nlines", "NA", "007", "", " x "])


def roster_of(path: Path, raw: bytes) -> CsvRoster:
    path.write_bytes(raw)
    return CsvRoster(path)


@given(
    table=st.lists(st.tuples(st.text("abc01", min_size=1), CELL, CELL), min_size=1, max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    line_end=st.sampled_from(["\r\n", "\n", "\r"]),
    quote_all=st.booleans(),
)
def test_any_table_in_any_dress_reads_back_to_the_same_cells(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[tuple[str, str, str]],
    delimiter: str,
    encoding: str,
    line_end: str,
    quote_all: bool,  # noqa: FBT001
) -> None:
    # Where a lone CR ends the lines, the csv module's writer leaves an LF within a cell without quotes.
    quoted = quote_all or line_end == "\r"
    text = csv_text(
        [("user_id", "course_id", "Note"), *table], delimiter=delimiter, line_end=line_end, quote_all=quoted
    )
    roster = roster_of(tmp_path_factory.mktemp("r") / "roster.csv", text.encode(encoding))
    assert cells(roster) == table


@given(st.lists(st.tuples(st.just("u"), st.text("Zoëñ€ß,;", max_size=6), st.just("c")), min_size=1, max_size=4))
def test_a_windows_1252_table_reads_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, str, str]]
) -> None:
    text = csv_text([("user_id", "Name é", "course_id"), *table])
    assert cells(roster_of(tmp_path_factory.mktemp("r") / "roster.csv", text.encode("cp1252"))) == table


def test_rows_know_their_place_as_a_spreadsheet_numbers_them(tmp_path: Path) -> None:
    roster = roster_of(tmp_path / "late.csv", b'Title\n\nuser_id,course_id\nu1,"c\n1"\n,\n\nu2,c2\n')
    assert [row.location for row in roster.rows()] == [RowLocation("late.csv", 4), RowLocation("late.csv", 7)]


def test_a_roster_tells_its_columns_size_and_digest(tmp_path: Path) -> None:
    raw = csv_text([HEADER, ROW, ROW]).encode()
    roster = roster_of(tmp_path / "roster.csv", raw)
    assert (roster.columns, roster.estimated_rows, roster.describe()[0]) == (HEADER, 2, ("user_id", "user_id"))
    read(roster)
    (ref,) = roster.refs()
    assert (ref.path, ref.sha256, ref.rows) == (str(tmp_path / "roster.csv"), hashlib.sha256(raw).hexdigest(), 2)


def test_a_roster_can_be_read_again(tmp_path: Path) -> None:
    roster = CsvRoster(write_csv(tmp_path / "roster.csv", [HEADER, ROW]))
    assert cells(roster) == cells(roster)
    assert roster.refs()[0].rows == 1


def test_a_limit_ends_the_reading_early(tmp_path: Path) -> None:
    roster = CsvRoster(write_csv(tmp_path / "roster.csv", [HEADER, *[ROW] * 9]), limit=3)
    assert roster.estimated_rows == 3
    assert len(read(roster)) == 3
    assert roster.refs()[0].rows == 3


def test_a_column_can_be_named_and_a_default_can_stand_for_one(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "roster.tsv", [("Number", "Pupil"), ("7", "Zoë")], delimiter="\t")
    roster = CsvRoster(path, overrides={"user_id": "Number"}, defaults_present=frozenset({"course_id"}))
    assert [dict(row.fields) for row in roster.rows()] == [{"user_id": "7"}]


def test_a_line_about_the_delimiter_is_no_row(tmp_path: Path) -> None:
    roster = roster_of(tmp_path / "roster.csv", b"sep=;\r\nuser_id;course_id\r\nu;c\r\n")
    assert [(row.location.row, row.cells) for row in roster.rows()] == [(2, ("u", "c"))]
    assert roster.estimated_rows == 1


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "the table is empty"),
        (b"\n\n", "the table is empty"),
        (b"user_id,course_id\n", "there are no rows below the header"),
        (b"user_id,course_id\n,\n \n", "there are no rows below the header"),
        (b"a,b\n1,2\n", "no column for user_id and course_id"),
        (b'user_id,course_id\nu,"c\n', "row 2: a quote opens here and is never closed"),
        (b"PK\x03\x04", "is a zip archive or workbook"),
        (b"user_id,course_id\nu\x00,c\n", "NUL"),
    ],
)
def test_a_file_that_is_no_roster_says_why_by_its_name(tmp_path: Path, raw: bytes, why: str) -> None:
    with pytest.raises(RosterError, match=rf"^roster\.csv.*{why}"):
        read(roster_of(tmp_path / "roster.csv", raw))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=r"gone\.csv cannot be read: No such file"):
        _ = CsvRoster(tmp_path / "gone.csv").columns
    with pytest.raises(RosterError, match="cannot be read: Is a directory"):
        _ = CsvRoster(tmp_path).columns


def test_a_file_that_changes_its_encoding_meanwhile_is_no_traceback(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "roster.csv", [HEADER, ROW])
    roster = CsvRoster(path)
    assert roster.columns == HEADER
    path.write_bytes(csv_text([HEADER, ROW, ("Zo\xeb",) * 5]).encode("cp1252"))
    with pytest.raises(RosterError, match="changed while it was read"):
        read(roster)


def test_standard_input_is_read_once_and_kept_for_the_reading(tmp_path: Path) -> None:
    raw = csv_text([HEADER, ROW]).encode("utf-16")
    code = (
        "from batch_enroll.adapters.rosters.csv_roster import CsvRoster\n"
        "roster = CsvRoster(None)\n"
        "print(roster.columns, [(row.location.file, row.cells) for row in roster.rows()], roster.refs())"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own text
        [sys.executable, "-c", code], input=raw, capture_output=True, check=True, cwd=tmp_path
    )
    expected = io.StringIO()
    digest = hashlib.sha256(raw).hexdigest()
    ref = f"(RosterRef(path='-', sha256='{digest}', rows=1, read_as='plain table', changes_only=False),)"
    print(HEADER, [("standard input", ROW)], ref, file=expected)
    assert done.stdout.decode() == expected.getvalue()
    assert list(tmp_path.iterdir()) == []


def test_memory_stays_flat_however_long_the_roster(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("user_id,course_id,note\n" + ("u,c," + "some note that takes its room " * 4 + "\n") * 20_000)
    tracemalloc.start()
    try:
        count = sum(1 for _ in CsvRoster(path).rows())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 6_000_000  # the survey's piece of 1 MiB as bytes and as text, and little else
