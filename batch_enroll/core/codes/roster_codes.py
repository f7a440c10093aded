"""Codes of the roster: rows that cannot be sent (E1xx), and rows that are sent with a warning (W1xx)."""

from __future__ import annotations

from typing import Final

from batch_enroll.core.codes.code_entry import CodeTable

ROSTER_CODES: Final = CodeTable()

MISSING_USER: Final = ROSTER_CODES.add(
    "E101",
    "Missing user id",
    meaning="The row names no user. Nothing was sent for it.",
    causes=(
        "the cell with the user's id is blank",
        "the ids are in a column that is not read as user_id: see the first lines of batch-enroll check",
    ),
    remedy="Fill in the user_id column (the user's sourcedId).",
)
MISSING_COURSE: Final = ROSTER_CODES.add(
    "E102",
    "Missing course id",
    meaning="The row names no course. Nothing was sent for it.",
    causes=(
        "the cell with the course's id is blank",
        "the whole roster belongs to one course and leaves it out: give --course-id",
    ),
    remedy="Fill in the course_id column, or give --course-id for all rows without one.",
)
UNUSABLE_ID: Final = ROSTER_CODES.add(
    "E103",
    "Unusable id",
    meaning="An id of the row cannot be part of a request. Nothing was sent for it.",
    causes=(
        "an invisible character was pasted along with the id",
        "the wrong column is read as an id: see batch-enroll check",
    ),
    remedy="Retype the id. It must not contain control characters, and must not be '.' or '..'.",
)
UNKNOWN_ROLE: Final = ROSTER_CODES.add(
    "E104",
    "Unknown role",
    meaning="EduBridge enrolls students, teachers, proctors and administrators; the row has another role. Nothing was "
    "sent for it.",
    causes=("the student information system has its own roles, such as aide or guardian", "a typing mistake"),
    remedy="Use student, teacher, proctor or administrator.",
)
UNREADABLE_DATE: Final = ROSTER_CODES.add(
    "E105",
    "Ambiguous or unreadable date",
    meaning="A date of the row is not a date, or can be read in two ways; a wrong guess would enroll on the wrong day. "
    "Nothing was sent for it.",
    causes=(
        "day and month could be swapped, as in 03/04/2026",
        "the day does not exist, as in 2026-02-30",
        "a spreadsheet shows a number instead of the date",
    ),
    remedy="Write dates as YYYY-MM-DD.",
)
UNREADABLE_METADATA: Final = ROSTER_CODES.add(
    "E106",
    "Unreadable metadata",
    meaning="A value for the enrollment's metadata has the wrong type for the API. Nothing was sent for the row.",
    causes=(
        "a number has a unit or a comma, as in 30 XP or 1,5",
        "two columns set the same field of the metadata",
    ),
    remedy="Write goals and metrics as plain numbers; leave the cell empty to send none.",
)
BROKEN_JOIN: Final = ROSTER_CODES.add(
    "E107",
    "Broken reference within the bundle",
    meaning="The row of enrollments.csv names a class or user that is missing from the bundle, so its course is "
    "unknown. A class id is never used as a course id. Nothing was sent for it.",
    causes=(
        "classes.csv or users.csv was exported on another day, or for other schools",
        "the class or user is marked tobedeleted, but the enrollment is still active",
        "the bundle was edited by hand",
    ),
    remedy="Export the bundle again with all its files, or correct the reference.",
)
RAGGED_ROW: Final = ROSTER_CODES.add(
    "E108",
    "More cells than headers",
    meaning="The row has more cells than the header has columns, so the column of each cell is uncertain. Nothing was "
    "sent for it.",
    causes=("a name or note contains the delimiter and is not quoted", "two lines ran together"),
    remedy="Quote the field that contains the delimiter, or remove the extra cells.",
)
DAMAGED_CELL: Final = ROSTER_CODES.add(
    "E109",
    "Cell without a usable value",
    meaning="A required cell shows an error, or holds a formula without a saved value. Nothing was sent for the row.",
    causes=(
        "a formula such as VLOOKUP found nothing and shows #N/A",
        "the workbook was written by a program that does not save the values of formulas",
    ),
    remedy="Open the workbook, correct the cell and save it; values of formulas are saved with the workbook.",
)
UNKNOWN_STATUS: Final = ROSTER_CODES.add(
    "E110",
    "Unknown status",
    meaning="The row's status is not one of OneRoster or of a known student information system, so it is unclear "
    "whether the enrollment should exist. Nothing was sent for it.",
    causes=(
        "the student information system has its own statuses",
        "another column is read as status: see batch-enroll check",
    ),
    remedy="Use active or leave the status empty; use tobedeleted for a withdrawal.",
)
LOST_DIGITS: Final = ROSTER_CODES.add(
    "E111",
    "Id rounded by a spreadsheet",
    meaning="A spreadsheet read the id as a number and kept fifteen digits of it, or shows it rounded as in 1.23E+11. "
    "The lost digits cannot be restored from what is left. Nothing was sent for the row.",
    causes=(
        "a CSV file was opened in a spreadsheet and saved from there",
        "ids were typed or pasted into cells that are not formatted as text",
    ),
    remedy="Take the id from the student information system again; format the column as text before you type or paste.",
)
DATE_FOR_ID: Final = ROSTER_CODES.add(
    "E112",
    "Id turned into a date by a spreadsheet",
    meaning="A spreadsheet read an id such as 3-2 or MAR2 as a day and turned it into a date. The original id cannot "
    "be restored from the date. Nothing was sent for the row.",
    causes=(
        "a CSV file was opened in a spreadsheet and saved from there",
        "another column is read as the id: see batch-enroll check",
    ),
    remedy="Take the id from the student information system again; format the column as text before you type or paste.",
)
CLASS_WITHOUT_COURSE: Final = ROSTER_CODES.add(
    "E118",
    "Class without a course",
    meaning="People are enrolled in courses, and the class of this row belongs to none. The id of a class is never "
    "used as a course id. Nothing was sent for it.",
    causes=(
        "the export has only classes or sections, as School Data Sync v2 allows",
        "the course was left blank when the class was created",
    ),
    remedy="Give --course-id for all of these rows; or, if your class ids are the course ids, read the course from the "
    'column of the class: --map "course_id=Header".',
)
CONTRADICTION: Final = ROSTER_CODES.add(
    "E119",
    "Contradictory cells",
    meaning="Two cells of the row state the same thing and disagree. Nothing was sent for it.",
    causes=(
        "two columns have the same name, and an editor filled in one while an export filled in the other",
        "the row names a course, and a section that belongs to another course",
    ),
    remedy="Decide which cell is right and empty the other.",
)
USER_NOT_FOUND: Final = ROSTER_CODES.add(
    "E121",
    "User not found by look-up",
    meaning="The row names a user by e-mail, login, number or id, and the server lists no active user with it. Nothing "
    "was sent for it.",
    causes=(
        "a typing mistake, or an e-mail address that has changed",
        "the user does not exist yet: sync users first",
        "the credentials see only another part of the organization",
        "the column holds ids that look like e-mail addresses: --find user=never",
    ),
    remedy="Correct the cell, or create the user first; if the cell holds an id, add --find user=never.",
)
COURSE_NOT_FOUND: Final = ROSTER_CODES.add(
    "E122",
    "Course not found by look-up",
    meaning="The row names a course by code, title or id, and the server lists no active course with it, or none at "
    "the row's school. Nothing was sent for it.",
    causes=(
        "the title is written differently: every letter must match",
        "the course belongs to another school, whose ids are in the detail",
        "the cell holds the id of a class, not of a course",
        "the column holds ids with blanks in them, which were taken for titles: --find course=never",
    ),
    remedy="Correct the cell, or create the course first; if it belongs to another school, correct the school; if the "
    "cell holds an id, add --find course=never.",
)
SCHOOL_NOT_FOUND: Final = ROSTER_CODES.add(
    "E123",
    "School not found by look-up",
    meaning="The row names a school by name, number or id, and the server lists no active school with it. Nothing was "
    "sent for it.",
    causes=(
        "the name is written differently: every letter must match",
        "it is a district, not a school",
        "the column holds ids with blanks in them, which were taken for names: --find school=never",
    ),
    remedy="Correct the cell, or leave it empty if each user has one primary school; if the cell holds an id, add "
    "--find school=never.",
)
AMBIGUOUS: Final = ROSTER_CODES.add(
    "E124",
    "Ambiguous name",
    meaning="Several users, courses or schools match the row, and the wrong one must not be taken. Nothing was sent "
    "for it.",
    causes=(
        "two accounts of one person share an e-mail address",
        "several schools have a course with this title: name the school in the row or with --school-id",
    ),
    remedy="Put the right id of those in the detail into user_id, course_id or school_id; none is chosen for you.",
)
NOT_LOOKED_UP: Final = ROSTER_CODES.add(
    "E125",
    "Failed look-up",
    meaning="The server failed or refused to answer, again and again, when asked which id the row means. Nothing was "
    "sent for it.",
    causes=("the server had trouble with this one value", "the credentials may not read users, courses or schools"),
    remedy="Run the same roster again later; enrolled rows are not sent twice.",
)
COURSE_ELSEWHERE: Final = ROSTER_CODES.add(
    "E126",
    "Course of another school",
    meaning="On the server, the row's course belongs to another school than the row's. Only check --online reports "
    "this.",
    causes=(
        "a course of the same name at another school was meant",
        "the school column does not name the school of the course",
    ),
    remedy="Correct course_id or school_id; run would leave it to the server to refuse the row.",
)
SECOND_HEADER: Final = ROSTER_CODES.add(
    "E127",
    "Second header, title or table",
    meaning="A row within the roster is a header, or the title of another table. If it names the columns as the first "
    "header does, the rows below it are read as before. If not, their columns are different ones, and none of "
    "them is sent until the first header appears again.",
    causes=(
        "exports were copied one below the other",
        "a second table is on the same sheet",
        "a note is below the table, or a title within it, with blank rows above",
    ),
    remedy="If the same table continues below, remove the header or title and the blank rows above it; otherwise put "
    "each table into its own file or sheet.",
)
SHORT_ID: Final = ROSTER_CODES.add(
    "W101",
    "Possibly lost leading zeros",
    meaning="The other ids of the column are digits padded to one width; this one has fewer. A system that pads its "
    "ids has none written like this, so the row was sent as it is, and the server refuses an unknown id.",
    causes=(
        "a spreadsheet read the id as a number and dropped its leading zeros",
        "the id is of another kind, and correct as it is",
    ),
    remedy="Compare it with the student information system; format the column as text before you type or paste.",
)
ROUND_ID: Final = ROSTER_CODES.add(
    "W102",
    "Possibly rounded id",
    meaning="A spreadsheet keeps fifteen digits of a number and writes zeros for the rest; this id has zeros there. "
    "The row was sent as it is.",
    causes=("a spreadsheet read the id as a number", "the id really ends in zeros"),
    remedy="Compare it with the student information system; format the column as text before you type or paste.",
)
DATE_LIKE: Final = ROSTER_CODES.add(
    "W103",
    "Possible date instead of an id",
    meaning="The id reads as a date, and so do most ids of its column. The row was sent as it is.",
    causes=("the ids are named after days", "a spreadsheet turned all ids of the column into dates"),
    remedy="Compare it with the student information system; a spreadsheet may have changed an id like 3-2.",
)
ANOTHER_TABLE: Final = ROSTER_CODES.add(
    "W104",
    "Possible start of another table",
    meaning="There are blank rows above the row, or it has words where ids or dates are usual. If another table begins "
    "here, the first header does not apply to its cells. This row and those below it were sent as if it did.",
    causes=(
        "blank rows separate groups within one table, and all is well",
        "another table is below the roster: former students, a legend, an older export",
    ),
    remedy="If another table begins here, move it to its own file or sheet; if not, remove the blank rows above.",
)
