"""The exact pacer on real sockets: a strict bucket in a process of its own against the real limiter and pace.

`python -m lab.exact` (in tests/) prints, for each rate and burst, the share of the rate that was used and the share of
requests that were refused. Ratios, not times: they hold on a busy machine too, only the jitter grows.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import anyio

from batch_enroll.core.pace import FixedPace, LearnedLimits, PaceLimits, Sample, SelfTuningPace
from batch_enroll.engine.rate_limiter import RateLimiter

if TYPE_CHECKING:
    from batch_enroll.core.pace import Pace

_WORKERS: Final = 10
_REQUEST: Final = b"POST /enroll HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
_CREATED: Final = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
_REFUSED: Final = b"HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n"


class _Bucket(asyncio.Protocol):
    """Each message is a request; its arrival is when the socket gave it to us."""

    rate = burst = tokens = 0.0
    at = 0.0
    taken = refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        now, bucket = time.monotonic(), _Bucket
        bucket.tokens = min(bucket.burst, bucket.tokens + (now - bucket.at) * bucket.rate)
        bucket.at = now
        assert isinstance(self.transport, asyncio.WriteTransport)
        if bucket.tokens < 1.0:
            self.transport.write(_REFUSED)
            return
        bucket.tokens -= 1.0
        self.transport.write(_CREATED)


async def _serve(rate: float, burst: float) -> None:
    _Bucket.rate, _Bucket.burst, _Bucket.tokens = rate, burst, burst
    server = await asyncio.get_running_loop().create_server(_Bucket, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def measure(pace: Pace, port: int, seconds: float) -> tuple[int, int]:
    """Requests sent in the time, and those of them refused."""
    limiter = RateLimiter(pace, lambda _: None)
    sent = refused = 0
    end = time.monotonic() + seconds

    async def work() -> None:
        nonlocal sent, refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < end:
            turn = await limiter.acquire()
            writer.write(_REQUEST)
            sent += 1
            answer = await reader.readuntil(b"\r\n\r\n")
            ok = b" 201 " in answer
            refused += not ok
            limiter.release(turn, Sample.HEALTHY if ok else Sample.THROTTLED, None)
        writer.close()

    async with anyio.create_task_group() as tasks:
        for _ in range(_WORKERS):
            tasks.start_soon(work)
    return sent, refused


async def _try(law: str, rate: float, burst: float, seconds: float) -> str:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lab.exact", "--serve", str(rate), str(burst), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        port = int(await server.stdout.readline())
        pace: Pace = FixedPace(PaceLimits(_WORKERS, rate))
        if law == "auto":
            pace = SelfTuningPace(PaceLimits(100), LearnedLimits(0.9 * rate))
            await measure(pace, port, 30.0)  # until it knows the rate
        sent, refused = await measure(pace, port, seconds)
    finally:
        with suppress(ProcessLookupError):
            server.terminate()
        await server.wait()
    return (
        f"{law:5}  {rate:5.0f}/s  burst {burst:.0f}  used {(sent - refused) / rate / seconds:7.2%}"
        f"  sent {sent:6,}  refused {refused / sent:7.3%}"
    )


async def _main(seconds: float, runs: int) -> None:
    for law in ("fixed", "auto"):
        for rate in (50.0, 200.0):
            for burst in (1.0, 5.0):
                for _ in range(runs):
                    print(await _try(law, rate, burst, seconds), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", nargs=2, type=float)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(_serve(*asked.serve))
    else:
        asyncio.run(_main(asked.seconds, asked.runs))


if __name__ == "__main__":
    main()
