"""The explanation of a code: its outcome, its JSON, and the codes that a mistyped one may mean."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.codes import catalogue, explain
from batch_enroll.core.model import OutcomeKind, RowLocation, RunId, SourceRow
from batch_enroll.core.planning import row_planner
from batch_enroll.core.roster.header_aliases import FIELDS
from batch_enroll.core.roster.row_parser import Defaults


def test_a_code_has_an_outcome() -> None:
    assert explain.kind_of("E201") is OutcomeKind.REJECTED
    assert explain.kind_of(catalogue.FOUND_AFTER_LOSS) is OutcomeKind.ENROLLED
    assert explain.kind_of(catalogue.SEEN_BY_LEDGER) is OutcomeKind.ALREADY_ENROLLED


def test_the_json_has_everything_that_is_shown() -> None:
    record = explain.as_json("E101")
    assert list(record) == ["code", "outcome", "title", "meaning", "causes", "hint"]
    assert (record["outcome"], record["title"]) == ("invalid", "Missing user id")
    assert json.loads(json.dumps(record)) == record


@pytest.mark.parametrize(
    ("text", "meant"),
    [("E20l", "E201"), ("e-201", "E201"), ("redirect", "E209"), (" DEADLINE ", "N105"), ("E2001", "E201")],
)
def test_a_mistyped_code_is_recognized_and_so_are_words_of_its_title(text: str, meant: str) -> None:
    assert meant in explain.nearest(text)


@pytest.mark.parametrize("text", ["", "zebra"])
def test_a_text_like_no_code_has_no_suggestion(text: str) -> None:
    assert explain.nearest(text) == []


@given(st.dictionaries(st.sampled_from([*FIELDS, "metadata.goals.dailyXp"]), st.text() | st.sampled_from(["active"])))
def test_every_row_that_is_settled_before_it_is_sent_carries_a_code_of_its_outcome(fields: dict[str, str]) -> None:
    rules = row_planner.PlanSettings("test", RunId("r1"), date(2026, 9, 1), Defaults())
    reading = row_planner.parse_row(1, SourceRow(RowLocation("term.csv", 2), (), fields), rules)
    if reading.outcome is not None:
        assert explain.kind_of(reading.outcome.code) is reading.outcome.kind
