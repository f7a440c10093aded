"""A plain HTTP client of the rehearsal server, which knows nothing of batch_enroll."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from batch_enroll.sandbox import Behaviors, Sandbox, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

ONEROSTER = "/ims/oneroster/rostering/v1p2"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.text)
        return body


@dataclass
class Visitor:
    """One client with a token."""

    sandbox: Sandbox
    session: aiohttp.ClientSession
    token: str = ""

    async def call(self, method: str, path: str, body: object = None, **query: str) -> Answer:
        """One request; the path is sent to the letter."""
        url = URL(self.sandbox.base_url + path, encoded=True).update_query(query)
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.session.request(method, url, json=body, headers=headers) as response:
            return Answer(response.status, await response.text(), dict(response.headers))

    async def enroll(self, path: str = "u/c/s", body: object = None) -> Answer:
        return await self.call("POST", f"/edubridge/enrollments/enroll/{path}", body)

    async def unenroll(self, path: str = "u/c/s") -> Answer:
        return await self.call("DELETE", f"/edubridge/enrollments/unenroll/{path}")

    async def enrollments_of(self, user: str = "u") -> list[dict[str, Any]]:
        answer = await self.call("GET", f"/edubridge/enrollments/user/{user}")
        assert answer.status == 200, answer.text
        enrollments: list[dict[str, Any]] = answer.json["data"]
        return enrollments

    async def get(self, path: str, **query: str) -> Answer:
        return await self.call("GET", f"{ONEROSTER}/{path}", **query)

    async def write(self, method: str, path: str, body: object = None) -> Answer:
        return await self.call(method, f"{ONEROSTER}/{path}", body)

    async def ask_token(self) -> Answer:
        """A token, kept for the calls that follow."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
        }
        async with self.session.post(self.sandbox.token_url, data=form) as response:
            answer = Answer(response.status, await response.text(), dict(response.headers))
        if answer.status == 200:
            self.token = answer.json["access_token"]
        return answer


@asynccontextmanager
async def visitor(
    *scenarios: str,
    seed: int = 0,
    school_bundle: Path | None = None,
    behaviors: Behaviors | None = None,
    token_lifetime_s: float = 3600.0,
) -> AsyncIterator[Visitor]:
    """A client with a token at a server that plays `scenarios`."""
    server = serve(
        scenarios=scenarios,
        seed=seed,
        school_bundle=school_bundle,
        behaviors=behaviors,
        token_lifetime_s=token_lifetime_s,
    )
    async with server as sandbox, another(sandbox) as at:
        yield at


@asynccontextmanager
async def another(sandbox: Sandbox) -> AsyncIterator[Visitor]:
    """One more client of a server."""
    async with aiohttp.ClientSession() as session:
        at = Visitor(sandbox, session)
        await at.ask_token()
        yield at
