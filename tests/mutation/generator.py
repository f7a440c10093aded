"""Mutants of a module: copies of its source with one small change each.

The changes are mutmut's, and some of our own for the mistakes that pure laws invite: a constant that is a little off, a
limit that is not applied, a condition that is turned around, a call that is left out. mutmut itself mutates functions
only, and none that is decorated, so it never touches a constant, a default or a property. Here the whole module counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import libcst as cst
from libcst import matchers as m
from libcst.metadata import MetadataWrapper, WhitespaceInclusivePositionProvider
from mutmut.mutation.mutators import mutation_operators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from libcst.metadata import CodePosition

_NUDGE: Final = 1.25  # a boundary that moves by a quarter must be noticed
_LEFT_ALONE: Final = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)  # these do not change what is computed
_COMMENT: Final = re.compile(r"(?:^|  )#.*$", re.MULTILINE)
_FOR_TYPES: Final = m.If(test=m.Name("TYPE_CHECKING"))
_MUTMUT_TURNS_IT: Final = m.Comparison() | m.BooleanOperation() | m.UnaryOperation(operator=m.Not())


@dataclass(frozen=True)
class Mutant:
    """One change to a module.

    Attributes:
        where: the qualified name of the innermost class or function around the change; "" at module level.
        line_no: the first line of the change, counted from 1.
        before, after: the changed lines without comments, each stripped and joined by a space.
        source: the whole module with the change.
    """

    where: str
    line_no: int
    before: str
    after: str
    source: str


def make_mutants(source: str) -> list[Mutant]:
    """Returns the mutants of a module, in the order of its lines, each source once."""
    visitor = _Visitor(source)
    MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True).visit(visitor)
    return sorted({mutant.source: mutant for mutant in visitor.mutants}.values(), key=lambda mutant: mutant.line_no)


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (WhitespaceInclusivePositionProvider,)

    def __init__(self, source: str) -> None:
        super().__init__()
        self.mutants: list[Mutant] = []
        self._source = source
        self._module = cst.parse_module("")
        self._names: list[str] = []
        self._lines = source.splitlines(keepends=True)
        self._offsets = [0]
        for line in self._lines:
            self._offsets.append(self._offsets[-1] + len(line))

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _LEFT_ALONE) or m.matches(node, _FOR_TYPES):
            return False
        if isinstance(node, cst.Module):
            self._module = node
        for mutated in _mutate(node):
            self._add(node, mutated)
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.append(node.name.value)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._names.pop()

    def _add(self, node: cst.CSTNode, mutated: cst.CSTNode) -> None:
        span = self.get_metadata(WhitespaceInclusivePositionProvider, node)
        start, end = self._offset(span.start), self._offset(span.end)
        text = self._source[start:end]
        if text == self._module.code_for_node(node):
            source = self._source[:start] + self._module.code_for_node(mutated) + self._source[end:]
        else:  # a statement of several lines, which libcst writes without the indentation around it
            changed = self._module.deep_replace(node, mutated)
            source = cst.ensure_type(changed, cst.Module).code
        if source == self._source:
            return
        old, new = self._lines, source.splitlines(keepends=True)
        first = _equal_at_start(old, new)
        last = _equal_at_start(old[:first:-1], new[:first:-1])
        before, after = old[first : len(old) - last], new[first : len(new) - last]
        self.mutants.append(Mutant(".".join(self._names), first + 1, _joined(before), _joined(after), source))

    def _offset(self, position: CodePosition) -> int:
        return self._offsets[position.line - 1] + position.column


def _equal_at_start(one: list[str], other: list[str]) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _joined(lines: list[str]) -> str:
    return " ".join(_COMMENT.sub("", line).strip() for line in lines if line.strip())


# -- operators ------------------------------------------------------------------------------------------------------


def _mutate(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            yield from (each for each in operator(node) if not _is_refused_by_mypy(node, each))
    match node:
        case cst.Integer() | cst.Float():
            yield from _move_number(node)
        case cst.Call(func=cst.Name(value="min" | "max"), args=[_, _, *_]):
            yield from (argument.value for argument in node.args if not argument.star and argument.keyword is None)
        case cst.If() | cst.While() | cst.IfExp():
            yield from _turn_condition(node)
        case cst.Expr(value=cst.Call() | cst.Await() | cst.Yield()):
            yield cst.Expr(cst.Ellipsis())
        case _:
            pass


def _is_refused_by_mypy(node: cst.CSTNode, mutated: cst.CSTNode) -> bool:
    """Returns whether a declared type rules out the new value: the gate notices that, so no test has to."""
    match node, mutated:
        case cst.AnnAssign(), cst.AnnAssign(value=cst.Name("None")):
            return not m.findall(node.annotation, m.Name("None") | m.Name("Final"))
        case cst.AnnAssign(), cst.AnnAssign(value=cst.SimpleString('""')):
            return not m.findall(node.annotation, m.Name("str") | m.Name("Final"))
        case _:
            return False


def _move_number(node: cst.Integer | cst.Float) -> Iterator[cst.CSTNode]:
    value = node.evaluated_value
    if isinstance(value, float):
        yield cst.Float(repr(value * _NUDGE))
    else:
        yield cst.Integer(str(value - 1)) if value else cst.UnaryOperation(cst.Minus(), cst.Integer("1"))


def _turn_condition(node: cst.If | cst.While | cst.IfExp) -> Iterator[cst.CSTNode]:
    if m.matches(node.test, _MUTMUT_TURNS_IT):
        return
    condition = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), condition))
