"""What each code means, what is likely behind it, and which code was meant by a misspelt one.

The catalogue says it in a line, for tables; this says it in a few, for `batch-enroll explain`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.core import catalogue
from batch_enroll.core.model import OutcomeKind

if TYPE_CHECKING:
    from batch_enroll.core.model import Json


class Explanation(NamedTuple):
    """What happened and what that means for the seat, and what is likely behind it, the likeliest first."""

    meaning: str
    causes: tuple[str, ...]


EXPLANATIONS: Final[dict[str, Explanation]] = {
    catalogue.MISSING_USER: Explanation(
        "The row names no user, so there is nobody to enroll. Nothing was sent for it.",
        (
            "the cell of the user's id is blank",
            "the ids stand in a column that is not read as user_id: see the first lines of batch-enroll check",
        ),
    ),
    catalogue.MISSING_COURSE: Explanation(
        "The row names no course. Nothing was sent for it.",
        ("the cell of the course's id is blank", "the roster is of one course and leaves it out: give --course-id"),
    ),
    catalogue.UNUSABLE_ID: Explanation(
        "An id of the row cannot stand in a request. Nothing was sent for it.",
        (
            "a character that cannot be seen was pasted along with the id",
            "a wrong column is read as an id: see batch-enroll check",
        ),
    ),
    catalogue.UNKNOWN_ROLE: Explanation(
        "EduBridge enrolls students, teachers, proctors and administrators, and the row says something else. Nothing "
        "was sent for it.",
        ("the student system has roles of its own, such as aide or guardian", "a typing mistake"),
    ),
    catalogue.UNREADABLE_DATE: Explanation(
        "A date of the row is none, or can be read in two ways; a wrong guess would enroll on a wrong day. Nothing was "
        "sent for it.",
        (
            "day and month could be swapped, as in 03/04/2026",
            "the day does not exist, as 2026-02-30",
            "a spreadsheet shows a number instead of the date",
        ),
    ),
    catalogue.UNREADABLE_METADATA: Explanation(
        "A value for the enrollment's metadata is not of the kind that the API takes. Nothing was sent for the row.",
        (
            "a number has a unit or a comma, as 30 XP or 1,5",
            "two columns plant a value at the same place of the metadata",
        ),
    ),
    catalogue.BROKEN_JOIN: Explanation(
        "The row of enrollments.csv names a class or user that the bundle does not hold, so its course cannot be told. "
        "A class id never stands in for a course. Nothing was sent for it.",
        (
            "classes.csv or users.csv was exported on another day, or for other schools",
            "the class or user is marked tobedeleted, but the enrollment is still active",
            "the bundle was edited by hand",
        ),
    ),
    catalogue.RAGGED_ROW: Explanation(
        "The row has more cells than the header has columns, so nobody can say which cell is which. Nothing was sent "
        "for it.",
        ("a name or note holds the delimiter and is not quoted", "two lines ran together"),
    ),
    catalogue.DAMAGED_CELL: Explanation(
        "A cell that is needed shows an error, or is a formula without a saved value. Nothing was sent for the row.",
        (
            "a formula such as VLOOKUP found nothing and shows #N/A",
            "the workbook was made by a program that saves no values",
        ),
    ),
    catalogue.CLASS_WITHOUT_COURSE: Explanation(
        "People are enrolled in courses, and the class of this row belongs to none. Nothing was sent for it; the id "
        "of the class never stands in for the course's.",
        (
            "the export has classes or sections only, as School Data Sync v2 allows",
            "the course was left blank where the class was made",
        ),
    ),
    catalogue.CONTRADICTION: Explanation(
        "Two cells of the row say the same thing in two ways that do not agree. Nothing was sent for it.",
        (
            "two columns of one name, of which an editor filled in one and an export the other",
            "a row names a course and a section that belongs to another one",
        ),
    ),
    catalogue.UNKNOWN_STATUS: Explanation(
        "The row's status is none of OneRoster's or the student systems' known ones, so it is not known whether the "
        "seat is wanted. Nothing was sent for it.",
        ("the student system has states of its own", "another column is read as status: see batch-enroll check"),
    ),
    catalogue.LOST_DIGITS: Explanation(
        "A spreadsheet took the id for a number and kept fifteen digits of it, or showed it rounded as in 1.23E+11. "
        "The digits that are gone cannot be told from what is left. Nothing was sent for the row.",
        (
            "a CSV file was opened in a spreadsheet and saved from there",
            "ids were typed or pasted into cells that are not formatted as text",
        ),
    ),
    catalogue.DATE_FOR_ID: Explanation(
        "A spreadsheet took an id such as 3-2 or MAR2 for a day and turned it into a date. What was typed cannot be "
        "told from the date. Nothing was sent for the row.",
        (
            "a CSV file was opened in a spreadsheet and saved from there",
            "another column is read as the id: see batch-enroll check",
        ),
    ),
    catalogue.SHORT_ID: Explanation(
        "The column's other ids are digits filled up to one width; this one has fewer. A system that fills its ids up "
        "has none of that spelling, so the row was sent as it is, and the server refuses what it does not know.",
        (
            "a spreadsheet took the id for a number and dropped the zeros in front",
            "the id is of another kind, and right as it is",
        ),
    ),
    catalogue.ROUND_ID: Explanation(
        "A spreadsheet keeps fifteen digits of a number and writes zeros for the rest; this id has zeros there. The "
        "row was sent as it is.",
        ("a spreadsheet took the id for a number", "the id really ends so"),
    ),
    catalogue.DATE_LIKE: Explanation(
        "The id reads as a date, and so do most ids of its column. The row was sent as it is.",
        ("the ids are named after days", "a spreadsheet made dates of all ids of the column"),
    ),
    catalogue.ANOTHER_TABLE: Explanation(
        "Blank rows stand above the row, or it holds words where ids or dates are usual. If another table begins "
        "there, its cells are not what the first header says. The row and those below it were sent as it says.",
        (
            "blank rows keep groups of one table apart, and all is well",
            "another table stands below the roster: those who left, a legend, an older export",
        ),
    ),
    catalogue.USER_NOT_FOUND: Explanation(
        "The row names a user by e-mail, login, number or id, and the server shows no active user of it. Nothing was "
        "sent for it.",
        (
            "a typing mistake, or an e-mail that has changed",
            "the user is not there yet: sync users first",
            "the credentials see another part of the organisation",
            "the column holds ids that look like e-mails: --find user=never",
        ),
    ),
    catalogue.COURSE_NOT_FOUND: Explanation(
        "The row names a course by code, title or id, and the server shows no active course of it, or none of the "
        "row's school. Nothing was sent for it.",
        (
            "the title is spelt differently: it must be the same to the letter",
            "the course belongs to another school, whose ids stand in the detail",
            "the cell holds the id of a class, not of a course",
            "the column holds ids with blanks in them, which were taken for titles: --find course=never",
        ),
    ),
    catalogue.SCHOOL_NOT_FOUND: Explanation(
        "The row names a school by name, number or id, and the server shows no active school of it. Nothing was sent "
        "for it.",
        (
            "the name is spelt differently: it must be the same to the letter",
            "it is a district, not a school",
            "the column holds ids with blanks in them, which were taken for names: --find school=never",
        ),
    ),
    catalogue.AMBIGUOUS: Explanation(
        "Several users, courses or schools are called what the row says, and the wrong one must not be taken. Nothing "
        "was sent for it.",
        (
            "two accounts of one person share an e-mail",
            "schools have courses of the same title: name the school in the row or with --school-id",
        ),
    ),
    catalogue.NOT_LOOKED_UP: Explanation(
        "The server failed or refused to say who or what the row means, again and again. Nothing was sent for it.",
        ("the server had trouble with just this value", "the credentials may not read users, courses or schools"),
    ),
    catalogue.COURSE_ELSEWHERE: Explanation(
        "The server has the course of the row in another school than the row. Told by check --online only.",
        ("a course of the same name at another school was meant", "the school column is not the course's school"),
    ),
    catalogue.SECOND_HEADER: Explanation(
        "A row in the middle is a header, or the title of another table. If it names the columns as the first header "
        "does, the rows below it are read as ever; if not, they are in other columns than those that are read, and "
        "none of them is sent until the first header comes again.",
        (
            "exports were copied one below the other",
            "a second table stands on the same sheet",
            "a note stands below the table, or a title within it, and blank rows above that",
        ),
    ),
    catalogue.UNKNOWN_USER: Explanation(
        "The server has no user of that id. The row was not enrolled; other rows of the same user fail alike.",
        (
            "the user was not yet created or synced on this server",
            "the roster holds another id than the sourcedId, such as a student number or an e-mail",
            "the roster belongs to another server: compare --env",
            "a spreadsheet dropped leading zeros from the id",
        ),
    ),
    catalogue.UNKNOWN_COURSE: Explanation(
        "The server has no course of that id. The row was not enrolled. The first row of each course goes ahead alone, "
        "so the others of an unknown course were not sent.",
        (
            "the roster names classes or course codes instead of the courses' sourcedIds",
            "the course was not yet created on this server",
            "the roster belongs to another server: compare --env",
        ),
    ),
    catalogue.UNKNOWN_SCHOOL: Explanation(
        "The server has no school of that id. The row was not enrolled.",
        (
            "the roster names the school by a number of the student system",
            "the school was not yet created on this server",
        ),
    ),
    catalogue.UNKNOWN_ID: Explanation(
        "The server answers that something of the request does not exist, but not which of the ids. The row was not "
        "enrolled.",
        (
            "one of the user's, course's and school's ids is not known to this server",
            "the course is not offered at this school",
            "--base-url leads to another service: then every row has this code",
        ),
    ),
    catalogue.FORBIDDEN: Explanation(
        "The server knows the credentials and denies them this enrollment. The row was not enrolled.",
        (
            "the client may read rosters, but not write them",
            "the client serves other schools than this row's",
        ),
    ),
    catalogue.INVALID_FOR_SERVER: Explanation(
        "The server read the request and finds its values unusable; the detail has its words. The row was not "
        "enrolled.",
        ("a date or goal that the server does not take", "an id of the wrong form, where the server expects a UUID"),
    ),
    catalogue.CONFLICT: Explanation(
        "The server says that something of the same id exists, and the look-up does not show this seat. The row was "
        "not enrolled.",
        (
            "the roster's sourced_id belongs to another enrollment",
            "the seat was deleted once, and its id may not be used again",
        ),
    ),
    catalogue.REFUSED: Explanation(
        "The server refuses with a status that has no meaning of its own here. The row was not enrolled.",
        ("--base-url leads to another service", "a gateway before the server has rules of its own"),
    ),
    catalogue.REDIRECTED: Explanation(
        "The server sends to another address. The token is never sent on to an address that nobody named, so the row "
        "was not enrolled.",
        ("--base-url says http where https is served", "the service moved", "a login page stands before it"),
    ),
    catalogue.NOT_AUTHORISED: Explanation(
        "A token that was just fetched was not accepted for this row, while other rows passed with theirs. The row was "
        "not enrolled.",
        (
            "the client lacks access to this one course or school",
            "the server's token check is unsteady: try again later",
        ),
    ),
    catalogue.SERVER_ERROR: Explanation(
        "The server answered with an error, or not at all, each time the row was tried. It was looked up before each "
        "repeat, and the seat is not there.",
        (
            "the server is overloaded or being updated",
            "something about this row makes the server fail: its detail tells",
        ),
    ),
    catalogue.THROTTLED: Explanation(
        "The server asked for fewer requests each time the row was tried. The row was not enrolled.",
        ("somebody else uses the same client at the same time", "the server's limit is lower than --rate"),
    ),
    catalogue.NOT_CONNECTED: Explanation(
        "No connection came about, so the request never left and nothing was written.",
        ("the network or VPN is down", "--base-url has a typing mistake", "a firewall or proxy stands in between"),
    ),
    catalogue.ODD_ANSWER: Explanation(
        "The answer was a success, but not the API's own words, and the look-up shows no seat.",
        ("a proxy or captive portal answered with a page", "--base-url leads to a web site instead of the API"),
    ),
    catalogue.NOT_THERE: Explanation(
        "The server accepted the enrollment, in this run or an earlier one, but when asked afterwards it did not show "
        "the seat, or only one with another role. The row counts as failed, and retry sends it again.",
        (
            "an accepted write that was lost behind the API, as others have met",
            "somebody, or the progression engine, took the seat away again",
            "reads that lag behind writes for longer than --verify waits",
        ),
    ),
    catalogue.ANSWER_LOST: Explanation(
        "A request for this row left, its answer never came, and asking for the seat failed too. The seat may be there "
        "or not; it is looked up before anything is sent again.",
        ("the network broke while the request was under way", "the server went down in the middle of the run"),
    ),
    catalogue.INTERRUPTED: Explanation(
        "The run ended while this row was under way. The seat may be there or not; it is looked up before anything is "
        "sent again.",
        ("a second Ctrl-C, a kill, or a power cut", "the time for requests in flight was over: see --grace"),
    ),
    catalogue.REPEATED: Explanation(
        "Another row of this roster wants the same seat: same user, course, school and role. It was sent once.",
        ("the student system lists one seat for each class period", "two exports were put together"),
    ),
    catalogue.ENDED: Explanation(
        "The row's end date is today or before, so the seat is not wanted any more. Nothing was sent for it.",
        ("the roster still holds last term's rows",),
    ),
    catalogue.WITHDRAWN: Explanation(
        "The roster marks this enrollment tobedeleted. Without --withdraw nothing is withdrawn.",
        ("the pupil left the course or the school",),
    ),
    catalogue.INACTIVE: Explanation(
        "The row's status says that the seat is not in use. Nothing was sent for it.",
        ("the enrollment is suspended, completed or planned",),
    ),
    catalogue.KEPT: Explanation(
        "The roster withdraws this seat, but another of its rows wants one for the same user in the same course and "
        "school. EduBridge can only take all of them, whatever their class and role, so nothing was sent.",
        (
            "a pupil changed from one class of a course to another",
            "the seat stays, in another role",
            "the other row names no school, or cannot be read, so it may mean this one",
        ),
    ),
    catalogue.SHARED: Explanation(
        "The server lists more seats of the user in this course and school than the roster withdraws. EduBridge can "
        "only take all of them, so nothing was sent.",
        (
            "the user sits in two classes of the course, of which the roster names one",
            "the user has a second role in the course, or a seat at a second school where the row names none",
        ),
    ),
    catalogue.NOT_OURS: Explanation(
        "An undo withdraws only what its run created. The seat that the server lists has another id than that run was "
        "told, or began on another day than it would have, so nothing was sent.",
        (
            "the seat was there before the run, and the server answered as if it had just been made",
            "the seat was withdrawn meanwhile, and the user was enrolled again by hand or by another program",
        ),
    ),
    catalogue.NEVER_THERE: Explanation(
        "The server did not list the seat; the withdrawal was sent all the same, since reads can lag behind writes, "
        "and was accepted. The seat is not there.",
        ("it was withdrawn before, by hand or by another program", "it was never enrolled"),
    ),
    catalogue.GONE_BEFORE: Explanation(
        "The server lists no such seat, so there was nothing to withdraw.",
        ("it was withdrawn before, by hand or by another program", "it was never enrolled"),
    ),
    catalogue.GONE_BY_LEDGER: Explanation(
        "An earlier run withdrew this seat, so nothing was sent; --recheck asks the server instead.",
        ("the same roster was run before",),
    ),
    catalogue.GONE_AFTER_LOSS: Explanation(
        "The answer to the withdrawal was lost, and the look-up shows that the seat is gone. It counts as withdrawn.",
        ("the network or a gateway dropped the answer",),
    ),
    catalogue.SEEN_BY_SERVER: Explanation(
        "The server answered that the seat is there already. The row is fine.",
        ("somebody enrolled it before this run",),
    ),
    catalogue.SEEN_BY_LOOK_UP: Explanation(
        "The seat was asked for and is there already. The row is fine.", ("somebody enrolled it before this run",)
    ),
    catalogue.SEEN_BY_LEDGER: Explanation(
        "An earlier run of this program enrolled the seat, so it was not sent again. The row is fine. With "
        "run --recheck the server is asked instead.",
        ("the same roster is run again, as every night",),
    ),
    catalogue.FOUND_AFTER_LOSS: Explanation(
        "The answer to this run's request was lost, and the look-up shows the seat. The row is fine.",
        ("the network or the server faltered for a moment",),
    ),
    catalogue.STOPPED: Explanation(
        "The run ended before this row was sent.",
        ("Ctrl-C or a signal", "a guard stopped the run because too many rows failed"),
    ),
    catalogue.AUTH_REFUSED: Explanation(
        "The run ended before this row was sent, because the credentials were refused.",
        ("the client's id or secret is wrong or has expired", "the credentials belong to another environment"),
    ),
    catalogue.API_DOWN: Explanation(
        "The run ended before this row was sent, because nothing succeeded any more.",
        ("the server is down or being updated", "the network is down"),
    ),
    catalogue.DEADLINE: Explanation(
        "The run ended before this row was sent, because its deadline had come. That is no failure.",
        ("--deadline left too little time for so many rows", "the server was slower than usual"),
    ),
    catalogue.DRY_RUN: Explanation(
        "This was a dry run, which does everything but send. The row would have been sent.", ("--dry-run was given",)
    ),
}

_KINDS: Final = {
    "E1": OutcomeKind.INVALID,
    "E2": OutcomeKind.REJECTED,
    "E3": OutcomeKind.FAILED,
    "E4": OutcomeKind.UNKNOWN,
    "S1": OutcomeKind.SKIPPED,
    "A1": OutcomeKind.ALREADY_ENROLLED,
    "A2": OutcomeKind.ALREADY_WITHDRAWN,
    "N1": OutcomeKind.NOT_ATTEMPTED,
}
_AFTER_LOSS: Final = {
    catalogue.FOUND_AFTER_LOSS: OutcomeKind.ENROLLED,
    catalogue.GONE_AFTER_LOSS: OutcomeKind.WITHDRAWN,
}
_LIKE_DIGITS: Final = str.maketrans("LIO", "110")


def kind_of(code: str) -> OutcomeKind:
    """How a row with this code ended."""
    return _AFTER_LOSS.get(code) or _KINDS[code[:2]]


def outcome_of(code: str) -> str:
    """The name of that outcome; a doubt decides none."""
    return "warning" if code in catalogue.DOUBTS else kind_of(code).value


def as_json(code: str) -> dict[str, Json]:
    """One code of the catalogue for programs."""
    entry, explanation = catalogue.CATALOGUE[code], EXPLANATIONS[code]
    return {
        "code": code,
        "outcome": outcome_of(code),
        "title": entry.title,
        "meaning": explanation.meaning,
        "causes": list(explanation.causes),
        "hint": entry.hint,
    }


def nearest(text: str) -> list[str]:
    """Codes that may have been meant by `text`: near in spelling, or with a title that holds its words."""
    words = text.strip().casefold()
    code = re.sub(r"[^A-Z0-9]", "", text.upper())
    code = code[:1] + code[1:].translate(_LIKE_DIGITS)
    told = [known for known, entry in catalogue.CATALOGUE.items() if words and words in entry.title.casefold()]
    spelt = get_close_matches(code, catalogue.CATALOGUE, n=3, cutoff=0.6)
    return list(dict.fromkeys([*told, *spelt]))[:3]
