"""`batch-enroll explain`: the meaning of a code of the results."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from batch_enroll.cli.command import Command
from batch_enroll.cli.options import FlagValues, Json, takes
from batch_enroll.cli.output import CommandOutput, Tone, wrap
from batch_enroll.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.cli.output import Paint
    from batch_enroll.core.codes.code_entry import CodeEntry

HELP = """Explains a code of the results: its meaning, likely causes, and what to do.

Lists all codes when none is given. Codes are stable. E1xx is an error in the roster, E2xx a row refused by the server,
E3xx a failure on the way, E4xx an unknown result; S is skipped, A was so already, N was not attempted; W is a warning.
"""
EPILOG = """Examples:

\b
  batch-enroll explain E201
  batch-enroll explain
  batch-enroll explain --json
"""

_ORDER: Final = "EWSAN"


def _list_codes() -> list[str]:
    from batch_enroll.core.codes.catalogue import CATALOGUE  # noqa: PLC0415 - only when the shell asks for it

    return list(CATALOGUE)


@takes(Json)
def explain(
    flags: FlagValues,
    code: Annotated[
        str | None,
        typer.Argument(metavar="CODE", help="Such as E201. Default: list all codes.", autocompletion=_list_codes),
    ] = None,
) -> CommandOutput:
    """Runs the command."""
    del flags
    from batch_enroll.core.codes import catalogue, explain  # noqa: PLC0415 - not for --help

    if code is None:
        every = [explain.as_json(each) for each in catalogue.CATALOGUE]
        return CommandOutput(0, {"codes": [*every], "exit_status": 0}, _format_list)
    meant = code.strip().upper()
    if meant not in catalogue.CATALOGUE:
        near = explain.nearest(code)
        advice = f"did you mean {' or '.join(near)}?" if near else "batch-enroll explain lists all codes"
        raise UsageError(f"unknown code {code!r}; {advice}")
    lines = partial(_format_entry, catalogue.CATALOGUE[meant])
    return CommandOutput(0, {**explain.as_json(meant), "exit_status": 0}, lines)


def _format_list(paint: Paint) -> Iterator[str]:
    from batch_enroll.core.codes import catalogue, explain  # noqa: PLC0415 - not for --help

    shown = None
    for code, entry in sorted(catalogue.CATALOGUE.items(), key=lambda each: (_ORDER.index(each[0][0]), each[0])):
        kind = explain.outcome_of(code)
        if kind != shown:
            if shown is not None:
                yield ""
            yield paint(kind.replace("_", " "), Tone.STRONG)
            shown = kind
        yield from wrap(f"{code}  {entry.title}", 2, hanging=6)


def _format_entry(entry: CodeEntry, paint: Paint) -> Iterator[str]:
    from batch_enroll.core.codes import explain  # noqa: PLC0415 - not for --help

    yield paint(f"{entry.code} {entry.title}", Tone.STRONG)
    yield paint(f"outcome: {explain.outcome_of(entry.code)}", Tone.QUIET)
    yield ""
    yield from wrap(entry.meaning, hanging=0)
    yield ""
    yield paint("Likely causes", Tone.STRONG)
    for cause in entry.causes:
        yield from wrap(f"- {cause}", 2)
    if entry.remedy:
        yield ""
        yield paint("What to do", Tone.STRONG)
        yield from wrap(entry.remedy, 2, hanging=0)


COMMAND = Command("explain", "Explain a code of the results.", HELP, EPILOG, explain)
