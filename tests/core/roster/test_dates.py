from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.roster.dates import read_day, read_moment, settled_days


@pytest.mark.parametrize(
    "text",
    [
        "2025-08-27",
        "2025/8/27",
        "2025.08.27",
        "20250827",
        "8/27/2025",
        "27/8/2025",
        "27.08.2025",
        "8/27/2025 0:00",
        "8/27/2025 12:00:00 AM",
        "2025-08-27T00:00:00Z",
        "2025-08-27T00:00:00.0000000+00:00",
        "2025-08-27 02:00:00 +0200",
        "2025-08-26T19:00-05:00",
    ],
)
def test_every_clear_spelling_of_a_day_names_its_midnight_in_utc(text: str) -> None:
    assert read_moment(text) == datetime(2025, 8, 27, tzinfo=UTC)


def test_a_time_of_day_is_kept() -> None:
    assert read_moment("2025-08-27 08:01:05") == datetime(2025, 8, 27, 8, 1, 5, tzinfo=UTC)
    assert read_moment("8/27/2025 12:30 PM") == datetime(2025, 8, 27, 12, 30, tzinfo=UTC)
    assert read_day("2025-08-27T23:59:59Z") == date(2025, 8, 27)


def test_a_day_that_reads_alike_both_ways_is_clear() -> None:
    assert read_day("5/5/2025") == date(2025, 5, 5)


def test_an_ambiguous_day_is_refused_with_both_readings() -> None:
    with pytest.raises(ValueError, match="2025-01-09 or 2025-09-01; write it as YYYY-MM-DD"):
        read_moment("1/9/2025")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("soon", "is not a date"),
        ("2025-02-30", "is not a day that exists"),
        ("13/13/2025", "is not a day that exists"),
        ("8/27/25", "is not a date"),
        ("45896", "is not a date"),
        ("2025-2026", "is not a date"),
        ("0202-08-27", "year before 1900"),
        ("2025-08-27 25:00", "time of day"),
        ("8/27/2025 13:00 PM", "time of day"),
        ("2025-08-27T00:00+99:99", "time of day"),
        ("9999-12-31T23:00-05:00", "time of day"),
    ],
)
def test_what_is_no_date_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_moment(text)


@given(st.dates(min_value=date(1900, 1, 1)))
def test_any_iso_day_reads_as_itself(day: date) -> None:
    assert read_day(day.isoformat()) == day


@given(st.dates(min_value=date(1900, 1, 1)), st.booleans())
def test_a_day_with_slashes_is_read_rightly_or_not_at_all(day: date, month_first: bool) -> None:  # noqa: FBT001
    parts = (day.month, day.day) if month_first else (day.day, day.month)
    try:
        assert read_day(f"{parts[0]}/{parts[1]}/{day.year:04}") == day
    except ValueError:
        assert day.day <= 12
        assert day.day != day.month


def test_days_that_can_be_read_in_two_ways_are_settled_by_others_that_cannot() -> None:
    assert settled_days(["7/1/2017", "6/30/2018", "", "2017-08-01"]) == {
        "7/1/2017": "2017-7-1",
        "6/30/2018": "6/30/2018",
        "2017-08-01": "2017-08-01",
    }
    assert settled_days(["01.07.2017 08:00", "30.06.2018"])["01.07.2017 08:00"] == "2017-07-01 08:00"


@pytest.mark.parametrize("texts", [["7/1/2017"], ["7/1/2017", "6/30/2018", "30/6/2018"], ["soon", "7/1/2017x"]])
def test_days_that_nothing_settles_are_left_out(texts: list[str]) -> None:
    assert not {"7/1/2017", "soon", "7/1/2017x"} & settled_days(texts).keys()
