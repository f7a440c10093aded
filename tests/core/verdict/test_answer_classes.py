"""Codes of answers: what a 4xx says decides before its status, and each exception has its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import (
    Action,
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    Meaning,
    NoReply,
    OutcomeKind,
    Reply,
    Role,
    SchoolId,
    ServerEnrollment,
    UserEnrollments,
    UserId,
)
from batch_enroll.core.verdict.answer_classes import MEANING_CODES, is_about_token
from batch_enroll.core.verdict.attempt_state import (
    Policy,
    RenewToken,
    RetryAfterWait,
    RetryContext,
    Settle,
    initial_state,
)
from batch_enroll.core.verdict.judge import decide

if TYPE_CHECKING:
    from batch_enroll.core.verdict.attempt_state import AttemptResult, Decision

CONTEXT = RetryContext(Policy(), draw=0.5, token_proven=True)
KEY = EnrollmentKey("test", UserId("u1"), CourseId("c1"), SchoolId("s1"), Role.STUDENT)
ENROLLING = EnrollmentRequest(1, KEY)
WITHDRAWING = EnrollmentRequest(1, KEY, Action.WITHDRAW, purpose=Action.WITHDRAW)
THERE = UserEnrollments((ServerEnrollment("e1", CourseId("c1"), SchoolId("s1"), Role.STUDENT),))
ABSENT = UserEnrollments(())

TOKEN, MAYBE_HANDLED, NOT_HANDLED = {401}, {408}, {425, 429}
REFUSALS = sorted(set(range(400, 500)) - TOKEN - MAYBE_HANDLED - NOT_HANDLED)
MEANINGS_OF_THE_ADAPTER = {Meaning.NOTHING, Meaning.NOT_JSON, Meaning.ENROLLMENT, Meaning.TOKEN_EXPIRED}


def decide_on(*answers: AttemptResult, request: EnrollmentRequest = ENROLLING) -> Decision:
    """Returns the decision on the last of `answers`, each given to the step that the one before it asked for."""
    state = initial_state(request)
    decision = decide(request, state, answers[0], CONTEXT)
    for answer in answers[1:]:
        assert isinstance(decision, RetryAfterWait), decision
        decision = decide(request, decision.state, answer, CONTEXT)
    return decision


def settle_on(*answers: AttemptResult, request: EnrollmentRequest = ENROLLING) -> tuple[OutcomeKind, str]:
    decision = decide_on(*answers, request=request)
    assert isinstance(decision, Settle), decision
    return decision.outcome.kind, decision.outcome.code


@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("meaning", MEANING_CODES)
def test_an_unknown_id_gives_the_same_code_whatever_status_carried_it(meaning: Meaning, status: int) -> None:
    assert settle_on(Reply(status, meaning)) == (OutcomeKind.REJECTED, MEANING_CODES[meaning])


def test_every_meaning_of_a_refusal_has_a_code() -> None:
    assert set(Meaning) - MEANINGS_OF_THE_ADAPTER - {Meaning.ALREADY_ENROLLED} == set(MEANING_CODES)
    assert len(set(MEANING_CODES.values())) == len(MEANING_CODES)


@pytest.mark.parametrize("status", [status for status in REFUSALS if status != 404])
@pytest.mark.parametrize("meaning", MEANING_CODES)
def test_a_withdrawal_has_the_code_of_the_meaning_too(meaning: Meaning, status: int) -> None:
    assert settle_on(THERE, Reply(status, meaning), request=WITHDRAWING) == (
        OutcomeKind.REJECTED,
        MEANING_CODES[meaning],
    )


@pytest.mark.parametrize("meaning", MEANING_CODES)
def test_a_404_to_a_withdrawal_has_it_only_if_the_list_still_shows_the_enrollment(meaning: Meaning) -> None:
    """It may speak of the enrollment itself, which is then gone as it was meant to be."""
    refusal = Reply(404, meaning)
    still_there = settle_on(THERE, refusal, THERE, THERE, request=WITHDRAWING)
    assert still_there == (OutcomeKind.REJECTED, MEANING_CODES[meaning])
    assert settle_on(THERE, refusal, ABSENT, request=WITHDRAWING) == (
        OutcomeKind.ALREADY_WITHDRAWN,
        catalogue.GONE_BEFORE,
    )


def test_a_403_to_a_withdrawal_is_not_looked_up_because_absence_would_prove_nothing() -> None:
    """Lists of a school outside our reach are empty, so an absent enrollment would wrongly count as withdrawn."""
    refused = Reply(403, Meaning.UNKNOWN_SCHOOL)
    assert settle_on(THERE, refused, request=WITHDRAWING) == (OutcomeKind.REJECTED, catalogue.UNKNOWN_SCHOOL)


@pytest.mark.parametrize("status", [404, 409, 422])
def test_already_enrolled_is_believed_with_the_statuses_that_go_with_it(status: int) -> None:
    assert settle_on(Reply(status, Meaning.ALREADY_ENROLLED)) == (
        OutcomeKind.ALREADY_ENROLLED,
        catalogue.SEEN_BY_SERVER,
    )


@pytest.mark.parametrize("status", sorted(set(REFUSALS) - {404, 409, 422}))
def test_with_another_status_already_enrolled_is_looked_up(status: int) -> None:
    """The words may mean something else ("duplicate field"), and a row that counts as enrolled is not sent again."""
    answer = Reply(status, Meaning.ALREADY_ENROLLED)
    decision = decide_on(answer)
    assert isinstance(decision, RetryAfterWait)
    assert (decision.state.step, decision.state.doubt, decision.wait_s) == (Action.LOOK_UP, False, 0.0)
    assert settle_on(answer, THERE) == (OutcomeKind.ALREADY_ENROLLED, catalogue.SEEN_BY_LOOK_UP)
    assert settle_on(answer, ABSENT) == (OutcomeKind.REJECTED, catalogue.CONFLICT)


@pytest.mark.parametrize("meaning", [Meaning.NOTHING, Meaning.NOT_JSON])
def test_a_conflict_that_names_nothing_counts_as_already_enrolled(meaning: Meaning) -> None:
    assert settle_on(Reply(409, meaning)) == (OutcomeKind.ALREADY_ENROLLED, catalogue.SEEN_BY_SERVER)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, catalogue.INVALID_FOR_SERVER),
        (403, catalogue.FORBIDDEN),
        (404, catalogue.UNKNOWN_ID),
        (405, catalogue.REFUSED),
        (422, catalogue.INVALID_FOR_SERVER),
        (423, catalogue.REFUSED),
        (499, catalogue.REFUSED),
    ],
)
@pytest.mark.parametrize("meaning", [Meaning.NOTHING, Meaning.NOT_JSON, Meaning.ENROLLMENT])
def test_a_refusal_without_a_meaning_has_the_code_of_its_status(meaning: Meaning, status: int, code: str) -> None:
    assert settle_on(Reply(status, meaning)) == (OutcomeKind.REJECTED, code)


NAMED = [*MEANING_CODES, Meaning.ALREADY_ENROLLED]


@pytest.mark.parametrize("meaning", NAMED)
def test_a_401_is_about_the_token_whatever_it_says(meaning: Meaning) -> None:
    """Nothing that is said to a client without a valid token is known to be about the row."""
    assert isinstance(decide_on(Reply(401, meaning)), RenewToken)


@pytest.mark.parametrize("status", [200, 302, 400, 404, 409, 422, 500, 503])
def test_an_expired_token_is_renewed_whatever_status_carried_it(status: int) -> None:
    assert isinstance(decide_on(Reply(status, Meaning.TOKEN_EXPIRED)), RenewToken)


@pytest.mark.parametrize("meaning", NAMED)
@pytest.mark.parametrize("status", [425, 429])
def test_an_answer_that_asks_to_come_back_later_is_repeated_whatever_it_says(status: int, meaning: Meaning) -> None:
    """The request was not handled, so nothing was looked up that the text could speak of."""
    decision = decide_on(Reply(status, meaning))
    assert isinstance(decision, RetryAfterWait)
    assert decision.state.step is Action.ENROLL


@pytest.mark.parametrize("meaning", NAMED)
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_an_answer_after_which_the_work_may_continue_is_looked_up_whatever_it_says(
    status: int, meaning: Meaning
) -> None:
    """A failure behind the API can be quoted in the text while the write is carried out."""
    decision = decide_on(Reply(status, meaning))
    assert isinstance(decision, RetryAfterWait)
    assert (decision.state.step, decision.state.doubt) == (Action.LOOK_UP, True)


@pytest.mark.parametrize("meaning", NAMED)
@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (301, OutcomeKind.REJECTED, catalogue.REDIRECTED),
        (399, OutcomeKind.REJECTED, catalogue.REDIRECTED),
        (501, OutcomeKind.FAILED, catalogue.SERVER_ERROR),
        (505, OutcomeKind.FAILED, catalogue.SERVER_ERROR),
        (599, OutcomeKind.FAILED, catalogue.SERVER_ERROR),
        (600, OutcomeKind.REJECTED, catalogue.REFUSED),
        (100, OutcomeKind.REJECTED, catalogue.REFUSED),
    ],
)
def test_what_is_not_a_refusal_by_the_api_keeps_the_code_of_its_status(
    status: int, kind: OutcomeKind, code: str, meaning: Meaning
) -> None:
    """A redirect comes from another place than the API, and a 5xx says that the API itself failed."""
    assert settle_on(Reply(status, meaning)) == (kind, code)


def test_the_statuses_about_the_token_are_recognized() -> None:
    assert is_about_token(Reply(401))
    assert not is_about_token(Reply(403))


def test_a_request_that_never_left_and_one_that_was_lost_are_told_apart() -> None:
    unsent, lost = (decide_on(NoReply("broken", sent=sent)) for sent in (False, True))
    assert isinstance(unsent, RetryAfterWait)
    assert isinstance(lost, RetryAfterWait)
    assert (unsent.state.step, lost.state.step) == (Action.ENROLL, Action.LOOK_UP)
