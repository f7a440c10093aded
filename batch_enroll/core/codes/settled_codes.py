"""Codes of rows that needed no request (S1xx, A1xx, A2xx) or were not attempted (N1xx)."""

from __future__ import annotations

from typing import Final

from batch_enroll.core.codes.code_entry import CodeTable

SETTLED_CODES: Final = CodeTable()

REPEATED: Final = SETTLED_CODES.add(
    "S101",
    "Duplicate of another row",
    meaning="Another row of this roster asks for the same enrollment: same user, course, school and role. It was sent "
    "once.",
    causes=(
        "the student information system lists one enrollment for each class period",
        "two exports were combined",
    ),
    remedy="Nothing to do: the result of the other row applies to both.",
)
ENDED: Final = SETTLED_CODES.add(
    "S102",
    "End date reached",
    meaning="The row's end date is today or earlier, so the enrollment is over. Nothing was sent for it.",
    causes=("the roster still has the rows of last term",),
    remedy="Nothing to do; use --as-of to read the roster as of another day.",
)
WITHDRAWN: Final = SETTLED_CODES.add(
    "S103",
    "Withdrawal without --withdraw",
    meaning="The roster marks this enrollment tobedeleted. Without --withdraw nothing is withdrawn.",
    causes=("the student left the course or the school",),
    remedy="Nothing is withdrawn without --withdraw.",
)
INACTIVE: Final = SETTLED_CODES.add(
    "S104",
    "Inactive row",
    meaning="The row's status says that the enrollment is not in use. Nothing was sent for it.",
    causes=("the enrollment is suspended, completed or planned",),
    remedy="Nothing to do; set its status to active to enroll it.",
)
KEPT: Final = SETTLED_CODES.add(
    "S105",
    "Enrollment kept by another row",
    meaning="The roster withdraws this enrollment, but another of its rows asks for one of the same user in the same "
    "course and school. EduBridge can only withdraw all of them, whatever their class and role, so nothing was sent.",
    causes=(
        "a student changed from one class of a course to another",
        "the user stays in the course, with another role",
        "the other row names no school, or cannot be read, so it may mean this enrollment",
    ),
    remedy="Nothing to do: a withdrawal would take all enrollments of the user in this course and school.",
)
SHARED: Final = SETTLED_CODES.add(
    "S106",
    "Other enrollments in the same course and school",
    meaning="The server lists more enrollments of the user in this course and school than the roster withdraws. "
    "EduBridge can only withdraw all of them, so nothing was sent.",
    causes=(
        "the user is in two classes of the course, and the roster names one of them",
        "the user has a second role in the course, or an enrollment at a second school and the row names no school",
    ),
    remedy="See batch-enroll enrollments USER; withdraw by class with --via oneroster, or by hand.",
)
NOT_OURS: Final = SETTLED_CODES.add(
    "S107",
    "Enrollment not created by the run",
    meaning="An undo withdraws only what its run created. The enrollment that the server lists has another id than the "
    "run was given, or another first day than the run's, so nothing was sent.",
    causes=(
        "the enrollment existed before the run, and the server answered as if it had just been created",
        "the enrollment was withdrawn in the meantime, and the user was enrolled again by hand or by another program",
    ),
    remedy="See batch-enroll enrollments USER; withdraw it by hand if it should go.",
)
SEEN_BY_SERVER: Final = SETTLED_CODES.add(
    "A101",
    "Already enrolled, according to the server",
    meaning="The server answered that the enrollment already exists. The row is fine.",
    causes=("the user was enrolled before this run",),
)
SEEN_BY_LOOK_UP: Final = SETTLED_CODES.add(
    "A102",
    "Already enrolled, according to a look-up",
    meaning="The enrollment was looked up and already exists. The row is fine.",
    causes=("the user was enrolled before this run",),
)
SEEN_BY_LEDGER: Final = SETTLED_CODES.add(
    "A103",
    "Already enrolled by an earlier run",
    meaning="An earlier run of this program enrolled the row, so it was not sent again. The row is fine. With "
    "run --recheck the server is asked instead.",
    causes=("the same roster is run again, as every night",),
)
FOUND_AFTER_LOSS: Final = SETTLED_CODES.add(
    "A104",
    "Enrollment found after a lost answer",
    meaning="The answer to this run's request was lost, and the look-up shows the enrollment. The row is fine.",
    causes=("the network or the server failed for a moment",),
)
NEVER_THERE: Final = SETTLED_CODES.add(
    "A201",
    "Accepted withdrawal of an unlisted enrollment",
    meaning="The server did not list the enrollment. The withdrawal was sent all the same, since reads can lag behind "
    "writes, and was accepted. The enrollment does not exist.",
    causes=("it was withdrawn before, by hand or by another program", "it was never enrolled"),
)
GONE_BEFORE: Final = SETTLED_CODES.add(
    "A202",
    "No such enrollment, according to a look-up",
    meaning="The server lists no such enrollment, so there was nothing to withdraw.",
    causes=("it was withdrawn before, by hand or by another program", "it was never enrolled"),
)
GONE_BY_LEDGER: Final = SETTLED_CODES.add(
    "A203",
    "Already withdrawn by an earlier run",
    meaning="An earlier run withdrew this enrollment, so nothing was sent; --recheck asks the server instead.",
    causes=("the same roster was run before",),
)
GONE_AFTER_LOSS: Final = SETTLED_CODES.add(
    "A204",
    "Enrollment gone after a lost answer",
    meaning="The answer to the withdrawal was lost, and the look-up shows that the enrollment is gone. It counts as "
    "withdrawn.",
    causes=("the network or a gateway lost the answer",),
)
STOPPED: Final = SETTLED_CODES.add(
    "N101",
    "Run stopped before this row",
    meaning="The run ended before this row was sent.",
    causes=("Ctrl-C or a signal", "a guard stopped the run because too many rows failed"),
    remedy="Continue with batch-enroll resume, or run failed.csv.",
)
AUTH_REFUSED: Final = SETTLED_CODES.add(
    "N102",
    "Credentials refused",
    meaning="The run ended before this row was sent, because the credentials were refused.",
    causes=("the client's id or secret is wrong or has expired", "the credentials belong to another environment"),
    remedy="Correct the credentials; then continue with batch-enroll resume, or run failed.csv.",
)
API_DOWN: Final = SETTLED_CODES.add(
    "N103",
    "API down",
    meaning="The run ended before this row was sent, because no request succeeded any more.",
    causes=("the server is down or being updated", "the network is down"),
    remedy="When the API is up again, continue with batch-enroll resume, or run failed.csv.",
)
DRY_RUN: Final = SETTLED_CODES.add(
    "N104",
    "Dry run",
    meaning="This was a dry run, which does everything but send. The row would have been sent.",
    causes=("--dry-run was given",),
    remedy="Run again without --dry-run.",
)
DEADLINE: Final = SETTLED_CODES.add(
    "N105",
    "Deadline reached before this row",
    meaning="The run ended before this row was sent, because it reached its deadline. That is not a failure.",
    causes=("--deadline left too little time for so many rows", "the server was slower than usual"),
    remedy="Continue with batch-enroll resume.",
)
