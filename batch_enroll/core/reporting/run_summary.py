"""The summary of a run, counted row by row: outcomes, causes, rate, exit status."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import SUCCESS_KINDS, WITHDRAWN_KINDS, OutcomeKind
from batch_enroll.core.pace.learned_limits import FACT
from batch_enroll.core.reporting.redaction import redact_values
from batch_enroll.core.roster.dates import iso_utc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batch_enroll.core.model import Json, Outcome, ResultRow
    from batch_enroll.core.run_record import RunRecord

_EXAMPLES: Final = 3
_DETAILS: Final = 12  # for each code; rows with further details are counted together
_OWN_WORDS: Final = frozenset(
    {OutcomeKind.INVALID, OutcomeKind.SKIPPED}
)  # details from a server have placeholders already

_NONE: Final = (None, None, None)

OK: Final = 0
SOME_ROWS_FAILED: Final = 1
NO_USABLE_ROW: Final = 3


@frozen
class Cause:
    """Rows that did not succeed for the same reason.

    `detail` has placeholders for values that differ between rows, so it names no person; it is empty if the rows have
    too many different ones. `examples` are locations like `term.csv row 41`.
    """

    outcome: str
    code: str
    title: str
    detail: str
    hint: str
    count: int
    examples: tuple[str, ...]


@frozen
class RunSummary:
    """The result of a run. The sum of `outcomes` is the number of rows read; see `Tally.counts`."""

    run: RunRecord
    duration_s: float
    outcomes: Mapping[str, int]
    rows_per_s: float
    causes: tuple[Cause, ...]
    files: Mapping[str, str]
    exit_status: int

    @property
    def rows(self) -> int:
        """Rows read."""
        return sum(self.outcomes.values())

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about rows, and deviations from earlier runs. Sources: `damaged_ids`, `anomalies`."""
        found = [self.run.facts.get(topic, []) for topic in ("doubts", "warnings")]
        return tuple(str(warning) for warnings in found if isinstance(warnings, list) for warning in warnings)

    @property
    def limits(self) -> tuple[str, ...]:
        """The server's limits as measured, and the time lost to them, in words. Source: `core.pace`."""
        measured = self.run.facts.get(FACT)
        rate, in_flight, lost_s = (
            map(measured.get, ("rate_per_s", "in_flight", "lost_s")) if isinstance(measured, dict) else _NONE
        )
        return (
            *([f"about {rate:,g} requests/s"] if isinstance(rate, float) else []),
            *([f"{in_flight:,} at once"] if isinstance(in_flight, int) else []),
            *([f"{lost_s:,.1f} s lost waiting for it"] if isinstance(lost_s, float) and lost_s > 0 else []),
        )

    @property
    def changed(self) -> bool:
        """True unless the run ended like the last run of its roster."""
        return self.run.facts.get("changed") is not False

    @property
    def undone(self) -> str:
        """The id of the run that this run undid; empty if it was not an undo."""
        return str(self.run.facts.get("undone", ""))

    def as_json(self) -> dict[str, Json]:
        """The shape of `summary.json` and `--json`; times are ISO 8601 UTC."""
        run = self.run
        rosters: list[Json] = [asdict(ref) for ref in run.rosters]
        causes: list[Json] = [{**asdict(cause), "examples": list(cause.examples)} for cause in self.causes]
        return {
            "run_id": run.run_id,
            "roster": rosters[0] if len(rosters) == 1 else rosters,
            "environment": run.environment,
            "base_url": run.base_url,
            "dry_run": run.dry_run,
            "started_at": iso_utc(run.started_at),
            "finished_at": None if run.finished_at is None else iso_utc(run.finished_at),
            "duration_s": round(self.duration_s, 3),
            "outcomes": dict(self.outcomes),
            "requests": asdict(run.requests),
            "pace": run.facts.get(FACT),
            "rows_per_s": round(self.rows_per_s, 1),
            "causes": causes,
            "changed": self.changed,
            "warnings": list(self.warnings),
            "files": dict(self.files),
            "kind": run.kind,
            "facts": dict(run.facts),
            "ending": run.ending,
            "exit_status": self.exit_status,
        }


@dataclass(slots=True)
class _Group:
    detail: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


class Tally:
    """Counts result rows one by one, in bounded memory."""

    def __init__(self) -> None:
        self.outcomes: Counter[OutcomeKind] = Counter()
        self._dry = 0
        self._groups: dict[tuple[OutcomeKind, str], dict[str, _Group]] = {}

    @property
    def rows(self) -> int:
        """Rows counted so far."""
        return self.outcomes.total()

    def counts(self) -> dict[str, int]:
        """Rows by kind, always in the same order; kinds of withdrawals only if there are any."""
        return {
            kind.value: self.outcomes[kind]
            for kind in OutcomeKind
            if self.outcomes[kind] or kind not in WITHDRAWN_KINDS
        }

    def add(self, row: ResultRow) -> None:
        """Counts one row."""
        outcome = row.outcome
        self.outcomes[outcome.kind] += 1
        if outcome.kind in SUCCESS_KINDS:
            return
        if outcome.code == catalogue.DRY_RUN:
            self._dry += 1
        else:
            group = self._group(outcome)
            group.count += 1
            if len(group.examples) < _EXAMPLES:
                group.examples.append(str(row.location))

    def _group(self, outcome: Outcome) -> _Group:
        groups = self._groups.setdefault((outcome.kind, outcome.code), {})
        detail = redact_values(outcome.detail) if outcome.kind in _OWN_WORDS else outcome.detail
        if detail not in groups and len(groups) >= _DETAILS:
            detail = ""
        return groups.setdefault(detail, _Group(detail))

    def causes(self) -> tuple[Cause, ...]:
        """The causes of rows that did not succeed: skipped rows last, most frequent first."""
        causes = [
            Cause(kind.value, code, catalogue.get_title(code), group.detail, catalogue.get_remedy(code), group.count,
                  tuple(group.examples))
            for (kind, code), groups in self._groups.items()
            for group in groups.values()
        ]  # fmt: skip
        return tuple(sorted(causes, key=lambda cause: (cause.outcome == OutcomeKind.SKIPPED, -cause.count, cause.code)))

    def exit_status(self) -> int:
        """0: all rows succeeded or were skipped; 1: some did not; 3: there was no usable row."""
        usable = self.rows - self.outcomes[OutcomeKind.INVALID] - self.outcomes[OutcomeKind.SKIPPED]
        if usable == 0:
            return NO_USABLE_ROW
        fine = sum(self.outcomes[kind] for kind in SUCCESS_KINDS) + self.outcomes[OutcomeKind.SKIPPED] + self._dry
        return OK if fine == self.rows else SOME_ROWS_FAILED


def summarize(run: RunRecord, tally: Tally, files: Mapping[str, str]) -> RunSummary:
    """The summary of a run whose rows were all added to `tally`."""
    duration_s = run.duration_s
    return RunSummary(
        run=run,
        duration_s=duration_s,
        outcomes=tally.counts(),
        rows_per_s=(tally.rows - tally.outcomes[OutcomeKind.NOT_ATTEMPTED]) / duration_s if duration_s > 0 else 0.0,
        causes=tally.causes(),
        files=files,
        exit_status=tally.exit_status() if run.exit_status is None else run.exit_status,
    )
