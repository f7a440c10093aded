"""The laboratory: every model of a server, short and long jobs, many seeds, our law and others. `make lab` runs it.

Each figure is the time a job took over the time of an oracle that knows the server's limits, and the share of requests
that were refused. Short jobs, and two of the long ones, are carried by the real engine on virtual time; the others, and
those of the other laws, by the lean loop over the same pace (the engine takes about 1 ms of real time for each row, the
lean loop 20 us; where both were run they agree within a few percent).
"""

from __future__ import annotations

import argparse
import csv
import statistics
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from random import Random
from typing import Final

from lab import virtual
from lab.alternatives import LAWS
from lab.lean import play, play_all
from lab.picture import draw
from lab.servers import MODELS, Bucket

OURS: Final = "ours"
SHORT_S: Final = 15.0
LONG_S: Final = 600.0
_PATIENCE: Final = 6.0  # times the oracle's, then a run is broken off
_HUGE: Final = 500_000
_BY_ENGINE: Final = ("strict bucket, 50/s", "10 in flight")
_HUGE_MODELS: Final = ("strict bucket, 200/s, Retry-After", "bucket of 20, 50/s")


@dataclass(frozen=True)
class Job:
    """One run to be done."""

    model: str
    law: str
    seconds: float
    seed: int
    engine: bool
    rows: int = 0


@dataclass(frozen=True)
class Figure:
    """The result of a job."""

    model: str
    law: str
    seconds: float
    seed: int
    loop: str
    rows: int
    ratio: float
    refused: float


def measured(job: Job) -> Figure:
    """Runs one job."""
    server, oracle = MODELS[job.model](), MODELS[job.model]()
    server.random, oracle.random = Random(job.seed), Random(job.seed)
    rows = job.rows or max(1, int(job.seconds * oracle.capacity(0.0)))
    best_s, pace = oracle.oracle_s(rows), LAWS[job.law]()
    if job.engine:
        played, loop = virtual.run(server, pace, rows, job.seed), "engine"
    else:
        best_s -= 0.0 if server.token_s <= 1.0 else server.token_s  # the lean loop needs no token
        played, loop = play(server, pace, rows, until=_PATIENCE * best_s), "lean"
    ratio = _PATIENCE if played.done < rows and not job.engine else played.seconds / best_s
    return Figure(job.model, job.law, job.seconds, job.seed, loop, rows, ratio, played.refused_share)


def jobs(seeds: int) -> list[Job]:
    """The whole programme."""
    ours = [Job(model, OURS, SHORT_S, seed, engine=True) for model in MODELS for seed in range(seeds)]
    ours += [Job(model, OURS, LONG_S, seed, engine=False) for model in MODELS for seed in range(seeds)]
    ours += [Job(model, OURS, LONG_S, 0, engine=True) for model in _BY_ENGINE]
    ours += [Job(model, OURS, 0.0, 0, engine=False, rows=_HUGE) for model in _HUGE_MODELS]
    others = [law for law in LAWS if law != OURS]
    return ours + [Job(model, law, LONG_S, 0, engine=False) for model in MODELS for law in others]


def fairness(seconds: float = LONG_S) -> tuple[float, float]:
    """Two clients share a bucket, the second from 30 s on: Jain's index of their rates, and time over an oracle's."""
    rows = int(50.0 * seconds)
    server = Bucket(100.0, 20.0)
    server.random = Random(0)
    first, second = play_all(server, [(LAWS[OURS](), rows, 0.0), (LAWS[OURS](), rows, 30.0)])
    rates = [rows / first.seconds, rows / second.seconds]
    jain = sum(rates) ** 2 / (2.0 * sum(rate**2 for rate in rates))
    return jain, max(first.seconds, second.seconds + 30.0) / Bucket(100.0).oracle_s(2 * rows)


def table(figures: list[Figure]) -> list[str]:
    """The lines of the table, for people."""
    lines = [f"{'model':<36}{'15 s':>14}{'10 min':>14}{'refused':>9}" + "".join(f"{law:>17}" for law in _others())]
    for model in MODELS:
        short = [f.ratio for f in figures if (f.model, f.law, f.seconds) == (model, OURS, SHORT_S)]
        long = [f for f in figures if (f.model, f.law, f.seconds) == (model, OURS, LONG_S)]
        line = f"{model:<36}{_spread(short)}{_spread([f.ratio for f in long])}"
        line += f"{max(f.refused for f in long):>9.2%}"
        for law in _others():
            other = next(f for f in figures if (f.model, f.law) == (model, law))
            line += f"{other.ratio:>8.2f} {other.refused:>7.1%} "
        lines.append(line)
    huge = [figure for figure in figures if figure.rows == _HUGE]
    return lines + [f"{f.model:<36}{_HUGE:,} rows: {f.ratio:.3f}, refused {f.refused:.3%}" for f in huge]


def _others() -> list[str]:
    return [law for law in LAWS if law != OURS]


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):>7.2f} ({max(ratios):.2f})"


def write(figures: list[Figure], folder: Path) -> None:
    """The figures as CSV and as a picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lab.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(Figure))
        writer.writerows(astuple(figure) for figure in figures)
    ratios = {(f.model, f.law): f.ratio for f in figures if f.seconds == LONG_S}
    picture = draw(list(LAWS), {model: [ratios[model, law] for law in LAWS] for model in MODELS})
    (folder / "lab.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    """Runs the programme, prints the table, writes the files."""
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/lab"))
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    with ProcessPoolExecutor() as pool:
        figures = list(pool.map(measured, jobs(asked.seeds)))
    print("\n".join(table(figures)))
    jain, ratio = fairness()
    print(f"{'two clients, one bucket':<36}{ratio:>7.2f}, fairness {jain:.3f}")
    write(figures, asked.out)
    print(f"\n{asked.out / 'lab.csv'}, {asked.out / 'lab.svg'}")


if __name__ == "__main__":
    main()
