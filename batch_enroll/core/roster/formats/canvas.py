"""Canvas SIS: a line may name its section, its course, or both."""

from __future__ import annotations

from typing import Final

from batch_enroll.core.roster.roster_format import BundleFormat, CourseDates, EnrollmentFile, NameFile, TermFile

FORMAT: Final = BundleFormat(
    name="canvas",
    title="Canvas SIS",
    order=60,
    recognized_by=(("userid",), ("sectionid", "courseid"), ("role", "roleid")),
    enrollments=(
        EnrollmentFile(
            file="enrollments.csv",
            fields={
                "class_id": ("sectionid",),
                "user_id": ("userid",),
                "course_id": ("courseid",),
                "role": ("role", "roleid"),  # the number of a custom role is an unknown role, and not a student
            },
            people=("users.csv",),
        ),
    ),
    classes="sections.csv",
    class_columns={
        "class_id": ("sectionid",),
        "class_is": ("status",),
        "course_id": ("courseid",),
        "begin_date": ("startdate",),
        "last_day": ("enddate",),
    },
    person_columns={"user_id": ("userid",), "user_is": ("status",)},
    person_names={"user_email": ("email",), "user_name": ("loginid",)},
    course_names=NameFile(
        file="courses.csv",
        ids=("courseid",),
        fields={"course_title": ("longname",), "course_code": ("shortname",)},
    ),
    terms=TermFile(file="terms.csv", ids=("termid",), begins=("startdate",)),
    course_dates=CourseDates(file="courses.csv", ids=("courseid",), begins=("startdate",), terms=("termid",)),
    added=("course_id", "begin_date"),
    own_course=True,
    notes=("an account is not a school; without --school-id the server uses the school of each user",),
)
