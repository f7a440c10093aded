"""`batch-enroll explain`: what a code of the results means."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from batch_enroll.cli import options as opt  # noqa: TC001 - typer reads the annotations
from batch_enroll.cli.output import CommandOutput, Tone, wrapped
from batch_enroll.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.cli.output import Paint

HELP = """Explains a code of the results: what it means, what is likely behind it, and what to do.

Without a code it lists them all. Codes are stable: E1xx is the roster, E2xx the server's refusal, E3xx the way there,
E4xx a row in doubt; S is skipped, A was there already, N was not attempted.
"""
EPILOG = """Examples:

\b
  batch-enroll explain E201
  batch-enroll explain
  batch-enroll explain --json
"""

_ORDER: Final = "EWSAN"


def _codes() -> list[str]:
    from batch_enroll.core.codes.catalogue import CATALOGUE  # noqa: PLC0415 - only when the shell asks for it

    return list(CATALOGUE)


def explain(
    code: Annotated[
        str | None,
        typer.Argument(metavar="CODE", help="Such as E201. Default: list all codes.", autocompletion=_codes),
    ] = None,
    as_json: opt.AsJson = False,  # noqa: FBT002 - a flag
) -> CommandOutput:
    """The answer for one code, or for all."""
    del as_json
    from batch_enroll.core.codes import catalogue, explain  # noqa: PLC0415 - not for --help

    if code is None:
        every = [explain.as_json(each) for each in catalogue.CATALOGUE]
        return CommandOutput(0, {"codes": [*every], "exit_status": 0}, _list_lines)
    meant = code.strip().upper()
    if meant not in catalogue.CATALOGUE:
        near = explain.nearest(code)
        asked = f"did you mean {' or '.join(near)}?" if near else "batch-enroll explain lists them all"
        raise UsageError(f"there is no code {code!r}; {asked}")
    return CommandOutput(0, {**explain.as_json(meant), "exit_status": 0}, partial(_code_lines, meant))


def _list_lines(paint: Paint) -> Iterator[str]:
    from batch_enroll.core.codes import catalogue, explain  # noqa: PLC0415 - not for --help

    shown = None
    for code, entry in sorted(catalogue.CATALOGUE.items(), key=lambda each: (_ORDER.index(each[0][0]), each[0])):
        kind = explain.outcome_of(code)
        if kind != shown:
            if shown is not None:
                yield ""
            yield paint(kind.replace("_", " "), Tone.STRONG)
            shown = kind
        yield from wrapped(f"{code}  {entry.title}", 2, hanging=6)


def _code_lines(code: str, paint: Paint) -> Iterator[str]:
    from batch_enroll.core.codes import catalogue, explain  # noqa: PLC0415 - not for --help

    entry, explanation = catalogue.CATALOGUE[code], explain.EXPLANATIONS[code]
    yield paint(f"{code} {entry.title}", Tone.STRONG)
    yield paint(f"outcome: {explain.outcome_of(code)}", Tone.QUIET)
    yield ""
    yield from wrapped(explanation.meaning, hanging=0)
    yield ""
    yield paint("Likely causes", Tone.STRONG)
    for cause in explanation.causes:
        yield from wrapped(f"- {cause}", 2)
    if entry.hint:
        yield ""
        yield paint("What to do", Tone.STRONG)
        yield from wrapped(entry.hint, 2, hanging=0)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("explain", help=HELP, short_help="Explain a code of the results.", epilog=EPILOG)(explain)
