"""Every code a row can carry: its title and what to do about it. Codes are stable; they are never reused.

E1xx the roster, E2xx the server refuses, E3xx the way there failed, E4xx nobody knows; S skipped, A already there,
N not attempted; W a doubt about a row that goes ahead all the same.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class CodeEntry(NamedTuple):
    """A code's title (what happened, without ids) and hint (what to do)."""

    title: str
    hint: str


MISSING_USER: Final = "E101"
MISSING_COURSE: Final = "E102"
UNUSABLE_ID: Final = "E103"
UNKNOWN_ROLE: Final = "E104"
UNREADABLE_DATE: Final = "E105"
UNREADABLE_METADATA: Final = "E106"
BROKEN_JOIN: Final = "E107"
CLASS_WITHOUT_COURSE: Final = "E118"
CONTRADICTION: Final = "E119"
RAGGED_ROW: Final = "E108"
DAMAGED_CELL: Final = "E109"
UNKNOWN_STATUS: Final = "E110"
LOST_DIGITS: Final = "E111"
DATE_FOR_ID: Final = "E112"
SHORT_ID: Final = "W101"
ROUND_ID: Final = "W102"
DATE_LIKE: Final = "W103"
ANOTHER_TABLE: Final = "W104"
USER_NOT_FOUND: Final = "E121"
COURSE_NOT_FOUND: Final = "E122"
SCHOOL_NOT_FOUND: Final = "E123"
AMBIGUOUS: Final = "E124"
NOT_LOOKED_UP: Final = "E125"
COURSE_ELSEWHERE: Final = "E126"
SECOND_HEADER: Final = "E127"
UNKNOWN_USER: Final = "E201"
UNKNOWN_COURSE: Final = "E202"
UNKNOWN_SCHOOL: Final = "E203"
UNKNOWN_ID: Final = "E204"
FORBIDDEN: Final = "E205"
INVALID_FOR_SERVER: Final = "E206"
CONFLICT: Final = "E207"
REFUSED: Final = "E208"
REDIRECTED: Final = "E209"
NOT_AUTHORISED: Final = "E210"
SERVER_ERROR: Final = "E301"
THROTTLED: Final = "E302"
NOT_CONNECTED: Final = "E303"
ODD_ANSWER: Final = "E304"
NOT_THERE: Final = "E305"
ANSWER_LOST: Final = "E401"
INTERRUPTED: Final = "E402"
REPEATED: Final = "S101"
ENDED: Final = "S102"
WITHDRAWN: Final = "S103"
INACTIVE: Final = "S104"
KEPT: Final = "S105"
SHARED: Final = "S106"
NOT_OURS: Final = "S107"
SEEN_BY_SERVER: Final = "A101"
SEEN_BY_LOOK_UP: Final = "A102"
SEEN_BY_LEDGER: Final = "A103"
FOUND_AFTER_LOSS: Final = "A104"
NEVER_THERE: Final = "A201"
GONE_BEFORE: Final = "A202"
GONE_BY_LEDGER: Final = "A203"
GONE_AFTER_LOSS: Final = "A204"
STOPPED: Final = "N101"
AUTH_REFUSED: Final = "N102"
API_DOWN: Final = "N103"
DRY_RUN: Final = "N104"
DEADLINE: Final = "N105"

DOUBTS: Final = frozenset({SHORT_ID, ROUND_ID, DATE_LIKE, ANOTHER_TABLE})

