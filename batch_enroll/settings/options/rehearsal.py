"""Options for the rehearsal server that `--env sandbox` starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from batch_enroll.settings.declaration import Option, Panel, declare


def _list_scenarios() -> list[str]:
    from batch_enroll.sandbox import SCENARIOS  # noqa: PLC0415 - only when the shell asks for it

    return list(SCENARIOS)


@declare(Panel.REHEARSAL)
class Rehearsal:
    """The behavior of the rehearsal server."""

    sandbox_scenarios: Annotated[
        tuple[str, ...],
        Option(
            "Let the rehearsal server simulate a fault, such as two-percent-5xx. May be repeated.",
            metavar="NAME",
            flag="--scenario",
            choices=_list_scenarios,
        ),
    ] = ()
    sandbox_school: Annotated[
        Path | None,
        Option(
            "Let it know exactly the people and courses of this OneRoster bundle.", metavar="BUNDLE", flag="--school"
        ),
    ] = None
    sandbox_seed: Annotated[int, Option("Random seed of its faults.", metavar="N", flag="--seed")] = 0
