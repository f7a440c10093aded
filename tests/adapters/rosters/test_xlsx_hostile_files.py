"""Workbooks that were made, or damaged, to do harm."""

from __future__ import annotations

import re
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from support.roster_files import HEADER, ROW, SHEET, TEXTS, cells, read, rewrite, share_texts, write_xlsx

from batch_enroll.adapters.rosters.xlsx_roster import XlsxRoster
from batch_enroll.core.errors import RosterError

if TYPE_CHECKING:
    from pathlib import Path

IDS = ("user_id", "course_id")


def test_a_row_number_beyond_any_sheet_is_damage_and_no_endless_loop(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW]})
    path = rewrite(path, SHEET, lambda xml: xml.replace('<row r="2"', '<row r="99999999999"'))
    with pytest.raises(RosterError, match="more rows than a sheet can have"):
        read(XlsxRoster(path))


@pytest.mark.parametrize("number", ["1", "2"])
def test_rows_out_of_order_are_refused_because_one_would_be_lost(tmp_path: Path, number: str) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW, ROW]})
    path = rewrite(path, SHEET, lambda xml: xml.replace('<row r="3"', f'<row r="{number}"'))
    with pytest.raises(RosterError, match="rows are out of order"):
        read(XlsxRoster(path))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [HEADER, ROW]})
    path = rewrite(path, SHEET, lambda xml: xml + " " * 20_000_000)
    with pytest.raises(RosterError, match="200 times"):
        _ = XlsxRoster(path).columns


HOSTILE = {
    "a cell beyond the last column": (
        lambda xml: xml.replace('r="B2"', 'r="XFE2"'),
        "more columns than a sheet can have",
    ),
    "a million cells in a row": (
        lambda xml: xml.replace("</row>", "<c/>" * 20_000 + "</row>", 1),
        "more columns than a sheet can have",
    ),
    "cells out of order": (lambda xml: xml.replace('r="B2"', 'r="A2"'), "cells are out of order"),
    "a cell without a name": (lambda xml: xml.replace('r="B2"', 'r="!"'), "damaged or not a workbook"),
    "a row that never ends": (
        lambda xml: xml.replace("</row>", "<z/>" * 30_000 + "x" * 9_000_000 + "</row>", 1),
        "is too long; the workbook is damaged",
    ),
    "deep markup": (
        lambda xml: xml.replace("</row>", "<z>" * 100_000 + "</z>" * 100_000 + "</row>", 1),
        "",
    ),
    "entities": (
        lambda xml: xml.replace("<worksheet", '<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet', 1),
        "defines XML entities",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_markup_ends_in_one_clear_line(tmp_path: Path, what: str) -> None:
    change, why = HOSTILE[what]
    path = rewrite(write_xlsx(tmp_path / "roster.xlsx", {"A": [IDS, ("u", "c")]}), SHEET, change)
    if why:
        with pytest.raises(RosterError, match=why):
            read(XlsxRoster(path))
    else:
        assert cells(XlsxRoster(path)) == [("u", "c")]


@pytest.mark.parametrize(
    "part", [TEXTS, "xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"]
)
def test_entities_are_refused_in_every_part(tmp_path: Path, part: str) -> None:
    path = share_texts(write_xlsx(tmp_path / "roster.xlsx", {"A": [IDS, ("u", "c")]}))
    bomb = '<!DOCTYPE z [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    path = rewrite(path, part, lambda xml: re.sub(r"^(<\?xml.*?\?>)?", lambda found: found[0] + bomb, xml))
    with pytest.raises(RosterError, match="defines XML entities"):
        read(XlsxRoster(path))


def test_a_text_that_never_ends_is_refused(tmp_path: Path) -> None:
    path = share_texts(write_xlsx(tmp_path / "roster.xlsx", {"A": [IDS, ("u", "c")]}))
    path = rewrite(path, TEXTS, lambda xml: xml.replace("<si>", "<si>" + f"<t>{'x' * 90}</t> " * 100_000, 1))
    with pytest.raises(RosterError, match="more text than can be read"):
        read(XlsxRoster(path))


def test_an_index_that_never_ends_is_refused(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [IDS, ("u", "c")]})
    path = rewrite(path, "xl/styles.xml", lambda xml: xml + "".join(f"<!-- {nth:>50} -->" for nth in range(600_000)))
    with pytest.raises(RosterError, match="larger than 32 MiB"):
        read(XlsxRoster(path))


STYLES = "xl/styles.xml"


def with_formats(xml: str, formats: str) -> str:
    return re.sub("<numFmts[^>]*/>", f"<numFmts>{formats}</numFmts>", xml)


LISTS_WITHOUT_END = {
    "cell formats": (
        STYLES,
        lambda xml: xml.replace("</cellXfs>", '<xf numFmtId="0"/>' * 100_000 + "</cellXfs>"),
        "styles.xml lists more than 75,000 entries",
    ),
    "sheets": (
        "xl/workbook.xml",
        lambda xml: xml.replace("</sheets>", '<sheet name="B" sheetId="9" r:id="rId1"/>' * 20_000 + "</sheets>"),
        "workbook.xml lists more than 10,000 entries",
    ),
    "relations": (
        "xl/_rels/workbook.xml.rels",
        lambda xml: xml.replace("</Relationships>", '<Relationship Id="z"/>' * 20_000 + "</Relationships>"),
        "workbook.xml.rels lists more than 10,000 entries",
    ),
    "one number format": (
        STYLES,
        lambda xml: with_formats(xml, f'<numFmt numFmtId="164" formatCode="{"[" * 600}"/>'),
        "number formats longer than any program writes",
    ),
    "number formats": (
        STYLES,
        lambda xml: with_formats(xml, f'<numFmt numFmtId="164" formatCode="{"[" * 500}"/>' * 3_000),
        "number formats longer than any program writes",
    ),
}


@pytest.mark.parametrize("what", LISTS_WITHOUT_END)
def test_a_list_longer_than_any_program_writes_is_refused_in_little_memory(tmp_path: Path, what: str) -> None:
    part, change, why = LISTS_WITHOUT_END[what]
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [IDS, ("u", 7)]})
    path = rewrite(path, part, change)
    tracemalloc.start()
    try:
        with pytest.raises(RosterError, match=why):
            read(XlsxRoster(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40_000_000


def test_elements_that_are_not_read_may_be_nested_however_deep(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "roster.xlsx", {"A": [IDS, ("u", "c")]})
    deep = "<z>" * 100_000 + "</z>" * 100_000
    path = rewrite(path, STYLES, lambda xml: xml.replace("</styleSheet>", f"{deep}</styleSheet>"))
    assert cells(XlsxRoster(path)) == [("u", "c")]
