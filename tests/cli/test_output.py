"""Streams: colours on a terminal only, results on stdout, and text that a terminal cannot show."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest

from batch_enroll.cli import output
from batch_enroll.cli.output import CommandOutput, Tone, write_output


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


ANSWER = CommandOutput(0, {"exit_status": 0}, lambda paint: [paint("fine", Tone.GOOD)])


@pytest.mark.parametrize(
    ("stream", "environ", "expected"),
    [
        (Terminal(), {"TERM": "xterm"}, "\x1b[32mfine\x1b[0m\n"),
        (Terminal(), {"TERM": "dumb"}, "fine\n"),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, "fine\n"),
        (io.StringIO(), {"TERM": "xterm"}, "fine\n"),
    ],
)
def test_colors_are_for_terminals_that_show_them(
    stream: io.StringIO, environ: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with redirect_stdout(stream):
        write_output(ANSWER, as_json=False)
    assert stream.getvalue() == expected


def test_json_has_no_colors_even_on_a_terminal() -> None:
    stream = Terminal()
    with redirect_stdout(stream):
        write_output(ANSWER, as_json=True)
    assert stream.getvalue() == '{"exit_status": 0}\n'


@pytest.mark.parametrize("stream", [None, io.TextIOWrapper(io.BytesIO())])
def test_a_closed_stream_is_not_an_error(stream: io.TextIOWrapper | None) -> None:
    if stream is not None:
        stream.close()
    with redirect_stderr(stream):
        output.write_message("anything")


def test_letters_the_terminal_cannot_show_become_escapes() -> None:
    program = (
        "from batch_enroll.cli.output import allow_any_text, write_line, write_message\n"
        "allow_any_text()\nwrite_line('Zo\\u00eb.csv')\nwrite_message('\\u2192')"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == (b"Zo\\xeb.csv\n", b"\\u2192\n")
