"""Ids for what a row names otherwise: which of its fields are asked about, and what the answers make of it.

Nothing is picked by luck: what nobody answers to, or several do, makes the row INVALID and names their ids. Messages
go to the ledger, so they hold ids and never what was typed.

A column of ids that holds names instead is told by its first rows: e-mails for users; for courses and schools, texts
with a blank inside, as titles and names have and ids, which are made by programs, have not. Half of the different
values must be such, so that a slip in one id does not make names of the others. Even then each value is taken for what
it looks like: one without blanks is a title too if it has no digit ("Algebra" beside "Algebra 1"), else it stays an id
("MATH-7"), so that an id can be put in by hand for one of two courses of a title. Nobody is enrolled wrongly by this: a
name is sent only as the id of the one thing that has it to the letter, and what is taken for a name and is none is
INVALID with the words for it. Where rows name classes, the ids are an export's own and stay.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from batch_enroll.core.codes import catalogue
from batch_enroll.core.frozen import frozen
from batch_enroll.core.lookup.records import WAYS, By, EntityKind, Question, Way
from batch_enroll.core.model import RowProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from batch_enroll.core.lookup.records import Answers
    from batch_enroll.core.model import SourceRow

NEVER: Final = "never"
AUTO: Final = "auto"
ID_FIELDS: Final = {EntityKind.USER: "user_id", EntityKind.COURSE: "course_id", EntityKind.SCHOOL: "school_id"}
BYS: Final = {kind: tuple(way.by for way in WAYS.values() if way.kind is kind) for kind in EntityKind}
_LOOKED_AT: Final = 100  # rows that tell whether a column of ids holds names
_DIGIT: Final = re.compile(r"\d")
_NAMED: Final = 5  # ids in a message
IN_WORDS: Final = {
    By.ID: "id", By.EMAIL: "e-mail", By.USERNAME: "user name", By.IDENTIFIER: "identifier", By.CODE: "code",
    By.TITLE: "title", By.NAME: "name",
}  # fmt: skip
_NOT_FOUND: Final = {
    EntityKind.USER: catalogue.USER_NOT_FOUND,
    EntityKind.COURSE: catalogue.COURSE_NOT_FOUND,
    EntityKind.SCHOOL: catalogue.SCHOOL_NOT_FOUND,
}
_UNFOUND: Final = frozenset({*_NOT_FOUND.values(), catalogue.AMBIGUOUS, catalogue.NOT_LOOKED_UP})
_SEEN_BY: Final = {EntityKind.USER: By.EMAIL, EntityKind.COURSE: By.TITLE, EntityKind.SCHOOL: By.NAME}
_SCHOOL_BY_ID: Final = Way(EntityKind.SCHOOL, By.ID)


@frozen
class LookupRule:
    """One field of rows, and the way its values are asked for.

    Attributes:
        over_ids: also in rows that have an id.
        seen: nobody asked for it, the column was seen to hold names; what looks like an id is left alone.
    """

    field: str
    way: Way
    over_ids: bool = False
    seen: bool = False

    def asks_for(self, value: str, *, has_id: bool) -> bool:
        """Whether the value is asked for, in a row that has an id or none."""
        if self.seen:
            return _is_name(value, self.way.kind) or (
                self.way.kind is not EntityKind.USER and _DIGIT.search(value) is None
            )
        return self.over_ids or not has_id


@frozen
class Search:
    """What is looked up in a roster, by kind and in order; and the school of rows that name none."""

    steps: Mapping[EntityKind, tuple[LookupRule, ...]] = field(default_factory=dict)
    school_id: str | None = None

    def __bool__(self) -> bool:
        return any(self.steps.values())

    def asked(self, kind: EntityKind, fields: Mapping[str, str]) -> tuple[str, Question] | None:
        """The field of a row that is asked about for its user, course or school, and the question."""
        has_id = ID_FIELDS[kind] in fields
        for step in self.steps.get(kind, ()):
            if (value := fields.get(step.field)) and step.asks_for(value, has_id=has_id):
                return step.field, Question(step.way, value)
        return None

    def questions(self, row: SourceRow) -> Iterator[Question]:
        """What has to be known of a row."""
        if row.problem is None:
            for kind in EntityKind:
                if (asked := self.asked(kind, row.fields)) is not None:
                    yield asked[1]

    def told(self) -> tuple[str, ...]:
        """What is looked up, a line each, for people."""
        return tuple(
            f"{kind} found by {' or '.join(f'{IN_WORDS[step.way.by]} ({step.field})' for step in steps)}"
            f"{'' if steps[0].over_ids or steps[0].seen else f' where {ID_FIELDS[kind]} is empty'}"
            for kind, steps in self.steps.items()
            if steps
        )

    def seen(self) -> tuple[str, ...]:
        """What is looked up though nobody asked for it, and how to switch that off, a line each."""
        return tuple(
            f"{step.field} holds {IN_WORDS[step.way.by]}s, which are looked up; --find {kind}=never takes them for ids"
            for kind, steps in self.steps.items()
            for step in steps
            if step.seen
        )


def named(fields: Iterable[str]) -> frozenset[str]:
    """The fields, and the ids that can be found by them."""
    known = frozenset(fields)
    return known | {ID_FIELDS[WAYS[name].kind] for name in known if name in WAYS}


def search_in(
    fields: Iterable[str], rows: Iterable[SourceRow], wishes: Mapping[str, str], school_id: str | None
) -> Search:
    """What is looked up in a roster that has columns of these fields.

    Args:
        fields: those that columns are read as.
        rows: the roster's; the first of them tell whether a column of ids holds names.
        wishes: by kind what it is found by, `never`, or `auto` (also if not named): where the id is blank, by the
            first of its other fields that is not.
        school_id: the school of rows that name none.
    """
    known = frozenset(fields)
    first = tuple(islice(rows, _LOOKED_AT))
    steps = {kind: _steps(kind, known, first, wishes.get(kind, AUTO)) for kind in EntityKind}
    return Search(
        {kind: with_resolved_ids for kind, with_resolved_ids in steps.items() if with_resolved_ids}, school_id
    )


def _steps(kind: EntityKind, known: frozenset[str], first: Sequence[SourceRow], wish: str) -> tuple[LookupRule, ...]:
    if wish == NEVER:
        return ()
    if wish != AUTO:
        way = Way(kind, By(wish))
        named = next(name for name, its in WAYS.items() if its == way)
        # Without a column of its own, the id's column holds what is to be asked for.
        return (LookupRule(named if named in known else ID_FIELDS[kind], way, over_ids=True),)
    steps = tuple(LookupRule(name, way) for name, way in WAYS.items() if way.kind is kind and name in known)
    exported = kind is not EntityKind.USER and "class_id" in known
    if not steps and ID_FIELDS[kind] in known and not exported and _hold_names(first, kind):
        return (LookupRule(ID_FIELDS[kind], Way(kind, _SEEN_BY[kind]), seen=True),)
    return steps


def _hold_names(first: Sequence[SourceRow], kind: EntityKind) -> bool:
    """Whether at least half of the different ids in the first rows are none."""
    texts = {text for row in first if (text := row.fields.get(ID_FIELDS[kind]))}
    return bool(texts) and 2 * sum(_is_name(text, kind) for text in texts) >= len(texts)


def _is_name(text: str, kind: EntityKind) -> bool:
    return _is_email(text) if kind is EntityKind.USER else len(text.split()) > 1


def _is_email(text: str) -> bool:
    name, at, host = text.partition("@")
    return bool(name and at and "." in host.strip(".") and "@" not in host and " " not in text)


def presumed(row: SourceRow, search: Search) -> SourceRow:
    """The row as it would be if what it names were its ids: for counting, before anybody was asked."""
    names = _named_in(row, search)
    return replace(row, fields={**row.fields, **names}) if names else row


def unknown(row: SourceRow, search: Search, nth: int) -> SourceRow:
    """The row, `nth` of its roster, for a run that ends before anybody was asked: for all we know, like no other."""
    names = {field: f"{value} ({nth})" for field, value in _named_in(row, search).items()}
    return replace(row, fields={**row.fields, **names}) if names else row


def _named_in(row: SourceRow, search: Search) -> dict[str, str]:
    """What stands in a row for ids, by their fields."""
    asked = {kind: search.asked(kind, row.fields) for kind in EntityKind}
    return {
        ID_FIELDS[kind]: with_resolved_ids[1].value
        for kind, with_resolved_ids in asked.items()
        if with_resolved_ids is not None
    }


def with_resolved_ids(row: SourceRow, search: Search, answers: Answers) -> SourceRow:
    """The row with the ids that were found, or with the reason why one was not; then without that id."""
    if row.problem is not None:
        return row
    fields = dict(row.fields)
    problems: dict[EntityKind, RowProblem] = {}
    for kind in (EntityKind.SCHOOL, EntityKind.USER, EntityKind.COURSE):  # the school tells courses of one title apart
        if (asked := search.asked(kind, row.fields)) is None:
            continue
        name, question = asked
        school = fields.get("school_id") or search.school_id if kind is EntityKind.COURSE else None
        id_ = _id(question, answers, school)
        if isinstance(id_, RowProblem):
            problems[kind] = replace(id_, column=row.headers.get(name, name), value=question.value)
            fields.pop(ID_FIELDS[kind], None)
        else:
            fields[ID_FIELDS[kind]] = id_
    if problems:
        return replace(row, fields=fields, problem=next(problems[kind] for kind in EntityKind if kind in problems))
    return row if fields == row.fields else replace(row, fields=fields)


def may_mean(row: SourceRow) -> tuple[str | None, str | None] | None:
    """Whom and which course a row may mean that was not found, None: anybody, or any; None in all: nobody.

    Who is not found has no seat; who is one of several may be any of them.
    """
    if row.problem is None or row.problem.code == catalogue.USER_NOT_FOUND or row.problem.code not in _UNFOUND:
        return None
    return row.fields.get("user_id"), row.fields.get("course_id")


def _id(question: Question, answers: Answers, school: str | None) -> str | RowProblem:
    ids = answers.ids(question)
    if ids is None:
        return RowProblem(catalogue.NOT_LOOKED_UP, "the server did not tell who or what that is")
    there = ids if school is None else _of_school(ids, school, answers)
    if len(there) == 1:
        return there[0]
    kind, by = question.way
    if there:
        return RowProblem(catalogue.AMBIGUOUS, f"{len(there)} {kind}s have this {IN_WORDS[by]}: {_named(there)}")
    where = "" if school is None else f" of school {school}"
    others = f"; of other schools have it: {_named(ids)}" if ids else ""
    return RowProblem(_NOT_FOUND[kind], f"no {kind}{where} has this {IN_WORDS[by]}{others}")


def _of_school(courses: Sequence[str], school: str, answers: Answers) -> Sequence[str]:
    """Those of the school; if it has none, those that belong to no school: a district's are for all of its schools."""
    own = [course for course in courses if answers.orgs.get(course) == school]
    return own or [course for course in courses if not _is_of_a_school(course, answers)]


