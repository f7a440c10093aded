"""What the server answered, or did not, so that a row was not enrolled (E2, E3, E4)."""

from __future__ import annotations

from typing import Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.codes.explanation import Explanation

ANSWERS: Final[dict[str, Explanation]] = {
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
}
