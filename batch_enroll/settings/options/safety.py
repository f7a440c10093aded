"""Options that keep mistakes small: withdrawals, verification, guards."""

from __future__ import annotations

from typing import Annotated, Literal

from batch_enroll.settings.declaration import Option, Panel, declare
from batch_enroll.settings.values import Seconds


def _list_guards() -> list[str]:
    from batch_enroll.core.guards.rules import Guard  # noqa: PLC0415 - only when the shell asks for it

    return list(Guard)


@declare(Panel.SAFETY)
class Withdrawing:
    """The withdrawal of enrollments."""

    withdraw: Annotated[
        bool, Option("Withdraw the rows whose status is tobedeleted, instead of skipping them.", recorded=True)
    ] = False
    withdraw_by: Annotated[
        Literal["status", "end_date"],
        Option(
            "With --via oneroster, withdraw by setting the status (status) or the end date (end_date).",
            metavar="HOW",
            recorded=True,
        ),
    ] = "status"


@declare(Panel.SAFETY)
class Verifying:
    """The comparison with the server after a run."""

    verify: Annotated[
        bool,
        Option("Ask the server for every enrollment afterwards; one that is missing has failed.", recorded=True),
    ] = False
    verify_within_s: Annotated[
        Seconds, Option("Seconds within which an enrollment must become visible after it was written.", flag=None)
    ] = 30.0  # Source: contract 4: people wait for 1 s


@declare(Panel.SAFETY)
class Overriding:
    """Guards overruled for one run: arguments of a command or of `enroll`, never settings."""

    allow: Annotated[
        tuple[str, ...],
        Option(
            "Overrule a guard for this run; needs --reason. May be repeated.",
            metavar="GUARD",
            choices=_list_guards,
        ),
    ] = ()
    reason: Annotated[str | None, Option("The reason for --allow; it is recorded with the run.", metavar="TEXT")] = None
