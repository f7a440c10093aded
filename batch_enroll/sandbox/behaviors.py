"""Every behaviour of the server that nobody outside has seen for certain, each with a default that is argued.

Source: contract section 9, and the sections its lines point to.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final


class BodyFamily(StrEnum):
    """How an error says what is wrong (contract 2.1)."""

    IMS = "ims"
    ERRORS = "errors"
    MESSAGE = "message"
    ERROR = "error"
    HTML = "html"
    EMPTY = "empty"


class Repeat(StrEnum):
    """What a second enroll of the same user, course, school and role is."""

    SAME_ROW = "same_row"
    NEW_ROW = "new_row"
    CONFLICT = "409"
    UNPROCESSABLE = "422"


class RepeatPost(StrEnum):
    """What a OneRoster POST of a second row for the same user, class and role is."""

    NEW_ROW = "201"
    CONFLICT = "409"
    UNPROCESSABLE = "422"


class Taken(StrEnum):
    """The status for a sourcedId that another row has, dead or alive."""

    NOT_FOUND = "404"
    CONFLICT = "409"
    UNPROCESSABLE = "422"


class Unknown(StrEnum):
    """The status for an id that the school does not know."""

    NOT_FOUND = "404"
    UNPROCESSABLE = "422"


class Malformed(StrEnum):
    """The status for an empty id, or one with control characters or broken UTF-8."""

    BAD_REQUEST = "400"
    NOT_FOUND = "404"
    UNPROCESSABLE = "422"
    SERVER_ERROR = "500"


class OmittedSchool(StrEnum):
    """Which school is meant when the path names none."""

    PRIMARY_ORG = "primary_org"
    COURSE_ORG = "course_org"
    REFUSED = "422"


class CourseWithoutOrg(StrEnum):
    """What enrolling in a course without org does."""

    ACCEPTED = "accepted"
    NOT_FOUND = "404"
    UNPROCESSABLE = "422"


class AfterUnenroll(StrEnum):
    """What enrolling again after an unenroll does to the old row."""

    NEW_ROW = "new_row"
    REACTIVATE = "reactivate"


class Nobody(StrEnum):
    """The status for an unenroll of somebody who has no seat."""

    DONE = "204"
    NOT_FOUND = "404"


class ClassRace(StrEnum):
    """What first enrolls of one new course, all at once, leave behind."""

    ONE_CLASS = "one"
    DUPLICATES = "duplicates"


class RetryAfter(StrEnum):
    """The form of Retry-After on a 429."""

    NONE = "none"
    SECONDS = "seconds"
    HTTP_DATE = "http_date"


class TokenRefusal(StrEnum):
    """How an expired or unknown token is refused: status and form of the text."""

    IMS_401 = "401_ims"
    ERROR_401 = "401_error"
    TEXT_403 = "403_text"
    IMS_500 = "500_ims"


@dataclass(frozen=True, slots=True)
class Switches:
    """The server's open questions, answered.

    Args:
        repeat_enroll: an enroll of a seat that is there already.
        repeat_post: a OneRoster POST of a row that is there already.
        duplicate_sourced_id: a new row under an id that is taken.
        unknown_user, unknown_course, unknown_school: enrolling with an id that is not known.
        error_body: the body of EduBridge's refusals.
        malformed_id: an id that cannot be one.
        omitted_school: an enroll without school.
        course_without_org: an enroll in a course of no org.
        after_unenroll: an enroll after an unenroll.
        unenroll_nobody: an unenroll without seat.
        class_race: first enrolls of one course at once.
        throttle_body: the body of a 429.
        retry_after: the form of Retry-After on a 429.
        retry_after_s: the least it asks for, in whole seconds.
        token_refusal: the answer to an expired or unknown token.
        gateway_body: the body of a 502 or 504.
        invisible_percent: enrolls that are answered with 201 and leave no row, 0-100.
        lag_s: seconds until a written row is seen by reads.
    """

    # Public callers re-post freely and count only 200 and 201; a server that manages the class itself can find the row.
    repeat_enroll: Repeat = Repeat.SAME_ROW
    # A caller counts 422 before 409 as "already there" on this route.
    repeat_post: RepeatPost = RepeatPost.UNPROCESSABLE
    # Seen live on OneRoster: 404 whose text says "already exists", for dead rows too.
    duplicate_sourced_id: Taken = Taken.NOT_FOUND
    # The envelope with 404 exists on sibling routes (propagateGoals).
    unknown_user: Unknown = Unknown.NOT_FOUND
    unknown_course: Unknown = Unknown.NOT_FOUND
    unknown_school: Unknown = Unknown.NOT_FOUND
    # The only form that the vendor's specification declares.
    error_body: BodyFamily = BodyFamily.IMS
    # An empty sourcedId fails the schema's minLength, and schema failures are 422.
    malformed_id: Malformed = Malformed.UNPROCESSABLE
    # The official SDK's docstring says so; a user without one falls back to the course's org.
    omitted_school: OmittedSchool = OmittedSchool.PRIMARY_ORG
    # The vendor names the link to an org as a prerequisite; a missing one is bad data, not an unknown object.
    course_without_org: CourseWithoutOrg = CourseWithoutOrg.UNPROCESSABLE
    # OneRoster's POST never revives a dead row; nothing says that EduBridge does.
    after_unenroll: AfterUnenroll = AfterUnenroll.NEW_ROW
    # OneRoster's DELETE answers 204 twice.
    unenroll_nobody: Nobody = Nobody.DONE
    # No evidence either way; live courses have mostly one managed class per org.
    class_race: ClassRace = ClassRace.ONE_CLASS
    # The specification's 429 is the envelope with server_busy.
    throttle_body: BodyFamily = BodyFamily.IMS
    # Nobody captured the header, so a client has to do without.
    retry_after: RetryAfter = RetryAfter.NONE
    retry_after_s: int = 1
    # 401 was seen live, and the envelope is the declared body.
    token_refusal: TokenRefusal = TokenRefusal.IMS_401
    # Load balancers answer for themselves, in HTML.
    gateway_body: BodyFamily = BodyFamily.HTML
    # Both were seen by callers, but seldom; a rehearsal is exact unless it is asked not to be.
    invisible_percent: float = 0.0
    lag_s: float = 0.0


SWITCH_NAMES: Final = tuple(field.name for field in fields(Switches))


def switched(switches: Switches, name: str, text: str) -> Switches:
    """The switches with one set from text.

    Raises:
        ValueError: the value is none that the switch takes; the message lists those.
    """
    kind = type(getattr(switches, name))
    try:
        value = kind(text)
    except ValueError:
        allowed = ", ".join(kind) if issubclass(kind, StrEnum) else "a number"
        raise ValueError(f"{name.replace('_', '-')}={text}: takes {allowed}") from None
    if not isinstance(value, str) and not 0 <= value < float("inf"):
        raise ValueError(f"{name.replace('_', '-')}={text}: takes a number, 0 or more")
    return Switches(**{known: getattr(switches, known) for known in SWITCH_NAMES if known != name}, **{name: value})
