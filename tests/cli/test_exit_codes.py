"""Failures: one message, one exit code, JSON when asked for, and never a traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.paths import README

from batch_enroll.cli import main
from batch_enroll.cli.errors import EXIT_CODES, run_guarded
from batch_enroll.cli.output import CommandOutput
from batch_enroll.core import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    Main = Callable[..., int]

pytestmark = pytest.mark.usefixtures("empty_surroundings")


def exit_status(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def raising(error: BaseException) -> Callable[[], object]:
    def command() -> object:
        raise error

    return command


def test_the_table_is_the_readmes() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == EXIT_CODES


def test_every_error_of_the_tree_has_its_line_in_the_table() -> None:
    tree = errors.BatchEnrollError.__subclasses__()
    assert {error.exit_status for error in tree} == {1, 2, 3, 4, 5, 6}
    assert {error.exit_status for error in tree} < EXIT_CODES.keys()


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (errors.UsageError("settings: 1 problem\n- a"), 2, "settings: 1 problem\n- a"),
        (errors.RosterError("term.csv: no header row"), 3, "term.csv: no header row"),
        (errors.AuthRefusedError("refused"), 4, "refused"),
        (errors.RunStoppedError("down"), 5, "down"),
        (errors.LedgerError("locked"), 6, "locked"),
        (BaseExceptionGroup("several", [ExceptionGroup("one", [errors.LedgerError("deep")])]), 6, "deep"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (BaseExceptionGroup("several", [KeyboardInterrupt()]), 130, "interrupted"),
        (ZeroDivisionError("ada@example.org"), 1, "internal error: ZeroDivisionError; please report"),
    ],
)
def test_an_error_becomes_one_message_and_its_exit_code(
    error: BaseException, status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_guarded(raising(error), as_json=True) == status
    written = capsys.readouterr()
    assert written.err.startswith(f"error: {message}")
    assert "Traceback" not in written.err
    assert "ada@" not in written.err + written.out
    answer = json.loads(written.out.splitlines()[-1])
    assert answer["exit_status"] == status
    assert answer["error"].startswith(message)


@pytest.mark.parametrize(
    ("name", "advice"),
    [("run", "`batch-enroll resume` finishes the run"), ("verify", "nothing was sent; start it again")],
)
def test_an_interrupted_command_says_what_to_do(name: str, advice: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(raising(KeyboardInterrupt()), as_json=False, name=name) == 130
    assert capsys.readouterr().err.startswith(f"error: interrupted; {advice}")


def test_the_traceback_is_shown_on_request(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_ENROLL_DEBUG", "1")
    assert run_guarded(raising(ZeroDivisionError("x")), as_json=False) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_result_is_written_and_its_exit_status_is_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    answer = CommandOutput(1, {"exit_status": 1, "place": "Zoë row 2"}, lambda _paint: ["one", "two"])
    assert run_guarded(lambda: answer, as_json=False) == 1
    assert capsys.readouterr().out == "one\ntwo\n"
    assert run_guarded(lambda: answer, as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == {"exit_status": 1, "place": "Zoë row 2"}


def test_an_interrupt_that_became_a_number_is_reported_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(lambda: 130, as_json=True) == 130
    assert json.loads(capsys.readouterr().out)["exit_status"] == 130
    assert run_guarded(lambda: None, as_json=False) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "Missing argument 'ROSTER'"),
        (["run", "term.csv", "--sped", "3"], "No such option: --sped"),
        (["enrol", "term.csv"], "No such command 'enrol'"),
        (["run", "term.csv"], "settings: 1 problem"),
        (["run", "term.csv", "--env", "prd"], "settings: 3 problems"),
        (["run", "term.csv", "--env", "sandbox", "--rate", "0", "--map", "x"], "settings: 2 problems"),
        (["run", "term.csv", "--env", "sandbox", "--log-format", "xml"], "settings: 1 problem"),
        (["check", "term.csv", "--limit", "none"], "settings: 1 problem"),
        (["show", "--config", "gone.toml"], "settings: 1 problem"),
        (["sandbox", "--port", "99999"], "Invalid value for '--port'"),
    ],
)
def test_unusable_arguments_end_with_2_and_json_if_asked(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status(*arguments) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith(f"error: {message}")
    if arguments[0] in {"run", "check", "show"}:
        assert exit_status(*arguments, "--json") == 2
        assert json.loads(capsys.readouterr().out)["exit_status"] == 2


def test_no_command_at_all_shows_the_help_and_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status() == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert "Commands:" in written.err


def test_scenarios_are_refused_outside_the_rehearsal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEBACK_CLIENT_ID", "client-7")
    monkeypatch.setenv("TIMEBACK_CLIENT_SECRET", "hush-hush")
    assert exit_status("run", "term.csv", "--env", "staging", "--scenario", "outage=1:2") == 2
    assert "flag --scenario: only a rehearsal" in capsys.readouterr().err


def test_a_reader_that_closes_the_pipe_is_not_an_error() -> None:
    program = (
        "import sys\n"
        "from batch_enroll.cli.errors import run_guarded\n"
        "from batch_enroll.cli.output import CommandOutput\n"
        "answer = CommandOutput(0, {}, lambda paint: ['x' * 80] * 10_000)\n"
        "sys.exit(run_guarded(lambda: answer, as_json=False))\n"
    )
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_stdout_brings_no_traceback() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "batch_enroll", "--version"],
            stdout=full, stderr=subprocess.PIPE, check=False, timeout=60,
        )  # fmt: skip
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a shell's redirection")
def test_a_stdout_that_was_closed_before_is_not_an_error() -> None:
    done = subprocess.run(  # noqa: S602 - our own program
        f"'{sys.executable}' -m batch_enroll --version >&-", shell=True, capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")


BAD = {
    "--env": "prd", "--base-url": "x", "--token-url": "y", "--rate": "0", "--max-in-flight": "0", "--course-id": " ",
    "--school-id": " ", "--role": "pet", "--begin-date": "soon", "--map": "x", "--sheet": " ", "--as-of": "then",
    "--limit": "0", "--log-format": "xml", "--scenario": "slow", "--seed": "x",
}  # fmt: skip
RUN_ONLY = {"--token-url", "--log-format", "--scenario", "--seed"}


@pytest.mark.parametrize("command", ["run", "check"])
def test_the_problems_of_all_flags_are_reported_at_once(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    flags = {flag: value for flag, value in BAD.items() if command == "run" or flag not in RUN_ONLY}
    assert exit_status(command, "term.csv", *(part for pair in flags.items() for part in pair)) == 2
    written = capsys.readouterr().err
    assert [flag for flag in flags if f"\n- flag {flag}: " not in written] == []
