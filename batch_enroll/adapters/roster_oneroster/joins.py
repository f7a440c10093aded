"""Which course, school and first day an enrollment means: joins of a bundle's tables with pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from batch_enroll.adapters.roster_oneroster.parts import Parts

THERE: Final = "there"
DELETED: Final = "deleted"
TWICE: Final = "twice"
_DELETED_STATUS: Final = "tobedeleted"


class Joined(NamedTuple):
    """What the bundle says of one enrollment's class and user; empty where it says nothing.

    `class_is` and `user_is` are empty for one that is missing, else THERE, DELETED, or TWICE (twice and different).
    """

    course_id: str
    class_school: str
    begin_date: str
    class_is: str
    primary_org: str
    user_is: str


class Joins:
    """A bundle's classes and users, ready to be joined to enrollments piece by piece."""

    def __init__(self, parts: Parts) -> None:
        self._classes = _classes(parts)
        self._users = _users(parts)

    def join(self, enrollments: Sequence[tuple[str, str]]) -> list[Joined]:
        """What the bundle says of each (class, user), in their order."""
        joined = (
            _frame(enrollments, ("class_id", "user_id"))
            .merge(self._classes, how="left", on="class_id", validate="m:1")
            .merge(self._users, how="left", on="user_id", validate="m:1")
            .fillna("")
        )
        return [Joined(*texts) for texts in joined[list(Joined._fields)].itertuples(index=False, name=None)]


def _frame(rows: Iterable[Sequence[str]], columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - costs half a second that a plain CSV run shall not pay

    return pd.DataFrame(list(rows), columns=list(columns), dtype="object")


def _part(parts: Parts, part: str, columns: dict[str, str], needed: Sequence[str]) -> pd.DataFrame:
    """The part's columns (plain header to new name); no rows if the part is absent."""
    rows = parts.select(part, list(columns), needed) if part in parts else iter(())
    return _frame(rows, list(columns.values()))


def _classes(parts: Parts) -> pd.DataFrame:
    columns = {
        "sourcedid": "class_id",
        "status": "class_is",
        "coursesourcedid": "course_id",
        "schoolsourcedid": "class_school",
        "orgsourcedid": "class_org",
        "termsourcedids": "terms",
        "termsourcedid": "term",
    }
    classes = _part(parts, "classes.csv", columns, ["sourcedid"])
    classes["class_school"] = classes["class_school"].where(classes["class_school"] != "", classes["class_org"])
    classes["terms"] = classes["terms"].where(classes["terms"] != "", classes["term"])
    unique = _unique(classes.drop(columns=["class_org", "term"]), "class_id", "class_is", "course_id")
    return unique.merge(_first_days(parts, unique), how="left", on="class_id").drop(columns="terms")


def _first_days(parts: Parts, classes: pd.DataFrame) -> pd.DataFrame:
    """Each class with the start of the first of its terms that has one."""
    columns = {"sourcedid": "term", "startdate": "begin_date"}
    sessions = _part(parts, "academicsessions.csv", columns, ["sourcedid"]).drop_duplicates("term")
    terms = classes[["class_id"]].assign(term=classes["terms"].str.split(",")).explode("term")
    terms["term"] = terms["term"].str.strip()
    dated = terms.merge(sessions[sessions["begin_date"] != ""], on="term")
    return dated.drop_duplicates("class_id")[["class_id", "begin_date"]]


def _users(parts: Parts) -> pd.DataFrame:
    columns = {"sourcedid": "user_id", "status": "user_is", "primaryorgsourcedid": "primary_org"}
    users = _unique(_part(parts, "users.csv", columns, ["sourcedid"]), "user_id", "user_is", "user_is")
    by_role = users.merge(_primary_roles(parts), how="left", on="user_id")
    named = by_role["primary_org"]
    return by_role.assign(primary_org=named.where(named != "", by_role["role_org"])).drop(columns="role_org")


def _primary_roles(parts: Parts) -> pd.DataFrame:
    """Users of a 1.2 bundle who have exactly one primary org."""
    columns = {"usersourcedid": "user_id", "roletype": "type", "orgsourcedid": "role_org", "status": "status"}
    roles = _part(parts, "roles.csv", columns, ["usersourcedid"])
    primary = roles[(roles["type"].str.lower() == "primary") & (roles["status"].str.lower() != _DELETED_STATUS)]
    orgs = primary[["user_id", "role_org"]].drop_duplicates()
    return orgs[~orgs["user_id"].duplicated(keep=False)]


def _unique(table: pd.DataFrame, key: str, state: str, decisive: str) -> pd.DataFrame:
    """One row for each key, its status turned into THERE or DELETED, or TWICE if its rows differ in `decisive`."""
    deleted = table[state].str.lower() == _DELETED_STATUS
    table = table.assign(**{state: deleted.map({True: DELETED, False: THERE})})
    table = table[table[key] != ""]
    pairs = table[[key, decisive]].drop_duplicates()
    differs = table[key].isin(pairs[key][pairs[key].duplicated()])
    return table.assign(**{state: table[state].where(~differs, TWICE)}).drop_duplicates(key)
