"""Every behavior of the server that no one outside has observed for certain, each with a reasoned default.

Source: contract section 9, and the sections its lines point to.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final


class BodyFamily(StrEnum):
    """The form of an error body (contract 2.1)."""

    IMS = "ims"
    ERRORS = "errors"
    MESSAGE = "message"
    ERROR = "error"
    HTML = "html"
    EMPTY = "empty"


class RepeatEnroll(StrEnum):
    """The result of a second enroll of the same user, course, school and role."""

    SAME_ROW = "same_row"
    NEW_ROW = "new_row"
    CONFLICT = "409"
    UNPROCESSABLE = "422"


class RepeatPost(StrEnum):
    """The result of a OneRoster POST of a second row for the same user, class and role."""

    NEW_ROW = "201"
    CONFLICT = "409"
    UNPROCESSABLE = "422"


class DuplicateId(StrEnum):
    """The status for a sourcedId that another row has, active or deleted."""

    NOT_FOUND = "404"
    CONFLICT = "409"
    UNPROCESSABLE = "422"


class UnknownId(StrEnum):
    """The status for an id that the school does not know."""

    NOT_FOUND = "404"
    UNPROCESSABLE = "422"


class MalformedId(StrEnum):
    """The status for an empty id, or one with control characters or broken UTF-8."""

    BAD_REQUEST = "400"
    NOT_FOUND = "404"
    UNPROCESSABLE = "422"
    SERVER_ERROR = "500"


class OmittedSchool(StrEnum):
    """The school that is enrolled at when the path names none."""

    PRIMARY_ORG = "primary_org"
    COURSE_ORG = "course_org"
    REFUSED = "422"


class CourseWithoutOrg(StrEnum):
    """The result of enrolling in a course without org."""

    ACCEPTED = "accepted"
    NOT_FOUND = "404"
    UNPROCESSABLE = "422"


class AfterUnenroll(StrEnum):
    """The effect of an enroll after an unenroll on the old row."""

    NEW_ROW = "new_row"
    REACTIVATE = "reactivate"


class UnenrollMissing(StrEnum):
    """The status for an unenroll of a user who is not enrolled."""

    DONE = "204"
    NOT_FOUND = "404"


class ClassRace(StrEnum):
    """The classes that the first enrolls of a new course create when they arrive at once."""

    ONE_CLASS = "one"
    DUPLICATES = "duplicates"


class RetryAfter(StrEnum):
    """The form of Retry-After on a 429."""

    NONE = "none"
    SECONDS = "seconds"
    HTTP_DATE = "http_date"


class TokenRefusal(StrEnum):
    """The status and body with which an expired or unknown token is refused."""

    IMS_401 = "401_ims"
    ERROR_401 = "401_error"
    TEXT_403 = "403_text"
    IMS_500 = "500_ims"


@dataclass(frozen=True, slots=True)
class Behaviors:
    """The answer to each open question about the real server.

    Args:
        repeat_enroll: an enroll of an enrollment that exists already.
        repeat_post: a OneRoster POST of a row that exists already.
        duplicate_sourced_id: a new row under an id that is taken.
        unknown_user, unknown_course, unknown_school: an enroll with an unknown id.
        error_body: the body of EduBridge's refusals.
        malformed_id: a request with a malformed id.
        omitted_school: an enroll without school.
        course_without_org: an enroll in a course of no org.
        after_unenroll: an enroll after an unenroll.
        unenroll_nobody: an unenroll of a user who is not enrolled.
        class_race: the first enrolls of a course at once.
        throttle_body: the body of a 429.
        retry_after: the form of Retry-After on a 429.
        retry_after_s: the least wait that it asks for, in whole seconds.
        token_refusal: the answer to an expired or unknown token.
        gateway_body: the body of a 502 or 504.
        invisible_percent: enrolls that are answered with 201 and leave no row, 0-100.
        lag_s: seconds until reads return a written row.
    """

    # Public callers re-post freely and count only 200 and 201; a server that manages the class itself can find the row.
    repeat_enroll: RepeatEnroll = RepeatEnroll.SAME_ROW
    # A caller counts 422 before 409 as "already there" on this route.
    repeat_post: RepeatPost = RepeatPost.UNPROCESSABLE
    # Seen live on OneRoster: 404 whose text says "already exists", also for deleted rows.
    duplicate_sourced_id: DuplicateId = DuplicateId.NOT_FOUND
    # The envelope with 404 exists on sibling routes (propagateGoals).
    unknown_user: UnknownId = UnknownId.NOT_FOUND
    unknown_course: UnknownId = UnknownId.NOT_FOUND
    unknown_school: UnknownId = UnknownId.NOT_FOUND
    # The only form that the vendor's specification declares.
    error_body: BodyFamily = BodyFamily.IMS
    # An empty sourcedId fails the schema's minLength, and schema failures are 422.
    malformed_id: MalformedId = MalformedId.UNPROCESSABLE
    # The official SDK's docstring says so; a user without one falls back to the course's org.
    omitted_school: OmittedSchool = OmittedSchool.PRIMARY_ORG
    # The vendor names the link to an org as a prerequisite; a missing one is bad data, not an unknown object.
    course_without_org: CourseWithoutOrg = CourseWithoutOrg.UNPROCESSABLE
    # OneRoster's POST never reactivates a deleted row; nothing says that EduBridge does.
    after_unenroll: AfterUnenroll = AfterUnenroll.NEW_ROW
    # OneRoster's DELETE answers 204 twice.
    unenroll_nobody: UnenrollMissing = UnenrollMissing.DONE
    # No evidence either way; live courses have mostly one managed class per org.
    class_race: ClassRace = ClassRace.ONE_CLASS
    # The specification's 429 is the envelope with server_busy.
    throttle_body: BodyFamily = BodyFamily.IMS
    # No one has captured the header, so a client has to do without it.
    retry_after: RetryAfter = RetryAfter.NONE
    retry_after_s: int = 1
    # 401 was seen live, and the envelope is the declared body.
    token_refusal: TokenRefusal = TokenRefusal.IMS_401
    # Load balancers answer for themselves, in HTML.
    gateway_body: BodyFamily = BodyFamily.HTML
    # Callers have seen both, but rarely; a rehearsal is exact unless it is configured not to be.
    invisible_percent: float = 0.0
    lag_s: float = 0.0


BEHAVIOR_NAMES: Final = tuple(field.name for field in fields(Behaviors))


def set_behavior(behaviors: Behaviors, name: str, text: str) -> Behaviors:
    """Returns the behaviors with one of them set from text.

    Raises:
        ValueError: the behavior does not take this value; the message lists those that it takes.
    """
    kind = type(getattr(behaviors, name))
    try:
        value = kind(text)
    except ValueError:
        allowed = ", ".join(kind) if issubclass(kind, StrEnum) else "a number"
        raise ValueError(f"{name.replace('_', '-')}={text}: takes {allowed}") from None
    if not isinstance(value, str) and not 0 <= value < float("inf"):
        raise ValueError(f"{name.replace('_', '-')}={text}: takes a number, 0 or more")
    return Behaviors(**{known: getattr(behaviors, known) for known in BEHAVIOR_NAMES if known != name}, **{name: value})
