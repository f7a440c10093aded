from __future__ import annotations

import pytest

from batch_enroll.core.errors import RosterError
from batch_enroll.core.model import RowLocation
from batch_enroll.core.roster.cells import defuse
from batch_enroll.core.roster.formats import FORMATS
from batch_enroll.core.roster.header_hints import suggestions
from batch_enroll.core.roster.header_map import map_headers
from batch_enroll.core.roster.table_search import HeaderRequirements, NoTable, Table, find_table, header_requirements

PLACE = RowLocation("roster.csv", 2)


def spelt(*header: str, **overrides: str) -> dict[str, str]:
    return dict(map_headers(header, overrides).spelt)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("user_id", "user_id"),
        ("User ID", "user_id"),
        ("USER-ID ", "user_id"),
        ("\ufeffuserId", "user_id"),
        ("userSourcedId", "user_id"),
        ("StudentID", "user_id"),
        ("student_id", "user_id"),
        ("SIS User ID", "user_id"),
        ("Course.ID", "course_id"),
        ("courseSourcedId", "course_id"),
        ("Course SIS ID", "course_id"),
        ("orgSourcedId", "school_id"),
        ("schoolsourcedid", "school_id"),
        ("Role [Required]", "role"),
        ("beginDate", "begin_date"),
        ("Start Date", "begin_date"),
        ("end date", "end_date"),
        ("Status [READ ONLY]", "status"),
        ("sourcedId", "sourced_id"),
        ("classSourcedId", "class_id"),
        ("metadata.goals.dailyXp", "metadata.goals.dailyXp"),
        ("Metadata.Note", "metadata.Note"),
        ("EXTERNAL_PERSON_KEY", "user_id"),
        ("external_course_key", "course_id"),
        ("row_status", "status"),
        ("Student_email", "user_email"),
        ("E-Mail", "user_email"),
        ("Username", "user_name"),
        ("SIS Login ID", "user_name"),
        ("Student_number", "user_identifier"),
        ("Course Name", "course_title"),
        ("Course_number", "course_code"),
        ("School Name", "school_name"),
        ("School Number", "school_identifier"),
    ],
)
def test_headers_are_known_by_name_whatever_their_case_and_punctuation(header: str, field: str) -> None:
    assert list(spelt(header)) == [field]


@pytest.mark.parametrize(
    "header", ["Secondary Email", "SIS ID", "id", "Teacher_id", "School", "course1x", "", "metadata.", "metadata.a..b"]
)
def test_headers_that_do_not_surely_mean_an_id_are_only_carried_along(header: str) -> None:
    assert spelt(header) == {}


def test_the_exact_name_wins_over_onerosters_and_that_over_an_alias() -> None:
    assert spelt("Student ID", "userSourcedId", "user_id") == {"user_id": "user_id"}
    assert spelt("Student ID", "userSourcedId", "User Id") == {"user_id": "userSourcedId"}
    assert spelt("orgSourcedId", "SCHOOL SOURCED ID") == {"school_id": "SCHOOL SOURCED ID"}


def test_two_equally_good_headers_are_asked_for() -> None:
    with pytest.raises(RosterError, match='"Student ID" and "SIS User ID" can both be user_id; add --map "user_id='):
        map_headers(["Student ID", "SIS User ID"])


def test_what_only_helps_to_find_an_id_is_asked_for_only_where_that_id_is_missing() -> None:
    assert spelt("user_id", "Email", "Student Email") == {"user_id": "user_id"}
    assert spelt("user_id", "Email", "user_email") == {"user_id": "user_id", "user_email": "user_email"}
    with pytest.raises(RosterError, match='"Email" and "Student Email" can both be user_email; add --map'):
        map_headers(["Email", "Student Email", "course_id"])


@pytest.mark.parametrize("beside", ["external_person_key", "Blackboard ID"])
def test_a_user_id_that_may_be_a_login_is_asked_for(beside: str) -> None:
    with pytest.raises(RosterError) as caught:
        map_headers(["user_id", beside, "course_id"])
    assert f'add --map "user_id={beside}" or --map "user_id=user_id"' in str(caught.value)
    assert spelt("user_id", beside, "course_id", user_id=beside)["user_id"] == beside


