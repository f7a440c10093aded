"""From names to switches and faults."""

from __future__ import annotations

import re
from typing import get_type_hints

import pytest

from batch_enroll.sandbox import SCENARIOS, Switches, parse_scenarios, serve
from batch_enroll.sandbox.behaviors import SWITCH_NAMES, Repeat, RetryAfter, switched
from batch_enroll.sandbox.faults import Faults, Latency


def test_no_names_change_nothing() -> None:
    assert parse_scenarios(()) == (Switches(), Faults())


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_every_scenario_can_be_had_by_its_bare_name_and_changes_something(name: str) -> None:
    assert parse_scenarios([name]) != parse_scenarios(())
    assert SCENARIOS[name].description


def test_scenarios_compose() -> None:
    switches, faults = parse_scenarios(
        ["two-percent-5xx", "strict-bucket=45", "latency-ms=20", "repeat-enroll=409", "lag_s=1"]
    )
    assert [mishap.percent for mishap in faults.mishaps] == [2]
    assert (faults.rate_per_s, faults.burst, faults.latency) == (45, 1, Latency(0.02))
    assert (switches.repeat_enroll, switches.lag_s) == (Repeat.CONFLICT, 1.0)


def test_what_comes_later_wins_and_what_was_given_before_stays() -> None:
    switches, faults = parse_scenarios(
        ["bucket=10:5", "strict-bucket=20", "retry-after=seconds"], Switches(retry_after_s=3)
    )
    assert (faults.rate_per_s, faults.burst) == (20, 1)
    assert (switches.retry_after, switches.retry_after_s) == (RetryAfter.SECONDS, 3)


@pytest.mark.parametrize(
    ("text", "told"),
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
        ("", "is no scenario"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        parse_scenarios([text])


def test_a_server_refuses_a_scenario_before_it_is_entered() -> None:
    with pytest.raises(ValueError, match="is no scenario"):
        serve(scenarios=["nonsense"])


@pytest.mark.parametrize("name", SWITCH_NAMES)
def test_every_switch_can_be_set_from_text(name: str) -> None:
    kind = get_type_hints(Switches)[name]
    values = [2] if kind in {int, float} else list(kind)
    for value in values:
        assert getattr(switched(Switches(), name, str(value)), name) == value
