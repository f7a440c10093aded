"""Help and version: plain words, examples, every option by its exact name, and an answer at once."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from batch_enroll import __version__
from batch_enroll.cli import app

OPTIONS = {
    "run": (
        "ROSTER --env --base-url --token-url --rate --max-in-flight --course-id --school-id --role --begin-date --map "
        "--sheet --as-of --limit --out --state --ledger-url --config --dry-run --verify --recheck "
        "--allow --reason --deadline --grace --no-roster-columns --metrics-file --on-change-only --json --quiet "
        "--log-format --scenario --school --seed"
    ),
    "retry": (
        "RUN --from --rejected --accept-changes --env --base-url --token-url --rate --max-in-flight --state "
        "--ledger-url --config --deadline --grace --json --quiet --log-format"
    ),
    "resume": (
        "RUN --accept-changes --env --base-url --token-url --rate --max-in-flight --state --ledger-url --config "
        "--deadline --grace --json --quiet --log-format"
    ),
    "check": (
        "ROSTER --env --rate --course-id --school-id --role --begin-date --map --sheet --as-of --limit --fix --json"
    ),
    "template": "--xlsx --output --json",
    "verify": (
        "--env --base-url --token-url --rate --max-in-flight --course-id --school-id --role --map --sheet --as-of "
        "--limit --withdraw --out --state --ledger-url --config --quiet --json"
    ),
    "sync": (
        "ROSTER --scope --output --env --base-url --token-url --rate --max-in-flight --course-id --school-id --role "
        "--begin-date --map --sheet --as-of --out --state --ledger-url --config --dry-run --verify --withdraw --yes "
        "--allow --reason --deadline --grace --quiet --log-format --json"
    ),
    "plan": "ROSTER --output --env --rate --map --sheet --as-of --limit --withdraw --state --ledger-url --json",
    "apply": (
        "PLAN --env --base-url --token-url --rate --max-in-flight --out --state --ledger-url --config --verify --yes "
        "--allow --reason --deadline --grace --quiet --log-format --json"
    ),
    "show": "RUN --state --ledger-url --json",
    "report": "RUN --format --output -o --state --ledger-url",
    "explain": "CODE --json",
    "runs": "--limit --state --ledger-url --json",
    "purge": "--older-than --yes --state --ledger-url --json",
    "sandbox": "--port --scenario --school --seed",
    "demo": "--out --quiet --json",
    "doctor": "--env --base-url --token-url --out --state --ledger-url --config --json",
}
HEAVY = ("pandas", "aiohttp", "sqlalchemy", "pydantic_settings", "structlog", "openpyxl", "anyio", "asyncio", "rich")


@pytest.mark.parametrize("command", OPTIONS)
def test_each_command_explains_its_options_and_gives_examples(command: str) -> None:
    answer = CliRunner().invoke(app, [command, "--help"])
    assert answer.exit_code == 0
    words = answer.stdout.split()
    assert [option for option in OPTIONS[command].split() if option not in words] == []
    assert f"\n    batch-enroll {command}" in answer.stdout


@pytest.mark.parametrize("command", ["", *OPTIONS])
def test_help_holds_no_markup_and_is_not_too_wide(command: str) -> None:
    answer = CliRunner().invoke(app, [*command.split(), "-h"], env={"COLUMNS": "80"})
    assert "[bold" not in answer.stdout
    assert "\x1b" not in answer.stdout
    assert max(map(len, answer.stdout.splitlines())) <= 100


def test_the_list_of_commands_shows_each_with_a_whole_sentence() -> None:
    answer = CliRunner().invoke(app, ["--help"])
    for command in OPTIONS:
        (line,) = (line for line in answer.stdout.splitlines() if line.strip().startswith(f"{command} "))
        assert "..." not in line


def test_there_is_no_flag_for_a_secret() -> None:
    for command in OPTIONS:
        answer = CliRunner().invoke(app, [command, "--help"])
        assert "--client" not in answer.stdout
        assert "--secret" not in answer.stdout


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["run", "--help"], []])
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from batch_enroll.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        f"finally:\n    print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)\n"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize("how", [["-m", "batch_enroll"], ["-c", "from batch_enroll.cli import main; main()"]])
def test_the_version_is_told(how: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, *how, "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    python = ".".join(map(str, sys.version_info[:3]))
    assert done.stdout.startswith(f"batch-enroll {__version__} (Python {python} on {sys.platform}; aiohttp ")
    assert done.stderr == ""


def test_the_shell_can_complete() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "batch_enroll"],
        env={
            "_BATCH_ENROLL_COMPLETE": "complete_bash",
            "COMP_WORDS": "batch-enroll run --env ",
            "COMP_CWORD": "3",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split() == ["production", "staging", "sandbox"]
