"""The same loop on the official SDK, in a venv of its own with Python 3.12.

usage: official_sdk.py ROSTER BASE_URL IN_FLIGHT
"""

from __future__ import annotations

import asyncio
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from timeback_edubridge import EdubridgeClient

if TYPE_CHECKING:
    from collections.abc import Iterator


async def work(client: EdubridgeClient, rows: Iterator[list[str]]) -> None:
    for user, course, school, *_ in rows:
        assert (await client.enrollments.enroll(user, course, school)).id


async def main(roster: str, base_url: str, in_flight: int) -> None:
    client = EdubridgeClient(base_url=base_url, auth_url=f"{base_url}/token", client_id="bench", client_secret="bench")
    with Path(roster).open(newline="", encoding="utf-8") as file:  # noqa: ASYNC230 - nobody waits meanwhile
        rows = csv.reader(file)
        next(rows)
        await asyncio.gather(*[work(client, rows) for _ in range(in_flight)])
    await client.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
