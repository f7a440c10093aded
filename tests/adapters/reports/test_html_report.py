"""The page of a run: whole in itself, true to the summary, and unmoved by what a roster holds."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from support.past_runs import ALREADY, ENROLLED, FAILED, INVALID, RUN, SKIPPED, START, tally_of

from batch_enroll.adapters.reports.html_report import HtmlReport
from batch_enroll.core.errors import ReportError
from batch_enroll.core.model import Outcome, OutcomeKind, ResultRow, RowLocation
from batch_enroll.core.reporting.run_summary import summarize
from batch_enroll.core.reporting.timeline import Timeline
from batch_enroll.core.run_record import RosterRef, RunRecord

if TYPE_CHECKING:
    from batch_enroll.core.model import Json

HOSTILE = ("</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<!--", "{{ 7*7 }}", "'&amp;\u2028")
COLUMNS = ("user_id", "course_id", "school_id", "note")


class Elements(HTMLParser):
    """Every element with its attributes, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser calls it so
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in {"script", "style"}:
            self.text.append(data)


def page_of(*rows: tuple[tuple[str, ...], Outcome], run: RunRecord = RUN, columns: tuple[str, ...] = COLUMNS) -> str:
    run = replace(run, columns=COLUMNS)
    report = HtmlReport(run, columns, with_roster=len(run.rosters) > 1)
    for number, (cells, outcome) in enumerate(rows, 1):
        report.write(ResultRow(number, RowLocation("term.csv", number + 1), cells, outcome, START))
    tally = tally_of(*(outcome for _, outcome in rows))
    return b"".join(report.pieces(summarize(run, tally, {"failed": "runs/r1/failed.csv"}))).decode()


def rows_in(page: str) -> list[list[str]]:
    packed = re.search(r'id="packed">([A-Za-z0-9+/=]*)<', page)
    assert packed is not None
    text = gzip.decompress(base64.b64decode(packed[1])).decode()
    return [line.split("\x1f") for line in text.split("\n")]


def test_nothing_a_roster_or_a_server_says_becomes_a_part_of_the_page() -> None:
    rows = [((text, text, text, text), replace(FAILED, detail=text)) for text in HOSTILE]
    run = replace(RUN, ending=HOSTILE[1], rosters=(RosterRef(HOSTILE[1], "", 1),), environment=HOSTILE[0])
    hostile, harmless = Elements(page_of(*rows, run=run)), Elements(page_of(*[(("a",) * 4, FAILED)] * 5))
    assert {tag for tag, _ in hostile.found} <= {tag for tag, _ in harmless.found} | {"p"}
    assert sum(tag == "script" for tag, _ in hostile.found) == 2
    assert all("onerror" not in attributes for _, attributes in hostile.found)
    assert "img" not in {tag for tag, _ in hostile.found}
    assert [row[4:] for row in rows_in(page_of(*rows, run=run))] == [list(cells) for cells, _ in rows]


