"""Import of a OneRoster bundle (zip or folder) as the known objects of a school; its enrollments are not read."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from batch_enroll.sandbox.directory import KnownObjects, StoredClass, StoredCourse, StoredOrg, StoredSession, StoredUser

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Row: TypeAlias = "Mapping[str, str]"
Texts: TypeAlias = "Mapping[str, str]"


def read_bundle(path: Path) -> KnownObjects:
    """Reads the users, courses, orgs, classes and academic sessions of a bundle, 1.1 or 1.2.

    Raises:
        ValueError: the path is not a OneRoster bundle.
        OSError: the bundle cannot be read.
    """
    try:
        texts = dict(_folder_texts(path) if path.is_dir() else _zip_texts(path))
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is not a OneRoster bundle: {error}") from error
    if "users.csv" not in texts or "orgs.csv" not in texts:
        raise ValueError(f"{path.name} is not a OneRoster bundle: it needs at least users.csv and orgs.csv")
    sections = {section.id: section for section in map(_section, _rows(texts, "classes.csv"))}
    primary_orgs = {
        row["userSourcedId"]: row.get("orgSourcedId", "")
        for row in _rows(texts, "roles.csv")
        if row.get("roleType") == "primary"
    }
    return KnownObjects(
        users={user.id: user for user in (_user(row, primary_orgs) for row in _rows(texts, "users.csv"))},
        courses=_courses(texts, sections),
        orgs={org.id: org for org in map(_org, _rows(texts, "orgs.csv"))},
        sections=sections,
        sessions={session.id: session for session in map(_session, _rows(texts, "academicSessions.csv"))},
    )


def _folder_texts(path: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(path.rglob("*.csv")):
        yield file.name, file.read_text(encoding="utf-8-sig")


def _zip_texts(path: Path) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".csv") and not name.startswith("__MACOSX"):
                yield PurePosixPath(name).name, archive.read(name).decode("utf-8-sig")


def _rows(texts: Texts, name: str) -> Iterator[Row]:
    for row in csv.DictReader(io.StringIO(texts.get(name, ""), newline=""), restval=""):
        if (row.get("sourcedId") or row.get("userSourcedId")) and row.get("status", "").lower() != "tobedeleted":
            yield row


def _user(row: Row, primary_orgs: Mapping[str, str]) -> StoredUser:
    id_ = row["sourcedId"]
    primary = row.get("primaryOrgSourcedId") or primary_orgs.get(id_, "")
    orgs = (primary, *_split_list(row.get("orgSourcedIds", "")))
    return StoredUser(
        id=id_,
        given_name=row.get("givenName", ""),
        family_name=row.get("familyName", ""),
        email=row.get("email", ""),
        role=row.get("role") or "student",
        org_ids=tuple(dict.fromkeys(org for org in orgs if org)),
        username=row.get("username", ""),
        identifier=row.get("identifier", ""),
    )


def _courses(texts: Texts, sections: Mapping[str, StoredClass]) -> dict[str, StoredCourse]:
    courses = {
        row["sourcedId"]: StoredCourse(
            row["sourcedId"], row.get("title", ""), row.get("orgSourcedId") or None, row.get("courseCode", "")
        )
        for row in _rows(texts, "courses.csv")
    }
    # A bundle may leave courses.csv out; its classes still name the courses.
    for section in sections.values():
        if section.course_id and not texts.get("courses.csv"):
            courses.setdefault(
                section.course_id, StoredCourse(section.course_id, section.title, section.org_id or None)
            )
    return courses


def _org(row: Row) -> StoredOrg:
    return StoredOrg(
        row["sourcedId"], row.get("name", ""), row.get("type") or "school", identifier=row.get("identifier", "")
    )


def _section(row: Row) -> StoredClass:
    return StoredClass(
        id=row["sourcedId"],
        title=row.get("title", ""),
        course_id=row.get("courseSourcedId", ""),
        org_id=row.get("schoolSourcedId", ""),
        term_ids=_split_list(row.get("termSourcedIds", "")),
    )


def _session(row: Row) -> StoredSession:
    year = row.get("schoolYear", "")[-4:]
    return StoredSession(
        id=row["sourcedId"],
        title=row.get("title", ""),
        type=row.get("type") or "term",
        school_year=int(year) if year.isdecimal() else 0,
        org_id="",
        start_date=row.get("startDate", ""),
        end_date=row.get("endDate", ""),
    )


def _split_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
