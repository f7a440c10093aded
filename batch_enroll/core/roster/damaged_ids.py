"""Ids that a spreadsheet has destroyed: what is certain makes a row INVALID, what is only likely is a doubt.

Certain is what cannot be an id: a rounded number such as 1.23E+11, or a day such as 2-Mar in a column of codes. A digit
string that is shorter than the column's others has probably lost a leading zero; it is sent all the same, because no
system that fills ids up to a width has an id of that spelling, so that the server refuses it; the doubt tells why.

What a column usually holds is learnt from its first rows, so that a roster of any size streams in flat memory.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.core.codes import catalogue
from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import RowProblem
from batch_enroll.core.roster.cells import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from batch_enroll.core.model import SourceRow
    from batch_enroll.core.roster.header_map import HeaderMap

ID_FIELDS: Final = ("user_id", "course_id", "school_id", "class_id", "sourced_id")
LOOK_AHEAD: Final = 2_000  # rows; enough to know a column, and read in a hundredth of a second
_KEPT_DIGITS: Final = 15  # what a spreadsheet keeps of a number
_FEW: Final = 3  # of one kind are no accident
_FEWEST_IDS: Final = 10  # before a width that no zero shows is believed
_NARROWEST: Final = 4  # a counter fills two or three digits by itself
_MOST: Final = 0.8
_HALF: Final = 0.5
_ROUNDED: Final = re.compile(r"[-+]?\d(?:(?:[.,]\d+)?E\+\d{1,3}|[.,]\d+E-\d{1,3})", re.ASCII | re.IGNORECASE)
# What a spreadsheet shows for a value that it could not reckon, or not fit into its column.
_ERROR: Final = re.compile(r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|#{2,})", re.IGNORECASE)
_MONTH: Final = "Jan|Feb|M[aä]r|Mrz|Apr|May|Mai|Jun|Jul|Aug|Sep|Sept|O[ck]t|Nov|De[cz]"  # as sheets abbreviate them
_DAY: Final = re.compile(
    rf"\d{{1,2}}(?:-|\. ?)(?:{_MONTH})(?:-\d{{2,4}})?|(?:{_MONTH})[- ]\d{{2,4}}"
    r"|\d{4}-\d\d-\d\d(?:[ T]00:00(?::00)?)?|\d{1,2}(?P<s>[/.])\d{1,2}(?P=s)(?:\d\d|\d{4})",
    re.ASCII,
)


_STARTS: Final = frozenset("0123456789+-#JFMASOND")  # of all these: a look at every id of a roster must be quick


class CellProblem(NamedTuple):
    """Why a cell's text cannot be used, or cannot be used as an id: the catalogue's code and what was seen."""

    code: str
    message: str


def first_problem(columns: HeaderMap, cells: Sequence[str], flaws: Mapping[int, CellProblem]) -> RowProblem | None:
    """The first cell of a row that is needed and cannot be used."""
    for field, at in columns.places:
        flaw = flaws.get(at)
        if flaw is not None and counts(flaw, field):
            return RowProblem(flaw.code, flaw.message, columns.spelt[field], cells[at])
    return None


def counts(flaw: CellProblem, field: str) -> bool:
    """Whether a cell with that flaw cannot hold the field: a day is no id, and is none the worse as a first day."""
    return field in ID_FIELDS or flaw.code == catalogue.DAMAGED_CELL


@frozen
class _Usual:
    """What a column's first ids are like.

    Attributes:
        width: digits of its numeric ids, if they are all filled up to one width; else 0.
        days: whether days are common in it, so that one more is no proof of damage.
        long: its ids of more digits than a spreadsheet keeps, and how many of them end in zeros from there on.
    """

    width: int
    days: bool
    long: int
    round: int


class RowWarnings:
    """Counts the doubts of rows that go ahead all the same, in bounded memory."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], list[str]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, row: SourceRow) -> None:
        """Counts those of one row."""
        for doubt in row.warnings:
            of = (doubt.code, doubt.column)
            self._counts[of] += 1
            places = self._places.setdefault(of, [])
            if len(places) < _FEW:
                places.append(str(row.location))

    def sentences(self) -> list[str]:
        """What is to be known of the rows, a sentence for each code and column; names places, not persons."""
        return [
            f"{count} {'row' if count == 1 else 'rows'}{column and f', {column}'}: "
            f"{catalogue.get_title(code)} ({code}), "
            f"at {', '.join(self._places[code, column])}{', ...' if count > _FEW else ''}"
            for (code, column), count in self._counts.items()
        ]


