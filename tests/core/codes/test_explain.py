"""Every code is explained."""

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


def test_every_code_is_explained_with_its_causes() -> None:
    assert explain.EXPLANATIONS.keys() == catalogue.CATALOGUE.keys()
    for explanation in explain.EXPLANATIONS.values():
        assert explanation.meaning.endswith(".")
        assert explanation.causes
        assert all(cause and not cause.endswith(".") for cause in explanation.causes)


def test_a_code_tells_its_outcome() -> None:
    assert explain.kind_of("E201") is OutcomeKind.REJECTED
    assert explain.kind_of(catalogue.FOUND_AFTER_LOSS) is OutcomeKind.ENROLLED
    assert explain.kind_of(catalogue.SEEN_BY_LEDGER) is OutcomeKind.ALREADY_ENROLLED


def test_the_json_has_everything_that_is_shown() -> None:
    told = explain.as_json("E101")
    assert list(told) == ["code", "outcome", "title", "meaning", "causes", "hint"]
    assert (told["outcome"], told["title"]) == ("invalid", "no user id")
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize(
    ("text", "meant"),
    [("E20l", "E201"), ("e-201", "E201"), ("redirect", "E209"), (" the deadline ", "N105"), ("E2001", "E201")],
)
def test_a_misspelt_code_is_recognised_and_so_are_words_of_its_title(text: str, meant: str) -> None:
    assert meant in explain.nearest(text)


@pytest.mark.parametrize("text", ["", "zebra"])
def test_what_is_like_no_code_is_like_none(text: str) -> None:
    assert explain.nearest(text) == []


@given(st.dictionaries(st.sampled_from([*FIELDS, "metadata.goals.dailyXp"]), st.text() | st.sampled_from(["active"])))
def test_every_row_that_is_settled_before_it_is_sent_carries_a_code_of_its_outcome(fields: dict[str, str]) -> None:
    rules = row_planner.PlanSettings("test", RunId("r1"), date(2026, 9, 1), Defaults())
    reading = row_planner.parse_row(1, SourceRow(RowLocation("term.csv", 2), (), fields), rules)
    if reading.outcome is not None:
        assert explain.kind_of(reading.outcome.code) is reading.outcome.kind
