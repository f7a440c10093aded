from __future__ import annotations

import pytest

from batch_enroll.core.headers import map_headers
from batch_enroll.core.model import Place
from batch_enroll.core.second import SecondHeader

HEADER = ("Student ID", "course_id", "Note")


def told(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> list[str]:
    """What is wrong with each row below the header."""
    columns, second = map_headers(header), SecondHeader(header)
    read = [columns.row(Place("term.csv", nth), cells) for nth, cells in enumerate(rows, 2)]
    problems = [second.judged(row).problem for row in read if row is not None]
    return ["" if problem is None else f"{problem.code} {problem.message}" for problem in problems]


def test_a_header_that_comes_again_is_no_row_and_the_table_goes_on_below_it() -> None:
    assert told(("u1", "c1", ""), ("Student_ID", "Course ID", ""), ("u2", "c1", "")) == [
        "",
        "E127 this row is a header",
        "",
    ]


def test_nothing_below_a_header_with_other_columns_is_sent_until_the_first_comes_again() -> None:
    below = "E127 stands below row 3, a header that names other columns than the first one"
    rows = [
        ("u1", "c1", ""),
        ("course_id", "user_id", ""),
        ("c1", "u2", ""),
        ("c", "u", "", "x"),
        HEADER,
        ("u3", "c1", ""),
    ]
    assert told(*rows) == [
        "",
        "E127 this row is a header",
        below,
        "E108 4 cells below 3 headers; left over: x",
        "E127 this row is a header",
        "",
    ]


def test_a_header_of_another_width_is_one_too() -> None:
    assert told(("Email", "Course Title", "role", "School Name"), ("a@x.org", "Art", "student")) == [
        "E127 this row is a header",
        "E127 stands below row 2, a header that names other columns than the first one",
    ]


def test_a_header_that_only_this_roster_has_is_known_again() -> None:
    assert told(("user_id", "Klasse"), ("u1", "c1"), header=("user_id", "Klasse")) == ["E127 this row is a header", ""]


@pytest.mark.parametrize(
    "row",
    [("u1", "course", ""), ("email", "c1", ""), ("u1", "role", "x"), ("", "", "note"), ("u1", "status", "new one")],
)
def test_a_row_with_one_word_that_could_be_a_header_is_a_row(row: tuple[str, ...]) -> None:
    assert told(row, ("u2", "c1", "")) == ["", ""]
