"""Listings of the server, read to their end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import AuthRefusedError, RunStoppedError
from batch_enroll.core.lookup.records import EntityKind, Listing
from batch_enroll.core.model import NoReply, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_enroll.core.lookup.records import Page, Record
    from batch_enroll.engine import QueryRunner
    from batch_enroll.ports import Directory

PAGE: Final = 3_000  # the most that the API gives at once. Source: contract 1.2
_SMALL_PAGE: Final = 100
_LANES: Final = 3  # full pages at once: each is long work for the server, and ten would all time out
_FORBIDDEN: Final = 403


@dataclass(frozen=True, slots=True)
class DirectoryPages:
    """The lists of the server. A short page may come before the end, so the total decides (contract 1.2).

    Attributes:
        queries: sends the requests, under the pace of the rows.
        directory: makes them.
    """

    queries: QueryRunner
    directory: Directory

    async def read(self, listing: Listing, add: Callable[[Record], None]) -> bool:
        """Calls `add` for each record of a short listing; returns true if it was read to its end.

        Raises:
            AuthRefusedError, RunStoppedError: the server does not answer.
        """
        at, total = 0, 1
        while at < total:
            page = await self._fetch_page(listing, at, _SMALL_PAGE)
            if page is None:
                return False
            for record in page.records:
                add(record)
            at += page.rows or _SMALL_PAGE
            total = page.total if page.total is not None else at + bool(page.rows)
        return True

    async def count_pages(self, kind: EntityKind) -> int | None:
        """Returns how many pages all records of a kind fill; None if the server does not say. Raises as `read`."""
        page = await self._fetch_page(Listing(kind), 0, 1)
        return None if page is None or page.total is None else -(-page.total // PAGE)

    async def read_all(
        self, kind: EntityKind, pages: int, add: Callable[[Record], None], report: Callable[[int, int], None]
    ) -> bool:
        """Calls `add` for each record of a kind, several pages at once; returns true if the list is as long as it says.

        `report` is called after each page with the number of entries so far and the number of all.

        Raises:
            AuthRefusedError, RunStoppedError: as `read`; also when it cannot be read to its end.
        """
        count = _Count()

        async def lane(first: int) -> None:
            for nth in range(first, max(1, pages), _LANES):
                await self._read_window(Listing(kind), nth * PAGE, add, count)
                report(count.rows, max(count.rows, count.total))

        await self.queries.for_each(range(min(_LANES, max(1, pages))), lane)
        return count.rows >= count.total

    async def _read_window(self, listing: Listing, at: int, add: Callable[[Record], None], count: _Count) -> None:
        end, limit = at + PAGE, PAGE
        while at < end:
            page = await self._fetch_page(listing, at, min(limit, end - at))
            if page is None:
                if limit <= _SMALL_PAGE:
                    raise RunStoppedError(f"the list of {listing.kind}s could not be read; nothing was sent")
                limit //= 4  # perhaps it was too much at once
                continue
            for record in page.records:
                add(record)
            count.rows += page.rows
            count.total = max(count.total, page.total or 0)
            at += page.rows or limit
            end = min(end, page.total or 0)

    async def _fetch_page(self, listing: Listing, offset: int, limit: int) -> Page[Record] | None:
        answer = await self.queries.query(partial(self.directory.page, listing, offset, limit))
        if isinstance(answer, Reply) and answer.status == _FORBIDDEN:
            raise AuthRefusedError(
                f"the credentials may not read {listing.kind}s (403), so that no ids can be found; ask for read access "
                "to rostering, or give a roster of ids with --find never"
            )
        return None if isinstance(answer, Reply | NoReply) else answer


@dataclass(slots=True)
class _Count:
    """The rows that arrived, and how many there are."""

    rows: int = 0
    total: int = 0
