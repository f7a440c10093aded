"""Which course, school and first day a seat means: joins of a bundle's tables with pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from batch_enroll.adapters.rosters.bundle_roster.column_select import select
from batch_enroll.core.roster.bundle_formats import Format
from batch_enroll.core.roster.dates import settled_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from batch_enroll.core.roster.bundle_formats import BundleFormat, Headers
    from batch_enroll.ports import RosterParts

THERE: Final = "there"
DELETED: Final = "deleted"
TWICE: Final = "twice"
_WITH_ROLES_FILE: Final = frozenset({Format.ONEROSTER, Format.SDS_V2})
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

    def __init__(self, parts: RosterParts, recipe: BundleFormat) -> None:
        self._parts = parts
        self._recipe = recipe
        self._people: dict[tuple[str, ...], pd.DataFrame] = {}
        self._classes, self.unclear_days = _classes(parts, recipe)

    def join(self, seats: Sequence[tuple[str, str]], people: tuple[str, ...]) -> list[Joined]:
        """What the bundle says of each (class, user), in their order; `people` are the files that list the users."""
        if people not in self._people:
            self._people[people] = _people(self._parts, self._recipe, people)
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


def _classes(parts: RosterParts, recipe: BundleFormat) -> tuple[pd.DataFrame, list[str]]:
    blank: Headers = dict.fromkeys(("class_is", "course_id", "class_school", "terms", "begin_date", "last_day"), ())
    classes = _part(parts, recipe.classes, {**blank, **recipe.class_columns}, "class_id")
    unique = _unique(classes, "class_id", "class_is", "course_id")
    if recipe.format is Format.CANVAS:
        unique = _with_course_days(parts, unique)
    elif "terms" in recipe.class_columns:
        unique = _with_term_days(parts, unique)
    settled = settled_days([*unique["begin_date"], *unique["last_day"]])
    unclear = [text for text in unique["begin_date"].unique() if text and text not in settled]
    days = unique["begin_date"].map(lambda text: settled.get(text, ""))
    return unique.assign(begin_date=days).drop(columns=["terms", "last_day"]), unclear


def _with_term_days(parts: RosterParts, classes: pd.DataFrame) -> pd.DataFrame:
    """Each class with the start of the first of its terms that has one."""
    columns = {"term": ("sourcedid",), "begin_date": ("startdate",)}
    sessions = _part(parts, "academicSessions.csv", columns, "term").drop_duplicates("term")
    terms = classes[["class_id"]].assign(term=classes["terms"].str.split(",")).explode("term")
    terms["term"] = terms["term"].str.strip()
    dated = terms.merge(sessions[sessions["begin_date"] != ""], on="term").drop_duplicates("class_id")
    return _beside(classes.drop(columns="begin_date"), dated.drop(columns="term"), "class_id")


def _with_course_days(parts: RosterParts, classes: pd.DataFrame) -> pd.DataFrame:
    """Each class with its own first day, else its course's, else its course's term's."""
    columns = {"course_id": ("courseid",), "term": ("termid",), "course_day": ("startdate",)}
    courses = _part(parts, "courses.csv", columns, "course_id").drop_duplicates("course_id")
    columns = {"term": ("termid",), "term_day": ("startdate",)}
    terms = _part(parts, "terms.csv", columns, "term").drop_duplicates("term")
    known = _beside(courses[courses["course_id"] != ""], terms[terms["term"] != ""], "term")
    dated = _beside(classes, known.drop(columns="term"), "course_id")
    day = dated["begin_date"].where(dated["begin_date"] != "", dated["course_day"])
    return dated.assign(begin_date=day.where(day != "", dated["term_day"])).drop(columns=["course_day", "term_day"])


def _people(parts: RosterParts, recipe: BundleFormat, files: Sequence[str]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - see `_frame`

    columns = {"user_is": (), "primary_org": (), **recipe.person_columns}
    listed = pd.concat([_part(parts, file, columns, "user_id") for file in files])
    people = _unique(listed, "user_id", "user_is", "user_is")
    if recipe.format not in _WITH_ROLES_FILE:
        return people
    by_role = _beside(people, _primary_roles(parts), "user_id")
    named = by_role["primary_org"]
    return by_role.assign(primary_org=named.where(named != "", by_role["role_org"])).drop(columns="role_org")


def _primary_roles(parts: RosterParts) -> pd.DataFrame:
    """Users of a roles.csv (OneRoster 1.2, SDS v2.1) who have exactly one primary org."""
    columns = {
        "user_id": ("usersourcedid",),
        "type": ("roletype", "isprimary"),
        "role_org": ("orgsourcedid",),
        "status": ("status",),
    }
    roles = _part(parts, "roles.csv", columns, "user_id")
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