def test_two_columns_of_one_name_complete_each_other_but_must_not_differ() -> None:
    columns = map_headers(["user_id", "role", "course_id", "role", "note", "note"])
    rows = [columns.row(PLACE, ["u", one, "c", other, "a", "b"]) for one, other in (("x", ""), ("", "x"), ("x", "x"))]
    assert [None if row is None else (row.fields["role"], row.problem) for row in rows] == [("x", None)] * 3
    row = columns.row(PLACE, ["u", "teacher", "c", "student", "", ""])
    assert row is not None
    assert row.problem is not None
    assert str(row.problem) == (
        'role: two columns have this name and hold "teacher" and "student"; empty one of the cells'
    )


def test_numbered_courses_count_only_where_no_other_column_names_the_course() -> None:
    wide = map_headers(["username", "idnumber", "course1", "course2"])
    assert (wide.numbered, wide.spelt) == (
        FORMATS["moodle"],
        {"user_name": "username", "user_id": "idnumber", "course_id": "course1"},
    )
    assert map_headers(["idnumber", "course1", "course_id"]).numbered is None
    assert spelt("idnumber", "course") == {"user_identifier": "idnumber"}
    plainly = map_headers(["idnumber", "course1"], numbered=())
    assert (plainly.numbered, plainly.spelt) == (None, {"user_identifier": "idnumber"})


def test_a_table_says_what_it_was_taken_for() -> None:
    marks = ("enroll_row", "enroll_outcome")
    headers = [("user_id", "course_id"), ("user_id", "course1"), ("user_id", "course_id", *marks)]
    assert [map_headers(header).read_as for header in headers] == [
        "plain table",
        "Moodle upload, one enrollment for each numbered course",
        "results of an earlier run",
    ]


def test_a_column_that_is_not_read_may_have_been_meant() -> None:
    columns = map_headers(["user_id", "course_id", "School", "Role Name", "Title"]).describe()
    school, role = suggestions(columns)
    assert school.endswith('holds the school_id, add --map "school_id=School"; if names, --map "school_name=School"')
    assert role == '"Role Name" is not read; if it holds the role, add --map "role=Role Name"'
    assert list(suggestions(map_headers(["user_id", "course_id", "remark"]).describe())) == []


def test_a_header_can_be_named_for_a_field_and_then_means_nothing_else() -> None:
    assert spelt("Student ID", "SIS User ID", user_id="sis user id") == {"user_id": "SIS User ID"}
    assert spelt("role", "course", course_id="role") == {"course_id": "role"}
    assert list(spelt("goal", **{"metadata.goals.dailyXp": "goal"})) == ["metadata.goals.dailyXp"]


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({"user": "a"}, 'no field is called "user"; did you mean "user_id"'),
        ({"zzz": "a"}, 'no field is called "zzz"; Fields are user_id'),
        (
            {"user_id": "Numbers"},
            'no header is called "Numbers"; did you mean "Number"? Headers seen: "Number", "a b", "a_b"',
        ),
        ({"user_id": "zzz"}, 'no header is called "zzz"; Headers seen'),
        ({"user_id": "A-B"}, '2 headers are called "A-B"; rename one of them'),
    ],
)
def test_an_override_that_names_nothing_says_what_there_is(overrides: dict[str, str], why: str) -> None:
    with pytest.raises(RosterError) as caught:
        map_headers(["Number", "a b", "a_b", ""], overrides)
    assert why in str(caught.value)


def test_cells_stay_as_they_are_and_fields_are_stripped() -> None:
    row = map_headers(["user_id", "name", "course_id"]).row(PLACE, ["\xa0u1 ", " Zoë ", ""])
    assert row is not None
    assert (row.cells, dict(row.fields)) == (("\xa0u1 ", " Zoë ", ""), {"user_id": "u1"})
    assert row.headers == {"user_id": "user_id", "course_id": "course_id"}


def test_columns_of_earlier_results_are_known_and_left_out() -> None:
    header = ["user_id", "enroll_row", "course_id", "enroll_outcome", "enroll_status"]
    columns = map_headers(header)
    row = columns.row(PLACE, [defuse("=u"), "7", "c", "failed", "x"])
    assert row is not None
    assert (columns.own_columns, row.cells) == (("user_id", "course_id"), ("=u", "c"))
    assert columns.describe() == (("user_id", "user_id"), ("course_id", "course_id"))


