"""Reads rosters one after the other within limits, as a process of its own: a line of JSON for each.

A file that takes more than ten seconds of CPU or more memory than the limit ends the process, so that its line lacks.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path
from typing import Final

from batch_enroll.core.errors import RosterError
from batch_enroll.core.roster.row_parser import Defaults, read_row
from batch_enroll.settings import Needs, load
from batch_enroll.wiring.rosters import open_rosters

MOST_CPU_S: Final = 10
MOST_ADDRESS_BYTES: Final = 3 << 30  # generous: threads of libraries reserve much that they never touch


def told(path: str) -> dict[str, str | int]:
    """What came of one roster: its rows, or why it was refused; and the most memory that was in use so far."""
    if sys.platform == "win32":
        raise NotImplementedError
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + MOST_CPU_S + 1, resource.RLIM_INFINITY))
    rows, refused = 0, ""
    try:
        for row in open_rosters(load({"course_id": "c"}, needs=Needs.ROSTER), [path]).rows():
            read_row(row, Defaults())
            rows += 1
    except RosterError as why:
        refused = str(why)
    return {"path": path, "rows": rows, "refused": refused, "peak_bytes": _peak_bytes()}


def _peak_bytes() -> int:
    """The most memory that was in use. What getrusage tells begins with that of the process which started this one."""
    (told,) = re.findall(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(told) * 1024


def main() -> None:
    """Reads what stdin names, a path a line."""
    if sys.platform == "win32":
        raise NotImplementedError
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESS_BYTES, MOST_ADDRESS_BYTES))
    for line in sys.stdin:
        print(json.dumps(told(line.rstrip("\n"))), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