def _is_of_a_school(course: str, answers: Answers) -> bool:
    """Whether a course is one school's; so is one of which that was not told."""
    org = answers.orgs.get(course)
    return org is not None and answers.ids(Question(_SCHOOL_BY_ID, org)) != ()


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_NAMED]) + (", ..." if len(ids) > _NAMED else "")


# -- ids that are there, asked for before anything is sent ------------------------------------------------------------


def owners(answers: Answers) -> Iterator[Question]:
    """Whether the orgs that the courses belong to are schools."""
    return (Question(_SCHOOL_BY_ID, org) for org in dict.fromkeys(answers.orgs.values()) if org is not None)


def ids_in(row: SourceRow, defaults: Mapping[EntityKind, str]) -> Iterator[tuple[EntityKind, str]]:
    """The ids that a row would be sent with."""
    if row.problem is None:
        for kind, name in ID_FIELDS.items():
            if id_ := row.fields.get(name) or defaults.get(kind):
                yield kind, id_


def proven(row: SourceRow, defaults: Mapping[EntityKind, str], answers: Answers) -> SourceRow:
    """The row, with a problem if the server does not know one of its ids, or has the course in another school."""
    for kind, id_ in ids_in(row, defaults):
        name = ID_FIELDS[kind]
        if (problem := _unproven(Question(Way(kind, By.ID), id_), answers)) is not None:
            return replace(row, problem=replace(problem, column=row.headers.get(name, name), value=id_))
    ids = dict(ids_in(row, defaults))
    course, school = ids.get(EntityKind.COURSE), ids.get(EntityKind.SCHOOL)
    if course and school and _is_of_a_school(course, answers) and (org := answers.orgs[course]) != school:
        column = row.headers.get("course_id", "course_id")
        return replace(
            row,
            problem=RowProblem(
                catalogue.COURSE_ELSEWHERE, f"is a course of school {org}, not {school}", column, course
            ),
        )
    return row


def _unproven(question: Question, answers: Answers) -> RowProblem | None:
    ids = answers.ids(question)
    if ids is None:
        return RowProblem(catalogue.NOT_LOOKED_UP, "the server did not tell whether it knows this id")
    return None if ids else RowProblem(_NOT_FOUND[question.way.kind], f"the server knows no {question.way.kind} of it")
