"""`make scale`: what a million rows take, and a roster of which every row was settled the night before.

Memory is the peak of the whole process. The first request is timed at the server, from the start of the command.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bench import BUILD, IN_FLIGHT, cores, roster
from contenders import ours, spend
from stand_in import compiled, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contenders import Spent


def main() -> None:
    """Runs three rosters, the middle one twice, and prints what each took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 300_000, 1_000_000])
    parser.add_argument("--nightly", type=int, default=300_000, help="rows of the roster that is run again")
    arguments = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    taken = []
    print("| run | rows | s | CPU s | peak MB | requests | first request after, s |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        for name, rows, spent, requests, first_s in _runs(Path(folder), arguments.rows, arguments.nightly):
            taken.append({"run": name, "rows": rows, **asdict(spent), "requests": requests, "first_request_s": first_s})
            first = "-" if first_s is None else f"{first_s:.2f}"
            print(
                f"| {name} | {rows:,} | {spent.wall_s:.1f} | {spent.cpu_s:.1f} | {spent.peak_mb:.0f} | {requests:,} "
                f"| {first} |",
                flush=True,
            )
    (BUILD / "scale.json").write_text(json.dumps(taken, indent=1), encoding="utf-8")


def _runs(desk: Path, sizes: list[int], nightly: int) -> Iterator[tuple[str, int, Spent, int, float | None]]:
    client, server = cores()
    command = ours("fixed", 0)
    with served(compiled(BUILD), 0, server) as stand_in:
        for rows in sizes:
            home = desk / f"home-{rows}"
            home.mkdir()
            path = roster(desk, rows)
            for name in ("first", "again") if rows == nightly else ("first",):
                stand_in.counts()
                began = time.monotonic()
                spent = spend(command, path, stand_in.base_url, IN_FLIGHT, home, client)
                _, requests, first_at = stand_in.counts()
                yield name, rows, spent, requests, first_at - began if requests else None


if __name__ == "__main__":
    main()
