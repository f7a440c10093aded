"""Output of commands: results on stdout, messages on stderr; plain when piped, colored on a terminal."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TextIO

    from batch_enroll.core.model import Json

WIDTH: Final = 80


class Tone(Enum):
    """The meaning of a piece of text; a terminal shows it as a color."""

    STRONG = "strong"
    GOOD = "good"
    BAD = "bad"
    QUIET = "quiet"


if TYPE_CHECKING:
    Paint: TypeAlias = Callable[[str, Tone], str]


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """The result of a command: for people (`lines`, formatted when needed) and for programs (`summary`)."""

    exit_status: int
    summary: Mapping[str, Json]
    lines: Callable[[Paint], Iterable[str]]


def write_output(output: CommandOutput, *, as_json: bool) -> None:
    """Writes the result of a command to stdout."""
    if as_json:
        write_json(output.summary)
        return
    paint = add_color if _shows_color(sys.stdout) else keep_plain
    if lines := list(output.lines(paint)):
        write_line("\n".join(lines))


def write_line(text: str) -> None:
    """Writes a line to stdout. A reader that closed the pipe (`| head`) is not an error."""
    _write(sys.stdout, text)


def write_json(summary: Mapping[str, Json]) -> None:
    """Writes JSON on one line of stdout, so that the last line is all a program needs."""
    write_line(json.dumps(summary))


def write_message(text: str) -> None:
    """Writes a line to stderr."""
    _write(sys.stderr, text)


def write_bytes(pieces: Iterable[bytes]) -> None:
    """Writes a document to stdout, as it is."""
    stream = sys.stdout
    if stream is not None:
        _write_safely(stream, lambda: stream.buffer.writelines(pieces))


def _write(stream: TextIO | None, text: str) -> None:
    if stream is not None:  # else it was closed before the start (`>&-`)
        _write_safely(stream, lambda: stream.write(f"{text}\n"))


def _write_safely(stream: TextIO, write: Callable[[], object]) -> None:
    try:
        write()
        stream.flush()
    except BrokenPipeError:
        # What is still buffered would fail again when Python ends, with a message; let it go nowhere.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):  # a full disk, a closed descriptor: there is nowhere to report it
        return


def allow_any_text() -> None:
    """Writes text that the terminal cannot show as escapes; the exit code must not depend on an accent."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def escape(text: str) -> str:
    """Returns `text` on one line; the content of a roster must not control a terminal."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def keep_plain(text: str, _tone: Tone) -> str:
    """Returns `text` as it is."""
    return text


def wrap(text: str, indent: int = 0, hanging: int = 2) -> list[str]:
    """Returns `text` in lines of the width of reports; lines after the first are indented further."""
    margin = " " * indent
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=margin,
        subsequent_indent=margin + " " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def add_color(text: str, tone: Tone) -> str:
    """Returns `text` for a terminal."""
    match tone:
        case Tone.STRONG:
            return typer.style(text, bold=True)
        case Tone.GOOD:
            return typer.style(text, fg=typer.colors.GREEN)
        case Tone.BAD:
            return typer.style(text, fg=typer.colors.RED)
        case Tone.QUIET:
            return typer.style(text, dim=True)


def omit_lines(_paint: Paint) -> tuple[str, ...]:
    """Returns the lines of a result that is not shown."""
    return ()


def _shows_color(stream: TextIO | None) -> bool:
    """Source: the NO_COLOR convention; a dumb terminal shows no colors either."""
    environ = os.environ
    return (
        stream is not None and stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM", "dumb") != "dumb"
    )
