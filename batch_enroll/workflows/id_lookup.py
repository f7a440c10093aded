"""Ids found before a run: everything that rows name otherwise is collected once, and asked for."""

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

_FEW: Final = 50  # values that are asked for one by one, whatever the server's size
_PAGE_COSTS: Final = 20  # questions for one value that take the server as long as one full page
_IN_VAIN: Final = 100  # a server that lists nobody may still know somebody; so many pages' worth is asked in vain


@dataclass(slots=True)
class IdLookups:
    """Looks up what rows name: one by one, or laid beside whole lists, whichever takes the server less.

    Attributes:
        lists: what the server lists.
        book: answers of earlier runs; of ids nothing is remembered, since whoever asks for them wants to know anew.
        sink: told how it goes.
        answers: what is known by now.
        notes: what was done, a line for each kind, for people.
    """

    lists: DirectoryPages
    book: LookupCache
    sink: EventSink
    answers: Answers = field(default_factory=Answers)
    notes: list[str] = field(default_factory=list)

    async def find(self, rows: Iterable[SourceRow], search: Search) -> None:
        """Answers what the rows ask.

        Raises:
            AuthRefusedError, RunStoppedError: the server does not answer; nothing was sent.
            RosterError: the rows cannot be read to their end.
        """
        await self._answer(question for row in rows for question in search.questions(row))
        await self._answer(owners(self.answers))

    async def prove(self, rows: Iterable[SourceRow], defaults: Mapping[EntityKind, str]) -> None:
        """Asks for every id of the rows. Raises as `find`."""
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
        left = {way: values - self._remembered(way, values) for way, values in wanted.items()}
        count = sum(map(len, left.values()))
        before = self.lists.asking.requests.sent
        how = "one by one"
        what = f"{kind}s by {', '.join(IN_WORDS[way.by] for way in wanted)}"
        if count:
            tell = partial(self._tell, what)
            tell(0, count)
            pages = await self.lists.pages(kind) if count > _FEW else None
            if pages is not None and (pages or _IN_VAIN) * _PAGE_COSTS < count:
                how = "in the whole list"
                left = await self._lay_beside(kind, left, pages, tell)
            await self._ask_each(left, tell)
        kept = sum(map(len, wanted.values())) - count
        told = [f"{count:,} looked up {how} (requests: {self.lists.asking.requests.sent - before:,})"] if count else []
        told += [f"{kept:,} remembered"] if kept else []
        self.notes.append(f"{what}: {', '.join(told)}")

    def _tell(self, what: str, done: int, total: int) -> None:
        self.sink.emit(LookingUp(what, done, total))

    def _remembered(self, way: Way, values: set[str]) -> set[str]:
        if way.by is By.ID:
            return set()
        remembered = set()
        for value, ids in self.book.known(way, values):
            self._learn(Question(way, value), ids)
            remembered.add(value)
        return remembered

    def _learn(self, question: Question, ids: Mapping[str, str | None]) -> None:
        self.answers.add(question, tuple(ids))
        for id_ in ids:  # who was found need not be asked for by id
            self.answers.add(Question(Way(question.way.kind, By.ID), id_), (id_,))
        if question.way.kind is EntityKind.COURSE:
            self.answers.orgs.update(ids)

    def _keep(self, matches: Matches, way: Way, values: Collection[str]) -> None:
        """Takes note of answers, and remembers those that name somebody."""
        for value in values:
            self._learn(Question(way, value), matches.found(value))
        if way.by is not By.ID:
            told = ((value, matches.found(value)) for value in values)
            self.book.keep(way, ((value, ids) for value, ids in told if ids))

    async def _ask_each(self, wanted: Mapping[Way, set[str]], tell: Callable[[int, int], None]) -> None:
        questions = [Question(way, value) for way, values in wanted.items() for value in sorted(values)]
        asked = 0

        async def ask(question: Question) -> None:
            nonlocal asked
            await self._ask_one(question)
            asked += 1
            tell(asked, len(questions))

        await self.lists.asking.for_each(questions, ask)

    async def _ask_one(self, question: Question) -> None:
        way, value = question
        matches = Matches(way, {value})
        read = await self.lists.read(Listing(way.kind, question), matches.add)
        if read and way.by is By.EMAIL and not matches.found(value):
            read = await self.lists.read(Listing(way.kind, question, loosely=True), matches.add)
        if read:
            self._keep(matches, way, (value,))

    async def _lay_beside(
        self, kind: EntityKind, wanted: Mapping[Way, set[str]], pages: int, tell: Callable[[int, int], None]
    ) -> dict[Way, set[str]]:
        """Reads all records; gives back what nobody answered to if some rows of the list were kept from us."""
        matches = {way: Matches(way, values) for way, values in wanted.items()}

        def add(record: Record) -> None:
            for each in matches.values():
                each.add(record)

        whole = await self.lists.read_all(kind, pages, add, tell)
        left: dict[Way, set[str]] = {}
        for way, values in wanted.items():
            left[way] = set() if whole else {value for value in values if not matches[way].found(value)}
            self._keep(matches[way], way, values - left[way])
        return left
