from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.codes.catalogue import CATALOGUE
from batch_enroll.core.model import Json, Role, RosterRow, RowLocation, RowProblem, RowStatus, SourceRow
from batch_enroll.core.roster.row_parser import Defaults, read_row

PLACE = RowLocation("roster.csv", 2)
SPELT = {"user_id": "Student ID", "role": "Role", "begin_date": "Start Date"}
NONE = Defaults()


def source(**fields: str) -> SourceRow:
    return SourceRow(PLACE, tuple(fields.values()), {"user_id": "u1", "course_id": "c1", **fields}, headers=SPELT)


def row(**fields: str) -> RosterRow:
    read = read_row(source(**fields), NONE)
    assert isinstance(read, RosterRow)
    return read


def problem(**fields: str) -> RowProblem:
    return problem_with(NONE, **fields)


def problem_with(defaults: Defaults, **fields: str) -> RowProblem:
    read = read_row(source(**fields), defaults)
    assert isinstance(read, RowProblem)
    return read


def metadata(**columns: str) -> Json:
    return dict(row(**{f"metadata.{name.replace('_', '.')}": text for name, text in columns.items()}).metadata)


def test_a_full_row_is_read_into_its_types() -> None:
    read = row(
        school_id="s1",
        role="Teacher",
        begin_date="2025-09-01",
        end_date="2026-06-30T00:00:00Z",
        status="ToBeDeleted",
        sourced_id="e1",
    )
    assert (read.user_id, read.course_id, read.school_id, read.sourced_id) == ("u1", "c1", "s1", "e1")
    assert (read.role, read.status) == (Role.TEACHER, RowStatus.TO_BE_DELETED)
    assert (read.begin_date, read.end_date) == (datetime(2025, 9, 1, tzinfo=UTC), date(2026, 6, 30))


def test_a_row_with_the_two_ids_only_is_an_active_students() -> None:
    read = row()
    assert (read.role, read.status, read.school_id) == (Role.STUDENT, RowStatus.ACTIVE, None)
    assert (read.begin_date, read.end_date, read.sourced_id, dict(read.metadata)) == (None, None, None, {})


def test_defaults_fill_what_the_row_lacks_and_nothing_else() -> None:
    defaults = Defaults(course_id="c9", school_id="s9", role="teacher", begin_date="2025-09-01")
    bare = read_row(SourceRow(PLACE, (), {"user_id": "u1"}), defaults)
    full = read_row(source(school_id="s1", role="proctor", begin_date="2025-10-01"), defaults)
    assert isinstance(bare, RosterRow)
    assert isinstance(full, RosterRow)
    assert (bare.course_id, bare.school_id, bare.role) == ("c9", "s9", Role.TEACHER)
    assert bare.begin_date == datetime(2025, 9, 1, tzinfo=UTC)
    assert (full.course_id, full.school_id, full.role) == ("c1", "s1", Role.PROCTOR)


@pytest.mark.parametrize("value", ["NA", "null", "None", "nan", "0", "-", "007", "a/b@c", "Zoë 1"])
def test_words_that_look_like_nothing_are_ids(value: str) -> None:
    assert row(user_id=value, school_id=value).user_id == value


def test_what_the_reader_found_wrong_is_the_rows_problem() -> None:
    found = RowProblem("E107", "is not in classes.csv")
    assert read_row(SourceRow(PLACE, (), {}, found), NONE) is found


def test_a_missing_user_is_told_before_a_missing_course_by_its_header() -> None:
    read = read_row(SourceRow(PLACE, (), {}, headers=SPELT), NONE)
    assert read == RowProblem("E101", "is empty", "Student ID", "")


def test_a_missing_course_is_told_by_its_field_where_no_header_names_it() -> None:
    assert read_row(SourceRow(PLACE, (), {"user_id": "u1"}), NONE) == RowProblem("E102", "is empty", "course_id", "")


@pytest.mark.parametrize("value", [".", "..", "x" * 1025, "a\tb", "a\x00b", "a\u200bb", "a\nb", "\ud800"])
@pytest.mark.parametrize("field", ["user_id", "course_id", "school_id", "sourced_id"])
def test_an_id_that_no_path_can_carry_is_refused(field: str, value: str) -> None:
    assert problem(**{field: value}).code == "E103"


