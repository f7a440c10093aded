"""What is wrong with a row, or doubtful in it, told before anything is sent (E1, W1)."""

from __future__ import annotations

from typing import Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.codes.explanation import Explanation

ROWS: Final[dict[str, Explanation]] = {
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
}
