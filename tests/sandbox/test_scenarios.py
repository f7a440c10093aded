"""Scenario names, parsed into behaviors and faults."""

from __future__ import annotations

import re
from typing import get_type_hints

import pytest

from batch_enroll.sandbox import SCENARIOS, Behaviors, parse_scenarios, serve
from batch_enroll.sandbox.behaviors import BEHAVIOR_NAMES, RepeatEnroll, RetryAfter, set_behavior
from batch_enroll.sandbox.faults import FaultSettings, Latency


def test_no_names_change_nothing() -> None:
    assert parse_scenarios(()) == (Behaviors(), FaultSettings())


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_every_scenario_works_without_a_value_and_changes_something(name: str) -> None:
    assert parse_scenarios([name]) != parse_scenarios(())
    assert SCENARIOS[name].description


def test_scenarios_compose() -> None:
    behaviors, faults = parse_scenarios(
        ["two-percent-5xx", "strict-bucket=45", "latency-ms=20", "repeat-enroll=409", "lag_s=1"]
    )
    assert [rule.percent for rule in faults.rules] == [2]
    assert (faults.rate_per_s, faults.burst, faults.latency) == (45, 1, Latency(0.02))
    assert (behaviors.repeat_enroll, behaviors.lag_s) == (RepeatEnroll.CONFLICT, 1.0)


def test_a_later_name_overrides_an_earlier_one_and_given_behaviors_stay() -> None:
    behaviors, faults = parse_scenarios(
        ["bucket=10:5", "strict-bucket=20", "retry-after=seconds"], Behaviors(retry_after_s=3)
    )
    assert (faults.rate_per_s, faults.burst) == (20, 1)
    assert (behaviors.retry_after, behaviors.retry_after_s) == (RetryAfter.SECONDS, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("two-percent-5x", "did you mean two-percent-5xx"),
        ("zzz", "Scenarios: 429-bare"),
        ("repeat-enrol=409", "did you mean repeat-enroll"),
        ("repeat-enroll=410", "takes same_row, new_row, 409, 422"),
        ("repeat-enroll", "takes same_row"),
        ("lag-s=soon", "takes a number"),
        ("lag-s=-1", "0 or more"),
        ("lag-s=nan", "0 or more"),
        ("lag-s=inf", "0 or more"),
        ("retry-after-s=1.5", "takes a number"),
        ("two-percent-5xx=3", "takes no value"),
        ("5xx=101", "give 5xx=PERCENT"),
        ("5xx=-1", "give 5xx=PERCENT"),
        ("5xx=nan", "give 5xx=PERCENT"),
        ("outage=2", "give outage=START_S:LENGTH_S"),
        ("outage-requests=a:b", "give outage-requests=AFTER:LENGTH"),
        ("in-flight-cap=0", "give in-flight-cap=N"),
        ("strict-bucket=0", "give strict-bucket=PER_SECOND"),
        ("token-lifetime-s=0", "give token-lifetime-s=SECONDS"),
        ("", "unknown scenario"),
    ],
)
def test_an_unknown_name_or_value_is_refused_with_the_known_ones(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_scenarios([text])


def test_a_server_refuses_a_scenario_before_it_is_entered() -> None:
    with pytest.raises(ValueError, match="unknown scenario"):
        serve(scenarios=["nonsense"])


@pytest.mark.parametrize("name", BEHAVIOR_NAMES)
def test_every_behavior_can_be_set_from_text(name: str) -> None:
    kind = get_type_hints(Behaviors)[name]
    values = [2] if kind in {int, float} else list(kind)
    for value in values:
        assert getattr(set_behavior(Behaviors(), name, str(value)), name) == value
