from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.cell_text import Value, format_value
from batch_enroll.core.roster.zip_safety import refuse_unsafe


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (None, "General", ""),
        ("007", "General", "007"),
        ("a_x000D_\nb", "General", "a\r\nb"),
        (True, "General", "TRUE"),
        (False, "General", "FALSE"),
        (12345.0, "General", "12345"),
        (-0.0, "General", "0"),
        (0.1 + 0.2, "General", "0.3"),
        (1e20, "General", "1E+20"),
        (202500012345, "General", "202500012345"),
        (7, "00000", "00007"),
        (7.0, "00000", "00007"),
        (1234567, "00000", "1234567"),
        (-7, "00000", "-7"),
        (1.5, "00000", "1.5"),
        (7, "0", "7"),
        (7, "0.00", "7"),
        (1234, "#,##0", "1234"),
        (123456789, "000-00-0000", "123-45-6789"),
        (42, '"S0-"0000', "S0-0042"),
        (42, "\\A000_);[Red]0", "A042"),
        (42, "@", "42"),
        (42, "[Red]", "42"),
        (datetime(2025, 9, 1), "", "2025-09-01"),  # noqa: DTZ001 - workbooks know no zones
        (datetime(2025, 9, 1, 8, 30), "", "2025-09-01T08:30:00"),  # noqa: DTZ001
        (date(2025, 9, 1), "", "2025-09-01"),
        (time(8, 30, 0, 5), "", "08:30:00"),
        (timedelta(hours=30, seconds=5), "", "30:00:05"),
    ],
)
def test_a_value_is_shown_as_a_person_sees_it(value: Value, number_format: str, text: str) -> None:
    assert format_value(value, number_format) == text


@given(st.integers(min_value=0, max_value=10**15 - 1), st.integers(min_value=1, max_value=12))
def test_zeros_in_front_come_from_the_format_and_no_digit_is_lost(number: int, width: int) -> None:
    assert format_value(float(number), "0" * width) == str(number).zfill(width)


@dataclass
class Entry:
    filename: str = "users.csv"
    file_size: int = 10
    compress_size: int = 5
    compress_type: int = 8
    flag_bits: int = 0
    external_attr: int = 0


def test_an_ordinary_archive_is_accepted() -> None:
    refuse_unsafe([Entry(), Entry("folder/classes.csv", 30_000_000, 3_000_000)], "bundle.zip")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (Entry(flag_bits=1), "protected by a password"),
        (Entry("../users.csv"), "leads out of it"),
        (Entry("a/../../users.csv"), "leads out of it"),
        (Entry("/etc/users.csv"), "leads out of it"),
        (Entry("..\\users.csv"), "leads out of it"),
        (Entry("C:users.csv"), "leads out of it"),
        (Entry(external_attr=(stat.S_IFLNK | 0o777) << 16), "a link"),
        (Entry(file_size=20_000_000, compress_size=20_000), "200 times"),
        (Entry(compress_type=14), "packed in an unusual way"),
        (Entry(file_size=3 << 30, compress_size=1 << 30), "2 GiB"),
    ],
)
def test_an_archive_that_could_do_harm_is_refused(entry: Entry, why: str) -> None:
    with pytest.raises(RosterError, match=f"bundle.zip: .*{why}"):
        refuse_unsafe([entry], "bundle.zip")


def test_an_archive_of_very_many_files_is_refused() -> None:
    with pytest.raises(RosterError, match="10000 files"):
        refuse_unsafe([Entry(f"{nth}.csv") for nth in range(10_001)], "bundle.zip")


def test_two_files_of_one_name_are_refused_because_programs_differ_in_which_they_read() -> None:
    with pytest.raises(RosterError, match=r'two files called "users\.csv"'):
        refuse_unsafe([Entry(), Entry()], "bundle.zip")
