"""OneRoster 1.0, 1.1 and 1.2 as CSV, bulk and delta."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from batch_enroll.core.roster.roster_format import (
    TERM_NOTE,
    BundleFormat,
    EnrollmentFile,
    NameFile,
    RoleFile,
    TermFile,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_TITLE: Final = "OneRoster"


def _describe(files: Collection[str], manifest: Mapping[str, str]) -> str:
    """Returns the title with the version, and with bulk or delta."""
    if not manifest:
        return f"{_TITLE} {'1.2' if 'roles.csv' in files else '1.0 or 1.1'}, without a manifest"
    version, kind = manifest.get("oneroster.version", ""), manifest.get("file.enrollments", "")
    return f"{_TITLE} {version}".rstrip() + (f", {kind}" if kind in {"bulk", "delta"} else "")


FORMAT: Final = BundleFormat(
    name="oneroster",
    title=_TITLE,
    order=30,
    recognized_by=(("classsourcedid",), ("usersourcedid",), ("sourcedid",)),
    fallback=True,
    enrollments=(
        EnrollmentFile(
            file="enrollments.csv",
            fields={
                "user_id": ("usersourcedid",),
                "class_id": ("classsourcedid",),
                "school_id": ("schoolsourcedid",),
            },
            people=("users.csv",),
        ),
    ),
    classes="classes.csv",
    class_columns={
        "class_id": ("sourcedid",),
        "class_is": ("status",),
        "course_id": ("coursesourcedid",),
        "class_school": ("schoolsourcedid", "orgsourcedid"),
        "terms": ("termsourcedids", "termsourcedid", "sessionsourcedids"),
    },
    person_columns={
        "user_id": ("sourcedid",),
        "user_is": ("status",),
        "primary_org": ("primaryorgsourcedid",),
    },
    person_names={
        "user_email": ("email", "activedirectorymatchid"),
        "user_name": ("username",),
        "user_identifier": ("identifier",),
    },
    course_names=NameFile(
        file="courses.csv",
        ids=("sourcedid",),
        fields={"course_title": ("title",), "course_code": ("coursecode", "code")},
    ),
    school_names=NameFile(
        file="orgs.csv",
        ids=("sourcedid",),
        fields={"school_name": ("name",), "school_identifier": ("identifier",)},
    ),
    terms=TermFile(file="academicSessions.csv", ids=("sourcedid",), begins=("startdate",)),
    roles=RoleFile(
        file="roles.csv",
        users=("usersourcedid",),
        primary=("roletype", "isprimary"),
        orgs=("orgsourcedid",),
        statuses=("status",),
    ),
    added=("course_id", "school_id", "begin_date"),
    server_ids=True,
    notes=(TERM_NOTE,),
    describe=_describe,
)
