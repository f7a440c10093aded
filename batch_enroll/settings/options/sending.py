"""Options for what is sent, how fast, and for how long."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from batch_enroll.settings.declaration import Option, Panel, declare
from batch_enroll.settings.values import (
    Count,
    Deadline,
    PositiveNumber,
    PositiveSeconds,
    PositiveShare,
    Seconds,
)


@declare(Panel.SENDING)
class Sending:
    """The speed of requests, and how often they are repeated."""

    pace: Annotated[
        Literal["auto", "fixed"],
        Option(
            "auto: find the server's limits and stay below them. fixed: keep exactly to --rate and --max-in-flight.",
            metavar="PACE",
        ),
    ] = "auto"
    rate: Annotated[PositiveNumber | None, Option("Send at most R requests per second.", metavar="R")] = None
    max_in_flight: Annotated[
        Annotated[int, Field(ge=1, le=1000)] | None,
        Option("Keep at most N requests in flight.", metavar="N", default_text="100, or 10 with --pace fixed"),
    ] = None
    max_attempts: Annotated[
        int,
        Field(ge=1, le=100),
        Option("Send a row at most this many times, throttled attempts not counted.", flag=None),
    ] = 6
    timeout_s: Annotated[PositiveSeconds, Option("Seconds to wait for the answer to a request.", flag=None)] = 30.0
    retry_budget: Annotated[
        Count,
        Option(
            "Failed attempts that the whole run may repeat before anything has succeeded; each success adds one.",
            flag=None,
        ),
    ] = 200
    patience_s: Annotated[
        PositiveSeconds, Option("Stop the run when nothing has succeeded for this many seconds.", flag=None)
    ] = 600.0
    max_failed_share: Annotated[
        PositiveShare,
        Option(
            "Stop the run when more than this share of the last 200 rows sent were not enrolled; 1: never.", flag=None
        ),
    ] = 0.9


@declare(Panel.SENDING)
class Stopping:
    """The end of a run before its last row."""

    deadline: Annotated[
        Deadline | None,
        Option("Stop cleanly after this time (30m, 2h), or at this time of day (06:00).", metavar="WHEN"),
    ] = None
    grace: Annotated[
        Seconds, Option("Seconds that requests in flight get to finish when the run stops.", metavar="S")
    ] = 30.0


@declare(Panel.SENDING)
class Requests:
    """The requests that are made for a row."""

    via: Annotated[
        Literal["edubridge", "oneroster"],
        Option("edubridge, or oneroster, which takes classes and end dates.", metavar="ROUTE", recorded=True),
    ] = "edubridge"
    dry_run: Annotated[bool, Option("Do everything except send.")] = False
    recheck: Annotated[bool, Option("Ask the server about enrollments of earlier runs instead of skipping them.")] = (
        False
    )
    send_sourced_id: Annotated[
        Literal["roster", "derived", "never"],
        Option(
            "The sourcedId sent with an enrollment: the roster's (roster), the roster's or one derived from user, "
            "course, school and role (derived), or none (never).",
            flag=None,
            recorded=True,
        ),
    ] = "roster"
    probe: Annotated[
        Literal["first_row", "never"],
        Option(
            "first_row: send the first row of each course and school alone, before the others. never: send all alike.",
            flag=None,
        ),
    ] = "first_row"
