"""The page of the codes is the program's."""

from __future__ import annotations

from support import codes_page


def test_the_page_of_the_codes_is_generated_from_their_records() -> None:
    assert codes_page.PAGE.read_text(encoding="utf-8") == codes_page.render()
