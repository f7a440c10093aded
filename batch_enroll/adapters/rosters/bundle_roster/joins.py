"""Which course, school and first day a seat means: joins of a bundle's tables with pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.adapters.rosters.bundle_roster.column_select import select
from batch_enroll.core.roster.dates import settled_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from batch_enroll.core.roster.roster_format import BundleFormat, CourseDates, Headers, RoleFile, TermFile
    from batch_enroll.ports import RosterParts

THERE: Final = "there"
DELETED: Final = "deleted"
TWICE: Final = "twice"
_DELETED_STATUSES: Final = ("tobedeleted", "deleted")


class Joined(NamedTuple):
    """What the bundle says of one seat's class and user; empty where it says nothing.

    `class_is` and `user_is` are empty for one that is missing, else THERE, DELETED, or TWICE (twice and different).
    """

    course_id: str
    class_school: str
    begin_date: str
    class_is: str
    primary_org: str
    user_is: str


class Joins:
    """A bundle's classes and people, ready to be joined to seats piece by piece.

    `unclear_days` are first days of terms that can be read in two ways, and are left out.
    """

    def __init__(self, parts: RosterParts, of: BundleFormat) -> None:
        self._parts = parts
        self._format = of
        self._people: dict[tuple[str, ...], pd.DataFrame] = {}
        self._classes, self.unclear_days = _classes(parts, of)

    def join(self, seats: Sequence[tuple[str, str]], people: tuple[str, ...]) -> list[Joined]:
        """What the bundle says of each (class, user), in their order; `people` are the files that list the users."""
        if people not in self._people:
            self._people[people] = _people(self._parts, self._format, people)
        keys = _frame(seats, ("class_id", "user_id"))
        joined = _beside(_beside(keys, self._classes, "class_id"), self._people[people], "user_id")
        return [Joined(*texts) for texts in joined[list(Joined._fields)].itertuples(index=False, name=None)]


def _frame(rows: Iterable[Sequence[str]], columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - costs half a second that a plain CSV run shall not pay

    return pd.DataFrame(list(rows), columns=list(columns), dtype="object")


def _beside(left: pd.DataFrame, right: pd.DataFrame, key: str) -> pd.DataFrame:
    """Every row of `left` with the one row of `right` of its key, blank where there is none."""
    joined = left.merge(right, how="left", on=key, validate="m:1").astype("object")
    return joined.where(joined.notna(), "")


def _part(parts: RosterParts, file: str, columns: Headers, needed: str) -> pd.DataFrame:
    """The columns of a file; no rows if it is absent."""
    rows = select(parts, file.lower(), columns, needed) if file.lower() in parts.names else iter(())
    return _frame(rows, list(columns))


def _classes(parts: RosterParts, of: BundleFormat) -> tuple[pd.DataFrame, list[str]]:
    blank: Headers = dict.fromkeys(("class_is", "course_id", "class_school", "terms", "begin_date", "last_day"), ())
    classes = _part(parts, of.classes, {**blank, **of.class_columns}, "class_id")
    unique = _unique(classes, "class_id", "class_is", "course_id")
    terms = _terms(parts, of.terms)
    if "terms" in of.class_columns:
        unique = _with_term_days(unique, terms)
    if of.course_dates is not None:
        unique = _with_course_days(parts, of.course_dates, unique, terms)
    settled = settled_days([*unique["begin_date"], *unique["last_day"]])
    unclear = [text for text in unique["begin_date"].unique() if text and text not in settled]
    days = unique["begin_date"].map(lambda text: settled.get(text, ""))
    return unique.assign(begin_date=days).drop(columns=["terms", "last_day"]), unclear


def _terms(parts: RosterParts, of: TermFile | None) -> pd.DataFrame:
    """Each term and the day on which it begins."""
    if of is None:
        return _frame((), ("term", "term_day"))
    listed = _part(parts, of.file, {"term": of.ids, "term_day": of.begins}, "term").drop_duplicates("term")
    return listed[listed["term"] != ""]


def _with_term_days(classes: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    """Each class with its own first day, else with that of the first of its terms that has one."""
    named = classes[["class_id"]].assign(term=classes["terms"].str.split(",")).explode("term")
    named["term"] = named["term"].str.strip()
    dated = named.merge(terms[terms["term_day"] != ""], on="term").drop_duplicates("class_id")
    return _fill_first_day(_beside(classes, dated.drop(columns="term"), "class_id"), "term_day")


def _with_course_days(parts: RosterParts, of: CourseDates, classes: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    """Each class with its own first day, else its course's, else that of its course's term."""
    columns = {"course_id": of.ids, "term": of.terms, "course_day": of.begins}
    courses = _part(parts, of.file, columns, "course_id").drop_duplicates("course_id")
    known = _beside(courses[courses["course_id"] != ""], terms, "term")
    dated = _beside(classes, known.drop(columns="term"), "course_id")
    return _fill_first_day(_fill_first_day(dated, "course_day"), "term_day")


def _fill_first_day(classes: pd.DataFrame, column: str) -> pd.DataFrame:
    """The classes with the days of that column for first days where they have none."""
    own = classes["begin_date"]
    return classes.assign(begin_date=own.where(own != "", classes[column])).drop(columns=column)


def _people(parts: RosterParts, of: BundleFormat, files: Sequence[str]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - see `_frame`

    columns = {"user_is": (), "primary_org": (), **of.person_columns}
    listed = pd.concat([_part(parts, file, columns, "user_id") for file in files])
    people = _unique(listed, "user_id", "user_is", "user_is")
    if of.roles is None:
        return people
    by_role = _beside(people, _primary_roles(parts, of.roles), "user_id")
    named = by_role["primary_org"]
    return by_role.assign(primary_org=named.where(named != "", by_role["role_org"])).drop(columns="role_org")


def _primary_roles(parts: RosterParts, of: RoleFile) -> pd.DataFrame:
    """Users who have exactly one primary org, and that org."""
    columns = {"user_id": of.users, "type": of.primary, "role_org": of.orgs, "status": of.statuses}
    roles = _part(parts, of.file, columns, "user_id")
    there = ~roles["status"].str.lower().isin(_DELETED_STATUSES)
    primary = roles[roles["type"].str.lower().isin(("primary", "true", "1")) & there]
    orgs = primary[["user_id", "role_org"]].drop_duplicates()
    return orgs[~orgs["user_id"].duplicated(keep=False)]


def _unique(table: pd.DataFrame, key: str, state: str, decisive: str) -> pd.DataFrame:
    """One row for each key, its status turned into THERE or DELETED, or TWICE if its rows differ in `decisive`."""
    deleted = table[state].str.lower().isin(_DELETED_STATUSES)
    table = table.assign(**{state: deleted.map({True: DELETED, False: THERE})})
    table = table[table[key] != ""]
    pairs = table[[key, decisive]].drop_duplicates()
    differs = table[key].isin(pairs[key][pairs[key].duplicated()])
    return table.assign(**{state: table[state].where(~differs, TWICE)}).drop_duplicates(key)
