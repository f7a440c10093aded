"""The findings of `check`: what a run would do with a roster, and every row that it would refuse or skip."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import OutcomeKind, RowProblem
from batch_enroll.core.reporting.run_summary import NO_USABLE_ROW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batch_enroll.core.guards.rules import GuardResult
    from batch_enroll.core.model import Json, Outcome, RowLocation, SourceRow
    from batch_enroll.core.planning.row_planner import ParsedRow
    from batch_enroll.core.reporting.run_summary import Tally
    from batch_enroll.core.run_record import RosterRef

_USUAL_LATENCY_S: Final = 0.55  # seen live with 10 in flight. Source: contract 4


@frozen
class RowFinding:
    """A row that would be refused or skipped, or is sent with a warning: its place, its value, and what to do."""

    file: str
    sheet: str | None
    row: int
    column: str
    value: str
    code: str
    message: str
    hint: str


@frozen
class Estimate:
    """The speed of a run: requests per second if given, else requests in flight at a usual latency."""

    rate_per_s: float | None
    max_in_flight: int

    def seconds(self, requests: int) -> float:
        """The time that this number of requests would take."""
        by_latency = self.max_in_flight / _USUAL_LATENCY_S
        return requests / (by_latency if self.rate_per_s is None else min(self.rate_per_s, by_latency))


@frozen
class CheckSummary:
    """The result of `check`.

    Attributes:
        rosters: the files that were read.
        readings: a line for each roster and each of its columns: what it was read as.
        tally: rows by what a run would do with them.
        problems: rows that a run would refuse or skip.
        estimate: the speed of a run.
        unreadable: where and why a file cannot be read to its end; empty if it can.
        guards: the result of each guard.
        warnings: rows that a run would send although something looks wrong.
        notes: remarks on the reading, for people.
    """

    rosters: tuple[RosterRef, ...]
    readings: tuple[str, ...]
    tally: Tally
    problems: tuple[RowFinding, ...]
    estimate: Estimate
    unreadable: str = ""
    guards: tuple[GuardResult, ...] = ()
    warnings: tuple[RowFinding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows read."""
        return self.tally.rows

    @property
    def to_send(self) -> int:
        """Rows that would be sent."""
        return self.tally.outcomes[OutcomeKind.NOT_ATTEMPTED]

    @property
    def outcomes(self) -> Mapping[str, int]:
        """Counts of the rows by what a run would do with them."""
        kinds = (OutcomeKind.ALREADY_ENROLLED, OutcomeKind.SKIPPED, OutcomeKind.INVALID)
        return {"to_send": self.to_send} | {kind.value: self.tally.outcomes[kind] for kind in kinds}

    @property
    def rate(self) -> float | None:
        """The requests per second of the estimate; None if no rate was given."""
        return self.estimate.rate_per_s

    @property
    def estimated_s(self) -> float:
        """The time that the run would take."""
        return self.estimate.seconds(self.to_send)

    @property
    def exit_status(self) -> int:
        """0: every row can be used; 1: some cannot; 3: none can, or a file is unreadable; 5: a guard would stop it."""
        if any(result.stops for result in self.guards):
            return RunStoppedError.exit_status
        return NO_USABLE_ROW if self.unreadable else self.tally.exit_status()

    def as_json(self) -> dict[str, Json]:
        """The shape of `check --json`."""
        problems: list[Json] = [asdict(problem) for problem in self.problems]
        causes: list[Json] = [{**asdict(cause), "examples": list(cause.examples)} for cause in self.tally.causes()]
        rosters: list[Json] = [asdict(ref) for ref in self.rosters]
        return {
            "roster": rosters[0] if len(rosters) == 1 else rosters,
            "readings": list(self.readings),
            "notes": list(self.notes),
            "rows": self.rows,
            "outcomes": dict(self.outcomes),
            "rate_per_s": self.estimate.rate_per_s,
            "estimated_s": round(self.estimated_s, 1),
            "problems": problems,
            "warnings": [asdict(warning) for warning in self.warnings],
            "causes": causes,
            "unreadable": self.unreadable,
            "guards": [result.as_json() for result in self.guards],
            "exit_status": self.exit_status,
        }


def row_finding(reading: ParsedRow, outcome: Outcome) -> RowFinding:
    """The finding for a row that would not be sent."""
    return _finding(reading.source.location, reading.problem or RowProblem(outcome.code, outcome.detail))


def warning_findings(source: SourceRow) -> list[RowFinding]:
    """The findings for a row's warnings."""
    return [_finding(source.location, warning) for warning in source.warnings]


def _finding(location: RowLocation, problem: RowProblem) -> RowFinding:
    return RowFinding(
        file=location.file,
        sheet=location.sheet,
        row=location.row,
        column=problem.column,
        value=problem.value,
        code=problem.code,
        message=problem.message,
        hint=catalogue.get_remedy(problem.code),
    )
