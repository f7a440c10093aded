"""The keywords of `enroll`, for type checkers. Written by tools/write_option_files.py; do not edit."""

from __future__ import annotations

import os  # noqa: TC003 - programs read the annotations
from collections.abc import Mapping, Sequence  # noqa: TC003 - programs read the annotations
from datetime import date  # noqa: TC003 - programs read the annotations
from typing import Literal, TypedDict


class EnrollOptions(TypedDict, total=False):
    """Options of `enroll`: the flags of `batch-enroll run` and the keys of `batch-enroll.toml`."""

    env: str
    """Environment: production, staging or sandbox (a rehearsal inside this process). Default: TIMEBACK_ENV, else
    none."""

    base_url: str
    """Use this API instead of the environment's own."""

    token_url: str
    """Fetch tokens from this URL instead of the environment's own."""

    client_id: str
    """Id of the client."""

    client_secret: str
    """Secret of the client. The same variables with _FILE at the end, and the key client_secret_file, name a file that
    holds it."""

    token_auth: Literal["auto", "basic", "body"]
    """How the token request sends the credentials: in the Authorization header (basic), in the body (body), or in the
    header and, if that is refused, in the body (auto). Default: auto."""

    format: str
    """Format of the roster: table, moodle, oneroster, sds-v2, clever, canvas, sds-v1, apple. Default: recognized by its
    content."""

    sheet: str
    """Sheet of a workbook. Default: the first."""

    map: Mapping[str, str]
    """Read FIELD from the column HEADER. May be repeated."""

    find: Mapping[str, str] | str
    """Look ids up by what the roster has instead: user=email (username, identifier), course=title (code), school=name
    (identifier); never: do not look up. May be repeated. Default: auto, for a row without an id, or a column that holds
    e-mails, titles or names."""

    find_cache_hours: float
    """Hours for which an id that was looked up is used again; 0: look up each time. Default: 12."""

    as_of: str | date
    """Read the roster's end dates as of this day. Default: today."""

    limit: int
    """Stop reading after N rows."""

    course_id: str
    """Course for rows that do not name one: an id, not a title."""

    school_id: str
    """School for rows that do not name one: an id, not a name."""

    role: str
    """Role for rows that do not name one: administrator, proctor, student, teacher. Default: student."""

    begin_date: str | date
    """First day for rows that do not name one, as YYYY-MM-DD."""

    via: Literal["edubridge", "oneroster"]
    """edubridge, or oneroster, which takes classes and end dates. Default: edubridge."""

    dry_run: bool
    """Do everything except send."""

    recheck: bool
    """Ask the server about enrollments of earlier runs instead of skipping them."""

    send_sourced_id: Literal["roster", "derived", "never"]
    """The sourcedId sent with an enrollment: the roster's (roster), the roster's or one derived from user, course,
    school and role (derived), or none (never). Default: roster."""

    probe: Literal["first_row", "never"]
    """first_row: send the first row of each course and school alone, before the others. never: send all alike. Default:
    first_row."""

    pace: Literal["auto", "fixed"]
    """auto: find the server's limits and stay below them. fixed: keep exactly to --rate and --max-in-flight. Default:
    auto."""

    rate: float
    """Send at most R requests per second."""

    max_in_flight: int
    """Keep at most N requests in flight. Default: 100, or 10 with --pace fixed."""

    max_attempts: int
    """Send a row at most this many times, throttled attempts not counted. Default: 6."""

    timeout_s: float
    """Seconds to wait for the answer to a request. Default: 30."""

    retry_budget: int
    """Failed attempts that the whole run may repeat before anything has succeeded; each success adds one. Default:
    200."""

    patience_s: float
    """Stop the run when nothing has succeeded for this many seconds. Default: 600."""

    max_failed_share: float
    """Stop the run when more than this share of the last 200 rows sent were not enrolled; 1: never. Default: 0.9."""

    deadline: str
    """Stop cleanly after this time (30m, 2h), or at this time of day (06:00)."""

    grace: float
    """Seconds that requests in flight get to finish when the run stops. Default: 30."""

    withdraw: bool
    """Withdraw the rows whose status is tobedeleted, instead of skipping them."""

    withdraw_by: Literal["status", "end_date"]
    """With --via oneroster, withdraw by setting the status (status) or the end date (end_date). Default: status."""

    verify: bool
    """Ask the server for every enrollment afterwards; one that is missing has failed."""

    verify_within_s: float
    """Seconds within which an enrollment must become visible after it was written. Default: 30."""

    guard_least_share: float
    """Least share of the last run's rows that a roster of the same name must have. Default: 0.6."""

    guard_withdrawals: int
    """Most withdrawals of one run. Default: 1000."""

    guard_withdrawn_share: float
    """Most withdrawals of one run, as a share of its rows. Default: 0.2."""

    guard_course_students: int
    """Most students of one course at one school. Default: 5000."""

    guard_school_enrollments: int
    """Most enrollments at one school. Default: 200000."""

    guard_days: int
    """Most days between today and the dates of a term. Default: 366."""

    out: str | os.PathLike[str]
    """Folder in which each run gets a folder of its own. Default: batch-enroll-runs."""

    no_roster_columns: bool
    """Leave the roster's own columns out of the results."""

    quiet: bool
    """Show no progress; run also prints nothing if every row is fine and nothing changed since the last run."""

    log_format: Literal["console", "json"]
    """Write log records to stderr too, instead of the progress: console or json."""

    state: str | os.PathLike[str]
    """Folder of the ledger, which remembers past runs. Default: BATCH_ENROLL_STATE, else the user's state folder."""

    ledger_url: str
    """Keep the ledger in PostgreSQL instead: postgresql://user@host/database. Default: BATCH_ENROLL_LEDGER_URL, which
    is the place for one with a password."""

    config: str | os.PathLike[str]
    """Settings file in TOML. Default: batch-enroll.toml here, if there is one."""

    metrics_file: str | os.PathLike[str]
    """Write the outcome as a Prometheus textfile."""

    on_change_only: bool
    """Notify only if something differs from the last run of the roster."""

    notify: Sequence[str]
    """Addresses to notify of the end of a run, as apprise takes them; they may hold passwords."""

    ping_url: str
    """URL to ping at start, success and failure, as healthchecks.io takes it; anyone who knows it can use it."""

    sandbox_scenarios: Sequence[str]
    """Let the rehearsal server simulate a fault, such as two-percent-5xx. May be repeated."""

    sandbox_school: str | os.PathLike[str]
    """Let it know exactly the people and courses of this OneRoster bundle."""

    sandbox_seed: int
    """Random seed of its faults. Default: 0."""

    allow: Sequence[str]
    """Overrule a guard for this run; needs --reason. May be repeated."""

    reason: str
    """The reason for --allow; it is recorded with the run."""
