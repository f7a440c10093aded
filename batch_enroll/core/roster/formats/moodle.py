"""An upload file of Moodle: a line for each user, with columns course1, role1, group1 ... for each course.

A course without role or type makes a student, as in Moodle. Source: roster-formats section 5.
"""

from __future__ import annotations

from typing import Final

from batch_enroll.core.roster.roster_format import NumberedColumns, TableFormat

FORMAT: Final = TableFormat(
    name="moodle",
    title="Moodle upload",
    order=20,
    numbered=NumberedColumns(
        fields={
            "course_id": ("course",),
            "role": ("role", "type"),
            "status": ("enrolstatus",),
            "begin_date": ("enroltimestart",),
        },
        words={
            "type": {"1": "student", "2": "teacher", "3": "teacher"},
            "enrolstatus": {"0": "active", "1": "suspended"},
        },
        period="enrolperiod",
        once={"idnumber": "user_id"},
    ),
    notes=("a course's short name is read as its id, and the idnumber as the user's",),
)
