"""What real systems call the fields of an enrollment, and what they call roles. Data only; the rules use it.

A header stands under an id only if it means the id of the student information system wherever it is known to be
written. What means an e-mail, a code or a title stands under a field of its own, for ids to be found by; what can mean
two things stands in MAYBE and is asked for.
"""

from __future__ import annotations

import re
from typing import Final

from batch_enroll.core.model import Role

FIELDS: Final = (
    "user_id",
    "course_id",
    "school_id",
    "role",
    "begin_date",
    "end_date",
    "status",
    "sourced_id",
    "class_id",
    "primary",
    "user_email",
    "user_name",  # the login, not the person's name
    "user_identifier",
    "course_title",
    "course_code",
    "school_name",
    "school_identifier",
)
# What a field that is no id helps to find; a header that is unclear is only asked for where that id is missing.
FINDS: Final = {
    "user_email": "user_id",
    "user_name": "user_id",
    "user_identifier": "user_id",
    "course_title": "course_id",
    "course_code": "course_id",
    "school_name": "school_id",
    "school_identifier": "school_id",
}
ONEROSTER: Final = {
    "userSourcedId": "user_id",
    "courseSourcedId": "course_id",
    "schoolSourcedId": "school_id",
    "role": "role",
    "beginDate": "begin_date",
    "endDate": "end_date",
    "status": "status",
    "sourcedId": "sourced_id",
    "classSourcedId": "class_id",
    "primary": "primary",
}
ALIASES: Final = {
    "user_id": (
        "Student ID",
        "Student Sourced ID",
        "SIS User ID",
        "Student SIS ID",
        "User SIS ID",
        "External Person Key",
    ),
    "course_id": ("Course Sourced ID", "SIS Course ID", "Course SIS ID", "External Course Key"),
    "school_id": ("orgSourcedId", "School SIS ID", "SIS School ID"),
    "role": ("User Role", "Course Role", "Enrollment Role"),
    "begin_date": ("Start Date", "Enrollment Start Date", "Entry Date"),
    "end_date": ("Enrollment End Date", "Exit Date", "Course Leave Date"),
    "status": ("Row Status", "Enrollment Status"),
    "class_id": ("Class SIS ID", "Section SIS ID", "SIS Section ID", "Section ID"),
    "user_email": (
        "Email",
        "Email Address",
        "Student Email",
        "Students Email",
        "Primary Email",
        "profile.emailAddress",
    ),
    "user_name": ("Login", "Login ID", "SIS Login ID", "User Login", "User Principal Name", "SIS Username"),
    "user_identifier": ("Identifier", "ID Number", "Student Number", "Person Number", "Org Defined ID"),
    "course_title": ("Course Name",),
    "course_code": ("Course Number", "Short Name"),
    "school_name": (),
    "school_identifier": ("School Number", "School Code"),
}
MAYBE: Final = {
    "user_id": re.compile(
        "sourcedid|id|sisid|idnumber|user|username|(student|person|teacher|instructor)(number|id)?|orgdefinedid"
        "|uniqueuserid|useruniqueid|loginid|sid|login"
    ),
    "course_id": re.compile("course|course(code|number|name|title|1)|shortname|code"),
    "school_id": re.compile("school|campus|building|org|organi[sz]ation|location|locationid|schoolname|institution"),
    "role": re.compile("roles|roletype|rolename|roleid|type"),
}
# Blackboard calls the login user_id, and the id external_person_key.
LOGIN_BESIDE: Final = {"user_id": ("externalpersonkey", "blackboardid")}

ROLES: Final = {role.value: role for role in Role} | {
    "learner": Role.STUDENT,
    "pupil": Role.STUDENT,
    "studentenrollment": Role.STUDENT,
    "editingteacher": Role.TEACHER,
    "noneditingteacher": Role.TEACHER,
    "instructor": Role.TEACHER,
    "teacherenrollment": Role.TEACHER,
}
ROLE_EXTENSION: Final = "ext:"  # OneRoster 1.2 lets a role be a word of one's own behind it
