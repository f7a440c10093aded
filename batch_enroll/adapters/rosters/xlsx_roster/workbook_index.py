"""A workbook's parts, sheets, calendar and number formats, as openpyxl reads their markup.

openpyxl gets the elements and attributes that this takes, and never the bytes of a part: `Package.excerpt` has bounded
them and refused entities by then. Fonts, colours, names and properties are left out, because openpyxl rejects a whole
workbook for one of them that Excel shows without complaint. Reasons and figures: docs/decisions/reading-workbooks.md.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from openpyxl.packaging.relationship import RelationshipList
from openpyxl.packaging.workbook import WorkbookPackage
from openpyxl.styles.stylesheet import Stylesheet

from batch_enroll.adapters.rosters.xlsx_roster.ooxml_package import Excerpt
from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.cell_text import get_built_in_format, parse_number_format

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from xml.etree.ElementTree import Element

    from batch_enroll.adapters.rosters.xlsx_roster.ooxml_package import Package
    from batch_enroll.core.roster.cell_text import NumberFormat

T = TypeVar("T")
_RELATIONS: Final = Excerpt({"Relationship": ("Id", "Type", "Target", "TargetMode")}, most=10_000)
_WORKBOOK: Final = Excerpt(
    {"workbookPr": ("date1904",), "sheets": (), "sheet": ("name", "sheetId", "state", "id")}, most=10_000
)
_STYLES: Final = Excerpt(
    {"numFmts": (), "numFmt": ("numFmtId", "formatCode"), "cellXfs": (), "xf": ("numFmtId",)},
    most=75_000,  # Excel stops at 65,490 cell formats
)
_LONGEST_FORMAT: Final = 512  # characters; Excel stops at 255, and patterns search a longer one in quadratic time
_MOST_FORMAT_CHARS: Final = 1 << 20  # of all formats together


class OoxmlPart(NamedTuple):
    """A part that another part refers to: its kind (`worksheet`, `styles`) and its path in the archive."""

    kind: str
    path: str


class SheetInfo(NamedTuple):
    """A sheet as the workbook lists it; `path` is where its cells are."""

    title: str
    visible: bool
    path: str


class WorkbookIndex(NamedTuple):
    """The contents of the workbook's first part.

    Attributes:
        sheets: the sheets, charts left out, in their order.
        since_1904: whether days are counted from 1904.
        paths: the paths of the other parts, by their kind.
    """

    sheets: list[SheetInfo]
    since_1904: bool
    paths: Mapping[str, str]


def read_index(package: Package) -> WorkbookIndex:
    """Reads the workbook's sheets, calendar and parts.

    Raises:
        ValueError: an attribute of a sheet or a relation is missing.
    """
    parts = _read_relations(package, "").values()
    path = next((part.path for part in parts if part.kind == "officeDocument"), "xl/workbook.xml")
    relations = _read_relations(package, path)
    book = _build(WorkbookPackage.from_tree, package.excerpt(path, _WORKBOOK))
    sheets = [
        SheetInfo(sheet.name, sheet.state == "visible", part.path)
        for sheet in book.sheets
        if (part := relations.get(sheet.id)) is not None and part.kind == "worksheet"
    ]
    since_1904 = book.workbookPr is not None and bool(book.workbookPr.date1904)
    return WorkbookIndex(sheets, since_1904, {part.kind: part.path for part in relations.values()})


def read_number_formats(package: Package, path: str) -> list[NumberFormat]:
    """Returns the number formats of cells, by the index that a cell names.

    Raises:
        RosterError: a number format, or all of them together, is longer than any program writes.
        ValueError: an attribute of a format is missing.
    """
    tree = package.excerpt(path, _STYLES)
    _refuse_long_formats(tree, package.name)
    sheet = _build(Stylesheet.from_tree, tree)
    # `cell_styles` would be shorter, but takes a number without a format of its own for the number of another one.
    formats = sheet.custom_formats
    numbers: list[int] = [cell.numFmtId for cell in sheet.cellXfs.xf]
    return [
        parse_number_format(formats[number]) if number in formats else get_built_in_format(number) for number in numbers
    ]


def _read_relations(package: Package, path: str) -> dict[str, OoxmlPart]:
    """Returns the parts that a part refers to, by the ids that it uses for them."""
    folder, file = posixpath.split(path)
    relations = posixpath.join(folder, "_rels", f"{file}.rels")
    if not package.holds(relations):
        return {}
    return {
        str(relation.Id): OoxmlPart(relation.Type.rpartition("/")[2], _path_within(folder, relation.Target))
        for relation in _build(RelationshipList.from_tree, package.excerpt(relations, _RELATIONS))
        if relation.TargetMode != "External"
    }


def _path_within(folder: str, target: str) -> str:
    """Returns the path in the archive; a target may begin at its root or in the folder."""
    return posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")


def _refuse_long_formats(tree: Element, name: str) -> None:
    lengths = [len(found.get("formatCode", "")) for found in tree.iter("numFmt")]
    if max(lengths, default=0) > _LONGEST_FORMAT or sum(lengths) > _MOST_FORMAT_CHARS:
        raise RosterError(
            f"{name}: number formats longer than any program writes; open the workbook in Excel and save it as .xlsx"
        )


def _build(from_tree: Callable[..., T | None], tree: Element) -> T:
    """Returns the object of openpyxl that the tree describes."""
    try:
        built = from_tree(tree)
    except TypeError as why:  # an attribute that must be there is not
        raise ValueError(tree.tag) from why
    if built is None:
        raise ValueError(tree.tag)
    return built
