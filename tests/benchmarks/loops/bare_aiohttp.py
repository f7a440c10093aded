"""The bare loop: aiohttp, workers that share one iterator, no ledger, no limiter, no results.

usage: bare_aiohttp.py LOOP ROSTER BASE_URL IN_FLIGHT       LOOP is asyncio or uvloop
"""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterator


async def work(session: aiohttp.ClientSession, base_url: str, rows: Iterator[list[str]]) -> None:
    for user, course, school, *_ in rows:
        url = f"{base_url}/edubridge/enrollments/enroll/{user}/{course}/{school}"
        async with session.post(url, json={"role": "student"}, headers={"Authorization": "Bearer t"}) as response:
            answer = json.loads(await response.read())
            assert response.status == 201
            assert answer["data"]["id"]


async def main(roster: str, base_url: str, in_flight: int) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    with Path(roster).open(newline="", encoding="utf-8") as file:  # noqa: ASYNC230 - nobody waits meanwhile
        rows = csv.reader(file)
        next(rows)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*[work(session, base_url, rows) for _ in range(in_flight)])


if __name__ == "__main__":
    _, kind, roster, base_url, in_flight = sys.argv
    run = uvloop.run if kind == "uvloop" else asyncio.run
    run(main(roster, base_url, int(in_flight)))
