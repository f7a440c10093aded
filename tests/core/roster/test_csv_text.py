from __future__ import annotations

import hashlib
import io
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.roster_files import csv_text as written_csv

from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster import csv_text
from batch_enroll.core.roster.table_search import HeaderRequirements

HEADER = "user_id,course_id\r\n"


def survey(*chunks: bytes) -> csv_text.TextInfo:
    return csv_text.detect_text(lambda: iter(chunks), "roster.csv")


def records(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv_text.records(io.StringIO(text, newline=""), delimiter, "roster.csv"))


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (b"", "utf-8"),
        (b"a,b\n", "utf-8"),
        ("Zoë".encode(), "utf-8"),
        ("Zoë".encode("utf-8-sig"), "utf-8-sig"),
        ("Zoë".encode("utf-16"), "utf-16"),
        ("Zoë".encode("utf-32"), "utf-32"),
        ("user_id,course_id".encode("utf-16-le"), "utf-16-le"),
        ("user_id,course_id".encode("utf-16-be"), "utf-16-be"),
        ("Zoë".encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_is_told_from_the_bytes(raw: bytes, encoding: str) -> None:
    found = survey(raw)
    assert found.encoding == encoding
    assert found.sha256 == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_recognized_where_more_than_half_of_the_text_is_latin(encoding: str) -> None:
    assert survey(("a" * 60 + "я" * 40).encode(encoding)).encoding == encoding
    assert survey(("a" * 51 + "я" * 49).encode(encoding)).encoding == encoding
    with pytest.raises(RosterError, match="NUL"):
        survey(("a" * 50 + "я" * 50).encode(encoding))


def test_a_character_cut_by_two_pieces_is_whole() -> None:
    assert survey(b"Zo\xc3", b"\xab\n").encoding == "utf-8"


@pytest.mark.parametrize(("text", "lines"), [("a\nb\n", 3), ("a\r\nb", 2), ("a\rb\rc", 3)])
def test_lines_are_counted_in_all_line_ends(text: str, lines: int) -> None:
    assert survey(text.encode()).lines == lines


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"a\nb\x81", r"line 2: byte 0x81 is not a character in Windows-1252, nor in UTF-8"),
        ("Zoë\n".encode() + b"Zo\xeb\n", r"line 2: byte 0xeb is not a character in UTF-8, though the text before"),
        ("Zoë".encode("utf-16")[:-1], "UTF-16"),
        (b"\xff\xfe\x00\xd8a\x00", "not a character in UTF-16"),
        (b"a,b\nc\x00,d\n" * 9, "NUL"),
        (b"PK\x03\x04rest", "zip archive or workbook"),
        (b"\xd0\xcf\x11\xe0rest", "save it as .xlsx"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8brest", "unpack it"),
        (b"a" * csv_text.CHUNK_BYTES, "a line longer than 1 MiB"),
    ],
)
def test_bytes_that_cannot_be_told_are_refused_with_the_place(raw: bytes, why: str) -> None:
    with pytest.raises(RosterError, match=why):
        survey(raw)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_under_which_the_header_is_found(delimiter: str, line_end: str) -> None:
    text = written_csv([["Roster, 2025; a|b"], ["user_id", "course_id"], ["u;1", "c,1"]], delimiter=delimiter)
    shape = csv_text.detect_dialect(text.replace("\r\n", line_end), HeaderRequirements(), "roster.csv")
    assert (shape.delimiter, shape.table.header_row, shape.skipped_lines) == (delimiter, 2, 0)


def test_excels_own_line_about_the_delimiter_is_obeyed_and_is_no_row() -> None:
    shape = csv_text.detect_dialect("sep=;\r\nuser_id;course_id\r\nu;c\r\n", HeaderRequirements(), "roster.csv")
    assert (shape.delimiter, shape.skipped_lines, shape.table.header_row) == (";", 1, 1)


def test_without_a_header_the_likeliest_delimiter_speaks() -> None:
    with pytest.raises(
        RosterError, match=r'roster\.csv: no column for course_id; headers seen: "user_id", "name, first"'
    ):
        csv_text.detect_dialect("user_id;name, first\n1;a\n", HeaderRequirements(), "roster.csv")


def test_a_head_of_one_endless_quote_is_refused() -> None:
    with pytest.raises(RosterError, match="row 1: field larger than field limit"):
        csv_text.detect_dialect('"' + "a" * 200_000, HeaderRequirements(), "roster.csv")


@pytest.mark.parametrize(
    ("head", "cut"),
    [
        ("sourcedId;role, first;Role\n1;2;3\n", (";", 0)),
        ("\n\na\tb,c\td\n", ("\t", 0)),
        ("sep=|\na|b,c,d\n", ("|", 1)),
        ("", (",", 0)),
        ('"' + "a" * 200_000, (",", 0)),
    ],
)
def test_a_part_is_cut_where_its_header_gives_most_columns(head: str, cut: tuple[str, int]) -> None:
    assert csv_text.detect_delimiter(head) == cut


def test_quotes_hold_line_ends_delimiters_and_quotes() -> None:
    assert records('a,"b\r\nc, ""d"""\r\n\r\ne,f') == [["a", 'b\r\nc, "d"'], [], ["e", "f"]]


def test_a_quote_that_is_never_closed_is_told_by_the_row_it_opens_in() -> None:
    with pytest.raises(RosterError, match=r"roster\.csv row 3: a quote opens here and is never closed"):
        records('a,b\nc,d\ne,"f\ng,h\ni,j\n')


def test_an_endless_field_is_told_by_its_row() -> None:
    with pytest.raises(RosterError, match=r"roster\.csv row 2: field larger than field limit"):
        records('a,b\nc,"' + "d\n" * 100_000)


def test_a_text_without_records_has_none() -> None:
    assert records("") == []


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(
    st.lists(st.lists(TEXT, min_size=2, max_size=4)), st.sampled_from(",;\t|"), st.sampled_from(["\r\n", "\n", "\r"])
)
def test_any_records_read_back(table: list[list[str]], delimiter: str, line_end: str) -> None:
    assert records(written_csv(table, delimiter=delimiter, line_end=line_end, quote_all=True), delimiter) == table


@given(st.binary(max_size=200))
def test_any_bytes_are_surveyed_or_refused(raw: bytes) -> None:
    try:
        found = survey(raw)
    except RosterError:
        return
    assert raw.decode(found.encoding) is not None


def test_a_row_of_quoted_lines_that_never_ends_is_refused_in_bounded_memory() -> None:
    lines = repeat('","x\n', 400_000)
    with pytest.raises(RosterError, match=r"roster\.csv row 2: a row longer than 1 MiB; a quote may be missing"):
        list(csv_text.records(chain(["a,b\n", '"x\n'], lines), ",", "roster.csv"))
