"""The last run as a Prometheus textfile, for node_exporter's textfile collector; replaced whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from batch_enroll.core.reporting.run_summary import RunSummary

_PREFIX = "batch_enroll_last_run"


def write_metrics(
    path: Path, environment: str, exit_status: int, ended_at: datetime, summary: RunSummary | None
) -> None:
    """Writes what the last run came to; without a summary only that and when it ended.

    Raises:
        OSError: the file cannot be written.
    """
    registry = CollectorRegistry()

    def gauge(name: str, says: str, value: float, **labels: str) -> None:
        found = gauges.get(name) or Gauge(f"{_PREFIX}_{name}", says, ("environment", *labels), registry=registry)
        gauges[name] = found
        found.labels(environment, *labels.values()).set(value)

    gauges: dict[str, Gauge] = {}
    gauge("exit_status", "The exit status of the last run.", exit_status)
    gauge("end_timestamp_seconds", "When the last run ended.", ended_at.timestamp())
    if summary is not None:
        for kind, count in summary.outcomes.items():
            gauge("rows", "Rows of the last run, by outcome.", count, outcome=kind)
        for cause in summary.causes:
            gauge("cause_rows", "Rows that were not enrolled, by code.", cause.count, code=cause.code)
        requests = summary.run.requests
        gauge("requests", "Requests of the last run.", requests.sent, kind="sent")
        gauge("requests", "Requests of the last run.", requests.retried, kind="retried")
        gauge("requests", "Requests of the last run.", requests.throttled, kind="throttled")
        gauge("duration_seconds", "How long the last run took.", summary.duration_s)
        gauge("warnings", "In how many ways it deviated from the runs before it.", len(summary.warnings))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry)
