"""Files made from the options: up to date, and complete for an option that is added."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pytest
import write_option_files
from pydantic import Field, SecretStr

from batch_enroll.settings import Needs, load
from batch_enroll.settings.declaration import Option, Panel, declare, list_options
from batch_enroll.settings.enroll_options import EnrollOptions
from batch_enroll.settings.model import OPTIONS
from batch_enroll.settings.options.safety import Overriding
from batch_enroll.settings.values import PositiveNumber


@declare(Panel.SENDING)
class Added:
    """Options that someone adds."""

    speed: Annotated[PositiveNumber | None, Option("How fast.", metavar="N")] = None
    tries: Annotated[int, Field(ge=1, le=9), Option("Tries.", flag=None)] = 3
    mode: Annotated[Literal["a", "b"], Option("The mode.", metavar="MODE")] = "a"
    loud: Annotated[bool, Option("Make noise.")] = False
    key: Annotated[SecretStr, Option("A key.", flag=None, variables=("KEY",))] = SecretStr("")
    folder: Annotated[Path, Option("A folder.", metavar="DIR")] = Path("here")
    day: Annotated[date | None, Option("A day.", metavar="DATE", default_text="today")] = None


ADDED = {option.name: option for option in list_options([Added])}


def test_the_files_on_disk_are_those_of_the_declared_options() -> None:
    assert write_option_files.find_outdated() == []


def test_the_keywords_of_enroll_are_all_options() -> None:
    assert EnrollOptions.__annotations__.keys() == OPTIONS.keys() | {o.name for o in list_options([Overriding])}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("speed", "a number, more than 0"),
        ("tries", "a whole number, at least 1 and at most 9"),
        ("mode", "`a` or `b`"),
        ("loud", "true or false"),
        ("key", "text, hidden in all output"),
        ("folder", "a path"),
        ("day", "a date, as YYYY-MM-DD"),
    ],
)
def test_the_values_of_an_option_are_described(name: str, words: str) -> None:
    assert write_option_files.describe_type(ADDED[name]) == words


def test_an_option_has_its_flag_variables_key_value_and_default_in_the_reference() -> None:
    assert write_option_files.format_option(ADDED["speed"]) == [
        "### speed",
        "",
        "How fast.",
        "",
        "- flag: `--speed N`",
        "- variable: `BATCH_ENROLL_SPEED`",
        "- key: `speed`",
        "- value: a number, more than 0",
        "- default: none",
    ]
    assert "- default: today" in write_option_files.format_option(ADDED["day"])
    assert not any(line.startswith("- flag") for line in write_option_files.format_option(ADDED["tries"]))


def test_an_option_is_a_keyword_with_its_type_and_meaning() -> None:
    assert write_option_files.format_keyword(ADDED["folder"]) == (
        '\n    folder: str | os.PathLike[str]\n    """A folder. Default: here."""\n'
    )
    assert '    mode: Literal["a", "b"]\n' in write_option_files.format_keyword(ADDED["mode"])


SAMPLES: EnrollOptions = {
    "env": "sandbox", "token_auth": "basic", "format": "table", "sheet": "Fall", "map": {"user_id": "No"},
    "find": {"user": "email"}, "find_cache_hours": 1, "as_of": date(2026, 9, 1), "limit": 3, "course_id": "m",
    "school_id": "s", "role": "teacher", "begin_date": date(2026, 9, 1), "pace": "fixed", "rate": 2.5,
    "max_in_flight": 4, "deadline": "06:00", "grace": 3, "via": "oneroster", "dry_run": True, "recheck": True,
    "send_sourced_id": "never", "probe": "never", "withdraw": True, "withdraw_by": "end_date", "verify": True,
    "out": Path("o"), "no_roster_columns": True, "quiet": True, "log_format": "json", "state": Path("s"),
    "ledger_url": "postgresql://h/d", "metrics_file": Path("m"), "on_change_only": True, "notify": ["mailto://a"],
    "ping_url": "https://example.org/p", "sandbox_scenarios": ["slow"], "sandbox_school": Path("b.zip"),
    "sandbox_seed": 3, "guard_days": 3, "guard_least_share": 0.5, "timeout_s": 3.0, "max_attempts": 2,
}  # fmt: skip


@pytest.mark.usefixtures("empty_surroundings")
def test_values_of_the_keyword_types_are_settings() -> None:
    settings = load(SAMPLES, needs=Needs.ROSTER)
    assert settings.begin_date == "2026-09-01"
    assert {settings.sources()[name] for name in SAMPLES} >= {"flag --rate", "flag --scenario"}
    assert "default" not in {settings.sources()[name] for name in SAMPLES}
