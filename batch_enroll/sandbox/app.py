"""Start of the rehearsal server in the running event loop, for as long as a block lasts."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import web

from batch_enroll.sandbox.bundle_import import read_bundle
from batch_enroll.sandbox.pipeline import Sandbox, ServerSetup
from batch_enroll.sandbox.scenarios import parse_scenarios

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from batch_enroll.sandbox.behaviors import Behaviors

__all__ = ["Sandbox", "serve"]

_SHUTDOWN_S: Final = 0.5  # for answers under way when the server closes
_IDLE_S: Final = 3600.0  # a client that pauses keeps its connections; the real server's limit is unknown


def serve(
    *,
    port: int = 0,
    scenarios: Sequence[str] = (),
    seed: int = 0,
    school_bundle: Path | str | None = None,
    behaviors: Behaviors | None = None,
    token_lifetime_s: float = 3600.0,
    host: str = "127.0.0.1",
) -> AbstractAsyncContextManager[Sandbox]:
    """Returns a rehearsal server, to be entered with `async with`.

    Args:
        port: the port to listen on; 0 takes a free one.
        scenarios: names of `SCENARIOS`, with or without a value, and `behavior=value`.
        seed: seed of everything that is random.
        school_bundle: a OneRoster zip or folder; only the ids in it are known. None knows every id.
        behaviors: the behaviors to which the scenarios are applied.
        token_lifetime_s: seconds until a token expires.
        host: the address to listen on.

    Raises:
        ValueError: an unknown scenario, or a path that is not a bundle; raised before the block is entered.
        OSError: the bundle cannot be read; also raised before the block is entered.
    """
    chosen, faults = parse_scenarios(scenarios, behaviors)
    known = None if school_bundle is None else read_bundle(Path(school_bundle))
    return _run_server(Sandbox(ServerSetup(chosen, faults, known, seed, token_lifetime_s)), host, port)


@asynccontextmanager
async def _run_server(sandbox: Sandbox, host: str, port: int) -> AsyncIterator[Sandbox]:
    server = web.Server(sandbox.respond, access_log=None, keepalive_timeout=_IDLE_S)
    runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
        bound: tuple[str, int] = runner.addresses[0][:2]
        sandbox.base_url = f"http://{f'[{host}]' if ':' in host else host}:{bound[1]}"
        yield sandbox
    finally:
        await runner.cleanup()
        await sandbox.cancel_open_requests()
