"""What commands say: results on stdout, messages on stderr; plain when piped, coloured on a terminal."""

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
    """How a piece of text is meant; a terminal shows it as a colour."""

    STRONG = "strong"
    GOOD = "good"
    BAD = "bad"
    QUIET = "quiet"


if TYPE_CHECKING:
    Paint: TypeAlias = Callable[[str, Tone], str]


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """What a command has to say at its end: for people (`lines`, drawn when needed) and for programs (`summary`)."""

    exit_status: int
    summary: Mapping[str, Json]
    lines: Callable[[Paint], Iterable[str]]


def present(answer: CommandOutput, *, as_json: bool) -> None:
    """Writes the answer to stdout."""
    if as_json:
        say_json(answer.summary)
        return
    paint = coloured if _wants_colour(sys.stdout) else plain
    if lines := list(answer.lines(paint)):
        say("\n".join(lines))


def say(text: str) -> None:
    """Writes a line to stdout. A reader that went away (`| head`) is no failure."""
    _write(sys.stdout, text)


def say_json(summary: Mapping[str, Json]) -> None:
    """Writes JSON on one line of stdout, so that the last line is all a program needs."""
    say(json.dumps(summary))


def tell(text: str) -> None:
    """Writes a line to stderr."""
    _write(sys.stderr, text)


def say_bytes(pieces: Iterable[bytes]) -> None:
    """Writes a document to stdout, as it is."""
    stream = sys.stdout
    if stream is not None:
        _carefully(stream, lambda: stream.buffer.writelines(pieces))


def _write(stream: TextIO | None, text: str) -> None:
    if stream is not None:  # else it was closed before we began (`>&-`)
        _carefully(stream, lambda: stream.write(f"{text}\n"))


def _carefully(stream: TextIO, write: Callable[[], object]) -> None:
    try:
        write()
        stream.flush()
    except BrokenPipeError:
        # What is still buffered would fail again when Python ends, with a message; let it go nowhere.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):  # a full disk, a closed descriptor: nobody is left to be told
        return


def robust_streams() -> None:
    """Lets text that the terminal cannot show pass as escapes; the exit code must not hang on an accent."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def visible(text: str) -> str:
    """`text` on one line; what a roster holds must not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def plain(text: str, _tone: Tone) -> str:
    """`text` as it is."""
    return text


def wrapped(text: str, indent: int = 0, hanging: int = 2) -> list[str]:
    """`text` in lines of the width that reports have; lines after the first hang further in."""
    margin = " " * indent
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=margin,
        subsequent_indent=margin + " " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def coloured(text: str, tone: Tone) -> str:
    """`text` for a terminal."""
    match tone:
        case Tone.STRONG:
            return typer.style(text, bold=True)
        case Tone.GOOD:
            return typer.style(text, fg=typer.colors.GREEN)
        case Tone.BAD:
            return typer.style(text, fg=typer.colors.RED)
        case Tone.QUIET:
            return typer.style(text, dim=True)


def silence(_paint: Paint) -> tuple[str, ...]:
    """Lines of an answer that has nothing to say."""
    return ()


def _wants_colour(stream: TextIO | None) -> bool:
    """Source: the NO_COLOR convention; a dumb terminal shows no colours either."""
    environ = os.environ
    return (
        stream is not None and stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM", "dumb") != "dumb"
    )
