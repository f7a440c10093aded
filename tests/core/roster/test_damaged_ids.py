from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.codes.catalogue import WARNINGS
from batch_enroll.core.model import RowLocation, RowProblem, SourceRow
from batch_enroll.core.roster.damaged_ids import ID_FIELDS, CellProblem, IdDamageDetector, RowWarnings, first_problem
from batch_enroll.core.roster.header_aliases import FIELDS
from batch_enroll.core.roster.header_map import map_headers

FILLED = ["00417", "00421", "10388", "02960"]
WIDE = [str(number) for number in range(10_001, 10_040, 3)]
CODES = ["MATH-7", "SCI-7", "ART-2", "3-4"]


def row(nth: int = 1, /, **fields: str) -> SourceRow:
    return SourceRow(RowLocation("term.csv", nth), tuple(fields.values()), fields, headers={"user_id": "Student ID"})


def judged(text: str, others: list[str], field: str = "user_id") -> tuple[str, bool]:
    """The code of what is wrong with `text` in a column of `others`, and whether that is certain."""
    rows = [row(**{field: other}) for other in (*others, text)]
    last = IdDamageDetector(rows).judged(rows[-1])
    if last.problem is not None:
        assert not last.warnings
        return last.problem.code, True
    return (last.warnings[0].code if last.warnings else ""), False


def test_the_ids_are_fields_of_a_roster() -> None:
    assert set(ID_FIELDS) <= set(FIELDS)


@pytest.mark.parametrize("text", ["1.23E+11", "1,23E+11", "1E+05", "9.9e+20", "-1.2E+15", "5.00E-10"])
def test_a_rounded_number_is_no_id_whatever_the_others_are(text: str) -> None:
    assert judged(text, [text]) == judged(text, CODES) == ("E111", True)


@pytest.mark.parametrize("text", ["1E5", "12E+3", "5E-10", "E+11", "ZE+11", "2E", "1.5"])
def test_a_code_with_an_e_in_it_is_an_id(text: str) -> None:
    assert judged(text, CODES) == ("", False)


@pytest.mark.parametrize(
    "text", ["2-Mar", "Mar-02", "02-Mar-26", "2. Mrz", "2026-03-02", "3/2/2026", "2026-03-02 00:00:00"]
)
def test_a_date_among_codes_was_made_of_an_id(text: str) -> None:
    assert judged(text, CODES, "course_id") == ("E112", True)
    assert judged(text, [text], "course_id") == ("W103", False)


@pytest.mark.parametrize("text", ["2-MAR", "MAR-26", "Mar", "2-Marc", "3-2", "2026-03", "1/2/3", "Martha-26"])
def test_what_only_looks_a_little_like_a_date_is_an_id(text: str) -> None:
    assert judged(text, CODES, "course_id") == ("", False)


def test_a_number_shorter_than_those_filled_with_zeros_has_probably_lost_its_own() -> None:
    assert judged("417", FILLED) == ("W101", False)
    assert judged("7", ["07", "08", "11"], "course_id") == ("W101", False)
    assert [judged(text, FILLED)[0] for text in ("00417", "123456", "S-17", "")] == ["", "", "", ""]


def test_a_width_that_no_zero_shows_wants_many_ids_of_it() -> None:
    assert judged("417", WIDE) == ("W101", False)
    assert judged("417", WIDE[:9]) == ("W101", False)  # ten ids with it
    assert judged("417", WIDE[:8]) == ("", False)
    assert judged("7", [str(number) for number in range(10, 99)]) == ("", False)


def test_zeros_of_different_widths_or_few_of_them_show_no_width() -> None:
    assert judged("417", ["007", "00417", "10388"]) == ("", False)
    assert judged("417", ["00001", "1041", "2087", "3120", "5571"]) == ("", False)


def test_a_counter_is_no_column_of_one_width() -> None:
    assert judged("7", [str(number) for number in range(1, 1850)]) == ("", False)


def test_long_numbers_that_all_end_in_zeros_have_been_in_a_spreadsheet() -> None:
    rounded = [f"12345678901{nth:04}0" for nth in (1112, 2223, 3334)]
    assert judged("1234567890123450", rounded) == ("E111", True)
    assert judged("1234567890123450", []) == ("W102", False)
    assert judged("1234567890123450", [*rounded, "1234567890123456"]) == ("", False)
    assert judged("1234567890123456", []) == ("", False)


@pytest.mark.parametrize("text", ["#REF!", "#N/A", "#name?", "########"])
def test_what_a_spreadsheet_shows_for_a_value_it_has_not_is_no_id(text: str) -> None:
    assert judged(text, []) == ("E109", True)


def test_a_flawed_cell_keeps_a_row_from_being_used_only_where_its_column_needs_what_it_lost() -> None:
    columns = map_headers(["user_id", "begin_date", "note"], {})
    day, error = CellProblem("E112", "is a date or time cell"), CellProblem("E109", "contains #REF! instead of a value")
    cells = ["2-Mar", "2026-09-01", "x"]
    assert first_problem(columns, cells, {0: day}) == RowProblem("E112", "is a date or time cell", "user_id", "2-Mar")
    assert first_problem(columns, cells, {1: day, 2: error}) is None
    assert first_problem(columns, cells, {1: error}) == RowProblem("E109", error.message, "begin_date", "2026-09-01")


def test_a_row_that_has_a_problem_keeps_it_and_a_sound_one_stays_the_very_same() -> None:
    broken = SourceRow(RowLocation("a", 1), (), {"user_id": "1E+11"}, RowProblem("E108", "x"))
    sound = row(user_id="u1")
    watch = IdDamageDetector([broken, sound])
    assert watch.judged(broken) is broken
    assert watch.judged(sound) is sound


def test_what_is_certain_is_told_before_what_is_in_doubt() -> None:
    first = [row(user_id=text, course_id="MATH-7") for text in FILLED]
    bad = IdDamageDetector(first).judged(row(user_id="417", course_id="1E+11"))
    assert bad.problem == RowProblem("E111", '"1E+11" is a rounded number', "course_id", "1E+11")
    assert bad.warnings == ()


def test_doubts_are_counted_by_column_and_name_places_only() -> None:
    watch, doubts = IdDamageDetector([row(user_id=text) for text in FILLED]), RowWarnings()
    for nth in range(2, 7):
        doubts.add(watch.judged(row(nth, user_id="417")))
    doubts.add(watch.judged(row(9, user_id="00417")))
    (sentence,) = doubts.sentences()
    assert sentence == (
        "5 rows, Student ID: Possibly lost leading zeros (W101), at term.csv row 2, term.csv row 3, term.csv row 4, ..."
    )
    alone = RowWarnings()
    alone.add(watch.judged(row(2, user_id="417")))
    assert str(alone.sentences()[0]).endswith("(W101), at term.csv row 2")
    assert str(alone.sentences()[0]).startswith("1 row, ")


def test_a_doubt_about_the_whole_row_names_no_column() -> None:
    doubts = RowWarnings()
    doubts.add(replace(row(9), warnings=(RowProblem("W104", "stands below blank rows"),)))
    assert doubts.sentences() == ["1 row: Possible start of another table (W104), at term.csv row 9"]


@given(st.lists(st.text(alphabet="0123456789E+.-/MarJn", max_size=18), max_size=12), st.text(max_size=18))
def test_any_text_is_judged_and_never_changed(others: list[str], text: str) -> None:
    source = row(user_id=text)
    after = IdDamageDetector([row(user_id=other) for other in others]).judged(source)
    assert (after.fields, after.cells) == (source.fields, source.cells)
    assert all(doubt.code in WARNINGS for doubt in after.warnings)
