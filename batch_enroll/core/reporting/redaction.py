"""Removes names, e-mail addresses, secrets and ids from texts, so that they can be kept and counted.

A server may repeat anything in an error text. Only words from a closed vocabulary pass; the ids of the request become
placeholders, and everything else becomes an ellipsis. This also lets equal causes be counted together.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST: Final = 160
_LONGEST_NUMBER: Final = 4  # a limit, a status, a year; longer ones may be ids
_SIGNS: Final = frozenset(".,:;!?'\"()[]/-_=*+")
_WORD: Final = re.compile(r"<[a-z]+>|[A-Za-z]+|\d+|[^A-Za-z\d\s]+|\s+")
# Words of HTTP, OAuth, OneRoster and plain error English. Given names that are also words (will, may, mark, grace,
# rose, art, bill ...) are left out on purpose.
_VOCABULARY: Final = frozenset(
    """
    a about above absent academic accept accepted access account action active activity added administrator after
    again all allowed already also amount an and another any api app application are argument array as assigned
    assignment at attempt authentication authorisation authorised authorization authorized available backend bad be
    because been before begin begindate below between blank body boolean both busy but by call can cannot capacity
    changed character characters check class classes client closed code column conflict connection contact contain
    contains content correct could course courseid courses create created credentials currently date dates datetime
    deleted demand denied detail details did different disabled does doesn done down due duplicate duplicated
    duration data each edubridge either email empty enabled end enddate ended endpoint enrol enroll enrolled enrolling
    enrollment enrollments enrolment entity enum entry error errors exceeded exceeds exception exist existing exists
    expected expired expires external failed failure field fields find for forbidden format found from full future
    gateway goals grade grades greater group had has have header http id identifier identity ids if in inactive
    incomplete incorrect input insufficient integer internal internalservererror into invalid invaliddata is isn
    issue it item its jwt key known large later least length less level limit limited limits link linked list load
    locked longer lookup maintenance malformed many match matching maximum mean member message metadata metrics
    minimum missing moment more most must name need needs new no non none not null number object of off offset on
    one only open operation or org organisation organization organizations orgs other out over overload parameter
    parameters parent part past path payload pending per period permission permissions permitted please policy
    present previous primary problem process processed processing proctor provided quota range rate reach reached
    read reason received record refused rejected relation remote request requested requests required resource
    response retry role roles roster rostering row rule schema school schoolid schools scope seat seats second
    seconds see seems server service session set should signature since size slow some something soon sourced
    sourcedid start started state status still string student students subject such sufficient support supported
    system taken target teacher teachers temporarily temporary term terms than that the their them then there these
    they this throttled throttling time timed timeout title to tobedeleted today token too tries try type unable
    unauthorised unauthorisedrequest unauthorized unavailable undefined under unexpected unique unknown
    unknownobject unprocessable unsupported until up update updated upstream usage use used user userid users uuid
    valid validation value values verification violates violation wait was were when where which while who with
    within without write wrong year you your zero
    """.split()  # noqa: SIM905 - a list of quoted words is four times as long and no clearer
)
# Words that keep their capital inside a sentence; any other capitalized word may be a person's name.
_TITLES: Final = frozenset(
    "API Class Course Enrollment HTTP Id ID IDs JWT Organization Org Role School Student Teacher Term User UUID".split()  # noqa: SIM905
)

# Values in this program's own details, which differ from row to row. A value is in quotes, and may contain quotes.
_DIFFERING: Final = (
    (re.compile(r"\".*\"", re.DOTALL), "<value>"),
    (re.compile(r"(?<=left over: ).*", re.DOTALL), "<value>"),
    (re.compile(r"(?<=^repeats ).*", re.DOTALL), "<row>"),
    (re.compile(r"\d{4,}-\d{2}-\d{2}"), "<date>"),
    (re.compile(r"(?<![+\w])\d+ cells below \d+ headers"), "more cells than headers"),
)


def redact_values(detail: str) -> str:
    """One of this program's own details with placeholders for values, so that equal causes are counted together."""
    for differing, placeholder in _DIFFERING:
        detail = differing.sub(placeholder, detail)
    return detail


def redact_server_text(text: str, ids: Mapping[str, str]) -> str:
    """`text` on one line, with known words only; `ids` maps each id of the request to its placeholder."""
    shortened = text[:2_000]
    for value in sorted(filter(None, ids), key=len, reverse=True):
        shortened = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", f"<{ids[value]}>", shortened)
    cleaned = "".join(_kept(_WORD.findall(shortened)))
    collapsed = re.sub(r"…(?:[^\w<]*…)*", "…", re.sub(r"\s+", " ", cleaned)).strip()
    return collapsed if len(collapsed) <= _LONGEST else collapsed[: _LONGEST - 1] + "…"


def _kept(words: list[str]) -> Iterator[str]:
    opens_sentence = True
    for word in words:
        yield _keep(word, opens_sentence=opens_sentence)
        if not word.isspace():
            opens_sentence = word[-1] in ".:;!?"


def _keep(word: str, *, opens_sentence: bool) -> str:
    if word.startswith("<") and word.endswith(">") and word != "<>":
        return word
    if word.isascii() and word.isalpha():
        known = word in _TITLES or (word.casefold() in _VOCABULARY and (opens_sentence or word.islower()))
        return word if known else "…"
    if word.isdigit():
        return word if len(word) <= _LONGEST_NUMBER else "…"
    return word if word.isspace() or all(sign in _SIGNS for sign in word) else "…"