@pytest.mark.parametrize(
    ("role", "meant"),
    [
        ("ext:Teacher", Role.TEACHER),
        ("editingteacher", Role.TEACHER),
        ("Instructor", Role.TEACHER),
        ("Non-editing teacher", Role.TEACHER),
        ("TeacherEnrollment", Role.TEACHER),
        ("StudentEnrollment", Role.STUDENT),
        ("Learner", Role.STUDENT),
    ],
)
def test_the_words_of_other_systems_for_these_roles_are_understood(role: str, meant: Role) -> None:
    assert row(role=role).role is meant


@pytest.mark.parametrize("role", ["ta", "aide", "guardian", "ext:aide", "TaEnrollment", "3"])
def test_a_role_beyond_the_four_is_refused_with_the_four(role: str) -> None:
    found = problem(role=role)
    assert (found.code, found.column, found.value) == ("E104", "Role", role)
    assert "administrator, proctor, student, teacher" in found.message


def test_an_ambiguous_date_is_told_in_the_files_words() -> None:
    found = problem(begin_date="01/09/2025")
    assert str(found).startswith('Start Date: "01/09/2025" can mean 2025-01-09 or 2025-09-01')
    assert found.code == "E105"


def test_an_unreadable_end_date_is_refused() -> None:
    assert problem(end_date="never").code == "E105"


def test_a_default_that_cannot_be_used_is_named_by_its_flag() -> None:
    assert problem_with(Defaults(role="boss")).column == "--role"
    assert problem_with(Defaults(role="boss"), role="chief").column == "Role"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", RowStatus.ACTIVE),
        ("Active", RowStatus.ACTIVE),
        ("tobedeleted", RowStatus.TO_BE_DELETED),
        ("deleted", RowStatus.TO_BE_DELETED),
        ("inactive", RowStatus.INACTIVE),
        ("Completed", RowStatus.INACTIVE),
        ("suspended", RowStatus.INACTIVE),
    ],
)
def test_statuses_of_many_systems_are_known(text: str, status: RowStatus) -> None:
    assert row(status=text).status is status


def test_an_unknown_status_is_refused() -> None:
    assert problem(status="accepted").code == "E110"


def test_metadata_columns_become_a_tree_with_numbers_where_the_api_has_numbers() -> None:
    assert metadata(goals_dailyXp="30", goals_dailyAccuracy="0.8", metrics_totalXp="1E+05") == {
        "goals": {"dailyXp": 30, "dailyAccuracy": 0.8},
        "metrics": {"totalXp": 100000.0},
    }
    assert isinstance(row(**{"metadata.goals.dailyXp": "30"}).metadata["goals"], dict)


def test_other_metadata_is_text_and_flags_are_flags() -> None:
    assert metadata(metrics_courseType="base", metrics_isSupplemental="TRUE", studentSpecificGoals="no", note="7") == {
        "metrics": {"courseType": "base", "isSupplemental": True},
        "studentSpecificGoals": False,
        "note": "7",
    }


@pytest.mark.parametrize(
    ("column", "text"),
    [("goals.dailyXp", "many"), ("goals.dailyXp", "1,000"), ("metrics.totalXp", "9" * 20), ("isSupplemental", "maybe")],
)
def test_metadata_that_the_api_would_misread_is_refused(column: str, text: str) -> None:
    assert problem(**{f"metadata.{column}": text}).code == "E106"


@pytest.mark.parametrize("columns", [("note", "note.more"), ("note.more", "note")])
def test_a_value_and_a_column_below_it_exclude_each_other(columns: tuple[str, str]) -> None:
    assert problem(**{f"metadata.{column}": "x" for column in columns}).code == "E106"


@given(
    st.dictionaries(
        st.sampled_from(
            ["user_id", "course_id", "school_id", "role", "status", "begin_date", "end_date", "metadata.goals.x"]
        ),
        st.text(min_size=1, max_size=12),
    )
)
def test_any_row_ends_as_a_typed_row_or_a_problem_with_a_known_code(fields: dict[str, str]) -> None:
    read = read_row(SourceRow(PLACE, (), fields), NONE)
    assert isinstance(read, RosterRow) or read.code in CATALOGUE
