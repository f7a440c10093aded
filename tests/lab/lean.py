"""Runs without the engine: rows, a pace and a server's model on a heap of events, for many rows and seeds.

The engine's part is played by one line: a row that was refused or failed comes again a second later. What the engine
adds (workers, tokens, look-ups, waits of single rows) is seen in `engine.py` of this folder.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from batch_enroll.core.model import NoReply, Reply
from batch_enroll.core.pace import Sample, sample_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.servers import Decision, Server

    from batch_enroll.core.pace import Pace, Turn

_AGAIN_S: Final = 1.0


@dataclass
class Played:
    """The result of the run of one client."""

    rows: int
    seconds: float = 0.0
    sent: int = 0
    refused: int = 0
    failed: int = 0
    done: int = 0

    @property
    def refused_share(self) -> float:
        return self.refused / max(1, self.sent)


class _Client:
    """One client's rows and pace; the client's row is None in an event that brings a row back."""

    def __init__(self, pace: Pace, rows: int, begins_at: float) -> None:
        self.pace, self.left, self.begins_at = pace, rows, begins_at
        self.played = Played(rows)

    def next_start(self, now: float) -> float | None:
        return self.pace.start_at(max(now, self.begins_at)) if self.left else None

    def receive(self, turn: Turn, decision: Decision, now: float) -> bool:
        """Returns true if the row is done."""
        answer = NoReply("no answer in time", sent=True) if decision.status == 0 else _reply(decision)
        sample = sample_of(answer)
        self.pace.ended(turn, now, sample, decision.retry_after_s)
        self.played.refused += sample is Sample.THROTTLED
        self.played.failed += sample is Sample.FAILED
        if sample is not Sample.HEALTHY:
            return False
        self.played.done += 1
        self.played.seconds = now - self.begins_at
        return True


def _reply(decision: Decision) -> Reply:
    return Reply(decision.status, retry_after_s=decision.retry_after_s)


def play(server: Server, pace: Pace, rows: int, until: float = 1e9) -> Played:
    """One client sends all its rows; what is not done by `until` is left."""
    return play_all(server, [(pace, rows, 0.0)], until)[0]


def play_all(server: Server, clients: Sequence[tuple[Pace, int, float]], until: float = 1e9) -> list[Played]:
    """Several clients share a server; each begins at its time."""
    players = [_Client(*client) for client in clients]
    events: list[tuple[float, int, _Client, Turn | None, Decision | None]] = []
    now, number = 0.0, 0
    while now < until and any(client.played.done < client.played.rows for client in players):
        starts = [(at, index) for index, client in enumerate(players) if (at := client.next_start(now)) is not None]
        number += 1
        if starts and (not events or min(starts)[0] <= events[0][0]):
            now, index = min(starts)
            client = players[index]
            client.left -= 1
            client.played.sent += 1
            server.in_flight += 1
            turn = client.pace.started(now)
            decision = server.arrive(now)
            heapq.heappush(events, (now + decision.latency_s, number, client, turn, decision))
            continue
        now, _, client, ended, what = heapq.heappop(events)
        if ended is None or what is None:
            client.left += 1
            continue
        server.in_flight -= 1
        if not client.receive(ended, what, now):
            heapq.heappush(events, (now + _AGAIN_S, number, client, None, None))
    return [client.played for client in players]