class IdDamageDetector:
    """Judges the ids of a roster's rows by what its first rows hold."""

    def __init__(self, first: Sequence[SourceRow]) -> None:
        self._usual = {
            field: _usual({row.fields[field] for row in first if field in row.fields}) for field in ID_FIELDS
        }

    def judged(self, row: SourceRow) -> SourceRow:
        """The row, with what is wrong with its ids; one that has a problem already keeps that."""
        if row.problem is not None:
            return row
        if not (flaws := self._flaws(row.fields)):
            return row
        found = [RowProblem(*flaw, row.headers.get(field, field), row.fields[field]) for field, flaw in flaws]
        certain = next((flaw for flaw in found if flaw.code not in catalogue.WARNINGS), None)
        return replace(row, problem=certain, warnings=() if certain else tuple(found))

    def _flaws(self, fields: Mapping[str, str]) -> list[tuple[str, tuple[str, str]]]:
        found = []
        for field, usual in self._usual.items():
            text = fields.get(field)
            if not text or text[0] not in _STARTS:
                continue
            if text.isascii() and text.isdigit() and usual.width <= len(text) <= _KEPT_DIGITS:
                continue  # as nearly every one
            if (flaw := _flaw(text, usual)) is not None:
                found.append((field, flaw))
        return found


def _flaw(text: str, usual: _Usual) -> tuple[str, str] | None:
    """The code and what was seen, or None; of digits, only for those of another number than is usual, or very long."""
    if text.isascii() and text.isdigit():
        return _short(text, usual) if len(text) <= _KEPT_DIGITS else _round(text, usual)
    if _ROUNDED.fullmatch(text):
        return catalogue.LOST_DIGITS, f'"{text}" is a rounded number'
    if _DAY.fullmatch(text):
        code = catalogue.DATE_LIKE if usual.days else catalogue.DATE_FOR_ID
        return code, f'"{shorten(text)}" is a date'
    if _ERROR.fullmatch(text):
        return catalogue.DAMAGED_CELL, f"contains {shorten(text)} instead of a value"
    return None


def _short(digits: str, usual: _Usual) -> tuple[str, str]:
    seen = f'"{digits}" has {len(digits)} digits, the others have {usual.width}; leading zeros may be lost'
    return catalogue.SHORT_ID, seen


def _round(digits: str, usual: _Usual) -> tuple[str, str] | None:
    # One long id that does not end in zeros shows that the column never was in a spreadsheet as numbers.
    if digits[_KEPT_DIGITS:].strip("0") or usual.round < usual.long:
        return None
    code = catalogue.LOST_DIGITS if usual.round >= _FEW else catalogue.ROUND_ID
    return code, f'"{shorten(digits)}" ends in zeros where a spreadsheet stops to keep digits'


def _usual(ids: Iterable[str]) -> _Usual:
    texts = list(ids)
    numbers = [text for text in texts if text.isascii() and text.isdigit()]
    long = [number for number in numbers if len(number) > _KEPT_DIGITS]
    days = sum(_DAY.fullmatch(text) is not None for text in texts)
    return _Usual(
        width=_width(numbers),
        days=days > _HALF * len(texts),
        long=len(long),
        round=sum(not number[_KEPT_DIGITS:].strip("0") for number in long),
    )


def _width(numbers: Sequence[str]) -> int:
    """The one width that numeric ids are filled up to: shown by zeros in front, else by nearly all being as wide."""
    if not numbers:
        return 0
    widths = Counter(map(len, numbers))
    widest = max(widths)
    share = widths[widest] / len(numbers)
    filled = {len(number) for number in numbers if number[0] == "0" and len(number) > 1}
    if filled:
        return widest if filled == {widest} and share >= _HALF else 0
    return widest if share >= _MOST and widest >= _NARROWEST and len(numbers) >= _FEWEST_IDS else 0
