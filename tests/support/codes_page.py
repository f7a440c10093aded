"""The page of all codes, docs/codes.md, from their records: this program rewrites it, a test compares it."""

from __future__ import annotations

import textwrap
from itertools import groupby
from typing import TYPE_CHECKING, Final

from support.paths import PROJECT

from batch_enroll.core.codes import explain
from batch_enroll.core.codes.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.core.codes.code_entry import CodeEntry

PAGE: Final = PROJECT / "docs" / "codes.md"
_HEAD: Final = """\
# Codes of the results

Each row that is not simply enrolled has a code in `enroll_code`. `batch-enroll explain CODE` shows the same text in the
terminal. Codes are stable: they are never reused. This page is generated from `batch_enroll/core/codes/` by
`PYTHONPATH=tests .venv/bin/python -m support.codes_page`.
"""
_FAMILIES: Final = {
    "E1": "E1xx: errors in the roster",
    "W1": "W1xx: warnings; the row was sent",
    "E2": "E2xx: refused by the server",
    "E3": "E3xx: failed on the way",
    "E4": "E4xx: unknown results",
    "S1": "S1xx: skipped",
    "A1": "A1xx: already enrolled",
    "A2": "A2xx: already withdrawn",
    "N1": "N1xx: not attempted",
}


def render() -> str:
    """The whole page."""
    order = list(_FAMILIES)
    codes = sorted(CATALOGUE, key=lambda code: (order.index(code[:2]), code))
    parts = [_HEAD]
    for family, members in groupby(codes, key=lambda code: code[:2]):
        parts.append(f"## {_FAMILIES[family]}\n")
        parts += ["\n".join(_section(CATALOGUE[code])) for code in members]
    return "\n".join(parts)


def _section(entry: CodeEntry) -> Iterator[str]:
    yield f"### {entry.code} {entry.title}\n"
    yield from _wrap(f"Outcome: `{explain.outcome_of(entry.code)}`. {entry.meaning}")
    yield "\nLikely causes:\n"
    for cause in entry.causes:
        yield from _wrap(f"- {cause}", "  ")
    if entry.remedy:
        yield ""
        yield from _wrap(f"**What to do:** {entry.remedy}")
    yield ""


def _wrap(text: str, hanging: str = "") -> list[str]:
    return textwrap.wrap(text, 120, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
