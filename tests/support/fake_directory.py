"""A Directory that behaves: people, courses and schools in pages, as short and as odd as a test wants them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from batch_enroll.core.lookup.records import Course, EntityKind, Listing, Page, Person, School, spelt
from batch_enroll.core.model import Reply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from batch_enroll.core.lookup.records import Record, Way
    from batch_enroll.core.model import NoReply

_KINDS = {EntityKind.USER: Person, EntityKind.COURSE: Course, EntityKind.SCHOOL: School}


@dataclass
class FakeDirectory:
    """`instead` answers to a listing in place of records; `largest` cuts pages short; `hidden` rows are never shown.

    Whoever wants more than `frail_above` at once gets nothing.
    """

    records: Sequence[Record]
    instead: Mapping[str, Reply | NoReply] = field(default_factory=dict)
    largest: int = 3000
    hidden: int = 0
    frail_above: int = 3000
    asked: list[tuple[Listing, int, int]] = field(default_factory=list)

    async def page(self, listing: Listing, offset: int, limit: int, token: str) -> Page[Record] | Reply | NoReply:
        del token
        self.asked.append((listing, offset, limit))
        await anyio.sleep(0.1)
        if limit > self.frail_above:
            return Reply(404)
        question = listing.question
        if (instead := self.instead.get(listing.kind if question is None else question.value)) is not None:
            return instead
        there = [record for record in self.records if isinstance(record, _KINDS[listing.kind])]
        if question is not None:
            by, value = question.way.by, question.value
            if listing.loosely:
                there = [record for record in there if value.casefold() in spelt(record, by).casefold()]
            else:
                there = [record for record in there if spelt(record, by) == value]
        total = len(there)
        if question is None and self.hidden:
            there = there[: -self.hidden]
        shown = tuple(there[offset : offset + min(limit, self.largest)])
        return Page(shown, len(shown), total)


@dataclass
class MemoryBook:
    """An AnswerBook in memory."""

    kept: dict[tuple[Way, str], Mapping[str, str | None]] = field(default_factory=dict)

    def known(self, way: Way, values: Iterable[str]) -> Iterator[tuple[str, Mapping[str, str | None]]]:
        return ((value, self.kept[way, value]) for value in values if (way, value) in self.kept)

    def keep(self, way: Way, found: Iterable[tuple[str, Mapping[str, str | None]]]) -> None:
        self.kept |= {(way, value): ids for value, ids in found}
