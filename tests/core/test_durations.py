"""Spans of time, read and told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.durations import (
    clock_time,
    duration,
    format_approx,
    format_short,
    parse_deadline,
    parse_duration,
)

EVENING = datetime(2026, 9, 1, 22, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        (" 2H ", timedelta(hours=2)),
        ("1.5 h", timedelta(minutes=90)),
        ("90d", timedelta(days=90)),
        ("0d", timedelta(0)),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, meant: timedelta) -> None:
    assert parse_duration(text) == meant


@pytest.mark.parametrize("text", ["", "90", "m", "-5m", "1w", "2 hours", "1h30m", "٣d", "1e3s", "9999999d"])
def test_anything_else_is_no_span_and_the_message_shows_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write it as 90s, 30m, 2h or 90d"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("45m", EVENING + timedelta(minutes=45)),
        ("23:00", EVENING.replace(hour=23, minute=0, second=0)),
        ("06:00", datetime(2026, 9, 2, 6, tzinfo=UTC)),
        ("6:00", datetime(2026, 9, 2, 6, tzinfo=UTC)),
        ("22:30", datetime(2026, 9, 2, 22, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_span_from_now_or_the_next_such_time_of_day(text: str, meant: datetime) -> None:
    assert parse_deadline(text, EVENING) == meant


@pytest.mark.parametrize("text", ["24:00", "6:60", "6", "noon", "06:00:00"])
def test_a_moment_that_cannot_be_read_is_refused_with_both_forms(text: str) -> None:
    with pytest.raises(ValueError, match="90s, 30m or 2h nor a time of day such as 06:00"):
        parse_deadline(text, EVENING)


@given(st.times(), st.datetimes(timezones=st.just(UTC), max_value=datetime(9000, 1, 1)))  # noqa: DTZ001 - hypothesis wants it so
def test_a_time_of_day_is_ahead_and_within_a_day(clock: object, now: datetime) -> None:
    at = parse_deadline(str(clock)[:5], now)
    assert now < at <= now + timedelta(days=1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (8.9, "8 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600 * 3 + 300, "3 h 5 min"),
        (86_400, "1 day"),
        (86_400 * 2.5, "2 days"),
    ],
)
def test_a_span_is_told_in_round_words(seconds: float, words: str) -> None:
    assert format_approx(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (0.0156, "16 ms"), (2.5, "2.5 s"), (48, "48 s"), (125, "2 min 5 s")]
)
def test_scales_are_short(seconds: float, told: str) -> None:
    assert format_short(seconds) == told


@pytest.mark.parametrize(("seconds", "told"), [(0.44, "0.4 s"), (725, "12 min 5 s"), (10_800, "3 h 0 min")])
def test_durations_are_told_in_two_units_at_most(seconds: float, told: str) -> None:
    assert duration(seconds) == told


@pytest.mark.parametrize(("seconds", "told"), [(0, "0:00"), (5.4, "0:05"), (750, "12:30"), (10_800, "3:00:00")])
def test_a_clock_shows_hours_only_when_there_are_any(seconds: float, told: str) -> None:
    assert clock_time(seconds) == told
