"""Keys on their way to the seats.

In `seats` the keys of a roster lie far apart: a thousand new ones touch a thousand pages of a large table, each of
which is written whole (measured at 500,000 seats: 14 of the 17 microseconds that claiming a row took). So a claim only
adds to the end of `lately`, and many claims move to the seats together, in the order of their keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete

from batch_enroll.adapters.ledger.schema import LATELY
from batch_enroll.adapters.ledger.statements import NEWER_CLAIMS, NEWEST_CLAIM, plain_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from batch_enroll.adapters.ledger.statements import Batches

_MOST: Final = 18_000  # keys that wait; from 19,660 on, a set of them takes two more megabytes


class Lately:
    """Who was claimed lately, by whatever process. Every verb but `forget` happens inside the caller's transaction."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self.forget()

    def forget(self) -> None:
        """Relies on nothing that was seen, as a transaction that failed may have shown it."""
        self._waiting: set[bytes] = set()  # may hold some that another process has moved since
        self._seen = 0

    def add(self, connection: Connection, run_no: int, claimed: Sequence[tuple[bytes, int]]) -> None:
        """Notes claims: each a digest and the number of its row."""
        if not claimed:
            return
        _keep_others_out(connection)
        self._look(connection)
        self._batches.lately.run(connection, [(run_no, row_no, bytearray(digest)) for digest, row_no in claimed])
        self._waiting.update([digest for digest, _ in claimed])
        self._seen = connection.execute(NEWEST_CLAIM).scalar_one()

    def seat(self, connection: Connection, digests: Collection[bytes]) -> None:
        """Sees to it that what is known of `digests` stands in the seats, and that not too many keys wait."""
        self._look(connection)
        if len(self._waiting) >= _MOST or not self._waiting.isdisjoint(digests):
            self.seat_all(connection)

    def seat_all(self, connection: Connection) -> None:
        """Moves every claim to the seats; the last one of a key counts."""
        _keep_others_out(connection)
        connection.execute(self._batches.move)
        connection.execute(delete(LATELY))
        self.forget()

    def _look(self, connection: Connection) -> None:
        """Takes in what others have claimed."""
        for claim_no, digest in plain_rows(connection, NEWER_CLAIMS, {"seen": self._seen}):
            self._waiting.add(digest)
            self._seen = claim_no


def _keep_others_out(connection: Connection) -> None:
    """Until the transaction ends, so that numbers appear in their order; on SQLite nobody else writes meanwhile."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {LATELY.name} IN SHARE ROW EXCLUSIVE MODE")
