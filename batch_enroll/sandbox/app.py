"""How the rehearsal server is started: in any running loop, for as long as the block lasts."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import web

from batch_enroll.sandbox.bundle_import import read_bundle
from batch_enroll.sandbox.pipeline import Plan, Sandbox
from batch_enroll.sandbox.scenarios import parse_scenarios

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from batch_enroll.sandbox.behaviors import Switches

__all__ = ["Sandbox", "serve"]

_GOODBYE_S: Final = 0.5  # for answers under way when the server closes
_IDLE_S: Final = 3600.0  # a client that pauses keeps its connections; the real server's limit is unknown


def serve(
    *,
    port: int = 0,
    scenarios: Sequence[str] = (),
    seed: int = 0,
    school_bundle: Path | str | None = None,
    switches: Switches | None = None,
    token_lifetime_s: float = 3600.0,
    host: str = "127.0.0.1",
) -> AbstractAsyncContextManager[Sandbox]:
    """A rehearsal server, to be entered with `async with`.

    Args:
        port: 0 for a free one.
        scenarios: names of `SCENARIOS`, perhaps with values, and `switch=value`.
        seed: of all dice.
        school_bundle: a OneRoster zip or folder; only what is in it is known. None knows every id.
        switches: where the scenarios begin.
        token_lifetime_s: how long tokens are good.
        host: where to listen.

    Raises:
        ValueError: a scenario or bundle that is none; at once, before anything is entered.
        OSError: the bundle cannot be read; at once, too.
    """
    chosen, faults = parse_scenarios(scenarios, switches)
    known = None if school_bundle is None else read_bundle(Path(school_bundle))
    return _serving(Sandbox(Plan(chosen, faults, known, seed, token_lifetime_s)), host, port)


@asynccontextmanager
async def _serving(sandbox: Sandbox, host: str, port: int) -> AsyncIterator[Sandbox]:
    server = web.Server(sandbox.respond, access_log=None, keepalive_timeout=_IDLE_S)
    runner = web.ServerRunner(server, shutdown_timeout=_GOODBYE_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
        bound: tuple[str, int] = runner.addresses[0][:2]
        sandbox.base_url = f"http://{f'[{host}]' if ':' in host else host}:{bound[1]}"
        yield sandbox
    finally:
        await runner.cleanup()
        await sandbox.give_up()
