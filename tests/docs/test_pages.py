"""The pages for people who work on the program: links, paths and the list of rooms agree with the repository."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest
from support.paths import PROJECT, README
from support.readme import PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALL_PAGES = (*PAGES, PROJECT / "CONTRIBUTING.md", PROJECT / "SECURITY.md")
ARCHITECTURE = PROJECT / "docs" / "architecture.md"
_ROOTS = (PROJECT, PROJECT / "batch_enroll", PROJECT / "batch_enroll" / "core")


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yields the target page and section of every link of a page to another one."""
    for name, section in re.findall(r"\]\((?!https?:|mailto:)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        yield ((page.parent / name).resolve() if name else page), section


def anchors(page: Path) -> set[str]:
    """Returns the anchors of the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def folders_of_core() -> set[str]:
    """Returns the names of the packages in the core."""
    return {path.parent.name for path in (PROJECT / "batch_enroll" / "core").glob("*/__init__.py")}


def layers(contract: str) -> list[str]:
    """Returns the rooms of an import contract, from the top to the bottom."""
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    (found,) = (one for one in settings["tool"]["importlinter"]["contracts"] if one["name"] == contract)
    return [room for layer in found["layers"] for room in layer.split(" | ")]


def tables_of_rooms() -> list[list[str]]:
    """Returns the rooms in each table of the architecture page."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    tables = re.findall(r"^\| room \| holds \|\n\|---\|---\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for table in tables]


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.stem)
def test_every_link_leads_to_a_page_and_to_its_section(page: Path) -> None:
    for target, section in links(page):
        assert target.exists(), target
        assert not section or section in anchors(target), section


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, left = {README}, [README]
    while left:
        new = {target for target, _ in links(left.pop()) if target.suffix == ".md"} - reached
        reached |= new
        left += new
    assert set(ALL_PAGES) <= reached


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.stem)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    names = re.findall(
        r"`((?:batch_enroll|core|adapters|sandbox|tests|docs|tools)/[\w./-]*)`", page.read_text(encoding="utf-8")
    )
    missing = [name for name in names if not any((root / name).exists() for root in _ROOTS)]
    assert missing == []


def test_the_architecture_page_lists_the_rooms_in_the_order_of_their_imports() -> None:
    outer, inner = tables_of_rooms()
    assert outer == layers("Rooms and the direction between them")
    assert inner == [
        room for room in layers("Rooms of the core and the direction between them") if room in folders_of_core()
    ]