def test_only_the_pages_own_script_may_run_and_nothing_is_fetched() -> None:
    page = page_of((("u", "c", "s", ""), FAILED))
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (policy,) = (
        attributes["content"] or ""
        for tag, attributes in Elements(page).found
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    for tag, attributes in Elements(page).found:
        assert tag not in {"link", "iframe", "object", "img"}
        assert not any(name.startswith("on") or name in {"src", "xlink:href"} for name in attributes)


def test_every_row_to_fix_is_packed_and_no_other() -> None:
    rows = rows_in(
        page_of(
            (("u1", "c", "s", "fine"), ENROLLED),
            (("u2", "c", "s", "a\tb\nc\x1fd"), FAILED),
            (("u3", "c", "s", "skipped"), SKIPPED),
            (("u4", "c", "s", "ünïcode \ud800"), INVALID),
        )
    )
    assert rows == [
        ["3", "failed", "E301", "HTTP 500", "u2", "c", "s", "a b c d"],
        ["5", "invalid", "E101", "user_id: is empty", "u4", "c", "s", "ünïcode \\ud800"],
    ]


def test_a_run_in_which_all_went_well_has_no_table_and_nothing_to_type() -> None:
    page = page_of((("u1", "c", "s", ""), ENROLLED), (("u2", "c", "s", ""), ALREADY))
    assert "All 2 rows are enrolled." in page
    assert "packed" not in page.split("<script>")[0]
    assert "Next:" not in page


def test_the_roster_stays_out_when_its_columns_are_to_be_left_out() -> None:
    page = page_of((("u-secret", "c", "s", "Ana"), FAILED), columns=())
    assert rows_in(page) == [["2", "failed", "E301", "HTTP 500"]]
    assert "Ana" not in page


def test_rows_name_their_roster_if_there_are_several_and_causes_courses_and_advice_are_there() -> None:
    run = replace(RUN, rosters=(*RUN.rosters, RosterRef("other.csv", "", 1)), facts={"warnings": ["half the rows"]})
    text = " ".join(Elements(page_of((("u", "maths", "north", ""), FAILED), run=run)).text)
    for wanted in (
        "other.csv: 1 row", "Unusual: half the rows", "0 of 1 row is enrolled, 1 is not.", "Roster", "maths", "north",
        "Repeated server errors", "What to do:", "Likely causes", "batch-enroll retry r1 --env staging",
    ):  # fmt: skip
        assert wanted in text


@pytest.mark.parametrize(("rows", "courses"), [(13, "1 more course<"), (1001, "1 more courses are not shown")])
def test_many_courses_are_folded_and_very_many_are_left_to_the_json(rows: int, courses: str) -> None:
    page = page_of(*(((f"u{row}", f"c{row}", "s", ""), ENROLLED) for row in range(rows)))
    assert courses in page


def test_the_timeline_is_drawn_in_the_pages_own_colours_and_described_in_words() -> None:
    timeline = Timeline()
    for second in range(400):
        timeline.count_row(second, succeeded=second % 9 > 0)
        timeline.count_answer(0.3)
        if second % 50 == 0:
            timeline.count_throttled(second)
    page = page_of((("u", "c", "s", ""), ENROLLED), run=replace(RUN, facts={"timeline": timeline.as_json()}))
    ids = [attributes["id"] for _, attributes in Elements(page).found if "id" in attributes]
    assert len(ids) == len(set(ids))
    drawings = [attributes for tag, attributes in Elements(page).found if tag == "svg"]
    assert len(drawings) == 3
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert {drawing["aria-labelledby"], drawing["aria-describedby"]} <= set(ids)
    words = re.findall(r"<desc[^>]*>(.*?)</desc>", page)
    assert words[1] == "8 throttled requests in all, at most 1 within 4 s."
    assert words[2] == "400 in less than 500 ms."
    assert "50% of answers within 300 ms" in page
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert not re.search(r"<(script|style)|http", drawn, re.IGNORECASE)
    assert {"well", "bad", "slow"} == set(re.findall(r'<rect class="(\w+)"', drawn))
    assert "<title>&lt; 500 ms: 400 answers</title>" in drawn


def test_a_run_without_a_timeline_has_no_charts() -> None:
    assert "<svg" not in page_of((("u", "c", "s", ""), Outcome(OutcomeKind.ENROLLED)))


def report_of(facts: dict[str, Json], *rows: ResultRow) -> list[bytes]:
    run = replace(RUN, columns=COLUMNS, facts=facts)
    report = HtmlReport(run, COLUMNS)
    for row in rows:
        report.write(row)
    return list(report.pieces(summarize(run, tally_of(*(row.outcome for row in rows)), {})))


def test_a_timeline_that_cannot_be_drawn_is_a_report_error_that_shows_no_value() -> None:
    timeline = Timeline()
    timeline.count_answer(0.3)
    with pytest.raises(ReportError, match=r"^the page cannot be created \(internal error: OverflowError\)") as raised:
        report_of({"timeline": timeline.as_json() | {"longest_s": float("inf")}})
    assert raised.value.reason == "internal error: OverflowError"


def test_a_row_that_cannot_be_packed_spoils_the_page_and_no_other_report() -> None:
    row = ResultRow(1, RowLocation("term.csv", 2), ("u", "c", "s", ""), FAILED, START)
    unfit = ResultRow(2, RowLocation("term.csv", 3), (None,), FAILED, START)  # type: ignore[arg-type]  # a damaged ledger's
    with pytest.raises(ReportError, match="internal error: "):
        report_of({}, row, unfit, row)
