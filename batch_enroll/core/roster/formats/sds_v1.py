"""Microsoft School Data Sync v1: students and teachers in files of their own."""

from __future__ import annotations

from typing import Final

from batch_enroll.core.roster.roster_format import TERM_NOTE, BundleFormat, EnrollmentFile, NameFile

FORMAT: Final = BundleFormat(
    name="sds-v1",
    title="Microsoft School Data Sync v1",
    order=70,
    recognized_by=(("sectionsisid", "sectionid"), ("sisid", "id")),
    enrollments=(
        EnrollmentFile(
            file="StudentEnrollment.csv",
            fields={"class_id": ("sectionsisid", "sectionid"), "user_id": ("sisid", "id")},
            role="student",
            people=("Student.csv",),
        ),
        EnrollmentFile(
            file="TeacherRoster.csv",
            fields={"class_id": ("sectionsisid", "sectionid"), "user_id": ("sisid", "id")},
            role="teacher",
            people=("Teacher.csv",),
            alone=True,
        ),
    ),
    classes="Section.csv",
    class_columns={
        "class_id": ("sisid", "sectionid", "id"),
        "class_is": ("status",),
        "course_id": ("coursesisid", "coursenumber"),
        "class_school": ("schoolsisid", "schooldfenumber"),
        "begin_date": ("termstartdate",),
        "last_day": ("termenddate",),
    },
    person_columns={
        "user_id": ("sisid", "id"),
        "user_is": ("status",),
        "primary_org": ("schoolsisid", "schooldfenumber"),
    },
    person_names={
        "user_email": ("email", "username"),  # the user name is that of Microsoft 365, which mostly is an e-mail
        "user_name": ("username",),
        "user_identifier": ("studentnumber", "teachernumber"),
    },
    course_names=NameFile(
        file="Section.csv",
        ids=("coursesisid", "coursenumber"),
        fields={"course_title": ("coursename",), "course_code": ("coursenumber",)},
    ),
    school_names=NameFile(
        file="School.csv",
        ids=("sisid", "dfenumber"),
        fields={"school_name": ("name",), "school_identifier": ("schoolnumber",)},
    ),
    notes=(TERM_NOTE, "a section's course is its Course SIS ID, else its Course Number"),
)
