"""The codes a row can carry."""

from __future__ import annotations

import re

from batch_enroll.core.codes import catalogue


def test_every_code_has_a_title_and_every_bad_one_a_hint() -> None:
    for code, entry in catalogue.CATALOGUE.items():
        assert re.fullmatch(r"[EASNW]\d{3}", code)
        assert entry.title
        assert entry.hint or code.startswith("A")


def test_every_constant_is_in_the_catalogue_once() -> None:
    codes = [value for name, value in vars(catalogue).items() if name.isupper() and isinstance(value, str)]
    assert sorted(codes) == sorted(catalogue.CATALOGUE)


def test_an_unknown_code_has_itself_as_title_and_no_hint() -> None:
    assert (catalogue.title("X1"), catalogue.hint("X1")) == ("X1", "")
    assert catalogue.title("E101") == "no user id"
