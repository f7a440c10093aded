"""Plans of rows, before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import (
    Action,
    ClassId,
    CourseId,
    EnrollmentKey,
    EnrollmentState,
    LedgerEntry,
    Outcome,
    OutcomeKind,
    PlannedRow,
    RosterRow,
    RowLocation,
    RunId,
    SchoolId,
    SourceRow,
    UserId,
)
from batch_enroll.core.planning import row_planner
from batch_enroll.core.planning.protected_enrollments import ProtectedEnrollments, SchoolClass, UserCourse
from batch_enroll.core.roster.row_parser import Defaults, read_row

THIS_RUN, EARLIER_RUN = RunId("this"), RunId("earlier")
RULES = row_planner.PlanSettings(scope="test", run_id=THIS_RUN, today=date(2025, 9, 1), defaults=Defaults())


def source(row: int = 2, **fields: str) -> SourceRow:
    given_fields = {"user_id": "u1", "course_id": "c1", "school_id": "s1"} | fields
    return SourceRow(RowLocation("term.csv", row), tuple(given_fields.values()), given_fields)


def plan_rows(*sources: SourceRow, rules: row_planner.PlanSettings = RULES, **known: LedgerEntry) -> list[PlannedRow]:
    readings = [row_planner.parse_row(number, one, rules) for number, one in enumerate(sources, 1)]
    entries: dict[EnrollmentKey, LedgerEntry] = {}
    for reading in readings:
        if reading.request is not None and reading.request.key.user_id in known:
            entries[reading.request.key] = known[reading.request.key.user_id]
    return row_planner.plan_rows(readings, entries, rules)


def outcome_of(row: PlannedRow) -> Outcome:
    assert row.outcome is not None
    assert row.request is None
    return row.outcome


def entry(state: EnrollmentState, run: RunId = EARLIER_RUN) -> LedgerEntry:
    return LedgerEntry(state, run, 1, RowLocation("term.csv", 2))


def test_a_new_enrollment_is_to_be_enrolled() -> None:
    (row,) = plan_rows(source())
    assert row.request is not None
    assert row.request.action is Action.ENROLL
    assert row.request.row_no == 1
    assert row.outcome is None


def test_a_bad_row_is_invalid_and_does_not_block_a_good_one() -> None:
    bad, good = plan_rows(source(user_id=""), source(3))
    assert outcome_of(bad).kind is OutcomeKind.INVALID
    assert outcome_of(bad).code == catalogue.MISSING_USER
    assert good.request is not None


def test_an_invalid_row_keeps_its_problem_for_check() -> None:
    reading = row_planner.parse_row(1, source(role="wizard"), RULES)
    assert reading.problem is not None
    assert reading.problem.code == catalogue.UNKNOWN_ROLE


def test_the_second_row_of_an_enrollment_is_skipped_and_names_the_first() -> None:
    first, second = plan_rows(source(2), source(9))
    assert first.request is not None
    assert outcome_of(second) == Outcome(OutcomeKind.SKIPPED, catalogue.REPEATED, "repeats term.csv row 2")


def test_a_row_that_repeats_one_of_an_earlier_batch_is_skipped_too() -> None:
    _, row = plan_rows(source(2, user_id="u0"), source(700), u1=entry(EnrollmentState.CLAIMED, THIS_RUN))
    assert outcome_of(row).detail == "repeats term.csv row 2"


def test_a_row_of_this_run_that_was_claimed_before_does_not_repeat_itself() -> None:
    (row,) = plan_rows(source(), u1=entry(EnrollmentState.CLAIMED, THIS_RUN))
    assert row.request is not None
    assert row.request.action is Action.LOOK_UP


def test_two_equal_enrollments_of_one_line_are_sent_once() -> None:
    line = source(2)
    sent, repeated = plan_rows(line, line)
    assert sent.request is not None
    assert outcome_of(repeated).detail == "repeats term.csv row 2"


def test_the_same_user_and_course_in_another_role_is_another_enrollment() -> None:
    rows = plan_rows(source(2, role="student"), source(3, role="teacher"))
    assert all(row.request is not None for row in rows)


def test_an_enrollment_enrolled_by_an_earlier_run_is_not_sent_again() -> None:
    (row,) = plan_rows(source(), u1=entry(EnrollmentState.ENROLLED))
    assert outcome_of(row).kind is OutcomeKind.ALREADY_ENROLLED
    assert outcome_of(row).code == catalogue.SEEN_BY_LEDGER


def test_an_enrollment_enrolled_by_an_earlier_run_is_asked_for_when_rechecking() -> None:
    rules = replace(RULES, recheck=True)
    known, new = plan_rows(source(), source(3, user_id="u2"), rules=rules, u1=entry(EnrollmentState.ENROLLED))
    assert known.request is not None
    assert new.request is not None
    assert (known.request.action, new.request.action) == (Action.LOOK_UP, Action.ENROLL)


def test_rechecking_still_skips_a_row_that_repeats_another() -> None:
    rules = replace(RULES, recheck=True)
    _, second = plan_rows(source(), source(3), rules=rules, u1=entry(EnrollmentState.ENROLLED))
    assert outcome_of(second).code == catalogue.REPEATED


def test_an_enrollment_whose_attempt_failed_earlier_is_sent_again() -> None:
    (row,) = plan_rows(source(), u1=entry(EnrollmentState.OPEN))
    assert row.request is not None
    assert row.request.action is Action.ENROLL


def test_an_enrollment_of_unknown_state_is_looked_up_before_it_is_sent_again() -> None:
    for state in (EnrollmentState.CLAIMED, EnrollmentState.UNKNOWN):
        (row,) = plan_rows(source(), u1=entry(state))
        assert row.request is not None
        assert row.request.action is Action.LOOK_UP


def test_an_enrollment_that_ended_yesterday_or_ends_today_is_skipped() -> None:
    for end in ("2025-08-31", "2025-09-01"):
        (row,) = plan_rows(source(end_date=end))
        assert outcome_of(row).code == catalogue.ENDED
    (running,) = plan_rows(source(end_date="2025-09-02"))
    assert running.request is not None


def test_a_withdrawn_or_inactive_row_is_skipped_and_says_so() -> None:
    withdrawn, inactive = plan_rows(source(2, status="tobedeleted"), source(3, status="inactive"))
    assert outcome_of(withdrawn).code == catalogue.WITHDRAWN
    assert outcome_of(inactive).code == catalogue.INACTIVE


def test_a_skipped_row_does_not_make_a_later_one_a_repeat() -> None:
    _, good = plan_rows(source(2, status="tobedeleted"), source(3))
    assert good.request is not None


WITHDRAWING = replace(RULES, withdraw=True)


def test_with_withdraw_a_withdrawn_row_is_to_be_withdrawn() -> None:
    (row,) = plan_rows(source(status="tobedeleted"), rules=WITHDRAWING)
    assert row.request is not None
    assert (row.request.action, row.request.purpose) == (Action.WITHDRAW, Action.WITHDRAW)


def test_a_withdrawal_of_an_enrollment_that_another_row_keeps_is_never_sent() -> None:
    pair = UserCourse(UserId("u1"), CourseId("c1"))
    for schools in ({SchoolId("s1")}, {None}):
        rules = replace(WITHDRAWING, kept=ProtectedEnrollments({pair: frozenset(map(SchoolClass, schools))}))
        (row,) = plan_rows(source(status="tobedeleted"), rules=rules)
        assert outcome_of(row).code == catalogue.KEPT
    elsewhere = replace(WITHDRAWING, kept=ProtectedEnrollments({pair: frozenset({SchoolClass(SchoolId("s2"))})}))
    here, anywhere = (plan_rows(source(status="tobedeleted", school_id=at), rules=elsewhere)[0] for at in ("s1", ""))
    assert here.request is not None
    assert outcome_of(anywhere).code == catalogue.KEPT


BY_CLASS = replace(WITHDRAWING, by_class=True)


def test_by_class_a_row_is_of_its_class_and_has_its_dates_and_sourced_id() -> None:
    row = source(class_id="a", end_date="2026-06-30", primary="true")
    (without,), (by_class,) = plan_rows(row), plan_rows(row, rules=BY_CLASS)
    assert without.request is not None
    assert by_class.request is not None
    assert (without.request.key.class_id, without.request.sourced_id, without.request.end_date) == (None, None, None)
    assert (by_class.request.key.class_id, by_class.request.end_date, by_class.request.primary) == (
        "a",
        date(2026, 6, 30),
        True,
    )
    assert by_class.request.sourced_id is not None
    never = replace(BY_CLASS, send_sourced_id=row_planner.SendSourcedId.NEVER)
    assert [row.request.sourced_id for row in plan_rows(source(), rules=never) if row.request] == [None]


def test_by_class_a_withdrawal_is_kept_back_only_for_its_own_class_or_an_open_one() -> None:
    pair = UserCourse(UserId("u1"), CourseId("c1"))
    leaving = source(status="tobedeleted", class_id="a")
    for class_id, sent in (("a", False), (None, False), ("b", True)):
        room = SchoolClass(SchoolId("s1"), None if class_id is None else ClassId(class_id))
        (row,) = plan_rows(leaving, rules=replace(BY_CLASS, kept=ProtectedEnrollments({pair: frozenset({room})})))
        assert (row.request is not None) == sent


SINCE = datetime(2026, 9, 1, tzinfo=UTC)


def test_a_withdrawal_says_how_many_enrollments_end_there_and_names_its_own_if_required() -> None:
    leaving = source(status="tobedeleted", sourced_id="e1")
    place = UserCourse(UserId("u1"), CourseId("c1")), SchoolClass(SchoolId("s1"))
    (row,) = plan_rows(leaving, rules=replace(WITHDRAWING, kept=ProtectedEnrollments(leaving={place: 2})))
    assert row.request is not None
    assert (row.request.enrollment_count, row.request.sourced_id) == (2, None)
    (own,) = plan_rows(leaving, rules=replace(WITHDRAWING, own_since=SINCE))
    assert own.request is not None
    assert (own.request.enrollment_count, own.request.sourced_id, own.request.since) == (1, "e1", SINCE)


def test_an_enrollment_withdrawn_by_an_earlier_run_is_not_withdrawn_again_unless_rechecking() -> None:
    leaving = source(status="tobedeleted")
    (row,) = plan_rows(leaving, rules=WITHDRAWING, u1=entry(EnrollmentState.WITHDRAWN))
    assert (outcome_of(row).kind, outcome_of(row).code) == (OutcomeKind.ALREADY_WITHDRAWN, catalogue.GONE_BY_LEDGER)
    (again,) = plan_rows(leaving, rules=replace(WITHDRAWING, recheck=True), u1=entry(EnrollmentState.WITHDRAWN))
    assert again.request is not None


def test_an_enrollment_withdrawn_by_an_earlier_run_is_enrolled_again_at_once() -> None:
    (row,) = plan_rows(source(), rules=WITHDRAWING, u1=entry(EnrollmentState.WITHDRAWN))
    assert row.request is not None
    assert (row.request.action, row.request.purpose) == (Action.ENROLL, Action.ENROLL)


def test_an_enrollment_in_doubt_is_looked_up_before_it_is_withdrawn_and_a_known_one_is_not_in_doubt() -> None:
    for state, action in ((EnrollmentState.CLAIMED, Action.LOOK_UP), (EnrollmentState.ENROLLED, Action.WITHDRAW)):
        (row,) = plan_rows(source(status="tobedeleted"), rules=WITHDRAWING, u1=entry(state))
        assert row.request is not None
        assert (row.request.action, row.request.purpose) == (action, Action.WITHDRAW)


def test_a_row_wants_its_enrollment_unless_it_is_over_or_says_otherwise() -> None:
    sources = [source(), source(status="inactive"), source(status="tobedeleted"), source(end_date="2025-09-01")]
    rows = [read_row(one, Defaults()) for one in sources]
    wanted = [row_planner.wants_enrollment(row, RULES.today) for row in rows if isinstance(row, RosterRow)]
    assert wanted == [True, False, False, False]


def sourced_ids(way: row_planner.SendSourcedId, *sources: SourceRow) -> list[str | None]:
    rules = row_planner.PlanSettings("test", THIS_RUN, date(2025, 9, 1), Defaults(), send_sourced_id=way)
    return [row.request.sourced_id for row in plan_rows(*sources, rules=rules) if row.request is not None]


def test_a_sourced_id_is_sent_only_if_the_rules_say_so() -> None:
    named, unnamed = source(2, sourced_id="e1"), source(3, user_id="u2")
    assert sourced_ids(row_planner.SendSourcedId.ROSTER, named, unnamed) == ["e1", None]
    assert sourced_ids(row_planner.SendSourcedId.NEVER, named, unnamed) == [None, None]


def test_a_derived_sourced_id_is_the_same_for_an_enrollment_in_every_run_and_another_for_any_other() -> None:
    named, unnamed, other = source(2, sourced_id="e1"), source(3, user_id="u2"), source(4, user_id="u3")
    first = sourced_ids(row_planner.SendSourcedId.DERIVED, named, unnamed, other)
    assert first == sourced_ids(row_planner.SendSourcedId.DERIVED, named, unnamed, other)
    assert first[0] == "e1"
    assert len(set(first)) == 3
    assert UUID(first[1] or "").version == 5


def test_a_begin_date_becomes_a_date_time() -> None:
    (row,) = plan_rows(source(begin_date="2025-08-15"))
    assert row.request is not None
    assert row.request.begin_date == datetime(2025, 8, 15, tzinfo=UTC)


def test_a_row_held_back_keeps_its_cells_and_gets_the_outcome() -> None:
    (row,) = plan_rows(source())
    held = row_planner.hold_back(row, Outcome(OutcomeKind.NOT_ATTEMPTED, catalogue.DRY_RUN))
    assert held.request is None
    assert held.cells == row.cells
    assert row_planner.hold_back(held, Outcome(OutcomeKind.FAILED)) is held


@given(st.lists(st.tuples(st.sampled_from(["u1", "u2", ""]), st.sampled_from(["c1", "c2"])), max_size=12))
def test_every_row_gets_exactly_one_plan_in_input_order(rows: list[tuple[str, str]]) -> None:
    planned = plan_rows(*(source(n, user_id=user, course_id=course) for n, (user, course) in enumerate(rows, 2)))
    assert [row.row_no for row in planned] == list(range(1, len(rows) + 1))
    assert all((row.request is None) != (row.outcome is None) for row in planned)
    requested = [row.request.key for row in planned if row.request is not None]
    assert len(requested) == len(set(requested)) == len({pair for pair in rows if pair[0]})
