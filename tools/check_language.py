"""Check of the language of this repository: docstrings open with a noun or a verb, house words give way to plain ones.

The words, what to write in their place, and the exceptions with their reasons are in `language.toml` beside this file.

    python tools/check_language.py                    # everything except what `not_yet_clean` lists
    python tools/check_language.py batch_enroll/core  # one folder or file, listed there or not

Read are docstrings, comments, string literals and the names of definitions in Python files, and all of the other
files. Prints one line for each violation and exits with 1 if there was one; an exception that is not needed any more
gets a line, too.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT: Final = Path(__file__).resolve().parent.parent
RULES: Final = Path(__file__).with_name("language.toml")

_QUESTION: Final = re.compile(r"\s*(What|Whether|Who(?:m|se)?|Which|Where|How|When|Why)\b")
_OPENING: Final = "open the docstring with a noun or a verb in the third person"
_NAME_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_READ: Final = frozenset({".py", ".md", ".html", ".js", ".toml", ".yaml", ""})


@dataclass(frozen=True, slots=True)
class Passage:
    """A text in a file.

    Args:
        line: the line of the file at which it starts.
        text: as a reader sees it; a name is split into its words.
        name: the name that was split, if it is one.
        is_docstring: true if it must open with a noun or a verb.
        is_spread: true if its line breaks are line breaks of the file.
    """

    line: int
    text: str
    name: str = ""
    is_docstring: bool = False
    is_spread: bool = True


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that is not written here, and what to write in its place."""

    pattern: re.Pattern[str]
    instead: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """A text or a name in which a phrase may appear, in any file or in the files at or below one path."""

    text: str
    path: Path | None = None

    def covers(self, path: Path, passage: Passage, match: re.Match[str]) -> bool:
        """Returns true if the match is the allowed name or lies inside an occurrence of the allowed text."""
        if self.path is not None and self.path not in {path, *path.parents}:
            return False
        earliest = max(0, match.end() - len(self.text))
        return self.text == passage.name or passage.text.find(self.text, earliest, match.start() + len(self.text)) >= 0


@dataclass(frozen=True, slots=True)
class Violation:
    """A place to correct."""

    path: Path
    line: int
    found: str
    instead: str

    def __str__(self) -> str:
        return f'{_shown(self.path)}:{self.line}: "{self.found}": {self.instead}'


