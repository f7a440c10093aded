"""The stages of a request: limiter, latency, token, faults before, the route itself, faults after."""

from __future__ import annotations

import asyncio
import secrets
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from batch_enroll.sandbox.admin import respond_to_admin
from batch_enroll.sandbox.behaviors import BodyFamily
from batch_enroll.sandbox.directory import KnownObjects, SchoolDirectory, UnknownIds
from batch_enroll.sandbox.edubridge import edubridge_routes
from batch_enroll.sandbox.error_bodies import error_response
from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.fault_responses import fault_response
from batch_enroll.sandbox.faults import FaultInjector, FaultKind
from batch_enroll.sandbox.metrics import RequestMetrics
from batch_enroll.sandbox.oauth import TokenService, TokenStatus, refuse_client, refuse_token, token_response
from batch_enroll.sandbox.oneroster import read_routes
from batch_enroll.sandbox.oneroster_writes import write_routes
from batch_enroll.sandbox.routes import Call, Routes, decode_id
from batch_enroll.sandbox.school import Moment, RehearsalSchool

if TYPE_CHECKING:
    from aiohttp import web

    from batch_enroll.sandbox.behaviors import Behaviors
    from batch_enroll.sandbox.faults import Fault, FaultSettings, RandomDraw
    from batch_enroll.sandbox.metrics import RequestRecord
    from batch_enroll.sandbox.routes import Route

CLIENT_ID: Final = "rehearsal-client"
TOKEN_PATH: Final = "/oauth2/token"  # noqa: S105 - a path


@dataclass(frozen=True, slots=True)
class ServerSetup:
    """The behaviors and faults of a server, the objects it knows (None: every id), its seed and token lifetime."""

    behaviors: Behaviors
    faults: FaultSettings
    known: KnownObjects | None
    seed: int
    token_lifetime_s: float


class Sandbox:
    """A rehearsal server: its state, its counters and its address.

    Args:
        setup: its behaviors and faults.

    Attributes:
        base_url: address of the API; set once the server listens.
        client_id: id of the only client.
        client_secret: secret of that client, new for each server.
        school: the objects and enrollments.
        requests: counters of the requests received.
    """

    def __init__(self, setup: ServerSetup) -> None:
        self.base_url = ""
        self.client_id, self.client_secret = CLIENT_ID, secrets.token_urlsafe(18)
        self.requests = RequestMetrics()
        self._open_requests: set[asyncio.Task[object] | None] = set()
        self._setup = setup
        self._fault_injector = FaultInjector(setup.faults, setup.seed)
        self._token_service = TokenService(
            self.client_id, self.client_secret, setup.faults.token_lifetime_s or setup.token_lifetime_s
        )
        self._routes = Routes([*edubridge_routes(), *read_routes(), *write_routes()])
        self.reset()

    @property
    def token_url(self) -> str:
        """The address of the token endpoint."""
        return self.base_url + TOKEN_PATH

    def reset(self) -> None:
        """Returns to the state at the start: no enrollments, counters at zero, fresh faults. Tokens stay valid."""
        faults, seed = self._setup.faults, self._setup.seed
        unknown_ids = UnknownIds(faults.unknown_users, faults.unknown_courses, faults.unknown_schools, seed)
        known = KnownObjects() if self._setup.known is None else deepcopy(self._setup.known)
        directory = SchoolDirectory(known, closed=self._setup.known is not None, unknown_ids=unknown_ids)
        self.school = RehearsalSchool(directory, self._setup.behaviors, seed)
        self.requests.clear()
        self._fault_injector.clear()

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        """Returns the response to any request."""
        task = asyncio.current_task()
        self._open_requests.add(task)
        try:
            return await self._dispatch(request)
        finally:
            self._open_requests.discard(task)

    async def cancel_open_requests(self) -> None:
        """Ends the requests whose clients have disconnected, which aiohttp does not end when it closes."""
        left = {task for task in self._open_requests if task is not None}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _dispatch(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        if path == TOKEN_PATH:
            return await self._respond_with_token(request)
        if path.startswith("/sandbox/"):
            return await respond_to_admin(request, path, self)
        found = self._routes.find(request.method, path)
        if found is None:
            return error_response(404, "No such route")
        route, ids = found
        with self.requests.record(route.name, _now_s()) as record:
            return await self._respond_on_route(request, route, ids, record)

    async def _respond_on_route(
        self, request: web.BaseRequest, route: Route, ids: tuple[str, ...], record: RequestRecord
    ) -> web.StreamResponse:
        if (fault := self._fault_injector.fault_on_arrival(_now_s(), self.requests.in_flight)) is not None:
            return await self._respond_with_fault(request, fault, record)
        # Half of the latency passes before the request is carried out and half after it, so that a client's timeout
        # can fall into either half.
        delay_s = self._fault_injector.delay_s() / 2
        await _wait(delay_s)
        token_status = self._token_service.token_status(request.headers.get("Authorization", ""), _now_s())
        if token_status is not TokenStatus.VALID:
            return _record_status(record, refuse_token(token_status, self._setup.behaviors.token_refusal))
        draw = self._fault_injector.draw_for(f"{request.method} {request.raw_path}")
        if (fault := self._fault_injector.fault_before(draw, writes=route.writes)) is not None:
            return await self._respond_with_fault(request, fault, record)
        response = await self._carry_out(request, route, ids, draw)
        await _wait(delay_s)
        if response.status < 300:  # noqa: PLR2004 - a status
            fault = self._fault_injector.fault_after(draw, writes=route.writes)
            if fault is not None:
                return await self._respond_with_fault(request, fault, record, response)
        return _record_status(record, response)

    async def _carry_out(
        self, request: web.BaseRequest, route: Route, ids: tuple[str, ...], draw: RandomDraw
    ) -> web.Response:
        try:
            malformed_status = int(self._setup.behaviors.malformed_id)
            plain = tuple(decode_id(id_, malformed_status) for id_ in ids)
            return await route.handler(Call(request, plain, self.school, _now(), draw))
        except RefusedError as refused:
            family = self._setup.behaviors.error_body if route.is_edubridge else BodyFamily.IMS
            return error_response(refused.status, refused.text, family, path=refused.path)

    async def _respond_with_fault(
        self, request: web.BaseRequest, fault: Fault, record: RequestRecord, intended: web.Response | None = None
    ) -> web.StreamResponse:
        response = await fault_response(request, fault, self._setup.behaviors, datetime.now(UTC), intended)
        if fault.kind is not FaultKind.LOST:
            record.status = response.status
        return response

    async def _respond_with_token(self, request: web.BaseRequest) -> web.StreamResponse:
        await _wait(self._setup.faults.token_latency_s)
        response = await self._token_response(request)
        self.requests.token_requests[response.status] += 1
        self.requests.tokens_issued += response.status == 200  # noqa: PLR2004 - a status
        return response

    async def _token_response(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "POST":
            return error_response(405, "Method not allowed")
        if (fault := self._fault_injector.token_fault()) is not None:
            return await fault_response(request, fault, self._setup.behaviors, datetime.now(UTC))
        if self._setup.faults.refuse_client:
            return refuse_client()
        return await token_response(request, self._token_service, _now_s())


def _record_status(record: RequestRecord, response: web.Response) -> web.Response:
    record.status = response.status
    return response


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _now() -> Moment:
    return Moment(datetime.now(UTC), _now_s())


async def _wait(delay_s: float) -> None:
    if delay_s:
        await asyncio.sleep(delay_s)
