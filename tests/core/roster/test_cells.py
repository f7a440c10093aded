from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batch_enroll.core.roster.cells import all_blank, clean_cell, defuse, defused, shorten, undefuse


@pytest.mark.parametrize("text", [" a\t", "\ufeffa", "\u200ba\u200b", "\xa0a\u3000", "a\r\n"])
def test_what_cannot_be_seen_at_a_cells_ends_is_not_part_of_it(text: str) -> None:
    assert clean_cell(text) == "a"


def test_a_control_character_stays_so_that_it_can_be_refused() -> None:
    assert clean_cell("a\x1f") == "a\x1f"


def test_a_row_of_white_space_is_blank_and_a_row_with_na_is_not() -> None:
    assert all_blank(["", " ", "\u200b"])
    assert not all_blank(["", "NA"])


def test_a_long_text_is_cut_to_one_short_line() -> None:
    assert shorten("a\nb") == "a b"
    assert shorten("x" * 50, 5) == "xxxx…"


@given(st.text(alphabet=st.one_of(st.sampled_from("'=+-@\t\r0.5"), st.characters()), max_size=12))
@example("'=x")
@example("-5")
@example("'-5")
@example("''=1+1")
def test_a_defused_text_reads_back_and_never_starts_a_formula(text: str) -> None:
    safe = defuse(text)
    assert undefuse(safe) == text
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r")) or re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", safe)


@pytest.mark.parametrize("number", ["-5", "+3.25", "12"])
def test_plain_numbers_are_left_as_they_are(number: str) -> None:
    assert defuse(number) == number


@given(st.lists(st.text(max_size=4)))
def test_a_row_is_defused_cell_by_cell(cells: list[str]) -> None:
    assert defused(cells) == [defuse(cell) for cell in cells]
