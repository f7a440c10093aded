"""The records of the codes: complete, in one language, each defined once."""

from __future__ import annotations

import re

import pytest

from batch_enroll.core.codes import catalogue
from batch_enroll.core.codes.code_entry import CodeTable


@pytest.mark.parametrize("code", catalogue.CATALOGUE)
def test_every_code_has_a_complete_record(code: str) -> None:
    entry = catalogue.CATALOGUE[code]
    assert entry.code == code
    assert re.fullmatch(r"[EASNW][1-9]\d{2}", code)
    assert entry.meaning.endswith(".")
    assert entry.causes
    assert all(cause and not cause.endswith(".") for cause in entry.causes)
    assert entry.remedy.endswith(".") or (code.startswith("A") and not entry.remedy)


@pytest.mark.parametrize("code", catalogue.CATALOGUE)
def test_a_title_is_a_short_noun_phrase(code: str) -> None:
    title = catalogue.CATALOGUE[code].title
    assert re.fullmatch(r"[A-Z][^.:;]{3,49}", title)
    assert not re.search(r"\b(that|which|who|is|are|was|were|has|have|does)\b", title)


def test_no_two_codes_share_a_title() -> None:
    titles = [entry.title for entry in catalogue.CATALOGUE.values()]
    assert len(titles) == len(set(titles))


def test_every_code_has_one_constant() -> None:
    codes = [value for name, value in vars(catalogue).items() if name.isupper() and isinstance(value, str)]
    assert sorted(codes) == sorted(catalogue.CATALOGUE)


def test_a_code_cannot_be_given_twice() -> None:
    table = CodeTable()
    assert table.add("E999", "First", meaning="One.", causes=()) == "E999"
    with pytest.raises(ValueError, match="E999 is taken: First"):
        table.add("E999", "Second", meaning="Two.", causes=())


def test_an_unknown_code_has_itself_as_title_and_no_remedy() -> None:
    assert (catalogue.get_title("X1"), catalogue.get_remedy("X1")) == ("X1", "")
    assert catalogue.get_title("E101") == "Missing user id"
    assert catalogue.get_remedy("E105") == "Write dates as YYYY-MM-DD."


def test_warnings_decide_no_outcome() -> None:
    assert {"W101", "W104"} < catalogue.WARNINGS
    assert all(code.startswith("W") for code in catalogue.WARNINGS)
