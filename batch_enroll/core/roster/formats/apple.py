"""Apple School Manager: classes with up to fifteen instructors."""

from __future__ import annotations

from typing import Final

from batch_enroll.core.roster.roster_format import BundleFormat, EnrollmentFile, NameFile

FORMAT: Final = BundleFormat(
    name="apple",
    title="Apple School Manager",
    order=80,
    recognized_by=(("classid",), ("studentid",)),
    enrollments=(
        EnrollmentFile(
            file="rosters.csv",
            fields={"class_id": ("classid",), "user_id": ("studentid",)},
            role="student",
            people=("students.csv",),
        ),
        EnrollmentFile(
            file="classes.csv",
            fields={"class_id": ("classid",)},
            users=("instructorid", *(f"instructorid{nth}" for nth in range(2, 16))),
            role="teacher",
            people=("staff.csv",),
        ),
    ),
    classes="classes.csv",
    class_columns={"class_id": ("classid",), "course_id": ("courseid",), "class_school": ("locationid",)},
    person_columns={"user_id": ("personid",), "primary_org": ("locationid",)},
    person_names={
        "user_email": ("emailaddress",),
        "user_name": ("sisusername",),
        "user_identifier": ("personnumber",),
    },
    course_names=NameFile(
        file="courses.csv",
        ids=("courseid",),
        fields={"course_title": ("coursename",), "course_code": ("coursenumber",)},
    ),
    school_names=NameFile(file="locations.csv", ids=("locationid",), fields={"school_name": ("locationname",)}),
)
