"""Codes of what the server answered, or did not: refused (E2xx), failed on the way (E3xx), unknown (E4xx)."""

from __future__ import annotations

from typing import Final

from batch_enroll.core.codes.code_entry import CodeTable

SERVER_CODES: Final = CodeTable()

UNKNOWN_USER: Final = SERVER_CODES.add(
    "E201",
    "User unknown to the server",
    meaning="The server has no user with this id. The row was not enrolled; other rows with the same user fail, too.",
    causes=(
        "the user was not yet created or synced on this server",
        "the roster has another id than the sourcedId, such as a student number or an e-mail address",
        "the roster belongs to another server: compare --env",
        "a spreadsheet dropped leading zeros from the id",
    ),
    remedy="Create or sync the user first, or correct user_id; then run failed.csv.",
)
UNKNOWN_COURSE: Final = SERVER_CODES.add(
    "E202",
    "Course unknown to the server",
    meaning="The server has no course with this id. The row was not enrolled. The first row of each course is sent "
    "alone, so the other rows of an unknown course were not sent.",
    causes=(
        "the roster names classes or course codes instead of the sourcedIds of the courses",
        "the course was not yet created on this server",
        "the roster belongs to another server: compare --env",
    ),
    remedy="Correct course_id (a class id is not a course id); then run failed.csv.",
)
UNKNOWN_SCHOOL: Final = SERVER_CODES.add(
    "E203",
    "School unknown to the server",
    meaning="The server has no school with this id. The row was not enrolled.",
    causes=(
        "the roster names the school by its number in the student information system",
        "the school was not yet created on this server",
    ),
    remedy="Correct school_id, or leave it empty if the user has one primary school.",
)
UNKNOWN_ID: Final = SERVER_CODES.add(
    "E204",
    "Id unknown to the server",
    meaning="The server answers that something in the request does not exist, but not which of the ids. The row was "
    "not enrolled.",
    causes=(
        "the id of the user, the course or the school is unknown to this server",
        "the course is not offered at this school",
        "--base-url points to another service: then every row has this code",
    ),
    remedy="Check user_id, course_id and school_id of this row.",
)
FORBIDDEN: Final = SERVER_CODES.add(
    "E205",
    "No permission to enroll",
    meaning="The server accepts the credentials and denies them this enrollment. The row was not enrolled.",
    causes=(
        "the client may read rosters, but not write them",
        "the client serves other schools than this row's",
    ),
    remedy="Ask for write access to rostering for this client, and check that it serves this school.",
)
INVALID_FOR_SERVER: Final = SERVER_CODES.add(
    "E206",
    "Values refused by the server",
    meaning="The server understood the request and finds its values invalid; the detail has its words. The row was not "
    "enrolled.",
    causes=(
        "a date or goal outside the range that the server accepts",
        "an id in the wrong format, where the server expects a UUID",
    ),
    remedy="See the detail; correct the row, then run failed.csv.",
)
CONFLICT: Final = SERVER_CODES.add(
    "E207",
    "Conflict reported by the server",
    meaning="The server answers that something with the same id exists, and the look-up does not show this enrollment. "
    "The row was not enrolled.",
    causes=(
        "the roster's sourced_id belongs to another enrollment",
        "the enrollment was deleted, and its id cannot be used again",
    ),
    remedy="The sourced_id may have been used before; remove it from the row and run failed.csv.",
)
REFUSED: Final = SERVER_CODES.add(
    "E208",
    "Request refused by the server",
    meaning="The server refuses the request with a status that has no specific meaning here. The row was not enrolled.",
    causes=("--base-url points to another service", "a gateway in front of the server has its own rules"),
    remedy="See the status and detail; if many rows have this code, check --base-url.",
)
REDIRECTED: Final = SERVER_CODES.add(
    "E209",
    "Redirect instead of an answer",
    meaning="The server redirects to another address. The token is never sent to an address that is not configured, so "
    "the row was not enrolled.",
    causes=(
        "--base-url says http where https is served",
        "the service moved",
        "the request was redirected to a login page",
    ),
    remedy="Check --base-url: the token is never sent to another address.",
)
NOT_AUTHORISED: Final = SERVER_CODES.add(
    "E210",
    "Fresh token rejected",
    meaning="A token that had just been fetched was rejected for this row, while other rows were accepted. The row was "
    "not enrolled.",
    causes=(
        "the client has no access to this course or school",
        "the server's token check is unreliable: try again later",
    ),
    remedy="Send the row again with batch-enroll retry --rejected, or run failed.csv; if it persists, ask for access "
    "to this route for the client.",
)
SERVER_ERROR: Final = SERVER_CODES.add(
    "E301",
    "Repeated server errors",
    meaning="The server answered with an error, or not at all, on every attempt for the row. Before each repeat the "
    "row was looked up; the enrollment does not exist.",
    causes=(
        "the server is overloaded or being updated",
        "something about this row makes the server fail: see its detail",
    ),
    remedy="Send the row again later with batch-enroll retry, or run failed.csv.",
)
THROTTLED: Final = SERVER_CODES.add(
    "E302",
    "Throttled on every attempt",
    meaning="The server asked for fewer requests on every attempt for the row. The row was not enrolled.",
    causes=("another program uses the same client at the same time", "the server's limit is lower than --rate"),
    remedy="Send the row again with batch-enroll retry and a lower --rate, or run failed.csv.",
)
NOT_CONNECTED: Final = SERVER_CODES.add(
    "E303",
    "Server unreachable",
    meaning="No connection could be made, so the request was never sent and nothing was written.",
    causes=(
        "the network or VPN is down",
        "--base-url has a typing mistake",
        "a firewall or proxy blocks the connection",
    ),
    remedy="Check the network and --base-url; then send the row again with batch-enroll retry, or run failed.csv.",
)
ODD_ANSWER: Final = SERVER_CODES.add(
    "E304",
    "Answer not from the API",
    meaning="The answer has a status of success but is not one of the API, and the look-up shows no enrollment.",
    causes=(
        "a proxy or captive portal answered with a page",
        "--base-url points to a web site instead of the API",
    ),
    remedy="A proxy may be between this machine and the API; check --base-url and the network.",
)
NOT_THERE: Final = SERVER_CODES.add(
    "E305",
    "Accepted enrollment not found afterwards",
    meaning="The server accepted the enrollment, in this run or an earlier one, but when asked afterwards it did not "
    "list it, or only with another role. The row counts as failed, and retry sends it again.",
    causes=(
        "the accepted write was lost behind the API, as other clients have seen",
        "a person or the progression engine removed the enrollment again",
        "reads lag behind writes for longer than --verify waits",
    ),
    remedy="Send the row again with batch-enroll retry, or run failed.csv; if it persists, ask the vendor what happens "
    "to accepted writes.",
)
ANSWER_LOST: Final = SERVER_CODES.add(
    "E401",
    "Lost answer and failed look-up",
    meaning="A request for this row was sent, its answer never arrived, and the look-up of the enrollment failed, too. "
    "The enrollment may or may not exist; it is looked up before anything is sent again.",
    causes=("the network failed while the request was in flight", "the server went down during the run"),
    remedy="Continue with batch-enroll resume, or run failed.csv: the enrollment is looked up before anything is sent.",
)
INTERRUPTED: Final = SERVER_CODES.add(
    "E402",
    "End of the run before the answer",
    meaning="The run ended while this row was in flight. The enrollment may or may not exist; it is looked up before "
    "anything is sent again.",
    causes=("a second Ctrl-C, a kill, or a power cut", "the time for requests in flight ran out: see --grace"),
    remedy="Continue with batch-enroll resume, or run failed.csv: the enrollment is looked up before anything is sent.",
)
