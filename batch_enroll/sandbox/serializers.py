"""Objects as JSON: EduBridge's enrollments, and OneRoster's records with their references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from batch_enroll.sandbox.directory import StoredClass, StoredCourse, StoredOrg, StoredSession, StoredUser
    from batch_enroll.sandbox.school import RehearsalSchool, StoredEnrollment

BASE: Final = "/ims/oneroster/rostering/v1p2"
_CHANGED: Final = "2025-08-01T00:00:00.000Z"  # of objects that existed before the rehearsal started
_DATE_LENGTH: Final = 10


def reference(kind: str, id_: str) -> dict[str, object]:
    """Returns a OneRoster reference."""
    plural = {"class": "classes"}.get(kind, kind + "s")
    return {"href": f"{BASE}/{plural}/{id_}", "sourcedId": id_, "type": kind}


def edubridge_enrollment(row: StoredEnrollment, school: RehearsalSchool) -> dict[str, object]:
    """Returns an EduBridge enrollment, which has no user, class or status."""
    course, org = school.directory.course(row.course_id), school.directory.org(row.school_id)
    return {
        "id": row.id,
        "role": row.role,
        "beginDate": row.begin_date,
        "endDate": row.end_date,
        "metadata": dict(row.metadata),
        "course": edubridge_course(row.course_id, course),
        "school": {"id": row.school_id, "name": org.name if org else ""},
    }


def edubridge_course(id_: str, course: StoredCourse | None) -> dict[str, object]:
    """Returns a course as part of an EduBridge response."""
    title, metadata = (course.title, dict(course.metadata)) if course else ("", {})
    return {"id": id_, "title": title, "metadata": metadata, "subjects": None, "grades": None, "primaryApp": None}


def edubridge_class(section: StoredClass, school: RehearsalSchool) -> dict[str, object]:
    """Returns an EduBridge default class."""
    course = school.directory.course(section.course_id)
    return {
        "id": section.id, "title": section.title, "classCode": None, "subjectCodes": [], "subjects": [],
        "grades": [], "periods": [], "course": edubridge_course(section.course_id, course),
    }  # fmt: skip


def enrollment(row: StoredEnrollment) -> dict[str, object]:
    """Returns a OneRoster enrollment; endDate is missing if it has none."""
    shape: dict[str, object] = {
        "sourcedId": row.id,
        "status": row.status,
        "dateLastModified": row.changed_at,
        "metadata": dict(row.metadata),
        "role": row.role,
        "primary": "true" if row.primary else "false",
        "beginDate": row.begin_date[:_DATE_LENGTH],
        "user": reference("user", row.user_id),
        "class": reference("class", row.class_id),
        "course": reference("course", row.course_id),
        "school": reference("org", row.school_id),
    }
    return shape if row.end_date is None else shape | {"endDate": row.end_date}


def user(person: StoredUser) -> dict[str, object]:
    """Returns a OneRoster user."""
    roles = [
        {"roleType": "secondary" if number else "primary", "role": person.role, "org": reference("org", org)}
        for number, org in enumerate(person.org_ids)
    ]
    shape: dict[str, object] = {
        "sourcedId": person.id,
        "status": person.status,
        "dateLastModified": _CHANGED,
        "metadata": dict(person.metadata),
        "username": person.username or person.email or person.id,
        "identifier": person.identifier,
        "enabledUser": "true",
        "givenName": person.given_name,
        "familyName": person.family_name,
        "email": person.email,
        "roles": roles,
        "grades": [],
    }
    return shape | ({"primaryOrg": reference("org", person.org_ids[0])} if person.org_ids else {})


def course(one: StoredCourse) -> dict[str, object]:
    """Returns a OneRoster course."""
    return {
        "sourcedId": one.id,
        "status": one.status,
        "dateLastModified": _CHANGED,
        "metadata": dict(one.metadata),
        "title": one.title,
        "courseCode": one.code,
        "org": reference("org", one.org_id) if one.org_id else None,
    }


def org(one: StoredOrg) -> dict[str, object]:
    """Returns a OneRoster org."""
    return {
        "sourcedId": one.id,
        "status": one.status,
        "dateLastModified": _CHANGED,
        "metadata": dict(one.metadata),
        "name": one.name,
        "type": one.type,
        "identifier": one.identifier,
    }


def section(one: StoredClass) -> dict[str, object]:
    """Returns a OneRoster class, with `org` null and `school` filled, as the real server does."""
    return {
        "sourcedId": one.id,
        "status": one.status,
        "dateLastModified": _CHANGED,
        "metadata": dict(one.metadata),
        "title": one.title,
        "classType": "scheduled",
        "course": reference("course", one.course_id),
        "org": None,
        "school": reference("org", one.org_id),
        "terms": [reference("academicSession", term) for term in one.term_ids],
    }


def session(one: StoredSession) -> dict[str, object]:
    """Returns a OneRoster academic session."""
    return {
        "sourcedId": one.id,
        "status": one.status,
        "dateLastModified": _CHANGED,
        "metadata": dict(one.metadata),
        "title": one.title,
        "type": one.type,
        "startDate": one.start_date,
        "endDate": one.end_date,
        "schoolYear": str(one.school_year),
        "org": reference("org", one.org_id) if one.org_id else None,
    }
