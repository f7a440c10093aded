"""Stories of one roster each: a run that is killed, going on that is killed too, until something is allowed to end."""

from __future__ import annotations

import asyncio
import csv
import sys
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from support.e2e_cli import Desk, desk, term, write_csv

from batch_enroll.adapters.ledger import SqlLedger

if TYPE_CHECKING:
    from collections.abc import Iterable

_KILLED_STATUS = -9  # the exit status of a process that SIGKILL ended
KILLED = Path(__file__).with_name("killed_process.py")
POINTS = (
    "before:SqlLedger.begin",
    "after:SqlLedger.begin",
    "before:SqlLedger.claim",
    "after:Insert.run",  # rows are written, nothing is committed
    "after:Lately.seat_all",  # claims have moved to the seats, and the move is not committed
    "after:SqlLedger.claim",
    "before:EduBridge.submit",
    "during:EduBridge.submit",
    "after:EduBridge.submit",
    "before:EduBridge.look_up",
    "during:EduBridge.look_up",
    "after:EduBridge.look_up",
    "before:SqlLedger.settle",
    "after:SqlLedger.settle",
    "after:CsvReport.__enter__",
    "after:CsvReport.write",
    "before:_Draft.publish",
    "after:_Draft.publish",
    "before:write_summary",
    "after:write_summary",
    "before:SqlLedger.finish",
    "after:SqlLedger.finish",
)
# A second write of a seat must show: this server makes a new row of it.
SCENARIOS = (
    "repeat-enroll=new_row",
    "latency-ms=20",
    "lost-after-write=2",
    "lost-before-write=1",
    "5xx=2",
    "5xx-after-write=2",
    "token-lifetime-s=2",
    "read-lag-s=0.8",
)
ROWS = 700  # more than the first two batches, so that a crash can leave rows that were never read
REPEATS = 5
_ONE_LIFE_S = 60
_GOING_ON = 4  # a breaker or a lost look-up may end a life early; this many are enough for any honest server


@dataclass(frozen=True, slots=True)
class Kill:
    """A named point and at which meeting, or seconds after the server first heard of the process."""

    point: str = ""
    nth: int = 1
    after_s: float = 0.0


@dataclass
class Tally:
    """What a campaign saw."""

    kills: int = 0
    lives: int = 0
    rows: int = 0
    lost: int = 0
    doubles: int = 0
    incomplete_reports: int = 0
    by_point: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        points = sum(1 for point in self.by_point if point)
        return (
            f"{self.kills} kills in {self.lives} lives ({self.by_point['']} at random instants, the others at {points} "
            f"named points), {self.rows} rows, {self.lost} lost, {self.doubles} enrolled twice, "
            f"{self.incomplete_reports} reports incomplete"
        )


@dataclass(frozen=True)
class Story:
    """One roster and its server; each process is a life."""

    at: Desk
    roster: Path
    tally: Tally

    async def tell(self, kills: Iterable[Kill]) -> None:
        """Runs and goes on, killed each time, then to the end; checks what is left behind."""
        status, told = -1, ""
        for kill in chain(kills, repeat(None, _GOING_ON)):
            if status != 0:
                status, told = await self._live(kill, *self._next_command())
        assert status == 0, told
        self._count_what_is_left()
        written = self.at.sandbox.school.enroll_writes.total()
        status, told = await self._live(None, "resume")
        assert status == 0, told
        assert self.at.sandbox.school.enroll_writes.total() == written, "there was nothing left, but something was sent"

    def _next_command(self) -> tuple[str, ...]:
        command = ("resume",) if self._has_begun() else ("run", str(self.roster))
        return (*command, "--max-in-flight", "24", "--quiet")

    def _has_begun(self) -> bool:
        file = self.at.folder / "state" / "ledger.sqlite3"
        if not file.exists():
            return False
        with closing(SqlLedger(file, lambda: datetime.now(UTC))) as ledger:
            return ledger.run() is not None

    async def _live(self, kill: Kill | None, *arguments: str) -> tuple[int, str]:
        """One process, perhaps to its violent end."""
        at_a_point = kill is not None and bool(kill.point)
        program = (
            (str(KILLED), kill.point, str(kill.nth)) if kill is not None and at_a_point else ("-m", "batch_enroll")
        )
        self.tally.lives += 1
        process = await asyncio.create_subprocess_exec(
            sys.executable, *program, *arguments,
            cwd=self.at.folder, env=self.at.environment(), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            with anyio.fail_after(_ONE_LIFE_S):
                async with anyio.create_task_group() as tasks:
                    if kill is not None and not at_a_point:
                        tasks.start_soon(self._kill_later, process, kill.after_s)
                    out, _ = await process.communicate()
                    tasks.cancel_scope.cancel()
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
        told = out.decode()
        assert "Traceback" not in told, told
        assert "internal error" not in told, told
        if process.returncode == _KILLED_STATUS and kill is not None:
            self.tally.kills += 1
            self.tally.by_point[kill.point] += 1
        return process.returncode or 0, told

    async def _kill_later(self, process: asyncio.subprocess.Process, after_s: float) -> None:
        """Waits until the server hears of the process, so that few kills fall into the loading of modules."""
        tokens = self.at.sandbox.requests.token_requests
        before = tokens.total()
        while tokens.total() == before:  # noqa: ASYNC110 - waits for another process
            await anyio.sleep(0.01)
        await anyio.sleep(after_s)
        with suppress(ProcessLookupError):
            process.kill()

    def _count_what_is_left(self) -> None:
        writes = self.at.sandbox.school.enroll_writes
        self.tally.rows += ROWS + REPEATS
        self.tally.lost += ROWS - len(writes)
        self.tally.doubles += sum(1 for count in writes.values() if count > 1)
        lines = self._lines()
        whole = [line["enroll_row"] for line in lines] == [str(row) for row in range(2, 2 + ROWS + REPEATS)]
        outcomes = Counter(line["enroll_outcome"] for line in lines)
        self.tally.incomplete_reports += not whole or outcomes != {"enrolled": ROWS, "skipped": REPEATS}

    def _lines(self) -> list[dict[str, str]]:
        """The results, of the one folder that there is a report in."""
        reports = list((self.at.folder / "batch-enroll-runs").glob("*/results.csv"))
        assert len(reports) == 1, "one roster was given once, so there is one report"
        assert (reports[0].parent / "summary.json").exists()
        with reports[0].open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


async def tell_story(folder: Path, number: int, kills: Iterable[Kill], tally: Tally) -> None:
    """A story from its empty folder to its report. The number is the seed of the server's dice."""
    async with desk(folder, *SCENARIOS, seed=number) as at:
        await Story(at, written_in(folder), tally).tell(kills)


def written_in(folder: Path) -> Path:
    """The roster of a story, in its new folder; its last rows repeat its first ones."""
    folder.mkdir()
    rows = term(ROWS)
    return write_csv(folder / "term.csv", [*rows, *rows[:REPEATS]])
