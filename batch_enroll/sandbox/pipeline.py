"""The way of one request: limiter, latency, token, mishaps before, the route itself, mishaps after."""

from __future__ import annotations

import asyncio
import secrets
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from batch_enroll.sandbox.admin import inspected
from batch_enroll.sandbox.behaviors import BodyFamily
from batch_enroll.sandbox.directory import Known, Register, Strangers
from batch_enroll.sandbox.edubridge import edubridge_routes
from batch_enroll.sandbox.error_bodies import failure
from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.fault_responses import befallen
from batch_enroll.sandbox.faults import Kind, Weather
from batch_enroll.sandbox.metrics import Observed
from batch_enroll.sandbox.oauth import Standing, TokenDesk, refused_client, refused_token, token_answer
from batch_enroll.sandbox.oneroster import read_routes
from batch_enroll.sandbox.oneroster_writes import write_routes
from batch_enroll.sandbox.routes import Call, Routes, decoded
from batch_enroll.sandbox.school import Moment, School

if TYPE_CHECKING:
    from aiohttp import web

    from batch_enroll.sandbox.behaviors import Switches
    from batch_enroll.sandbox.faults import Faults, Lot, Trouble
    from batch_enroll.sandbox.metrics import Visit
    from batch_enroll.sandbox.routes import Route

CLIENT_ID: Final = "rehearsal-client"
TOKEN_PATH: Final = "/oauth2/token"  # noqa: S105 - a path


@dataclass(frozen=True, slots=True)
class Plan:
    """What a server plays: its answers to open questions, its faults, and whom it knows (None: everybody)."""

    switches: Switches
    faults: Faults
    known: Known | None
    seed: int
    token_lifetime_s: float


class Sandbox:
    """A rehearsal server's state and counters, and where to reach it.

    Args:
        plan: what it plays.

    Attributes:
        base_url: where the API is; set once it listens.
        client_id: its only client.
        client_secret: that client's secret, new for each server.
        school: whom it knows and who sits where.
        requests: what it saw.
    """

    def __init__(self, plan: Plan) -> None:
        self.base_url = ""
        self.client_id, self.client_secret = CLIENT_ID, secrets.token_urlsafe(18)
        self.requests = Observed()
        self._under_way: set[asyncio.Task[object] | None] = set()
        self._plan = plan
        self._weather = Weather(plan.faults, plan.seed)
        self._desk = TokenDesk(
            self.client_id, self.client_secret, plan.faults.token_lifetime_s or plan.token_lifetime_s
        )
        self._routes = Routes([*edubridge_routes(), *read_routes(), *write_routes()])
        self.reset()

    @property
    def token_url(self) -> str:
        """Where tokens are."""
        return self.base_url + TOKEN_PATH

    def reset(self) -> None:
        """Begins anew: an empty school, counters at nothing, the weather as on the first day. Tokens stay good."""
        faults, seed = self._plan.faults, self._plan.seed
        strangers = Strangers(faults.unknown_users, faults.unknown_courses, faults.unknown_schools, seed)
        known = Known() if self._plan.known is None else deepcopy(self._plan.known)
        register = Register(known, closed=self._plan.known is not None, strangers=strangers)
        self.school = School(register, self._plan.switches, seed)
        self.requests.clear()
        self._weather.clear()

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to any request."""
        task = asyncio.current_task()
        self._under_way.add(task)
        try:
            return await self._answered(request)
        finally:
            self._under_way.discard(task)

    async def give_up(self) -> None:
        """Ends the requests whose clients have gone, which aiohttp does not end when it closes."""
        left = {task for task in self._under_way if task is not None}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _answered(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        if path == TOKEN_PATH:
            return await self._token(request)
        if path.startswith("/sandbox/"):
            return await inspected(request, path, self)
        found = self._routes.find(request.method, path)
        if found is None:
            return failure(404, "No such route")
        route, ids = found
        with self.requests.visit(route.name, _now_s()) as visit:
            return await self._visited(request, route, ids, visit)

    async def _visited(
        self, request: web.BaseRequest, route: Route, ids: tuple[str, ...], visit: Visit
    ) -> web.StreamResponse:
        if (trouble := self._weather.arrival(_now_s(), self.requests.in_flight)) is not None:
            return await self._befallen(request, trouble, visit)
        # Half of the time passes on the way in and half on the way out, so that a client's time-out can meet either.
        delay_s = self._weather.delay_s() / 2
        await _passed(delay_s)
        standing = self._desk.standing(request.headers.get("Authorization", ""), _now_s())
        if standing is not Standing.GOOD:
            return _noted(visit, refused_token(standing, self._plan.switches.token_refusal))
        lot = self._weather.lot(f"{request.method} {request.raw_path}")
        if (trouble := self._weather.before(lot, writes=route.writes)) is not None:
            return await self._befallen(request, trouble, visit)
        response = await self._done(request, route, ids, lot)
        await _passed(delay_s)
        if response.status < 300 and (trouble := self._weather.after(lot, writes=route.writes)) is not None:  # noqa: PLR2004
            return await self._befallen(request, trouble, visit, response)
        return _noted(visit, response)

    async def _done(self, request: web.BaseRequest, route: Route, ids: tuple[str, ...], lot: Lot) -> web.Response:
        try:
            malformed_status = int(self._plan.switches.malformed_id)
            plain = tuple(decoded(id_, malformed_status) for id_ in ids)
            return await route.handler(Call(request, plain, self.school, _moment(), lot))
        except RefusedError as refused:
            family = self._plan.switches.error_body if route.is_edubridge else BodyFamily.IMS
            return failure(refused.status, refused.text, family, path=refused.path)

    async def _befallen(
        self, request: web.BaseRequest, trouble: Trouble, visit: Visit, meant: web.Response | None = None
    ) -> web.StreamResponse:
        response = await befallen(request, trouble, self._plan.switches, datetime.now(UTC), meant)
        if trouble.kind is not Kind.LOST:
            visit.status = response.status
        return response

    async def _token(self, request: web.BaseRequest) -> web.StreamResponse:
        await _passed(self._plan.faults.token_latency_s)
        response = await self._token_answer(request)
        self.requests.token_requests[response.status] += 1
        self.requests.tokens_issued += response.status == 200  # noqa: PLR2004 - a status
        return response

    async def _token_answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "POST":
            return failure(405, "Method not allowed")
        if (trouble := self._weather.token_trouble()) is not None:
            return await befallen(request, trouble, self._plan.switches, datetime.now(UTC))
        if self._plan.faults.refuse_client:
            return refused_client()
        return await token_answer(request, self._desk, _now_s())


def _noted(visit: Visit, response: web.Response) -> web.Response:
    visit.status = response.status
    return response


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _moment() -> Moment:
    return Moment(datetime.now(UTC), _now_s())


async def _passed(delay_s: float) -> None:
    if delay_s:
        await asyncio.sleep(delay_s)
