"""What one answer means for its row."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import pytest

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import (
    Action,
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
    NO_ATTEMPTS,
    AttemptResult,
    AttemptState,
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
from batch_enroll.core.verdict.enrollment_matching import find_enrollment

POLICY = Policy(max_attempts=3, max_throttles=2, max_look_ups=2, sure_absences=2)
CONTEXT = RetryContext(POLICY, draw=0.5, token_proven=True)
KEY = EnrollmentKey("test", UserId("u1"), CourseId("c1"), SchoolId("s1"), Role.STUDENT)
REQUEST = EnrollmentRequest(1, KEY)
THERE = UserEnrollments((ServerEnrollment("e9", CourseId("c1"), SchoolId("s1"), Role.STUDENT),))
ABSENT = UserEnrollments(())
LOST = NoReply("no answer in time", sent=True)
V = TypeVar("V", Settle, RetryAfterWait, RenewToken, Halt)


def enroll(answer: AttemptResult, state: AttemptState | None = None, request: EnrollmentRequest = REQUEST) -> Decision:
    return judge.decide(request, state or initial_state(request), answer, CONTEXT)


def expect(kind: type[V], judged: Decision) -> V:
    assert isinstance(judged, kind), judged
    return judged


def settled(judged: Decision) -> Outcome:
    return expect(Settle, judged).outcome


def following(*answers: AttemptResult, request: EnrollmentRequest = REQUEST) -> Decision:
    """The verdict on the last of `answers`, each given to the step that the one before it asked for."""
    state, judged = initial_state(request), None
    for answer in answers:
        if judged is not None:
            state = expect(RetryAfterWait, judged).state
        judged = enroll(answer, state, request)
    assert judged is not None
    return judged


# -- success ----------------------------------------------------------------------------------------------------------


def test_a_201_is_an_enrollment() -> None:
    outcome = settled(enroll(Reply(201, Meaning.ENROLLMENT, enrollment_id="e1")))
    assert outcome == Outcome(OutcomeKind.ENROLLED, attempts=1, status=201, enrollment_id="e1")


@pytest.mark.parametrize("meaning", [Meaning.NOTHING, Meaning.NOT_JSON])
def test_a_201_with_an_odd_body_is_still_an_enrollment(meaning: Meaning) -> None:
    assert settled(enroll(Reply(201, meaning))).kind is OutcomeKind.ENROLLED


def test_another_2xx_counts_unless_it_is_a_page_from_somebody_else() -> None:
    assert settled(enroll(Reply(200, Meaning.ENROLLMENT))).kind is OutcomeKind.ENROLLED
    assert settled(enroll(Reply(204))).kind is OutcomeKind.ENROLLED
    assert expect(RetryAfterWait, enroll(Reply(200, Meaning.NOT_JSON))).state.step is Action.LOOK_UP


# -- already there ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [Reply(409), Reply(422, Meaning.ALREADY_ENROLLED), Reply(404, Meaning.ALREADY_ENROLLED)],
)
def test_already_enrolled_in_all_its_forms(reply: Reply) -> None:
    outcome = settled(enroll(reply))
    assert (outcome.kind, outcome.code) == (OutcomeKind.ALREADY_ENROLLED, catalogue.SEEN_BY_SERVER)


def test_already_enrolled_after_a_lost_answer_is_our_own_enrollment() -> None:
    late = settled(following(LOST, ABSENT, ABSENT, Reply(409)))
    assert (late.kind, late.code) == (OutcomeKind.ENROLLED, catalogue.FOUND_AFTER_LOSS)
    request = EnrollmentRequest(1, KEY, sourced_id="e1")
    by_id = settled(following(LOST, ABSENT, ABSENT, Reply(404, Meaning.ALREADY_ENROLLED), THERE, request=request))
    assert (by_id.kind, by_id.code) == (OutcomeKind.ENROLLED, catalogue.FOUND_AFTER_LOSS)


def test_already_exists_for_a_sourced_id_is_looked_up_because_it_may_mean_another_row() -> None:
    request = EnrollmentRequest(1, KEY, sourced_id="e1")
    conflict = Reply(404, Meaning.ALREADY_ENROLLED)
    assert expect(RetryAfterWait, following(conflict, request=request)).state.step is Action.LOOK_UP
    there = settled(following(conflict, THERE, request=request))
    assert (there.kind, there.code) == (OutcomeKind.ALREADY_ENROLLED, catalogue.SEEN_BY_LOOK_UP)
    absent = settled(following(conflict, ABSENT, request=request))
    assert (absent.kind, absent.code) == (OutcomeKind.REJECTED, catalogue.CONFLICT)


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(404, Meaning.UNKNOWN_USER), catalogue.UNKNOWN_USER),
        (Reply(422, Meaning.UNKNOWN_COURSE), catalogue.UNKNOWN_COURSE),
        (Reply(400, Meaning.UNKNOWN_SCHOOL), catalogue.UNKNOWN_SCHOOL),
        (Reply(404), catalogue.UNKNOWN_ID),
        (Reply(400), catalogue.INVALID_FOR_SERVER),
        (Reply(422), catalogue.INVALID_FOR_SERVER),
        (Reply(403), catalogue.FORBIDDEN),
        (Reply(405), catalogue.REFUSED),
        (Reply(302), catalogue.REDIRECTED),
    ],
)
def test_a_refused_row_is_rejected_at_once_with_its_cause(reply: Reply, code: str) -> None:
    outcome = settled(enroll(reply))
    assert (outcome.kind, outcome.code, outcome.attempts) == (OutcomeKind.REJECTED, code, 1)


def test_a_server_error_that_cannot_pass_is_not_repeated() -> None:
    outcome = settled(enroll(Reply(501)))
    assert (outcome.kind, outcome.code) == (OutcomeKind.FAILED, catalogue.SERVER_ERROR)


def test_the_detail_names_the_status_and_what_the_server_said() -> None:
    assert settled(enroll(Reply(422, detail="role: Invalid"))).detail == "HTTP 422: role: Invalid"
    assert settled(enroll(Reply(422))).detail == "HTTP 422"


# -- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [Reply(401), Reply(500, Meaning.TOKEN_EXPIRED)])
def test_an_expired_token_is_renewed_once_and_the_request_repeated_once(reply: Reply) -> None:
    renewed = expect(RenewToken, enroll(reply))
    assert renewed.state.renewals == 1
    assert renewed.state.sent == 0
    outcome = settled(enroll(reply, renewed.state))
    assert (outcome.kind, outcome.code) == (OutcomeKind.REJECTED, catalogue.NOT_AUTHORISED)


def test_a_fresh_token_that_never_worked_halts_the_run() -> None:
    renewed = expect(RenewToken, enroll(Reply(401)))
    halted = expect(
        Halt, judge.decide(REQUEST, renewed.state, Reply(401), RetryContext(POLICY, 0.5, token_proven=False))
    )
    assert halted.reason is HaltReason.AUTH_REFUSED


def test_a_later_expiry_of_the_same_row_is_renewed_again() -> None:
    renewed = expect(RenewToken, enroll(Reply(401)))
    later = expect(RetryAfterWait, enroll(Reply(429), renewed.state))
    assert expect(RenewToken, enroll(Reply(401), later.state)).state.renewals == 1


def test_a_lost_answer_whose_look_up_is_refused_stays_unknown() -> None:
    looking = expect(RetryAfterWait, enroll(LOST)).state
    renewed = expect(RenewToken, enroll(Reply(401), looking))
    assert settled(enroll(Reply(401), renewed.state)).kind is OutcomeKind.UNKNOWN


# -- throttling -------------------------------------------------------------------------------------------------------


def test_a_throttled_request_is_repeated_and_counts_as_no_attempt() -> None:
    for status in (425, 429):
        later = expect(RetryAfterWait, enroll(Reply(status)))
        assert later.state.step is Action.ENROLL
        assert (later.state.sent, later.state.attempts) == (1, 0)


def test_retry_after_is_the_least_wait() -> None:
    assert expect(RetryAfterWait, enroll(Reply(429, retry_after_s=7.0))).wait_s == 7.0
    assert expect(RetryAfterWait, enroll(Reply(503, retry_after_s=7.0))).wait_s == 7.0


def test_a_row_that_is_throttled_to_the_end_has_failed() -> None:
    outcome = settled(following(Reply(429), Reply(429), Reply(429)))
    assert (outcome.kind, outcome.code, outcome.attempts) == (OutcomeKind.FAILED, catalogue.THROTTLED, 3)


def test_a_look_up_that_is_throttled_to_the_end_leaves_the_row_unknown() -> None:
    outcome = settled(following(LOST, Reply(429), Reply(429), Reply(429)))
    assert outcome.kind is OutcomeKind.UNKNOWN


# -- lost answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [LOST, Reply(408), Reply(500), Reply(502), Reply(503), Reply(504)])
def test_what_may_have_been_acted_on_is_looked_up_before_it_is_sent_again(answer: AttemptResult) -> None:
    asked = expect(RetryAfterWait, enroll(answer))
    assert asked.state.step is Action.LOOK_UP
    assert asked.state.doubt
    outcome = settled(enroll(THERE, asked.state))
    assert (outcome.kind, outcome.code, outcome.enrollment_id) == (
        OutcomeKind.ENROLLED,
        catalogue.FOUND_AFTER_LOSS,
        "e9",
    )


IN_DOUBT = pytest.mark.parametrize("answer", [LOST, Reply(500), Reply(504), Reply(200, Meaning.NOT_JSON)])


@IN_DOUBT
def test_what_is_in_doubt_is_looked_up_not_before_the_server_had_time_to_write(answer: AttemptResult) -> None:
    assert expect(RetryAfterWait, enroll(answer)).wait_s >= POLICY.settling_s


@IN_DOUBT
def test_one_look_up_that_misses_the_seat_is_not_enough(answer: AttemptResult) -> None:
    assert expect(RetryAfterWait, following(answer, ABSENT)).state.step is Action.LOOK_UP
    again = expect(RetryAfterWait, following(answer, ABSENT, ABSENT)).state
    assert again.step is Action.ENROLL
    assert not again.doubt


def test_a_user_the_look_up_does_not_know_has_no_seat() -> None:
    assert expect(RetryAfterWait, following(Reply(500), Reply(404), Reply(404))).state.step is Action.ENROLL


def test_a_proxys_404_page_tells_nothing_of_a_seat() -> None:
    page = Reply(404, Meaning.NOT_JSON)
    assert expect(RetryAfterWait, following(Reply(500), page)).state.step is Action.LOOK_UP
    assert settled(following(LOST, page, page)).kind is OutcomeKind.UNKNOWN


def test_a_look_up_that_keeps_failing_leaves_the_row_unknown() -> None:
    again = expect(RetryAfterWait, following(LOST, NoReply("no connection", sent=False)))
    assert again.state.step is Action.LOOK_UP
    outcome = settled(following(LOST, NoReply("no connection", sent=False), Reply(500)))
    assert (outcome.kind, outcome.code) == (OutcomeKind.UNKNOWN, catalogue.ANSWER_LOST)
    assert "HTTP 500" in outcome.detail


def test_a_request_that_never_left_is_sent_again_without_a_look_up() -> None:
    again = expect(RetryAfterWait, enroll(NoReply("no connection", sent=False)))
    assert again.state.step is Action.ENROLL
    outcome = settled(following(*[NoReply("no connection", sent=False)] * 3))
    assert (outcome.kind, outcome.code, outcome.attempts) == (OutcomeKind.FAILED, catalogue.NOT_CONNECTED, 3)


def test_a_row_fails_when_its_attempts_are_used_up_and_its_seat_is_not_there() -> None:
    answers: list[AttemptResult] = [Reply(500), ABSENT, ABSENT] * 3
    outcome = settled(following(*answers))
    assert (outcome.kind, outcome.attempts, outcome.status) == (OutcomeKind.FAILED, 3, 500)


def test_seats_where_an_enrollment_was_due_fail_the_row() -> None:
    assert settled(enroll(THERE)).code == catalogue.ODD_ANSWER


# -- planned look-ups -------------------------------------------------------------------------------------------------


def test_a_planned_look_up_that_finds_the_seat_sends_nothing() -> None:
    outcome = settled(following(THERE, request=EnrollmentRequest(1, KEY, Action.LOOK_UP)))
    assert (outcome.kind, outcome.code, outcome.attempts) == (
        OutcomeKind.ALREADY_ENROLLED,
        catalogue.SEEN_BY_LOOK_UP,
        0,
    )


def test_a_seat_that_an_earlier_try_of_the_run_left_is_this_runs_work() -> None:
    request = EnrollmentRequest(1, KEY, Action.LOOK_UP, sent_before=True)
    found = settled(following(THERE, request=request))
    assert (found.kind, found.code) == (OutcomeKind.ENROLLED, catalogue.FOUND_AFTER_LOSS)
    already = Reply(409, Meaning.ALREADY_ENROLLED)
    late = settled(following(ABSENT, already, request=request))
    assert (late.kind, late.code) == (OutcomeKind.ENROLLED, catalogue.FOUND_AFTER_LOSS)


def test_a_planned_look_up_that_misses_the_seat_sends_the_enrollment_at_once() -> None:
    request = EnrollmentRequest(1, KEY, Action.LOOK_UP)
    first = expect(RetryAfterWait, following(ABSENT, request=request))
    assert (first.state.step, first.wait_s, first.state.doubt) == (Action.ENROLL, 0.0, False)


def test_a_planned_look_up_that_fails_leaves_the_row_unknown() -> None:
    request = EnrollmentRequest(1, KEY, Action.LOOK_UP)
    outcome = settled(following(Reply(500), Reply(500), request=request))
    assert (outcome.kind, outcome.attempts, outcome.status) == (OutcomeKind.UNKNOWN, 0, None)


# -- which seat is ours -----------------------------------------------------------------------------------------------


def test_a_seat_counts_only_for_its_own_course_school_and_role() -> None:
    for course, school, role in (("c2", "s1", Role.STUDENT), ("c1", "s2", Role.STUDENT), ("c1", "s1", Role.TEACHER)):
        assert (
            find_enrollment(UserEnrollments((ServerEnrollment("e", CourseId(course), SchoolId(school), role),)), KEY)
            is None
        )
    assert find_enrollment(THERE, KEY) == THERE.enrollments[0]


def test_without_a_school_any_school_of_the_course_counts() -> None:
    anywhere = EnrollmentKey("test", UserId("u1"), CourseId("c1"), None, Role.STUDENT)
    assert find_enrollment(THERE, anywhere) == THERE.enrollments[0]


# -- halting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (HaltReason.AUTH_REFUSED, catalogue.AUTH_REFUSED),
        (HaltReason.API_DOWN, catalogue.API_DOWN),
        (HaltReason.INTERRUPTED, catalogue.STOPPED),
        (HaltReason.ROSTER_UNREADABLE, catalogue.STOPPED),
    ],
)
def test_a_row_not_sent_when_the_run_halts_is_not_attempted(reason: HaltReason, code: str) -> None:
    outcome = judge.outcome_when_halted(NO_ATTEMPTS, reason)
    assert outcome == Outcome(OutcomeKind.NOT_ATTEMPTED, code)


def test_a_row_between_two_attempts_when_the_run_halts_says_what_it_saw() -> None:
    between = expect(RetryAfterWait, enroll(Reply(429))).state
    outcome = judge.outcome_when_halted(between, HaltReason.INTERRUPTED)
    assert (outcome.kind, outcome.status, outcome.attempts) == (OutcomeKind.NOT_ATTEMPTED, 429, 1)


def test_a_row_in_doubt_when_the_run_halts_is_unknown() -> None:
    outcome = judge.outcome_when_halted(expect(RetryAfterWait, enroll(LOST)).state, HaltReason.INTERRUPTED)
    assert (outcome.kind, outcome.code) == (OutcomeKind.UNKNOWN, catalogue.INTERRUPTED)


# -- what is not the row's fault --------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [Reply(503), Reply(502), NoReply("no answer in time", sent=True)])
def test_failing_while_the_server_answers_nobody_does_not_count_against_the_row(answer: AttemptResult) -> None:
    outage = replace(CONTEXT, down=True)
    state = initial_state(REQUEST)
    for _ in range(50):
        state = expect(RetryAfterWait, judge.decide(REQUEST, state, answer, outage)).state
    assert (state.attempts, state.look_ups, state.doubt) == (0, 0, True)
