"""Mutants put into a running program: code of functions and values of constants are exchanged, without an import."""

from __future__ import annotations

import ast
import dis
import gc
import sys
from dataclasses import dataclass
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


class CodeKey(NamedTuple):
    """The place where a function is defined."""

    path: str
    line_no: int
    name: str


def key_of(code: CodeType) -> CodeKey:
    """Returns the place of a function's code."""
    return CodeKey(code.co_filename, code.co_firstlineno, code.co_qualname)


def absolute(path: str) -> str:
    """Returns a path, absolute or below the working directory, as code objects name it."""
    return str(Path.cwd() / path)


def compile_module(source: str, path: str) -> CodeType:
    """Returns the code of a module."""
    return compile(source, absolute(path), "exec", dont_inherit=True)


@dataclass(frozen=True)
class Exchange:
    """A mutant as a change of what lives.

    Attributes:
        entered: functions whose callers may notice.
        codes: functions and their mutated code.
        values: namespaces, names and mutated values.
    """

    entered: frozenset[CodeKey]
    codes: tuple[tuple[FunctionType, CodeType], ...] = ()
    values: tuple[tuple[dict[str, Any], str, object], ...] = ()

    def make(self) -> None:
        """Makes the change; it cannot be taken back."""
        for function, code in self.codes:
            function.__code__ = code
        for namespace, name, value in self.values:
            namespace[name] = value


class LiveModules:
    """The modules at some paths, all of them imported, and everything else of the project that uses them."""

    def __init__(self, paths: Collection[str]) -> None:
        self._paths = frozenset(map(absolute, paths))
        self._functions: dict[CodeKey, list[FunctionType]] = {}
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and each.__code__.co_filename in self._paths:
                self._functions.setdefault(key_of(each.__code__), []).append(each)
        files = {module: getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
        self._modules = {file: module for module, file in files.items() if file in self._paths}
        self._others = [module for module, file in files.items() if _is_ours(file) and file not in self._paths]

    def exchange(self, path: str, original: str, mutated: str) -> Exchange | None:
        """Returns the change of functions or of one constant that makes a mutant; None if it takes an import."""
        before, after = compile_module(original, path), compile_module(mutated, path)
        if _skeleton(before) == _skeleton(after):
            return self._of_functions(before, after)
        name = _changed_constant(original, mutated)
        return None if name is None else self._of_constant(absolute(path), name, after)

    def _of_functions(self, before: CodeType, after: CodeType) -> Exchange | None:
        pairs = list(zip(_functions(before), _functions(after), strict=True))
        keys = [key_of(old) for old, _ in pairs]
        changed = [(key_of(old), new) for old, new in pairs if not _is_same(old, new)]
        if any(keys.count(key) > 1 or key not in self._functions for key, _ in changed):
            return None  # several lambdas in one line, or a function that was thrown away after the import
        if any(old.co_freevars != new.co_freevars for old, new in pairs):
            return None
        codes = tuple((function, code) for key, code in changed for function in self._functions[key])
        return Exchange(frozenset(key for key, _ in changed), codes)

    def _of_constant(self, path: str, name: str, mutated: CodeType) -> Exchange | None:
        module = self._modules[path]
        users = [each for each in self._modules.values() if _has(each, name, module.__dict__[name])]
        if any(_has(each, name, module.__dict__[name]) for each in self._others):
            return None  # tests may have made something of it already
        if any(_is_used_on_import(each, name) for each in users):
            return None
        fresh: dict[str, Any] = {"__name__": module.__name__, "__file__": path}
        try:
            exec(mutated, fresh)  # noqa: S102 - a copy of our own module
        except Exception:  # noqa: BLE001 - the import of the mutant will fail in the same way
            return None
        entered = frozenset(
            key
            for key, functions in self._functions.items()
            for function in functions
            if name in _names(function.__code__) and any(function.__globals__ is each.__dict__ for each in users)
        )
        return Exchange(entered, values=tuple((each.__dict__, name, fresh[name]) for each in users))


def _is_ours(file: str) -> bool:
    return Path(file).is_relative_to(Path.cwd()) and not Path(file).is_relative_to(sys.prefix)


def _has(module: ModuleType, name: str, value: object) -> bool:
    return name in module.__dict__ and module.__dict__[name] is value


def _is_used_on_import(module: ModuleType, name: str) -> bool:
    """Returns whether the module itself, not only its functions, reads a global."""
    file = module.__file__ or ""
    code = compile_module(Path(file).read_text(encoding="utf-8"), file)
    return any(
        step.argval == name and step.opname in {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_CLASSDEREF"}
        for part in _parts_run_on_import(code)
        for step in dis.get_instructions(part)
    )


def _parts_run_on_import(code: CodeType) -> Iterator[CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType) and (not const.co_flags & CO_OPTIMIZED or const.co_name.startswith("<")):
            yield from _parts_run_on_import(const)


def _names(code: CodeType) -> set[str]:
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _functions(code: CodeType) -> Iterator[CodeType]:
    """The outermost functions of a module or of the body of a class."""
    for const in code.co_consts:
        if isinstance(const, CodeType):
            if const.co_flags & CO_OPTIMIZED:
                yield const
            else:
                yield from _functions(const)


def _skeleton(code: CodeType) -> tuple[object, ...]:
    """Everything of a module but the insides of its functions."""
    parts: list[object] = []
    for const in code.co_consts:
        if not isinstance(const, CodeType):
            parts.append(repr(const))
        elif const.co_flags & CO_OPTIMIZED:
            parts.append(const.co_qualname)
        else:
            parts.append(_skeleton(const))
    return (code.co_code, code.co_names, *parts)


def _is_same(one: CodeType, other: CodeType) -> bool:
    """Returns whether two functions do the same, wherever their lines are."""
    consts = list(zip(one.co_consts, other.co_consts, strict=False))
    return (
        (one.co_code, one.co_names, one.co_varnames, one.co_freevars, len(one.co_consts))
        == (other.co_code, other.co_names, other.co_varnames, other.co_freevars, len(other.co_consts))
    ) and all(
        _is_same(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else repr(a) == repr(b) for a, b in consts
    )


def _changed_constant(original: str, mutated: str) -> str | None:
    """Returns the name of the only constant at module level that a mutant changes; None if it changes more."""
    before, after = ast.parse(original).body, ast.parse(mutated).body
    changed = [old for old, new in zip(before, after, strict=True) if ast.dump(old) != ast.dump(new)]
    match changed:
        case [ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name))]:
            return name
        case _:
            return None