CATALOGUE: Final[dict[str, CodeEntry]] = {
    MISSING_USER: CodeEntry("no user id", "Fill in the user_id column (the user's sourcedId)."),
    MISSING_COURSE: CodeEntry(
        "no course id", "Fill in the course_id column, or give --course-id for all rows that lack one."
    ),
    UNUSABLE_ID: CodeEntry(
        "an id that cannot be sent",
        "Retype the id; it may hold no control characters and must not be '.' or '..'.",
    ),
    UNKNOWN_ROLE: CodeEntry("a role EduBridge does not have", "Use student, teacher, proctor or administrator."),
    UNREADABLE_DATE: CodeEntry("a date that can be read in two ways or not at all", "Write dates as YYYY-MM-DD."),
    UNREADABLE_METADATA: CodeEntry(
        "metadata that cannot be read",
        "Goals and metrics are plain numbers; leave the cell empty to send none.",
    ),
    BROKEN_JOIN: CodeEntry(
        "a row that names something the bundle does not hold",
        "Export the bundle again with all its files, or mend the reference.",
    ),
    CLASS_WITHOUT_COURSE: CodeEntry(
        "a class that belongs to no course",
        "Give --course-id for all of them; or, if your class ids are the course ids, read the course from the "
        'column of the class: --map "course_id=Header".',
    ),
    CONTRADICTION: CodeEntry("cells that contradict each other", "Decide which one is right and empty the other."),
    RAGGED_ROW: CodeEntry(
        "a row with more cells than the header",
        "Quote the field that holds the delimiter, or remove the extra cells.",
    ),
    DAMAGED_CELL: CodeEntry(
        "a cell without a usable value",
        "Open the workbook, mend the cell and save it; formulas need their values saved with them.",
    ),
    UNKNOWN_STATUS: CodeEntry(
        "a status that is not known", "Use active or leave it empty; tobedeleted for a withdrawal."
    ),
    LOST_DIGITS: CodeEntry(
        "an id whose digits a spreadsheet has rounded away",
        "Take the id from the student system anew; format the column as text before it is typed or pasted.",
    ),
    DATE_FOR_ID: CodeEntry(
        "a date where an id should stand: a spreadsheet made it of one such as 3-2",
        "Take the id from the student system anew; format the column as text before it is typed or pasted.",
    ),
    SHORT_ID: CodeEntry(
        "an id shorter than the column's others: leading zeros may be lost",
        "Compare it with the student system; format the column as text before it is typed or pasted.",
    ),
    ROUND_ID: CodeEntry(
        "an id that ends in zeros where a spreadsheet stops to keep digits",
        "Compare it with the student system; format the column as text before it is typed or pasted.",
    ),
    DATE_LIKE: CodeEntry(
        "an id that reads as a date",
        "Compare it with the student system; a spreadsheet may have made it of one like 3-2.",
    ),
    ANOTHER_TABLE: CodeEntry(
        "a row where another table may begin",
        "If one does, put it into a file or sheet of its own; if not, take out the blank rows above it.",
    ),
    USER_NOT_FOUND: CodeEntry(
        "a user that the server does not know",
        "Mend the cell, or create the user first; if the cell holds an id, add --find user=never.",
    ),
    COURSE_NOT_FOUND: CodeEntry(
        "a course that the server does not know",
        "Mend the cell, or create the course first; if it belongs to another school, mend the school; if the cell "
        "holds an id, add --find course=never.",
    ),
    SCHOOL_NOT_FOUND: CodeEntry(
        "a school that the server does not know",
        "Mend the cell, or leave it out if each user has one primary school; if the cell holds an id, add --find "
        "school=never.",
    ),
    AMBIGUOUS: CodeEntry(
        "a name that several users, courses or schools have",
        "Put the right id of those in the detail into user_id, course_id or school_id; none is picked by chance.",
    ),
    NOT_LOOKED_UP: CodeEntry(
        "a look-up that the server did not answer", "Run the same again later; what was enrolled is not sent twice."
    ),
    COURSE_ELSEWHERE: CodeEntry(
        "a course of another school", "Mend course_id or school_id; run would leave it to the server to refuse."
    ),
    SECOND_HEADER: CodeEntry(
        "a second header or a title, or a row of the other table below it",
        "If the same table goes on there, take the header or title out, and the blank rows above it; else put each "
        "table into a file or sheet of its own.",
    ),
    UNKNOWN_USER: CodeEntry(
        "the server does not know the user",
        "Create or sync the user first, or mend user_id; then run failed.csv again.",
    ),
    UNKNOWN_COURSE: CodeEntry(
        "the server does not know the course",
        "Mend course_id (a class id is not a course id); then run failed.csv again.",
    ),
    UNKNOWN_SCHOOL: CodeEntry(
        "the server does not know the school",
        "Mend school_id, or leave it out if the user has one primary school.",
    ),
    UNKNOWN_ID: CodeEntry(
        "the server does not know one of the ids", "Check user_id, course_id and school_id of this row."
    ),
    FORBIDDEN: CodeEntry(
        "the credentials may not enroll here",
        "Ask for write access to rostering for this client, and check that it serves this school.",
    ),
    INVALID_FOR_SERVER: CodeEntry(
        "the server refuses the row's values", "See the detail; mend the row, then run failed.csv again."
    ),
    CONFLICT: CodeEntry(
        "the server reports a conflict",
        "The sourced_id may have been used before; remove it from the row and run failed.csv again.",
    ),
    REFUSED: CodeEntry(
        "the server refuses the request", "See the status and detail; if many rows have it, check --base-url."
    ),
    REDIRECTED: CodeEntry(
        "the server answers with a redirect", "Check --base-url: the token is never sent to another address."
    ),
    NOT_AUTHORISED: CodeEntry(
        "a fresh token was not accepted",
        "batch-enroll retry --rejected, or run failed.csv; if it stays, ask for the client's access to this route.",
    ),
    SERVER_ERROR: CodeEntry("the server failed again and again", "Later: batch-enroll retry, or run failed.csv."),
    THROTTLED: CodeEntry(
        "the server asked us to slow down to the end", "batch-enroll retry with a lower --rate, or run failed.csv."
    ),
    NOT_CONNECTED: CodeEntry(
        "the server could not be reached",
        "Check the network and --base-url; then batch-enroll retry, or run failed.csv.",
    ),
    ODD_ANSWER: CodeEntry(
        "an answer that is not the API's", "A proxy may stand in between; check --base-url and the network."
    ),
    NOT_THERE: CodeEntry(
        "the server said it was enrolled, and does not show the seat",
        "batch-enroll retry, or run failed.csv; if it stays, ask the vendor what becomes of accepted writes.",
    ),
    ANSWER_LOST: CodeEntry(
        "the request was sent, its answer was lost, and the look-up failed too",
        "batch-enroll resume, or run failed.csv: the seat is looked up before anything is sent.",
    ),
    INTERRUPTED: CodeEntry(
        "the run ended before the answer came",
        "batch-enroll resume, or run failed.csv: the seat is looked up before anything is sent.",
    ),
    REPEATED: CodeEntry("repeats another row", "Nothing to do: the other row stands for both."),
    ENDED: CodeEntry(
        "the enrollment's end date has passed",
        "Nothing to do; use --as-of to read the roster as on another day.",
    ),
    WITHDRAWN: CodeEntry("the roster withdraws this enrollment", "Nothing is withdrawn without --withdraw."),
    INACTIVE: CodeEntry("the row is inactive", "Nothing to do; set its status to active to enroll it."),
    KEPT: CodeEntry(
        "another row of the roster keeps this seat",
        "Nothing to do: a withdrawal would take every seat of the user in this course and school.",
    ),
    SHARED: CodeEntry(
        "the user has another seat in this course and school, which a withdrawal would take too",
        "See batch-enroll enrollments USER; withdraw by class with --via oneroster, or by hand.",
    ),
    NOT_OURS: CodeEntry(
        "the seat that is there is not the one that the run made",
        "See batch-enroll enrollments USER; withdraw it by hand if it should go.",
    ),
    SEEN_BY_SERVER: CodeEntry("the server says the seat was there before", ""),
    SEEN_BY_LOOK_UP: CodeEntry("the look-up shows the seat was there before", ""),
    SEEN_BY_LEDGER: CodeEntry("an earlier run enrolled this seat", ""),
    FOUND_AFTER_LOSS: CodeEntry("the answer was lost, the look-up shows the seat", ""),
    NEVER_THERE: CodeEntry("the look-up showed no such seat, and the withdrawal was accepted", ""),
    GONE_BEFORE: CodeEntry("the look-up shows that there is no such seat", ""),
    GONE_BY_LEDGER: CodeEntry("an earlier run withdrew this seat", ""),
    GONE_AFTER_LOSS: CodeEntry("the answer was lost, the look-up shows that the seat is gone", ""),
    STOPPED: CodeEntry(
        "the run was stopped before this row's turn", "Go on with batch-enroll resume, or run failed.csv."
    ),
    AUTH_REFUSED: CodeEntry(
        "the credentials were refused", "Mend the credentials, then batch-enroll resume, or run failed.csv."
    ),
    API_DOWN: CodeEntry(
        "the run was stopped because the API was down",
        "When the API is up again: batch-enroll resume, or run failed.csv.",
    ),
    DEADLINE: CodeEntry("the deadline came before this row's turn", "Go on with: batch-enroll resume."),
    DRY_RUN: CodeEntry("dry run: nothing was sent", "Run again without --dry-run."),
}


def hint(code: str) -> str:
    """What to do about `code`; empty for a code without advice."""
    entry = CATALOGUE.get(code)
    return "" if entry is None else entry.hint


def title(code: str) -> str:
    """What happened, without ids; the code itself if it is not in the catalogue."""
    entry = CATALOGUE.get(code)
    return code if entry is None else entry.title
