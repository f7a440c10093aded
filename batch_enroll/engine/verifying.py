"""The server asked what it has of a roster, once for each user, and again where it may show a seat late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from batch_enroll.core.model import NoReply, Reply, Seats
from batch_enroll.core.verify import DIFFERS, MAY_BE_LATE, compare, unanswered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from batch_enroll.core.model import Seat, UserId
    from batch_enroll.core.verify import Checked, Wishes
    from batch_enroll.engine.asking import Asking


async def verify(
    wishes: Wishes,
    asking: Asking,
    look_up: Callable[[UserId, str], Awaitable[Seats | Reply | NoReply]],
    *,
    grace_s: float,
    listed: Mapping[UserId, Sequence[Seat]] | None = None,
) -> list[Checked]:
    """What the server has of each row, and the seats that no row wants; what differs is asked for again for `grace_s`.

    With `listed`, what lists show of the users, only those are asked for who differ there: a user's own look-up has the
    last word. Reads lag behind writes (contract 4), so a seat written a moment ago may be seen only later; the pauses
    double.

    Raises:
        AuthRefusedError, RunStoppedError: the server refuses us, or is down.
    """
    checked: dict[UserId, list[Checked]] = {}
    if listed is not None:
        for user_id, rows in wishes.of.items():
            checked[user_id] = compare(user_id, rows, listed.get(user_id, ()), wishes.courses)

    async def ask(user_id: UserId) -> None:
        answer = await asking.ask(lambda token: look_up(user_id, token))
        checked[user_id] = _compared(user_id, answer, wishes)

    await asking.each([user for user in wishes.of if _open(checked.get(user))], ask)
    waited_s, pause_s = 0.0, 1.0
    while waited_s < grace_s:
        late = [user for user, rows in checked.items() if any(row.found in MAY_BE_LATE for row in rows)]
        if not late:
            break
        pause_s = min(pause_s, grace_s - waited_s)
        await anyio.sleep(pause_s)
        await asking.each(late, ask)
        waited_s, pause_s = waited_s + pause_s, 2 * pause_s
    return [each for user in wishes.of for each in checked[user]]


def _open(rows: Sequence[Checked] | None) -> bool:
    return rows is None or any(row.found in DIFFERS for row in rows)


def _compared(user_id: UserId, answer: Seats | Reply | NoReply, wishes: Wishes) -> list[Checked]:
    rows = wishes.of[user_id]
    match answer:
        case Seats(seats):
            return compare(user_id, rows, seats, wishes.courses)
        case Reply(status=404):  # the server knows of nothing that this user has
            return compare(user_id, rows, (), wishes.courses)
        case Reply(status=status):
            return unanswered(user_id, rows, f"the look-up was answered {status}")
        case NoReply(cause=cause):
            return unanswered(user_id, rows, f"the look-up failed: {cause}")
