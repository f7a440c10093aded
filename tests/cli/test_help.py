"""Help and version: plain words, examples, every option by its exact name, and an answer at once."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from batch_enroll import __version__
from batch_enroll.cli import make_app
from batch_enroll.cli.options import takes
from batch_enroll.commands.report import FORMATS
from batch_enroll.commands.sync import SCOPES
from batch_enroll.core.guards.rules import Guard
from batch_enroll.core.roster.formats import Format
from batch_enroll.sandbox import SCENARIOS
from batch_enroll.settings.declaration import Panel, list_in_words
from batch_enroll.settings.model import OPTIONS

FLAGS = {
    "run": (
        "--allow --as-of --base-url --begin-date --config --course-id --deadline --dry-run --env --find --format "
        "--grace --json --ledger-url --limit --log-format --map --max-in-flight --metrics-file "
        "--no-roster-columns --on-change-only --out --pace --quiet --rate --reason --recheck --role --scenario "
        "--school --school-id --seed --sheet --state --token-url --verify --via --withdraw --withdraw-by --yes"
    ),
    "resume": (
        "--accept-changes --allow --base-url --config --deadline --env --grace --json --ledger-url --log-format "
        "--max-in-flight --metrics-file --on-change-only --pace --quiet --rate --reason --state --token-url --yes"
    ),
    "retry": (
        "--accept-changes --allow --base-url --config --deadline --env --from --grace --json --ledger-url "
        "--log-format --max-in-flight --metrics-file --on-change-only --pace --quiet --rate --reason --rejected "
        "--state --token-url --yes"
    ),
    "undo": (
        "--allow --base-url --config --deadline --dry-run --env --grace --json --ledger-url --log-format "
        "--max-in-flight --out --pace --quiet --rate --reason --state --token-url --via --withdraw-by --yes"
    ),
    "check": (
        "--as-of --base-url --begin-date --config --course-id --env --find --fix --format --json --ledger-url "
        "--limit --map --max-in-flight --online --pace --rate --role --scenario --school --school-id --seed "
        "--sheet --state --token-url --via --withdraw"
    ),
    "verify": (
        "--as-of --base-url --config --course-id --env --find --format --json --ledger-url --limit --map "
        "--max-in-flight --out --pace --quiet --rate --role --school-id --sheet --state --token-url --via "
        "--withdraw"
    ),
    "sync": (
        "--allow --as-of --base-url --begin-date --config --course-id --deadline --dry-run --env --find --format "
        "--grace --json --ledger-url --log-format --map --max-in-flight --out --output --pace --quiet --rate "
        "--reason --role --school-id --scope --sheet --state --token-url --verify --via --withdraw --withdraw-by "
        "--yes -o"
    ),
    "plan": (
        "--as-of --base-url --begin-date --config --course-id --env --find --format --json --ledger-url --limit "
        "--map --max-in-flight --output --pace --rate --role --school-id --sheet --state --token-url --via "
        "--withdraw --withdraw-by -o"
    ),
    "apply": (
        "--allow --base-url --config --deadline --env --grace --json --ledger-url --log-format --max-in-flight "
        "--out --pace --quiet --rate --reason --state --token-url --verify --yes"
    ),
    "show": "--config --json --ledger-url --state",
    "report": "--config --format --ledger-url --output --state -o",
    "enrollments": "--base-url --config --env --json --token-url --via",
    "explain": "--json",
    "runs": "--config --json --ledger-url --limit --state",
    "purge": "--config --json --ledger-url --older-than --state --yes",
    "template": "--json --output --xlsx -o",
    "sandbox": "--port --scenario --school --seed",
    "demo": "--json --out --quiet",
    "doctor": "--base-url --config --env --json --ledger-url --out --state --token-url",
}
HEAVY = ("pandas", "aiohttp", "sqlalchemy", "pydantic_settings", "structlog", "openpyxl", "anyio", "asyncio", "rich")


@pytest.mark.parametrize("command", FLAGS)
def test_each_command_has_its_flags_and_gives_examples(command: str) -> None:
    answer = CliRunner().invoke(make_app(), [command, "--help"])
    assert answer.exit_code == 0
    names = [line.split("  ")[1] for line in answer.stdout.splitlines() if line.startswith("  -")]
    flags = {flag for name in names for flag in re.findall(r"(?<!\S)--?[a-z-]+", name)}
    assert flags == {*FLAGS[command].split(), "-h", "--help"}
    assert f"\n    batch-enroll {command}" in answer.stdout


@pytest.mark.parametrize("command", ["", *FLAGS])
def test_help_holds_no_markup_and_is_not_too_wide(command: str) -> None:
    answer = CliRunner().invoke(make_app(), [*command.split(), "-h"], env={"COLUMNS": "80"})
    assert "[bold" not in answer.stdout
    assert "\x1b" not in answer.stdout
    assert max(map(len, answer.stdout.splitlines())) <= 100


def test_options_appear_under_the_headings_of_their_groups() -> None:
    lines = CliRunner().invoke(make_app(), ["run", "-h"], env={"COLUMNS": "100"}).stdout.splitlines()
    headings = [line[:-1] for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Arguments", "Options", *(panel for panel in Panel if panel is not Panel.GUARDS)]
    under, heading = {}, ""
    for line in lines:
        heading = line[:-1] if line[:-1] in headings else heading
        if line.startswith("  --"):
            under[line.split()[0]] = heading
    assert under["--env"] == "Server"
    assert under["--rate"] == under["--dry-run"] == "Sending"
    assert under["--withdraw"] == under["--yes"] == under["--reason"] == "Safety"
    assert under["--seed"] == "Rehearsal (--env sandbox)"


def test_few_options_are_one_list_that_ends_with_help() -> None:
    lines = CliRunner().invoke(make_app(), ["show", "-h"]).stdout.splitlines()
    options = [line.split()[0] for line in lines if line.startswith("  -")]
    assert options == ["--json", "--state", "--ledger-url", "--config", "-h,"]
    assert "Output:" not in lines


def test_the_help_of_an_option_is_that_of_its_declaration() -> None:
    shown = CliRunner().invoke(make_app(), ["run", "-h"], env={"COLUMNS": "100"}).stdout
    text = re.sub(r"-\s+|\s+", " ", shown).replace("-", " ")
    described = {option.name: option.described for option in OPTIONS.values() if option.flag is not None}
    assert [name for name, words in described.items() if words.replace("-", " ") not in text] == []


def test_a_command_cannot_take_an_unknown_option() -> None:
    with pytest.raises(KeyError, match="spede"):
        takes("spede")


def test_the_list_of_commands_shows_each_with_a_whole_sentence() -> None:
    answer = CliRunner().invoke(make_app(), ["--help"])
    for command in FLAGS:
        (line,) = (line for line in answer.stdout.splitlines() if line.strip().startswith(f"{command} "))
        assert "..." not in line


def test_there_is_no_flag_for_a_secret() -> None:
    for command in FLAGS:
        answer = CliRunner().invoke(make_app(), [command, "--help"])
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
def test_the_version_is_shown(how: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, *how, "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    python = ".".join(map(str, sys.version_info[:3]))
    assert done.stdout.startswith(f"batch-enroll {__version__} (Python {python} on {sys.platform}; aiohttp ")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        ("run --env", ["production", "staging", "sandbox"]),
        ("run --format", list(Format)),
        ("run --allow", list(Guard)),
        ("run --find", ["auto", "never", "user=email", "user=username", "user=identifier", "course=code"]),
        ("run --scenario", list(SCENARIOS)),
        ("check --via", ["edubridge", "oneroster"]),
        ("sync --scope", list(SCOPES)),
        ("report --format", list(FORMATS)),
    ],
)
def test_the_shell_completes_values(words: str, choices: list[str]) -> None:
    env = {"_BATCH_ENROLL_COMPLETE": "complete_bash", "COMP_WORDS": f"batch-enroll {words} ", "COMP_CWORD": "3"}
    answer = CliRunner().invoke(make_app(), prog_name="batch-enroll", env=env)
    assert answer.stdout.split()[: len(choices)] == choices


def test_the_shell_can_complete_the_real_command() -> None:
    env = {"_BATCH_ENROLL_COMPLETE": "complete_bash", "COMP_WORDS": "batch-enroll run --pace ", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-m", "batch_enroll"], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.split() == ["auto", "fixed"]


def test_lists_in_help_are_those_of_the_program() -> None:
    reports = CliRunner().invoke(make_app(), ["report", "-h"]).stdout
    assert f"{list_in_words(list(FORMATS))}. Default: {next(iter(FORMATS))}." in reports
    scopes = " ".join(CliRunner().invoke(make_app(), ["sync", "-h"]).stdout.split())
    assert f"{list_in_words(SCOPES)}. Default: {SCOPES[0]}." in scopes
