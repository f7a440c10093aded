"""Ids found before a run: everything that rows name otherwise is collected, and looked up once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from batch_enroll.core.events import LookingUp
from batch_enroll.core.lookup.id_resolution import IN_WORDS, ids_in, owners
from batch_enroll.core.lookup.records import Answers, By, EntityKind, Listing, Matches, Question, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from batch_enroll.core.lookup.id_resolution import Search
    from batch_enroll.core.lookup.records import Record
    from batch_enroll.core.model import SourceRow
    from batch_enroll.ports import EventSink, LookupCache
    from batch_enroll.workflows.directory_pages import DirectoryPages

_FEW: Final = 50  # values that are looked up one by one, whatever the server's size
_PAGE_COSTS: Final = 20  # look-ups of one value that take the server as long as one full page
_EMPTY_LIST_COSTS: Final = 100  # pages; a server that lists no one may still know users, so look-ups go that far


@dataclass(slots=True)
class IdLookups:
    """Looks up what rows name: one by one, or in whole lists, whichever takes the server less.

    Attributes:
        pages: the lists of the server.
        cache: answers of earlier runs. Ids are not cached: they are looked up to learn whether they still exist.
        sink: receives the progress.
        answers: what is known by now.
        notes: what was done, a line for each kind, for people.
    """

    pages: DirectoryPages
    cache: LookupCache
    sink: EventSink
    answers: Answers = field(default_factory=Answers)
    notes: list[str] = field(default_factory=list)

    async def find(self, rows: Iterable[SourceRow], search: Search) -> None:
        """Looks up everything that the rows name.

        Raises:
            AuthRefusedError, RunStoppedError: the server does not answer; nothing was sent.
            RosterError: the rows cannot be read to their end.
        """
        await self._answer(question for row in rows for question in search.questions(row))
        await self._answer(owners(self.answers))

    async def check_ids(self, rows: Iterable[SourceRow], defaults: Mapping[EntityKind, str]) -> None:
        """Looks up every id of the rows. Raises as `find`."""
        ids = (pair for row in rows for pair in ids_in(row, defaults))
        await self._answer(Question(Way(kind, By.ID), id_) for kind, id_ in ids)
        await self._answer(owners(self.answers))

    async def _answer(self, questions: Iterable[Question]) -> None:
        wanted: dict[Way, set[str]] = {}
        for question in questions:
            if self.answers.ids(question) is None:
                wanted.setdefault(question.way, set()).add(question.value)
        for kind in EntityKind:
            values = {way: texts for way, texts in wanted.items() if way.kind is kind}
            if values:
                await self._answer_kind(kind, values)

    async def _answer_kind(self, kind: EntityKind, wanted: Mapping[Way, set[str]]) -> None:
        left = {way: values - self._recall(way, values) for way, values in wanted.items()}
        count = sum(map(len, left.values()))
        before = self.pages.queries.requests.sent
        how = "one by one"
        what = f"{kind}s by {', '.join(IN_WORDS[way.by] for way in wanted)}"
        if count:
            report = partial(self._report, what)
            report(0, count)
            pages = await self.pages.count_pages(kind) if count > _FEW else None
            if pages is not None and (pages or _EMPTY_LIST_COSTS) * _PAGE_COSTS < count:
                how = "in the whole list"
                left = await self._match_lists(kind, left, pages, report)
            await self._ask_each(left, report)
        kept = sum(map(len, wanted.values())) - count
        parts = (
            [f"{count:,} looked up {how} (requests: {self.pages.queries.requests.sent - before:,})"] if count else []
        )
        parts += [f"{kept:,} remembered"] if kept else []
        self.notes.append(f"{what}: {', '.join(parts)}")

    def _report(self, what: str, done: int, total: int) -> None:
        self.sink.emit(LookingUp(what, done, total))

    def _recall(self, way: Way, values: set[str]) -> set[str]:
        if way.by is By.ID:
            return set()
        remembered = set()
        for value, ids in self.cache.known(way, values):
            self._learn(Question(way, value), ids)
            remembered.add(value)
        return remembered

    def _learn(self, question: Question, ids: Mapping[str, str | None]) -> None:
        self.answers.add(question, tuple(ids))
        for id_ in ids:  # what was found need not be looked up by id
            self.answers.add(Question(Way(question.way.kind, By.ID), id_), (id_,))
        if question.way.kind is EntityKind.COURSE:
            self.answers.orgs.update(ids)

    def _keep(self, matches: Matches, way: Way, values: Collection[str]) -> None:
        """Learns answers, and caches those that found something."""
        for value in values:
            self._learn(Question(way, value), matches.found(value))
        if way.by is not By.ID:
            found = ((value, matches.found(value)) for value in values)
            self.cache.keep(way, ((value, ids) for value, ids in found if ids))

    async def _ask_each(self, wanted: Mapping[Way, set[str]], report: Callable[[int, int], None]) -> None:
        questions = [Question(way, value) for way, values in wanted.items() for value in sorted(values)]
        asked = 0

        async def ask(question: Question) -> None:
            nonlocal asked
            await self._ask_one(question)
            asked += 1
            report(asked, len(questions))

        await self.pages.queries.for_each(questions, ask)

    async def _ask_one(self, question: Question) -> None:
        way, value = question
        matches = Matches(way, {value})
        read = await self.pages.read(Listing(way.kind, question), matches.add)
        if read and way.by is By.EMAIL and not matches.found(value):
            read = await self.pages.read(Listing(way.kind, question, loosely=True), matches.add)
        if read:
            self._keep(matches, way, (value,))

    async def _match_lists(
        self, kind: EntityKind, wanted: Mapping[Way, set[str]], pages: int, report: Callable[[int, int], None]
    ) -> dict[Way, set[str]]:
        """Reads all records; returns the values that matched none, if a part of the list was not shown to us."""
        matches = {way: Matches(way, values) for way, values in wanted.items()}

        def add(record: Record) -> None:
            for each in matches.values():
                each.add(record)

        whole = await self.pages.read_all(kind, pages, add, report)
        left: dict[Way, set[str]] = {}
        for way, values in wanted.items():
            left[way] = set() if whole else {value for value in values if not matches[way].found(value)}
            self._keep(matches[way], way, values - left[way])
        return left
