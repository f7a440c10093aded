"""The command `doctor`: checks everything that a run depends on, changes nothing, and says what to fix."""

from __future__ import annotations

import os
import shutil
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import aiohttp
import anyio

from batch_enroll.adapters.api import EduBridge, Transport
from batch_enroll.adapters.api.probe import look_at
from batch_enroll.adapters.events.fanout_sink import FanoutSink
from batch_enroll.core.errors import BatchEnrollError
from batch_enroll.core.model import NoReply, Reply, RunId, UserId
from batch_enroll.core.reporting import health_checks
from batch_enroll.core.reporting.health_checks import Health, HealthCheck
from batch_enroll.wiring.ledger import describe_ledger, has_ledger, open_ledger
from batch_enroll.wiring.runtime import run_async, utc_now
from batch_enroll.wiring.server import make_tokens, open_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from batch_enroll.settings import Settings
    from batch_enroll.wiring.server import ApiTarget

_UNKNOWN_USER = UserId("batch-enroll-doctor")


def doctor(settings: Settings) -> list[HealthCheck]:
    """Returns what was found, in the order in which a run needs it."""
    return [
        *_check_software(settings),
        *_check_folders(settings),
        _check_ledger(settings),
        *run_async(partial(_check_server, settings)),
    ]


def _check_software(settings: Settings) -> Iterator[HealthCheck]:
    fast = find_spec("uvloop") is not None
    seen = f"batch-enroll {version('batch-enroll')}, {'with' if fast else 'without'} uvloop"
    yield HealthCheck("software", Health.GOOD, seen)
    if settings.notify:
        yield _check_extra("notifications", "apprise", "notify")
    if settings.ledger_url.get_secret_value():
        yield _check_extra("postgresql", "psycopg", "postgres")


def _check_extra(name: str, package: str, extra: str) -> HealthCheck:
    try:
        return HealthCheck(name, Health.GOOD, f"{package} {version(package)}")
    except PackageNotFoundError:
        return HealthCheck(name, Health.BAD, f"{package} is missing", f"pip install 'batch-enroll[{extra}]'")


def _check_folders(settings: Settings) -> Iterator[HealthCheck]:
    for name, folder in (("results folder", settings.out), ("state folder", settings.state)):
        there = _find_nearest(folder)
        if os.access(there, os.W_OK | os.X_OK):
            found = health_checks.check_disk(name, shutil.disk_usage(there).free)
            yield HealthCheck(found.name, found.health, f"{folder}: {found.seen}", found.advice)
        else:
            flag = "--out" if folder == settings.out else "--state"
            yield HealthCheck(name, Health.BAD, f"{folder} cannot be written", f"Choose another one with {flag}.")


def _find_nearest(folder: Path) -> Path:
    """Returns the folder, or the first one above it that exists."""
    folder = folder.absolute()
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def _check_ledger(settings: Settings) -> HealthCheck:
    if not has_ledger(settings):
        return HealthCheck("ledger", Health.GOOD, f"none yet in {describe_ledger(settings)}; the first run makes it")
    try:
        with open_ledger(settings) as ledger:
            runs = sum(1 for _ in ledger.runs())
    except BatchEnrollError as error:
        return HealthCheck("ledger", Health.BAD, str(error))
    return HealthCheck("ledger", Health.GOOD, f"{runs} run{'' if runs == 1 else 's'} in {describe_ledger(settings)}")


async def _check_server(settings: Settings) -> list[HealthCheck]:
    if not settings.env:
        advice = "Choose one with --env, or export TIMEBACK_ENV=staging."
        return [HealthCheck("environment", Health.BAD, "none was chosen", advice)]
    found = [HealthCheck("environment", Health.GOOD, f"{settings.env}: {settings.base_url or 'inside this process'}")]
    async with open_target(settings, RunId("doctor")) as server:
        timeout = aiohttp.ClientTimeout(total=min(settings.timeout_s, 15.0))
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
            sight = await look_at(session, server.base_url)
            if sight.status is None:
                return [*found, HealthCheck("api", Health.BAD, sight.trouble, sight.advice)]
            found.append(health_checks.check_clock(utc_now(), sight.date))
            found += await _check_client(session, server)
    return found


async def _check_client(session: aiohttp.ClientSession, server: ApiTarget) -> list[HealthCheck]:
    if not (server.client.client_id and server.client.client_secret):
        advice = "Set TIMEBACK_CLIENT_ID and TIMEBACK_CLIENT_SECRET_FILE."
        return [HealthCheck("token", Health.BAD, "no client id or no secret", advice)]
    tokens = make_tokens(session, server, FanoutSink())
    try:
        token = await tokens.current()
    except BatchEnrollError as error:
        return [HealthCheck("token", Health.BAD, str(error))]
    began_s = anyio.current_time()
    answer = await EduBridge(Transport(session, server.base_url, utc_now)).look_up(_UNKNOWN_USER, token)
    elapsed_s = anyio.current_time() - began_s
    issued = HealthCheck("token", Health.GOOD, "the client was given one")
    match answer:
        case NoReply():
            return [issued, HealthCheck("api", Health.BAD, answer.cause, "Check the network and --base-url.")]
        case Reply():
            return [issued, health_checks.check_api(answer.status, elapsed_s)]
        case _:
            return [issued, health_checks.check_api(200, elapsed_s)]