def test_an_apostrophe_is_kept_where_the_file_is_not_ours() -> None:
    row = map_headers(["user_id", "course_id"]).row(PLACE, ["'=u", "c"])
    assert row is not None
    assert row.cells[0] == "'=u"


def test_a_row_with_nothing_in_it_is_no_row() -> None:
    assert map_headers(["user_id", "name"]).row(PLACE, ["", " "]) is None
    assert map_headers(["user_id", "name"]).row(PLACE, []) is None
    assert map_headers(["user_id", "name"]).row(PLACE, ["", "Total"]) is not None


def test_missing_cells_are_blank_and_extra_blank_cells_are_nothing() -> None:
    columns = map_headers(["user_id", "course_id"])
    short, long = columns.row(PLACE, ["u"]), columns.row(PLACE, ["u", "c", "", " "])
    assert short is not None
    assert long is not None
    assert (short.cells, short.problem, long.cells, long.problem) == (("u", ""), None, ("u", "c"), None)


def test_a_cell_without_a_header_makes_the_row_a_problem_that_shows_it() -> None:
    row = map_headers(["user_id", "course_id"]).row(PLACE, ["u", "c", "", "left over"])
    assert row is not None
    assert row.problem is not None
    assert row.problem.code == "E108"
    assert "4 cells below 2 headers; left over: left over" in row.problem.message


def test_the_header_may_stand_below_titles() -> None:
    table = find_table([["Roster 2025"], [], ["Student", ""], ["user_id", "course_id"]], HeaderRequirements())
    assert isinstance(table, Table)
    assert table.header_row == 4


def test_a_header_is_not_looked_for_below_thirty_rows() -> None:
    assert isinstance(find_table([["note"]] * 31 + [["user_id", "course_id"]], HeaderRequirements()), NoTable)


def test_a_default_replaces_a_column() -> None:
    assert isinstance(find_table([["user_id"]], header_requirements(frozenset({"course_id", "role"}), {})), Table)
    assert isinstance(find_table([["user_id"]], header_requirements(frozenset(), {})), NoTable)


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ([], "the table is empty"),
        ([["", " "]], "the table is empty"),
        (
            [["Student ID", "Course"]],
            'the sourcedId, add --map "course_id=Course"; if titles, --map "course_title=Course", or give --c',
        ),
        (
            [["usr_id", "course_id"]],
            'no column for user_id; headers seen: "usr_id", "course_id". Did you mean "usr_id"?',
        ),
        ([["a", "b"]], "no column for user_id and course_id"),
        ([["a", "b"]], 'If a column holds the user_id, add --map "user_id=Header". If a column holds the course_id'),
        ([[f"h{at}" for at in range(40)]], '"h29" and more'),
        ([["Student ID", "SIS User ID", "course_id"]], "can both be user_id"),
        ([["user_id", "course_id"] + ["x"] * 16_383], "row 1 has more than 16384 columns"),
    ],
)
def test_a_table_without_a_usable_header_says_what_was_seen_and_what_to_type(
    records: list[list[str]], why: str
) -> None:
    table = find_table(records, HeaderRequirements())
    assert isinstance(table, NoTable)
    assert why in table.reason


@pytest.mark.parametrize(
    ("code", "open_still"), [("E119", True), ("E108", True), ("E109", True), ("E104", False), ("", False)]
)
def test_a_row_that_lost_cells_in_an_earlier_run_is_not_sent_until_a_person_says_it_is_mended(
    code: str,
    open_still: bool,  # noqa: FBT001 - a case
) -> None:
    header = ["user_id", "course_id", "enroll_row", "enroll_outcome", "enroll_code"]
    row = map_headers(header).row(PLACE, ["u1", "c1", "7", "invalid", code])
    assert row is not None
    assert (row.problem is not None) == open_still


def test_a_result_file_without_codes_is_read_as_it_is() -> None:
    row = map_headers(["user_id", "course_id", "enroll_row", "enroll_outcome"]).row(PLACE, ["u1", "c1", "7", "invalid"])
    assert row is not None
    assert row.problem is None
