"""Declared options: what an attribute of a class says about its flag, variables, default and values."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest

from batch_enroll.settings.declaration import Option, Panel, declare, list_in_words, list_options


class Color(StrEnum):
    """A type with few values."""

    RED = "red"
    BLUE = "blue"


def _list_fruits() -> tuple[str, ...]:
    return ("apple", "pear")


@declare(Panel.OUTPUT)
class Fruits:
    """Options of this test; the other attributes are none."""

    plain: int = 3
    max_size: Annotated[float | None, Option("Size.", metavar="N")] = None
    color: Annotated[Color | None, Option("Color.", flag="--paint", variables=("COLOR", "COLOUR"))] = Color.RED
    fruit: Annotated[str, Option("Fruit.", flag=None, choices=_list_fruits, default_text="any")] = ""
    names: Annotated[tuple[str, ...], Option("Names.", former_name="titles")] = ()
    share: Annotated[float, Option("Share.")] = 2.0
    count: Annotated[int, Option("Count.")] = 0
    ripe: Annotated[bool, Option("Ripe.")] = False
    kind: Annotated[Literal["a", "b"], Option("Kind.")] = "a"
    folder: Annotated[Path, Option("Folder.")] = Path("here")
    pairs: Annotated[dict[str, str], Option("Pairs.")]


OPTIONS = {option.name: option for option in list_options([Fruits])}


def test_only_attributes_with_an_option_are_options_in_their_order() -> None:
    assert list(OPTIONS) == [
        "max_size", "color", "fruit", "names", "share", "count", "ripe", "kind", "folder", "pairs",
    ]  # fmt: skip
    assert {option.panel for option in OPTIONS.values()} == {Panel.OUTPUT}
    assert list_options([int, Fruits, Color]) == tuple(OPTIONS.values())


def test_flags_and_variables_are_made_from_the_name_unless_they_are_given() -> None:
    assert [OPTIONS[name].flag for name in ("max_size", "color", "fruit")] == ["--max-size", "--paint", None]
    assert OPTIONS["max_size"].variables == ("BATCH_ENROLL_MAX_SIZE",)
    assert OPTIONS["color"].variables == ("COLOR", "COLOUR")
    assert OPTIONS["names"].variables == ("BATCH_ENROLL_NAMES", "BATCH_ENROLL_TITLES")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("max_size", "Size."),
        ("color", "Color. Default: red."),
        ("fruit", "Fruit. Default: any."),
        ("names", "Names."),
        ("share", "Share. Default: 2."),
        ("count", "Count. Default: 0."),
        ("ripe", "Ripe."),
        ("folder", "Folder. Default: here."),
    ],
)
def test_a_description_ends_with_the_default_if_there_is_one(name: str, text: str) -> None:
    assert OPTIONS[name].described == text


def test_the_shell_completes_the_values_of_a_type_or_those_that_are_listed() -> None:
    assert OPTIONS["kind"].list_choices() == ["a", "b"]
    assert OPTIONS["color"].list_choices() == ["red", "blue"]
    assert OPTIONS["fruit"].list_choices() == ["apple", "pear"]
    assert [name for name, option in OPTIONS.items() if option.has_choices] == ["color", "fruit", "kind"]


def test_switches_and_repeatable_options_are_known_by_their_type() -> None:
    assert [name for name, option in OPTIONS.items() if option.is_switch] == ["ripe"]
    assert [name for name, option in OPTIONS.items() if option.is_repeatable] == ["names", "pairs"]


def test_names_are_listed_in_words() -> None:
    assert [list_in_words(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a or b", "a, b or c"]
