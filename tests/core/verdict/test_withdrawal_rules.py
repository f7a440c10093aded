"""What one answer means for a row that withdraws a seat."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.codes import catalogue, explain
from batch_enroll.core.model import (
    Action,
    ClassId,
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    Meaning,
    NoReply,
    Outcome,
    OutcomeKind,
    Reply,
    Role,
    SchoolId,
    ServerEnrollment,
    UserEnrollments,
    UserId,
)
from batch_enroll.core.verdict import judge
from batch_enroll.core.verdict.attempt_state import (
    AttemptResult,
    Decision,
    Halt,
    HaltReason,
    Policy,
    RenewToken,
    RetryAfterWait,
    RetryContext,
    Settle,
    initial_state,
)

POLICY = Policy(max_attempts=3, max_throttles=2, max_look_ups=2, sure_absences=2)
CONTEXT = RetryContext(POLICY, draw=0.5, token_proven=True)
KEY = EnrollmentKey("test", UserId("u1"), CourseId("c1"), SchoolId("s1"), Role.STUDENT)
REQUEST = EnrollmentRequest(1, KEY, Action.WITHDRAW, purpose=Action.WITHDRAW)
IN_DOUBT = replace(REQUEST, action=Action.LOOK_UP, sent_before=True)


def seat(role: Role = Role.STUDENT, course: str = "c1", school: str = "s1", number: int = 1) -> ServerEnrollment:
    return ServerEnrollment(f"e{number}", CourseId(course), SchoolId(school), role)


THERE = UserEnrollments((seat(), seat(course="c2"), seat(school="s2")))
ABSENT = UserEnrollments((seat(course="c2"),))
LOST = NoReply("no answer in time", sent=True)
NEVER_SENT = NoReply("no connection", sent=False)
DONE = Reply(204)
V = TypeVar("V", Settle, RetryAfterWait, RenewToken, Halt)


def following(
    *answers: AttemptResult, request: EnrollmentRequest = REQUEST, context: RetryContext = CONTEXT
) -> Decision:
    """The verdict on the last of `answers`, each given to the step that the one before it asked for."""
    state, judged = initial_state(request), None
    for answer in answers:
        if judged is not None:
            assert isinstance(judged, RetryAfterWait | RenewToken), judged
            state = judged.state
        judged = judge.decide(request, state, answer, context)
    assert judged is not None
    return judged


def expect(kind: type[V], judged: Decision) -> V:
    assert isinstance(judged, kind), judged
    return judged


def settled(*answers: AttemptResult, request: EnrollmentRequest = REQUEST) -> Outcome:
    return expect(Settle, following(*answers, request=request)).outcome


def step(*answers: AttemptResult, request: EnrollmentRequest = REQUEST) -> Action:
    return expect(RetryAfterWait, following(*answers, request=request)).state.step


def test_the_users_seats_are_asked_for_before_anything_is_withdrawn() -> None:
    state = initial_state(REQUEST)
    assert (state.step, state.doubt) == (Action.LOOK_UP, False)
    assert step(THERE) is Action.WITHDRAW
    assert settled(THERE, DONE) == Outcome(OutcomeKind.WITHDRAWN, attempts=1, status=204)


def test_a_seat_that_the_look_up_misses_is_withdrawn_all_the_same_because_reads_lag() -> None:
    for nothing in (ABSENT, Reply(404)):
        assert step(nothing) is Action.WITHDRAW
        outcome = settled(nothing, DONE)
        assert (outcome.kind, outcome.code) == (OutcomeKind.ALREADY_WITHDRAWN, catalogue.NEVER_THERE)


def test_where_the_user_has_another_seat_nothing_is_sent() -> None:
    for other in (seat(Role.TEACHER), seat(number=2)):
        outcome = settled(UserEnrollments((seat(), other)))
        assert (outcome.kind, outcome.code, outcome.attempts) == (OutcomeKind.SKIPPED, catalogue.SHARED, 0)


def test_seats_that_the_roster_withdraws_together_are_sent_for_each() -> None:
    both = UserEnrollments((seat(), seat(Role.TEACHER)))
    assert step(both, request=replace(REQUEST, enrollment_count=2)) is Action.WITHDRAW


def test_a_row_that_names_its_seat_withdraws_no_other() -> None:
    assert step(THERE, request=replace(REQUEST, sourced_id="e1")) is Action.WITHDRAW
    outcome = settled(THERE, request=replace(REQUEST, sourced_id="e7"))
    assert (outcome.kind, outcome.code) == (OutcomeKind.SKIPPED, catalogue.NOT_OURS)


def test_a_row_that_names_a_begin_withdraws_no_seat_that_began_on_another_day() -> None:
    noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    dated = replace(REQUEST, begin_date=noon)
    for moved, kind in (
        (timedelta(hours=-36), RetryAfterWait),
        (timedelta(days=-3), Settle),
        (timedelta(days=3), Settle),
    ):
        listed = UserEnrollments((replace(seat(), begin_date=noon + moved),))
        assert isinstance(following(listed, request=dated), kind)
    assert step(THERE, request=dated) is Action.WITHDRAW


def test_an_undo_withdraws_no_seat_that_has_not_changed_since_before_the_run() -> None:
    noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    own = replace(REQUEST, since=noon)
    for changed_at, kind in (
        (noon - timedelta(minutes=6), Settle),
        (noon - timedelta(minutes=4), RetryAfterWait),  # clocks differ
        (noon + timedelta(hours=1), RetryAfterWait),
        (None, RetryAfterWait),
    ):
        assert isinstance(following(UserEnrollments((replace(seat(), changed_at=changed_at),)), request=own), kind)
    outcome = settled(UserEnrollments((replace(seat(), changed_at=noon - timedelta(days=1)),)), request=own)
    assert (outcome.code, outcome.detail) == (catalogue.NOT_OURS, "it was there before the run began")


def test_a_single_seat_is_told_by_its_id_from_others_like_it() -> None:
    context = replace(CONTEXT, policy=replace(POLICY, withdraws_all_in_course=False))
    both = UserEnrollments((seat(number=2), seat()))
    named = following(both, request=replace(REQUEST, sourced_id="e1"), context=context)
    assert expect(RetryAfterWait, named).state.step is Action.WITHDRAW
    gone = following(UserEnrollments((seat(number=2),)), request=replace(REQUEST, sourced_id="e1"), context=context)
    assert expect(Settle, gone).outcome.code == catalogue.NOT_OURS


def test_an_api_that_withdraws_single_seats_may_do_so_beside_others() -> None:
    context = replace(CONTEXT, policy=replace(POLICY, withdraws_all_in_course=False))
    assert (
        expect(RetryAfterWait, following(UserEnrollments((seat(), seat(Role.TEACHER))), context=context)).state.step
        is Action.WITHDRAW
    )


def test_by_class_only_the_seats_of_the_class_count() -> None:
    context = replace(CONTEXT, policy=replace(POLICY, withdraws_all_in_course=False))
    in_class = replace(REQUEST, key=KEY._replace(class_id=ClassId("a")))
    other, mine = replace(seat(number=2), class_id=ClassId("b")), replace(seat(course="?"), class_id=ClassId("a"))
    assert expect(
        RetryAfterWait, following(UserEnrollments((other, mine)), request=in_class, context=context)
    ).state.seen
    assert not expect(
        RetryAfterWait, following(UserEnrollments((other,)), request=in_class, context=context)
    ).state.seen
    twice = following(UserEnrollments((mine, mine)), request=in_class, context=context)
    assert expect(Settle, twice).outcome.code == catalogue.SHARED


def test_without_a_school_the_seats_of_every_school_count() -> None:
    anywhere = replace(REQUEST, key=KEY._replace(school_id=None))
    assert settled(THERE, request=anywhere).code == catalogue.SHARED


def test_a_seat_that_is_not_there_beside_one_that_is_counts_as_gone_before() -> None:
    only_teacher = UserEnrollments((seat(Role.TEACHER),))
    outcome = settled(only_teacher)
    assert (outcome.kind, outcome.code) == (OutcomeKind.ALREADY_WITHDRAWN, catalogue.GONE_BEFORE)
    assert settled(only_teacher, request=IN_DOUBT).kind is OutcomeKind.WITHDRAWN


def test_a_404_counts_as_gone_only_if_the_look_up_says_so() -> None:
    assert step(ABSENT, Reply(404)) is Action.LOOK_UP
    gone = settled(ABSENT, Reply(404), ABSENT)
    assert (gone.kind, gone.code, gone.status) == (OutcomeKind.ALREADY_WITHDRAWN, catalogue.GONE_BEFORE, 404)
    assert settled(ABSENT, Reply(404), Reply(404)).kind is OutcomeKind.ALREADY_WITHDRAWN
    assert settled(THERE, Reply(404), ABSENT).kind is OutcomeKind.ALREADY_WITHDRAWN


def test_a_404_for_a_user_whom_the_look_up_does_not_know_either_is_a_refusal() -> None:
    unknown = Reply(404, Meaning.UNKNOWN_USER)
    outcome = settled(Reply(404), unknown, Reply(404))
    assert (outcome.kind, outcome.code) == (OutcomeKind.REJECTED, catalogue.UNKNOWN_USER)
    assert settled(ABSENT, unknown, ABSENT).kind is OutcomeKind.ALREADY_WITHDRAWN


def test_a_404_for_a_seat_that_stays_there_is_a_refusal() -> None:
    assert step(THERE, Reply(404), THERE) is Action.LOOK_UP
    outcome = settled(THERE, Reply(404, Meaning.UNKNOWN_SCHOOL), THERE, THERE)
    assert (outcome.kind, outcome.code, outcome.attempts) == (OutcomeKind.REJECTED, catalogue.UNKNOWN_SCHOOL, 1)


@pytest.mark.parametrize("answer", [LOST, Reply(500), Reply(504), Reply(408), Reply(200, Meaning.NOT_JSON)])
def test_what_may_have_been_acted_on_is_looked_up_and_sent_again_while_the_seat_is_there(answer: AttemptResult) -> None:
    assert step(THERE, answer) is Action.LOOK_UP
    gone = settled(THERE, answer, ABSENT)
    assert (gone.kind, gone.code) == (OutcomeKind.WITHDRAWN, catalogue.GONE_AFTER_LOSS)
    assert step(THERE, answer, THERE) is Action.WITHDRAW
    again = settled(THERE, answer, THERE, DONE)
    assert (again.kind, again.code, again.attempts) == (OutcomeKind.WITHDRAWN, catalogue.GONE_AFTER_LOSS, 2)


def test_one_absence_of_a_seat_that_was_never_seen_is_not_enough() -> None:
    assert step(ABSENT, LOST, ABSENT) is Action.LOOK_UP
    assert settled(ABSENT, LOST, ABSENT, ABSENT).code == catalogue.GONE_AFTER_LOSS


def test_a_withdrawal_in_doubt_is_looked_up_and_sent_again_and_counts_as_this_runs_work() -> None:
    assert initial_state(IN_DOUBT).doubt
    for seen in (THERE, ABSENT):
        assert step(seen, request=IN_DOUBT) is Action.WITHDRAW
        outcome = settled(seen, DONE, request=IN_DOUBT)
        assert (outcome.kind, outcome.code) == (OutcomeKind.WITHDRAWN, catalogue.GONE_AFTER_LOSS)


@pytest.mark.parametrize("status", [400, 403, 409, 422, 302, 501])
def test_a_refusal_is_told_at_once(status: int) -> None:
    assert settled(THERE, Reply(status)).kind in {OutcomeKind.REJECTED, OutcomeKind.FAILED}


def test_a_request_that_never_left_is_sent_again() -> None:
    assert step(THERE, NEVER_SENT) is Action.WITHDRAW
    assert settled(THERE, *[NEVER_SENT] * 3).code == catalogue.NOT_CONNECTED
    assert settled(THERE, NEVER_SENT, DONE).kind is OutcomeKind.WITHDRAWN


def test_a_throttled_withdrawal_is_sent_again_later() -> None:
    assert step(THERE, Reply(429)) is Action.WITHDRAW
    assert settled(THERE, *[Reply(429)] * 3).code == catalogue.THROTTLED


def test_a_look_up_that_fails_before_anything_was_sent_fails_the_row() -> None:
    assert settled(LOST, LOST).kind is OutcomeKind.FAILED
    assert settled(*[Reply(429)] * 3).code == catalogue.THROTTLED
    assert settled(LOST, LOST, request=IN_DOUBT).kind is OutcomeKind.UNKNOWN
    assert settled(THERE, LOST, LOST, LOST).kind is OutcomeKind.UNKNOWN


def test_a_look_up_whose_fresh_token_is_refused_says_so_unless_there_is_doubt() -> None:
    refused = settled(Reply(401), Reply(401))
    assert (refused.kind, refused.attempts) == (OutcomeKind.REJECTED, 0)
    assert settled(Reply(401), Reply(401), request=IN_DOUBT).kind is OutcomeKind.UNKNOWN


def test_seats_where_a_withdrawal_was_due_fail_the_row() -> None:
    assert settled(THERE, THERE).code == catalogue.ODD_ANSWER


def test_a_row_whose_run_halts_before_it_was_sent_is_not_attempted() -> None:
    assert judge.outcome_when_halted(initial_state(REQUEST), HaltReason.INTERRUPTED).kind is OutcomeKind.NOT_ATTEMPTED
    assert judge.outcome_when_halted(initial_state(IN_DOUBT), HaltReason.INTERRUPTED).kind is OutcomeKind.UNKNOWN


told = st.builds(Reply, status=st.integers(100, 599), meaning=st.sampled_from(Meaning))
lists = st.sampled_from([THERE, ABSENT, UserEnrollments((seat(), seat(Role.TEACHER)))])
answers = told | st.builds(NoReply, cause=st.just("x"), sent=st.booleans()) | lists


@given(st.data(), st.booleans(), st.sampled_from([REQUEST, IN_DOUBT]))
def test_whatever_the_server_answers_a_row_ends_within_its_limits(
    story: st.DataObject,
    proven: bool,  # noqa: FBT001 - hypothesis calls it by name
    request_: EnrollmentRequest,
) -> None:
    state = initial_state(request_)
    for _ in range(120):
        judged = judge.decide(request_, state, story.draw(answers), RetryContext(POLICY, 0.5, proven))
        match judged:
            case Settle(outcome):
                assert outcome.attempts <= POLICY.max_attempts + POLICY.max_throttles + 1
                assert outcome.code or outcome.kind is OutcomeKind.WITHDRAWN
                assert not outcome.code or explain.kind_of(outcome.code) is outcome.kind
                return
            case Halt():
                return
            case _:
                state = judged.state
    pytest.fail("the row never ended")
