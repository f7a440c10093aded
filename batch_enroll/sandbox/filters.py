"""OneRoster's filter language over JSON objects: `field OP 'value'`, joined by AND and OR (contract 1.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Final, TypeAlias

from batch_enroll.sandbox.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Record: TypeAlias = "Mapping[str, object]"

_COMPARES: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": eq,
    ">": gt,
    ">=": ge,
    "<": lt,
    "<=": le,
    "~": lambda text, value: value.casefold() in text.casefold(),
    "@": lambda text, value: text in {part.strip() for part in value.split(",")},
}
_TERM: Final = re.compile(r"\s*([A-Za-z_][\w.-]*)\s*(!=|>=|<=|=|>|<|~|@)\s*(?:'((?:[^']|'')*)'|([^\s']+))\s*")
_JOIN: Final = re.compile(r"(AND|OR)(?=\s)")
_DATES: Final = frozenset({"dateLastModified", "beginDate", "endDate", "startDate"})
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_STATUSES: Final = frozenset({"active", "tobedeleted"})


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison."""

    field: str
    operator: str
    value: str

    def holds(self, record: Record) -> bool:
        """Returns true if the record passes. A missing field equals no value."""
        found = list(texts_at(record, self.field))
        if self.operator == "!=":
            return self.value not in found
        return any(_COMPARES[self.operator](text, self.value) for text in found)


@dataclass(frozen=True, slots=True)
class Filter:
    """Alternatives, each of terms that must all hold; AND binds tighter than OR."""

    alternatives: tuple[tuple[Term, ...], ...]

    def holds(self, record: Record) -> bool:
        """Returns true if the record passes."""
        return any(all(term.holds(record) for term in terms) for terms in self.alternatives)

    def must_equal(self, field: str) -> str | None:
        """Returns the value that a field has in every record that passes, if the filter requires one."""
        if len(self.alternatives) != 1:
            return None
        values = (term.value for term in self.alternatives[0] if (term.field, term.operator) == (field, "="))
        return next(values, None)


def parse_filter(text: str) -> Filter:
    """Parses a filter.

    Raises:
        RefusedError: 400 for a text that is not a filter, 422 for an unquoted boolean, 500 for a value that the field
            cannot have; all as observed on the real server.
    """
    alternatives: list[list[Term]] = [[]]
    at = 0
    while True:
        match = _TERM.match(text, at)
        if match is None:
            raise RefusedError(400, "Invalid filter", "filter")
        alternatives[-1].append(_term(match))
        at = match.end()
        if at == len(text):
            return Filter(tuple(map(tuple, alternatives)))
        join = _JOIN.match(text, at)
        if join is None:
            raise RefusedError(400, "Invalid filter", "filter")
        if join[1] == "OR":
            alternatives.append([])
        at = join.end()


def _term(match: re.Match[str]) -> Term:
    field, operator, quoted, bare = match.groups()
    if quoted is None:
        raise RefusedError(422 if bare in {"true", "false"} else 400, "Invalid filter", "filter")
    value = quoted.replace("''", "'")
    is_odd_date = field in _DATES and operator != "~" and not _DATE.fullmatch(value)
    is_odd_status = field == "status" and operator in {"=", "!="} and value not in _STATUSES
    if is_odd_date or is_odd_status:
        raise RefusedError(500, "Internal server error")
    return Term(field, operator, value)


def texts_at(record: Record, path: str) -> Iterator[str]:
    """Yields the texts at a dotted path, also inside lists; booleans are written as in JSON."""
    found: list[object] = [record]
    for name in path.split("."):
        found = [part[name] for part in _flat(found) if isinstance(part, dict) and name in part]
    for value in _flat(found):
        if isinstance(value, bool):
            yield "true" if value else "false"
        elif isinstance(value, str | int | float):
            yield str(value)


def _flat(values: list[object]) -> Iterator[object]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flat(list(value))
        else:
            yield value
