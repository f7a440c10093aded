"""The options that commands share, with their help; the parameter's name is the setting's.

Values stay text here: Settings checks them, so that every problem is told at once and with its origin.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from batch_enroll.core.roster.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping

_REHEARSAL = "Rehearsal (--env sandbox)"
_UNATTENDED = "Unattended runs (see also the settings notify and ping_url)"
_GUARDS = "Guards"
_ENVIRONMENTS = ("production", "staging", "sandbox")


def _formats() -> list[tuple[str, str]]:
    return [(name, each.title) for name, each in FORMATS.items()]


def _environments() -> list[str]:
    return list(_ENVIRONMENTS)


def _guards() -> list[str]:
    from batch_enroll.core.guards.rules import Guard  # noqa: PLC0415 - only when the shell asks for it

    return list(Guard)


def _paces() -> list[str]:
    return ["auto", "fixed"]


def _scenarios() -> list[str]:
    from batch_enroll.sandbox import SCENARIOS  # noqa: PLC0415 - only when the shell asks for it

    return list(SCENARIOS)


def given(arguments: Mapping[str, object]) -> dict[str, object]:
    """Those of a command's arguments that are settings, by the setting's name: `given(locals())`, on its first line."""
    from batch_enroll.settings import Settings  # noqa: PLC0415 - not for --help

    return {name: value for name, value in arguments.items() if name in Settings.model_fields}


Rosters: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="ROSTER",
        help="A table (.csv, .tsv, .txt, .xlsx, or - for stdin), or a folder, .zip or .xlsx of several files, as "
        "OneRoster, School Data Sync, Clever, Canvas or Apple School Manager export them.",
    ),
]
PastRun: TypeAlias = Annotated[str | None, typer.Argument(metavar="RUN", help="The run's id. Default: the latest run.")]
AcceptChanges: TypeAlias = Annotated[
    bool, typer.Option("--accept-changes", help="Go on although the roster changed; changed rows are read anew.")
]
Env: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="ENV",
        help="production, staging or sandbox (a rehearsal inside this process). Default: TIMEBACK_ENV.",
        autocompletion=_environments,
    ),
]
BaseUrl: TypeAlias = Annotated[
    str | None, typer.Option(metavar="URL", help="Use this API instead of the environment's.")
]
TokenUrl: TypeAlias = Annotated[
    str | None, typer.Option(metavar="URL", help="Fetch tokens here instead of where the environment does.")
]
Pace: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="PACE",
        help="auto: find the server's limits and stay below them. fixed: keep to --rate and --max-in-flight. "
        "Default: auto.",
        autocompletion=_paces,
    ),
]
Rate: TypeAlias = Annotated[str | None, typer.Option(metavar="R", help="Send at most R requests per second.")]
MaxInFlight: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="N", help="Send at most N requests at once. Default: 100, or 10 with --pace fixed."),
]
CourseId: TypeAlias = Annotated[
    str | None, typer.Option(metavar="ID", help="The course of rows that name none: its id, no title.")
]
SchoolId: TypeAlias = Annotated[
    str | None, typer.Option(metavar="ID", help="The school of rows that name none: its id, no name.")
]
RoleName: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="ROLE", help="The role of rows that name none. Default: student."),
]
BeginDate: TypeAlias = Annotated[
    str | None, typer.Option(metavar="DATE", help="The first day of rows that name none, as YYYY-MM-DD.")
]
FieldMap: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=HEADER", help="Read FIELD from the column HEADER. May be repeated."),
]
Find: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--find",
        metavar="KIND=BY",
        help="Find ids by what the roster has instead: user=email (username, identifier), course=title (code), "
        "school=name (identifier); never: none. Default: auto, where a row lacks an id, or its column holds e-mails, "
        "titles or names.",
    ),
]
Online: TypeAlias = Annotated[
    bool, typer.Option("--online", help="Ask the API for every id and name; needs an environment and credentials.")
]
Sheet: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="The sheet of a workbook. Default: the first.")
]
RosterFormat: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help=f"What the roster is: {', '.join(FORMATS)}. Default: told by its content.",
        autocompletion=_formats,
    ),
]
AsOf: TypeAlias = Annotated[
    str | None, typer.Option(metavar="DATE", help="Read the roster's end dates as on this day. Default: today.")
]
Limit: TypeAlias = Annotated[str | None, typer.Option(metavar="N", help="Stop reading after N rows.")]
Out: TypeAlias = Annotated[
    str | None, typer.Option(metavar="DIR", help="Where run folders go. Default: batch-enroll-runs.")
]
State: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help="Where the memory of past runs is kept. Default: BATCH_ENROLL_STATE, else the user's state folder.",
    ),
]
LedgerUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Keep that memory in PostgreSQL: postgresql://user@host/database. Default: BATCH_ENROLL_LEDGER_URL, which "
        "is the place for one with a password.",
    ),
]
Config: TypeAlias = Annotated[
    str | None, typer.Option(metavar="FILE", help="Settings in TOML. Default: batch-enroll.toml, if it is there.")
]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Do everything but send.")]
Recheck: TypeAlias = Annotated[
    bool, typer.Option("--recheck", help="Ask the server for seats of earlier runs instead of skipping them.")
]
Verify: TypeAlias = Annotated[
    bool, typer.Option("--verify", help="Ask the server for every seat afterwards; one that is not there has failed.")
]
Withdraw: TypeAlias = Annotated[
    bool, typer.Option("--withdraw", help="Withdraw the rows whose status is tobedeleted, instead of skipping them.")
]
Via: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="ROUTE", help="edubridge, or oneroster, which takes classes and end dates. Default: edubridge."
    ),
]
WithdrawBy: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="HOW", help="With --via oneroster, withdraw by status or by end_date. Default: status."),
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", help="Withdraw without being asked.")]
Deadline: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Stop well after so long (30m, 2h) or at a time of day (06:00)."),
]
Grace: TypeAlias = Annotated[
    str | None, typer.Option(metavar="S", help="Seconds that requests in flight get when the run stops. Default: 30.")
]
MetricsFile: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Write what came of it as a Prometheus textfile.", rich_help_panel=_UNATTENDED),
]
OnChangeOnly: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--on-change-only",
        help="Notify only when something differs from the last run of the roster.",
        rich_help_panel=_UNATTENDED,
    ),
]
NoRosterColumns: TypeAlias = Annotated[
    bool, typer.Option("--no-roster-columns", help="Leave the roster's own columns out of the results.")
]
Fix: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="OUT", help="Write a repaired copy as CSV, and tell what was changed.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print the summary as one line of JSON.")]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("--quiet", help="Show no progress, and nothing at all when all is well and unchanged.")
]
LogFormat: TypeAlias = Annotated[
    str | None, typer.Option(metavar="FORMAT", help="Write log records to stderr too: console or json.")
]
Allow: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="GUARD",
        help="Overrule a guard for this run; needs --reason. May be repeated.",
        autocompletion=_guards,
        rich_help_panel=_GUARDS,
    ),
]
Reason: TypeAlias = Annotated[
    str | None,
    typer.Option("--reason", metavar="TEXT", help="Why; it is recorded in the run.", rich_help_panel=_GUARDS),
]
Scenarios: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--scenario",
        metavar="NAME",
        help="Let the rehearsal server play a fault, such as two-percent-5xx. May be repeated.",
        rich_help_panel=_REHEARSAL,
        autocompletion=_scenarios,
    ),
]
School: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--school",
        metavar="BUNDLE",
        help="Let it know exactly the people and courses of this OneRoster bundle.",
        rich_help_panel=_REHEARSAL,
    ),
]
Seed: TypeAlias = Annotated[
    str | None,
    typer.Option("--seed", metavar="N", help="Where its dice begin. Default: 0.", rich_help_panel=_REHEARSAL),
]
