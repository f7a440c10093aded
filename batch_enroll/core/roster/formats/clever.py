"""Clever: sections with up to ten teachers."""

from __future__ import annotations

from typing import Final

from batch_enroll.core.roster.roster_format import TERM_NOTE, BundleFormat, EnrollmentFile, NameFile

FORMAT: Final = BundleFormat(
    name="clever",
    title="Clever",
    order=50,
    recognized_by=(("sectionid",), ("studentid",)),
    enrollments=(
        EnrollmentFile(
            file="enrollments.csv",
            fields={"class_id": ("sectionid",), "user_id": ("studentid",), "school_id": ("schoolid",)},
            role="student",
            people=("students.csv",),
        ),
        EnrollmentFile(
            file="sections.csv",
            fields={"class_id": ("sectionid",), "school_id": ("schoolid",)},
            users=("teacherid", *(f"teacher{nth}id" for nth in range(2, 11))),
            role="teacher",
            people=("teachers.csv",),
        ),
    ),
    classes="sections.csv",
    class_columns={
        "class_id": ("sectionid",),
        "course_id": ("courseid", "coursenumber"),
        "class_school": ("schoolid",),
        "begin_date": ("termstart", "termstartdate"),
        "last_day": ("termend", "termenddate"),
    },
    person_columns={"user_id": ("studentid", "teacherid"), "primary_org": ("schoolid",)},
    person_names={
        "user_email": ("studentemail", "teacheremail", "email"),
        "user_name": ("username",),
        "user_identifier": ("studentnumber", "teachernumber"),
    },
    course_names=NameFile(
        file="sections.csv",
        ids=("courseid", "coursenumber"),
        fields={"course_title": ("coursename",), "course_code": ("coursenumber",)},
    ),
    school_names=NameFile(
        file="schools.csv",
        ids=("schoolid",),
        fields={"school_name": ("schoolname",), "school_identifier": ("schoolnumber",)},
    ),
    notes=(TERM_NOTE, "a section's Course_number is read as its course's id"),
)
