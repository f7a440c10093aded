"""`make bench`: ours end to end against bare loops, side by side.

Every round runs every contender once, one after the other, so that what else the machine does hits them alike; ratios
are taken inside a round, and the table shows medians. What a process needs before its first row and after its last
(imports, mostly) is measured with a short roster and taken out: rows/s and CPU are those of the rows in between.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from contenders import PROJECT, Contender, Spent, bare, httpx, official_sdk, ours, spend
from stand_in import compiled, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stand_in import StandIn

SHORT = 200
IN_FLIGHT = 64
LATENCY_MS = 50
BUILD = PROJECT / "build" / "bench"


@dataclass(frozen=True)
class Measured:
    """One contender in one round, start-up taken out."""

    case: str
    name: str
    round: int
    rows: int
    rows_per_s: float
    cpu_us_per_row: float
    start_cpu_s: float
    peak_mb: float
    connections_per_worker: float


def main() -> None:
    """Measures, prints the table, and writes it."""
    arguments = _arguments()
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        results = list(_measure_all(Path(folder), arguments.rounds, arguments.scale))
    _write(results)
    for line in _table(results):
        print(line)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="more or fewer rows for everybody")
    return parser.parse_args()


def _measure_all(desk: Path, rounds: int, scale: float) -> Iterator[Measured]:
    program = compiled(BUILD)
    client, server = cores()
    everybody = _willing(
        bare("uvloop", int(20_000 * scale)),
        bare("asyncio", int(20_000 * scale)),
        ours("fixed", int(20_000 * scale)),
        ours("auto", int(20_000 * scale)),
        official_sdk(BUILD, int(2_000 * scale)),
        httpx(BUILD, int(2_000 * scale)),
    )
    with served(program, 0, server) as stand_in:
        yield from _rounds("loopback", everybody, stand_in, rounds, desk, client)
    with served(program, LATENCY_MS, server) as stand_in:
        pair = [bare("uvloop", int(10_000 * scale)), ours("fixed", int(10_000 * scale))]
        yield from _rounds(f"{LATENCY_MS} ms", pair, stand_in, rounds, desk, client)


def _willing(*found: Contender | str) -> list[Contender]:
    for reason in found:
        if isinstance(reason, str):
            print(f"left out: {reason}", file=sys.stderr)
    return [contender for contender in found if isinstance(contender, Contender)]


def cores() -> tuple[int | None, int | None]:
    """Cores for client and server; None, None when there is nothing to choose."""
    if shutil.which("taskset") is None or not hasattr(os, "sched_getaffinity"):
        return None, None
    cores = sorted(os.sched_getaffinity(0))
    return (cores[-1], cores[0]) if len(cores) > 1 else (None, None)


def _rounds(
    case: str, contenders: Sequence[Contender], stand_in: StandIn, rounds: int, desk: Path, core: int | None
) -> Iterator[Measured]:
    for nth in range(1, rounds + 1):
        for contender in contenders:
            print(f"{case}, round {nth} of {rounds}: {contender.name}", file=sys.stderr)

            def once(rows: int, contender: Contender = contender) -> tuple[Spent, int]:
                with tempfile.TemporaryDirectory(dir=desk) as folder:
                    path = roster(desk, rows)
                    stand_in.counts()
                    spent = spend(contender, path, stand_in.base_url, IN_FLIGHT, Path(folder), core)
                    connections, requests, _ = stand_in.counts()
                if requests != rows:
                    sys.exit(f"{contender.name} sent {requests} requests for {rows} rows")
                return spent, connections

            yield _measured(case, contender, nth, once)


def _measured(case: str, contender: Contender, nth: int, once: Callable[[int], tuple[Spent, int]]) -> Measured:
    short, _ = once(SHORT)
    long, connections = once(contender.rows)
    rows = contender.rows - SHORT
    return Measured(
        case, contender.name, nth, contender.rows,
        rows_per_s=rows / (long.wall_s - short.wall_s),
        cpu_us_per_row=(long.cpu_s - short.cpu_s) / rows * 1e6,
        start_cpu_s=short.cpu_s,
        peak_mb=long.peak_mb,
        connections_per_worker=connections / IN_FLIGHT,
    )  # fmt: skip


def roster(desk: Path, rows: int) -> Path:
    """A roster as a district has it: 100,000 rows a school, 400 a course, each course in one school."""
    path = desk / f"roster-{rows}.csv"
    if not path.exists():
        courses = max(20, min(rows, 100_000) // 400)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["user_id", "course_id", "school_id", "note"])
            writer.writerows(
                [f"{nth:07}", f"course-{nth // 100_000}-{nth % courses}", f"{42 + nth // 100_000:04}", f"n{nth}"]
                for nth in range(rows)
            )
    return path


def _table(results: Sequence[Measured]) -> Iterator[str]:
    yield ""
    yield (
        "| case | who | rows/s (spread) | CPU us/row | start, CPU s | peak MB | connections/worker "
        "| ours to it: speed | CPU |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    mine = {(one.case, one.round): one for one in results if one.name == "ours, fixed pace"}
    for case, name in dict.fromkeys((one.case, one.name) for one in results):
        its = [one for one in results if (one.case, one.name) == (case, name)]
        speeds = [one.rows_per_s for one in its]
        ratio = median(mine[case, one.round].rows_per_s / one.rows_per_s for one in its)
        yield (
            f"| {case} | {name} | {median(speeds):,.0f} ({min(speeds):,.0f}-{max(speeds):,.0f}) "
            f"| {median(one.cpu_us_per_row for one in its):,.0f} | {median(one.start_cpu_s for one in its):.2f} "
            f"| {max(one.peak_mb for one in its):.0f} | {max(one.connections_per_worker for one in its):.2f} "
            f"| {ratio:.2f} | {median(one.cpu_us_per_row / mine[case, one.round].cpu_us_per_row for one in its):.2f} |"
        )
    ideal = IN_FLIGHT / (LATENCY_MS / 1000)
    late = [one.rows_per_s / ideal for (case, _), one in mine.items() if case != "loopback"]
    if late:
        yield f"\nAt {LATENCY_MS} ms, ours reaches {median(late):.3f} of in flight / latency."


def _write(results: Sequence[Measured]) -> None:
    lines = [asdict(one) for one in results]
    (BUILD / "bench.json").write_text(json.dumps(lines, indent=1), encoding="utf-8")
    with (BUILD / "bench.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


if __name__ == "__main__":
    main()
