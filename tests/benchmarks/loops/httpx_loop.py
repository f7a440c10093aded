"""The same loop on httpx, in a venv of its own.

usage: httpx_loop.py ROSTER BASE_URL IN_FLIGHT
"""

from __future__ import annotations

import asyncio
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator


async def work(client: httpx.AsyncClient, base_url: str, rows: Iterator[list[str]]) -> None:
    for user, course, school, *_ in rows:
        url = f"{base_url}/edubridge/enrollments/enroll/{user}/{course}/{school}"
        answer = await client.post(url, json={"role": "student"}, headers={"Authorization": "Bearer t"})
        assert answer.status_code == 201
        assert answer.json()["data"]["id"]


async def main(roster: str, base_url: str, in_flight: int) -> None:
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    with Path(roster).open(newline="", encoding="utf-8") as file:  # noqa: ASYNC230 - nobody waits meanwhile
        rows = csv.reader(file)
        next(rows)
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:
            await asyncio.gather(*[work(client, base_url, rows) for _ in range(in_flight)])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
