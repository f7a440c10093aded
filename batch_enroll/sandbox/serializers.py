"""Objects as the wire shows them: EduBridge's enrollments, and OneRoster's records with their references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from batch_enroll.sandbox.directory import Course, Org, Section, Session, User
    from batch_enroll.sandbox.school import School, Seat

BASE: Final = "/ims/oneroster/rostering/v1p2"
_CHANGED: Final = "2025-08-01T00:00:00.000Z"  # of objects that were there before the rehearsal began
_DATE_LENGTH: Final = 10


def reference(kind: str, id_: str) -> dict[str, object]:
    """A OneRoster reference."""
    plural = {"class": "classes"}.get(kind, kind + "s")
    return {"href": f"{BASE}/{plural}/{id_}", "sourcedId": id_, "type": kind}


def edubridge_enrollment(seat: Seat, school: School) -> dict[str, object]:
    """An enrollment as EduBridge shows it: with neither user nor class nor status."""
    course, org = school.register.course(seat.course_id), school.register.org(seat.school_id)
    return {
        "id": seat.id,
        "role": seat.role,
        "beginDate": seat.begin_date,
        "endDate": seat.end_date,
        "metadata": dict(seat.metadata),
        "course": edubridge_course(seat.course_id, course),
        "school": {"id": seat.school_id, "name": org.name if org else ""},
    }


def edubridge_course(id_: str, course: Course | None) -> dict[str, object]:
    """A course inside an EduBridge answer."""
    title, metadata = (course.title, dict(course.metadata)) if course else ("", {})
    return {"id": id_, "title": title, "metadata": metadata, "subjects": None, "grades": None, "primaryApp": None}


def edubridge_class(section: Section, school: School) -> dict[str, object]:
    """A default class as EduBridge shows it."""
    course = school.register.course(section.course_id)
    return {
        "id": section.id, "title": section.title, "classCode": None, "subjectCodes": [], "subjects": [],
        "grades": [], "periods": [], "course": edubridge_course(section.course_id, course),
    }  # fmt: skip


def enrollment(seat: Seat) -> dict[str, object]:
    """A OneRoster enrollment; endDate is missing while it is open."""
    shape: dict[str, object] = {
        "sourcedId": seat.id,
        "status": seat.status,
        "dateLastModified": seat.changed_at,
        "metadata": dict(seat.metadata),
        "role": seat.role,
        "primary": "true" if seat.primary else "false",
        "beginDate": seat.begin_date[:_DATE_LENGTH],
        "user": reference("user", seat.user_id),
        "class": reference("class", seat.class_id),
        "course": reference("course", seat.course_id),
        "school": reference("org", seat.school_id),
    }
    return shape if seat.end_date is None else shape | {"endDate": seat.end_date}


def user(person: User) -> dict[str, object]:
    """A OneRoster user."""
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


def course(one: Course) -> dict[str, object]:
    """A OneRoster course."""
    return {
        "sourcedId": one.id,
        "status": one.status,
        "dateLastModified": _CHANGED,
        "metadata": dict(one.metadata),
        "title": one.title,
        "courseCode": one.code,
        "org": reference("org", one.org_id) if one.org_id else None,
    }


def org(one: Org) -> dict[str, object]:
    """A OneRoster org."""
    return {
        "sourcedId": one.id,
        "status": one.status,
        "dateLastModified": _CHANGED,
        "metadata": dict(one.metadata),
        "name": one.name,
        "type": one.type,
        "identifier": one.identifier,
    }


def section(one: Section) -> dict[str, object]:
    """A OneRoster class; `org` is null on the wire, and `school` is filled."""
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


def session(one: Session) -> dict[str, object]:
    """A OneRoster academic session."""
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