@dataclass(frozen=True, slots=True)
class Rules:
    """The content of `language.toml`.

    Args:
        phrases: what is not written.
        allowed: the exceptions.
        checked: folders and files that are read when none are named.
        not_yet_clean: folders and files left out of those.
        used: the members of `allowed` that were needed so far.
    """

    phrases: Sequence[Phrase]
    allowed: Sequence[Exemption]
    checked: Sequence[Path]
    not_yet_clean: Sequence[Path]
    used: set[Exemption] = field(default_factory=set)

    def check_file(self, path: Path) -> list[Violation]:
        """Returns the violations in a file, by line."""
        source = path.read_text(encoding="utf-8")
        passages = python_passages(source) if path.suffix == ".py" else [Passage(1, source)]
        return sorted(
            (violation for passage in passages for violation in self._check_passage(path, passage)),
            key=lambda violation: violation.line,
        )

    def _check_passage(self, path: Path, passage: Passage) -> Iterator[Violation]:
        if passage.is_docstring and (question := _QUESTION.match(passage.text)):
            yield Violation(path, passage.line, question[1], _OPENING)
        for phrase in self.phrases:
            for match in phrase.pattern.finditer(passage.text):
                if not self._allows(path, passage, match):
                    breaks = passage.text.count("\n", 0, match.start()) if passage.is_spread else 0
                    found = passage.name or " ".join(match[0].split())
                    yield Violation(path, passage.line + breaks, found, f"write {phrase.instead}")

    def _allows(self, path: Path, passage: Passage, match: re.Match[str]) -> bool:
        exemptions = [one for one in self.allowed if one.covers(path, passage, match)]
        self.used.update(exemptions)
        return bool(exemptions)


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def read_rules(file: Path = RULES) -> Rules:
    """Reads the rules. A space in a phrase also matches a line break."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return Rules(
        [Phrase(_compile(entry["not"]), entry["but"]) for entry in table["phrases"]],
        [Exemption(entry["text"], ROOT / entry["path"] if "path" in entry else None) for entry in table["allowed"]],
        [ROOT / path for path in table["checked"]],
        [ROOT / path for path in table["not_yet_clean"]],
    )


def _compile(phrase: str) -> re.Pattern[str]:
    spaced = phrase.replace(" ", r"\s+")
    return re.compile(rf"\b(?:{spaced})\b", re.IGNORECASE | re.DOTALL)


def python_passages(source: str) -> Iterator[Passage]:
    """Yields the docstrings, string literals, names of definitions and comments of a module."""
    nodes = list(ast.walk(ast.parse(source)))
    docstrings = {id(constant) for node in nodes if (constant := _docstring(node))}
    names: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_spread = "\n" in node.value and node.value.count("\n") == (node.end_lineno or 0) - node.lineno
            yield Passage(node.lineno, node.value, "", id(node) in docstrings, is_spread)
        elif name := _defined_name(node):
            names.setdefault(name, getattr(node, "lineno", 1))
    for name, line in names.items():
        yield Passage(line, " ".join(_NAME_PART.findall(name)), name)
    yield from _comments(source)


def _docstring(node: ast.AST) -> ast.Constant | None:
    match node:
        case (
            ast.Module(body=[ast.Expr(value=ast.Constant(value=str()) as constant), *_])
            | ast.ClassDef(body=[ast.Expr(value=ast.Constant(value=str()) as constant), *_])
            | ast.FunctionDef(body=[ast.Expr(value=ast.Constant(value=str()) as constant), *_])
            | ast.AsyncFunctionDef(body=[ast.Expr(value=ast.Constant(value=str()) as constant), *_])
        ):
            return constant
        case _:
            return None


def _defined_name(node: ast.AST) -> str:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
            return name
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            return name
        case _:
            return ""


def _comments(source: str) -> Iterator[Passage]:
    """Yields the comments; lines of a comment that follow each other are one text."""
    start, lines = 0, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if lines and line != start + len(lines):
            yield Passage(start, "\n".join(lines))
            lines = []
        start = start if lines else line
        lines.append(token.string.lstrip("#! "))
    if lines:
        yield Passage(start, "\n".join(lines))


def files_below(paths: Iterable[Path]) -> list[Path]:
    """Returns the files that can be read at or below the paths, each once."""
    found = {
        file
        for path in paths
        for file in ([path] if path.is_file() else path.rglob("*"))
        if file.is_file() and file != RULES and file.suffix in _READ and "__pycache__" not in file.parts
    }
    return sorted(found)


def check_all(rules: Rules) -> tuple[list[str], list[str]]:
    """Checks everything that is not listed as unclean; returns the violations, and the exceptions without a use."""
    violations = {file: rules.check_file(file) for file in files_below([*rules.checked, *rules.not_yet_clean])}
    unclean = {path: files_below([path]) for path in rules.not_yet_clean}
    left_out = {file for files in unclean.values() for file in files}
    clean = (path for path, files in unclean.items() if not any(violations[file] for file in files))
    unused = (one.text for one in rules.allowed if one not in rules.used)
    return (
        [str(one) for file, found in violations.items() if file not in left_out for one in found],
        [
            *(f"{RULES.name}: {_shown(path)} is clean; remove it from not_yet_clean" for path in clean),
            *(f'{RULES.name}: "{text}" is not needed in allowed' for text in unused),
        ],
    )


def main(arguments: Sequence[str]) -> int:
    """Checks the named paths, or everything; returns the exit code."""
    rules, notes = read_rules(), list[str]()
    if arguments:
        files = files_below(Path(argument).resolve() for argument in arguments)
        lines = [str(violation) for file in files for violation in rules.check_file(file)]
    else:
        lines, notes = check_all(rules)
    sys.stdout.writelines(f"{line}\n" for line in [*lines, *notes])
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
