from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.roster.cell_text import (
    NumberFormatKind,
    format_iso_cell,
    format_number_cell,
    get_built_in_format,
    lost_digits,
    parse_number_format,
)


@pytest.mark.parametrize(
    ("number_format", "kind"),
    [
        ("General", NumberFormatKind.NUMBER),
        ("00000", NumberFormatKind.NUMBER),
        ("0.00E+00", NumberFormatKind.NUMBER),
        ('"Student "0000', NumberFormatKind.NUMBER),
        ("[Red]0", NumberFormatKind.NUMBER),
        ("\\d0", NumberFormatKind.NUMBER),
        ("#,##0_);[Red](#,##0)", NumberFormatKind.NUMBER),
        ("@", NumberFormatKind.NUMBER),
        ("yyyy-mm-dd", NumberFormatKind.DATE),
        ("[$-409]d\\-mmm\\-yy;@", NumberFormatKind.DATE),
        ("h:mm AM/PM", NumberFormatKind.DATE),
        ("[h]:mm:ss", NumberFormatKind.DURATION),
        ("[mm]:ss", NumberFormatKind.DURATION),
    ],
)
def test_a_number_format_tells_dates_from_numbers(number_format: str, kind: NumberFormatKind) -> None:
    assert parse_number_format(number_format).kind is kind


def test_formats_known_by_their_number_need_no_spelling() -> None:
    kinds = {number: get_built_in_format(number).kind for number in (0, 1, 2, 14, 22, 30, 37, 45, 46, 47, 49, 55, 200)}
    dates = {number for number, kind in kinds.items() if kind is NumberFormatKind.DATE}
    assert dates == {14, 22, 30, 45, 47, 55}
    assert kinds[46] is NumberFormatKind.DURATION


@pytest.mark.parametrize(
    ("spelt", "number_format", "text"),
    [
        ("42", "General", "42"),
        ("42", "00000", "00042"),
        ("123456", "00000", "123456"),
        ("42", '"S-"000', "S-042"),
        ("007", "General", "7"),
        ("-7", "General", "-7"),
        ("7.0", "General", "7"),
        ("1.5", "General", "1.5"),
        ("0.30000000000000004", "General", "0.3"),
        ("123456789012", "General", "123456789012"),
        ("1.23456789012E11", "General", "123456789012"),
        ("1234567890123456789", "General", "1234567890123456789"),
        ("1.2345678901234567E+18", "General", "1.23456789012346E+18"),
        ("45901", "yyyy-mm-dd", "2025-09-01"),
        ("45901.354166666664", "yyyy-mm-dd hh:mm", "2025-09-01T08:30:00"),
        ("45901.9999999", "yyyy-mm-dd", "2025-09-02"),
        ("0.5", "h:mm", "12:00:00"),
        ("59", "yyyy-mm-dd", "1900-02-28"),
        ("61", "yyyy-mm-dd", "1900-03-01"),
        ("1.5", "[h]:mm:ss", "36:00:00"),
    ],
)
def test_a_number_is_what_its_format_shows(spelt: str, number_format: str, text: str) -> None:
    assert format_number_cell(spelt, parse_number_format(number_format), since_1904=False) == text


def test_days_may_be_counted_from_1904() -> None:
    assert format_number_cell("44439", parse_number_format("yyyy-mm-dd"), since_1904=True) == "2025-09-01"
    assert format_number_cell("0", parse_number_format("yyyy-mm-dd"), since_1904=True) == "1904-01-01"


@pytest.mark.parametrize(
    ("spelt", "number_format"),
    [("x", "General"), ("NaN", "General"), ("1e999", "General"), ("-1", "yyyy-mm-dd"), ("3000000", "yyyy-mm-dd")],
)
def test_what_no_sheet_can_show_is_refused(spelt: str, number_format: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        format_number_cell(spelt, parse_number_format(number_format), since_1904=False)


@given(st.datetimes(min_value=datetime(1900, 3, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001 - a sheet's
def test_every_day_and_second_comes_back(at: datetime) -> None:
    at = at.replace(microsecond=0)
    days = (at - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001 - a sheet's
    format_value = format_number_cell(repr(days), parse_number_format("yyyy-mm-dd hh:mm:ss"), since_1904=False)
    assert datetime.fromisoformat(format_value) == at


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("123456789012345", False),
        ("1234567890123450", True),
        ("-1234567890123450", True),
        ("1234567890123456", False),
        ("1.23456789012346E+18", True),
        ("00000000000000000", True),
        ("S-12345678901234500", False),
    ],
)
def test_a_number_of_more_than_fifteen_digits_has_lost_the_rest(text: str, lost: bool) -> None:  # noqa: FBT001
    assert lost_digits(text) is lost


@pytest.mark.parametrize(
    ("spelt", "text"),
    [("2025-09-01", "2025-09-01"), ("2025-09-01T08:30:00", "2025-09-01T08:30:00"), ("soon", "soon")],
)
def test_a_date_spelt_out_in_the_file_reads_as_other_dates(spelt: str, text: str) -> None:
    assert format_iso_cell(spelt) == text
