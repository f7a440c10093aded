"""Classes of answers: what one answer proves about the request, whatever the row is for.

Sources: 5xx and 408 can follow a write, since gateways answer 502-504 while the service behind them continues; 425 and
429 say that the request was not handled (RFC 8470 5.2, RFC 6585 4); error texts and their statuses are in contract 2.
The reasons are in docs/decisions/verdict-rules.md.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeAlias

from batch_enroll.core.codes import catalogue
from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import Action, Meaning, NoReply, Outcome, OutcomeKind, Reply, UserEnrollments

if TYPE_CHECKING:
    from batch_enroll.core.verdict.attempt_state import AttemptResult

MEANING_CODES: Final = {
    Meaning.UNKNOWN_USER: catalogue.UNKNOWN_USER,
    Meaning.UNKNOWN_COURSE: catalogue.UNKNOWN_COURSE,
    Meaning.UNKNOWN_SCHOOL: catalogue.UNKNOWN_SCHOOL,
}
_STATUS_CODES: Final = {
    HTTPStatus.BAD_REQUEST: catalogue.INVALID_FOR_SERVER,
    HTTPStatus.FORBIDDEN: catalogue.FORBIDDEN,
    HTTPStatus.NOT_FOUND: catalogue.UNKNOWN_ID,
    HTTPStatus.CONFLICT: catalogue.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY: catalogue.INVALID_FOR_SERVER,
    **dict.fromkeys(range(300, 400), catalogue.REDIRECTED),
}
_SUCCESS: Final = range(200, 300)
_CLIENT_ERROR: Final = range(400, 500)
_SERVER_ERROR: Final = range(500, 600)
_NOT_HANDLED: Final = frozenset({HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_PERHAPS_HANDLED: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
# "Already exists" was seen with these (contract 2.2). With another status the text may speak of something else, and a
# row that counts as enrolled is never sent again: the server has to list the enrollment.
_PROVES_EXISTENCE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})


@frozen
class Accepted:
    """The server did what was asked."""

    status: int
    enrollment_id: str | None


@frozen
class AlreadyExists:
    """The server says that something of the kind exists. `proven`: the status is one that goes with this text."""

    refusal: Outcome
    proven: bool


@frozen
class Refused:
    """The server does not accept the row as it is."""

    refusal: Outcome


@frozen
class TokenRefused:
    """The answer is about the token and says nothing of the row. `refusal` is the outcome if no token is accepted."""

    refusal: Outcome


@frozen
class NotSent:
    """The request never left."""

    failure: Outcome


@frozen
class NotHandled:
    """The server asked to come back later, and did nothing."""

    failure: Outcome
    retry_after_s: float | None


@frozen
class InDoubt:
    """The request may have been carried out. `outage`: any row would have failed, since the server did not answer."""

    failure: Outcome
    outage: bool
    retry_after_s: float | None = None


@frozen
class Listed:
    """The enrollments of the user; None if the server knows of nothing that the user has."""

    enrollments: UserEnrollments | None


@frozen
class NotListed:
    """A look-up that did not show the enrollments."""

    cause: str
    retry_after_s: float | None = None


SentClass: TypeAlias = "Accepted | AlreadyExists | Refused | TokenRefused | NotSent | NotHandled | InDoubt"
LookUpClass: TypeAlias = "Listed | NotListed | NotHandled | TokenRefused"


def classify_answer(step: Action, answer: AttemptResult, sent: int) -> SentClass | LookUpClass:
    """The class of the answer to `step`; `sent` counts the row's requests, this one included, for its outcome."""
    if step is Action.LOOK_UP:
        return _classify_look_up(answer, sent)
    match answer:
        case Reply():
            return _classify_reply(step, answer, sent)
        case NoReply(sent=True):
            return InDoubt(Outcome(OutcomeKind.FAILED, catalogue.SERVER_ERROR, answer.cause, sent), outage=True)
        case NoReply():
            return NotSent(Outcome(OutcomeKind.FAILED, catalogue.NOT_CONNECTED, answer.cause, sent))
        case _:
            return Refused(Outcome(OutcomeKind.FAILED, catalogue.ODD_ANSWER, "a list instead of an answer", sent))


