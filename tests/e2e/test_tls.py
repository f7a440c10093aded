"""The real command over TLS, as production is reached: a front that encrypts stands before the rehearsal server."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import pytest
import trustme
from support.e2e_cli import Desk, desk, term, write_csv

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio

ROWS = 300
IN_FLIGHT = 16


@dataclass
class Front:
    """Takes encrypted connections for the server at `port`."""

    port: int
    connections: int = 0
    open: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.append(asyncio.ensure_future(self._pass_on(reader, writer)))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.gather(_copied(reader, behind_writer), _copied(behind_reader, writer))


async def _copied(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(65_536):
            target.write(piece)
    except (OSError, ssl.SSLError):
        pass
    finally:
        target.close()


@dataclass(frozen=True)
class Encrypted(Desk):
    """A desk whose server is only there over TLS; `trusted` names the file of the authority that is believed."""

    address: str = ""
    trusted: str = ""

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "TIMEBACK_API_BASE_URL": self.address,
            "TIMEBACK_API_AUTH_URL": self.address + urlsplit(self.sandbox.token_url).path,
            "SSL_CERT_FILE": self.trusted,
        }


@asynccontextmanager
async def encrypted(
    folder: Path, *scenarios: str, name: str = "127.0.0.1", known: bool = True
) -> AsyncIterator[tuple[Encrypted, Front]]:
    """A desk with an encrypting front, whose certificate is for `name`, by an authority that is `known`."""
    authority = trustme.CA()
    trusted = folder / "authority.pem"
    (authority if known else trustme.CA()).cert_pem.write_to_path(trusted)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    async with desk(folder, *scenarios) as plain:
        front = Front(int(urlsplit(plain.sandbox.base_url).port or 0))
        async with await asyncio.start_server(front.begin, "127.0.0.1", 0, ssl=context) as server:
            address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield Encrypted(folder, plain.sandbox, address=address, trusted=str(trusted)), front
            with anyio.fail_after(10):
                await asyncio.gather(*front.open)


async def test_a_roster_is_enrolled_over_connections_that_are_kept(tmp_path: Path) -> None:
    write_csv(tmp_path / "term.csv", term(ROWS))
    async with encrypted(tmp_path, "latency-ms=20") as (at, front):
        done = await at.run("term.csv", "--max-in-flight", str(IN_FLIGHT))
        assert len(at.sandbox.school.active_enrollments()) == ROWS
    assert done.status == 0, done.err
    assert done.summary["outcomes"]["enrolled"] == done.summary["requests"]["sent"] == ROWS
    assert front.connections <= IN_FLIGHT + 1  # and one for the token


async def test_answers_that_are_lost_and_tokens_that_expire_are_survived(tmp_path: Path) -> None:
    write_csv(tmp_path / "term.csv", term(60))
    scenarios = ("lost-after-write=10", "lost-before-write=5", "5xx=10", "token-lifetime-s=2", "repeat-enroll=new_row")
    async with encrypted(tmp_path, *scenarios) as (at, _):
        done = await at.run("term.csv")
        writes = at.sandbox.school.enroll_writes
        assert len(writes) == writes.total() == len(at.sandbox.school.active_enrollments()) == 60
    assert done.status == 0, done.err


@pytest.mark.parametrize(("name", "known"), [("127.0.0.1", False), ("somebody.else.test", True)])
async def test_nothing_is_sent_to_whom_no_known_authority_vouches_for(name: str, known: bool, tmp_path: Path) -> None:  # noqa: FBT001 - given by pytest
    write_csv(tmp_path / "term.csv", term(3))
    async with encrypted(tmp_path, name=name, known=known) as (at, _):
        done = await at.run("term.csv")
        looked = await at.call("doctor", "--json")
        assert at.sandbox.requests.routes.total() == 0
    assert (done.status, done.summary["outcomes"]["not_attempted"]) == (5, 3)
    assert "the TLS certificate of the token endpoint was not accepted" in done.summary["ending"]
    (api,) = [one for one in looked.summary["findings"] if one["name"] == "api"]
    assert (api["seen"], "SSL_CERT_FILE" in api["advice"]) == ("its TLS certificate was not accepted", True)
