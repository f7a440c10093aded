from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.model import RowLocation, RowProblem
from batch_enroll.core.roster.damaged_ids import LOOK_AHEAD
from batch_enroll.core.roster.header_map import map_headers
from batch_enroll.core.roster.table_boundary import TableBoundaryDetector

HEADER = ("Student ID", "course_id", "Note")


def judged(
    *rows: tuple[str, ...], header: tuple[str, ...] = HEADER, gaps: bool = True
) -> list[tuple[RowProblem | None, tuple[RowProblem, ...]]]:
    """Each row below the header with what is wrong with it and what is in doubt; () is a blank row."""
    columns = map_headers(header)
    read = [columns.row(RowLocation("term.csv", nth), cells) for nth, cells in enumerate(rows, 2)]
    there = [row for row in read if row is not None]
    second = TableBoundaryDetector(header, there, gaps=gaps)
    return [(after.problem, after.warnings) for after in map(second.judged, there)]


def told(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> list[str]:
    """What is wrong with each row below the header."""
    found = [problem for problem, _ in judged(*rows, header=header)]
    return ["" if problem is None else f"{problem.code} {problem.message}" for problem in found]


def codes(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER, gaps: bool = True) -> str:
    """The codes of problems and doubts, a dot for a sound row."""
    found = judged(*rows, header=header, gaps=gaps)
    return " ".join(
        problem.code if problem else "+".join(doubt.code for doubt in doubts) or "." for problem, doubts in found
    )


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


# -- tables whose headers nobody knows ------------------------------------------------------------------------------

WIDER = ("user_id", "course_id", "begin_date", "note")
SEATS = [("u1", "c1", "2025-09-01", ""), ("u2", "c1", "2025-09-01", ""), ("u3", "c2", "2025-09-02", "moved")]


def test_below_blank_rows_unknown_words_where_ids_stood_are_a_header_and_nothing_below_is_sent() -> None:
    rows = [
        ("u1", "c1", ""),
        ("u2", "c1", ""),
        (),
        ("Fach", "Schüler", "Grund"),
        ("c1", "u9", "moved"),
        (),
        ("c2", "u8"),
    ]
    below = "E127 stands below row 5, where another table seems to begin"
    header = "E127 stands below blank rows and holds words where the rows above hold ids or dates, as a header does"
    assert told(*rows) == ["", "", header, below, below]


def test_a_title_below_blank_rows_begins_another_table_and_the_first_header_ends_it() -> None:
    rows = [
        ("u1", "c1", ""),
        ("u2", "c1", ""),
        (),
        ("Left in 2025", "", ""),
        ("u9", "c1", ""),
        HEADER,
        ("u3", "c1", ""),
    ]
    alone = "E127 stands alone below blank rows, as the title of another table does"
    below = "E127 stands below row 5, where another table seems to begin"
    assert told(*rows) == ["", "", alone, below, "E127 this row is a header", ""]


def test_a_row_below_blank_rows_that_is_longer_than_the_header_begins_another_table() -> None:
    rows = [("u1", "c1", ""), (), ("1", "2", "3", "4"), ("u9", "c1", "")]
    assert codes(*rows) == ". E108 E127"
    assert codes(("u1", "c1", ""), ("1", "2", "3", "4"), ("u9", "c1", "")) == ". E108 ."


def test_rows_like_those_above_the_blank_rows_go_ahead_with_a_doubt_for_each_gap() -> None:
    assert codes(*SEATS, (), *SEATS, (), (), SEATS[0], header=WIDER) == ". . . W104 . . W104"
    ((_, doubts), _) = judged(*SEATS, (), SEATS[0], SEATS[1], header=WIDER)[3:]
    assert [str(doubt) for doubt in doubts] == ["stands below blank rows"]


def test_the_doubt_of_a_gap_is_told_of_the_first_row_that_can_be_used() -> None:
    row = ("u1", "c1", "2025-09-01", "", "")
    assert codes(*SEATS, (), (*row, "x"), row, header=(*WIDER, "Course")[:4]) == ". . . E108 E127"
    twice = ("user_id", "course_id", "begin_date", "user_id")
    mixed = [("u1", "c1", "2025-09-01", "u1"), ("u2", "c1", "2025-09-01", "u2")]
    assert codes(*mixed, (), ("u3", "c1", "2025-09-01", "u4"), mixed[0], header=twice) == ". . E119 W104"


def test_without_blank_rows_three_columns_of_words_are_a_header_and_two_are_a_doubt() -> None:
    assert codes(*SEATS, ("Wer", "Was", "Wann", "Warum"), SEATS[0], header=WIDER) == ". . . E127 E127"
    assert codes(*SEATS, ("admin", "homeroom", "", ""), SEATS[0], header=WIDER) == ". . . W104 ."
    assert codes(*SEATS, ("admin", "homeroom", "2025-09-01", ""), SEATS[0], header=WIDER) == ". . . . ."
    assert codes(*SEATS, ("admin", "c1", "", ""), ("root", "c1", "", ""), header=WIDER) == ". . . . ."


def test_one_column_of_ids_that_holds_a_word_is_a_doubt() -> None:
    seats = [("u1", "art", "")] * 10
    assert codes(*seats, ("Wer", "Was", ""), ("u4", "art", "")) == f"{'. ' * 10}W104 ."
    assert codes(*seats, (), ("Wer", "Was", ""), ("u4", "art", "")) == f"{'. ' * 10}E127 E127"
    assert codes(*seats[1:], ("Wer", "Was", ""), ("u4", "art", "")) == f"{'. ' * 9}. ."


def test_a_doubt_about_words_is_not_told_again_of_rows_like_it() -> None:
    assert codes(*SEATS, ("admin", "homeroom"), ("root", "homeroom"), header=WIDER) == ". . . W104 ."


def test_a_few_rows_do_not_show_what_is_usual() -> None:
    assert codes(("u1", "c1", ""), (), ("Wer", "Was", "")) == ". W104"
    assert codes(("u1", "c1", ""), (), ("u2", "", "")) == ". W104"


def test_rosters_without_digits_have_doubts_only() -> None:
    rows = [
        ("ann", "art", ""),
        ("ben", "art", ""),
        ("cem", "art", ""),
        (),
        ("Wer", "Was", "Warum"),
        ("dora", "art", ""),
    ]
    assert codes(*rows) == ". . . W104 ."


def test_rows_of_one_cell_each_have_no_titles() -> None:
    assert codes(("u1",), ("u2",), (), ("u3",), header=("user_id",)) == ". . W104"


def test_a_file_that_is_spaced_out_says_nothing() -> None:
    rows = [cells for seat in SEATS * 2 for cells in (seat, ())]
    assert codes(*rows, header=WIDER) == ". . . . . ."


def test_three_gaps_show_that_a_file_is_spaced_out_and_two_do_not() -> None:
    rows = [cells for seat in (*SEATS, SEATS[0]) for cells in (seat, ())]
    assert codes(*rows, header=WIDER) == ". . . ."
    assert codes(*rows[:6], header=WIDER) == ". W104 W104"


def test_where_numbers_are_left_out_for_other_reasons_there_are_no_gaps() -> None:
    assert codes(*SEATS, (), *SEATS, header=WIDER, gaps=False) == ". . . . . ."


def test_many_gaps_are_told_up_to_a_number_and_the_last_one_says_so() -> None:
    found = judged(*[cells for _ in range(30) for cells in (*SEATS, ())], header=WIDER)
    doubts = [str(doubt) for _, doubts in found for doubt in doubts]
    assert doubts == [*["stands below blank rows"] * 19, "stands below blank rows; later ones are not told"]


def test_what_is_usual_is_learnt_from_the_first_rows_and_what_is_not_from_all() -> None:
    rows = [*[("u1", "c1", "1")] * LOOK_AHEAD, ("u1", "c1", "a word"), *[("ann", "art", "")] * 3]
    assert codes(*rows).split()[-4:] == [".", "W104", ".", "."]


def test_rows_that_were_written_by_us_are_not_judged_by_their_likeness() -> None:
    words = ("admin", "homeroom", "annex", "")
    steps = [("u1", "c1", "s1", "term.csv row 2"), *[("u2", "c2", "s2", "term.csv row 3")] * 3, words]
    assert codes(*steps, header=("user_id", "course_id", "school_id", "plan_row")) == ". . . . ."
    results = [(*step[:3], str(nth), "invalid") for nth, step in enumerate(steps)]
    header = ("user_id", "course_id", "school_id", "enroll_row", "enroll_outcome")
    assert codes(*results, (), results[0], header=header) == ". . . . . ."
    assert codes(*steps, header=("user_id", "course_id", "school_id", "note")) == ". . . . E127"


CELLS = st.tuples(
    st.from_regex(r"[a-z]{0,3}[0-9]{1,4}", fullmatch=True),
    st.sampled_from(["MATH-7", "art", "Homeroom"]),
    st.sampled_from(["", "moved", "7", "a.b@x.org"]),
)


@given(st.lists(st.one_of(CELLS, st.just(())), max_size=40))
def test_a_roster_whose_users_have_digits_is_read_whole_wherever_it_has_blank_rows(rows: list[tuple[str, ...]]) -> None:
    found = judged(*rows)
    assert [problem for problem, _ in found] == [None] * sum(row != () for row in rows)
    assert {doubt.code for _, doubts in found for doubt in doubts} <= {"W104"}
    assert not any(doubts for _, doubts in judged(*rows, gaps=False))