def is_about_token(reply: Reply) -> bool:
    """True if the reply complains of the token instead of answering."""
    return reply.status == HTTPStatus.UNAUTHORIZED or reply.meaning is Meaning.TOKEN_EXPIRED


def _classify_reply(step: Action, reply: Reply, sent: int) -> SentClass:
    if reply.status == HTTPStatus.CREATED and step is Action.ENROLL:  # however odd its body
        return Accepted(reply.status, reply.enrollment_id)
    if (other := _classify_other(reply, sent)) is not None:
        return other
    if reply.status in _PERHAPS_HANDLED:
        return InDoubt(_failed(catalogue.SERVER_ERROR, reply, sent), outage=True, retry_after_s=reply.retry_after_s)
    return _classify_success(reply, sent) if reply.status in _SUCCESS else _classify_refusal(reply, sent)


def _classify_other(reply: Reply, sent: int) -> TokenRefused | NotHandled | None:
    """The class of a reply that says nothing of the row; None for all others."""
    if is_about_token(reply):
        return TokenRefused(_rejected(catalogue.NOT_AUTHORISED, reply, sent))
    if reply.status in _NOT_HANDLED:
        return NotHandled(_failed(catalogue.THROTTLED, reply, sent), reply.retry_after_s)
    return None


def _classify_success(reply: Reply, sent: int) -> Accepted | InDoubt:
    if reply.meaning is Meaning.NOT_JSON:  # the page of a proxy
        return InDoubt(_failed(catalogue.ODD_ANSWER, reply, sent), outage=False, retry_after_s=reply.retry_after_s)
    return Accepted(reply.status, reply.enrollment_id)


def _classify_refusal(reply: Reply, sent: int) -> Refused | AlreadyExists:
    """The class of a refusal: what a 4xx says decides before its status."""
    status = reply.status
    if status in _SERVER_ERROR:
        return Refused(_failed(catalogue.SERVER_ERROR, reply, sent))
    if status in _CLIENT_ERROR and (code := MEANING_CODES.get(reply.meaning)) is not None:
        return Refused(_rejected(code, reply, sent))
    refusal = _rejected(_STATUS_CODES.get(status, catalogue.REFUSED), reply, sent)
    says_so = status in _CLIENT_ERROR and reply.meaning is Meaning.ALREADY_ENROLLED
    if says_so or status == HTTPStatus.CONFLICT:
        return AlreadyExists(refusal, proven=status in _PROVES_EXISTENCE)
    return Refused(refusal)


def _classify_look_up(answer: AttemptResult, sent: int) -> LookUpClass:
    match answer:
        case UserEnrollments():
            return Listed(answer)
        case NoReply():
            return NotListed(answer.cause)
        case Reply() if (other := _classify_other(answer, sent)) is not None:
            return other
        case Reply(status=HTTPStatus.NOT_FOUND) if answer.meaning is not Meaning.NOT_JSON:
            return Listed(None)  # the user has nothing there; the 404 page of a proxy would not say so
        case _:
            return NotListed(_quote(answer), answer.retry_after_s)


def _failed(code: str, reply: Reply, sent: int) -> Outcome:
    return Outcome(OutcomeKind.FAILED, code, _quote(reply), sent, reply.status)


def _rejected(code: str, reply: Reply, sent: int) -> Outcome:
    return Outcome(OutcomeKind.REJECTED, code, _quote(reply), sent, reply.status)


def _quote(reply: Reply) -> str:
    """The status and the server's own words."""
    return f"HTTP {reply.status}: {reply.detail}" if reply.detail else f"HTTP {reply.status}"
