"""Why a row needed no request, or was not reached (S, A, N)."""

from __future__ import annotations

from typing import Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.codes.explanation import Explanation

SEATS: Final[dict[str, Explanation]] = {
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
