"""A small invented export of each system, and its seats as a person would work them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Parts = dict[str, str]

CLEVER: Parts = {
    "schools.csv": "School_id,School_name\n02M1,North\n",
    "students.csv": "School_id,Student_id,Student_email\n02M1,s1,a@x.org\n02M1,s2,\n",
    "teachers.csv": "School_id,Teacher_id,Teacher_email\n02M1,t1,\n02M1,t2,\n",
    "sections.csv": (
        "School_id,Section_id,Teacher_id,Teacher_2_id,Name,Course_name,Course_number,Term_start,Term_end\n"
        "02M1,k1,t1,t2,Math A,Math,M7,8/25/2025,12/19/2025\n"
        "02M1,k2,t9,,Club,,,9/1/2025,6/12/2026\n"
        "02M1,k3,,,Math B,Math,M7,,\n"
    ),
    "enrollments.csv": (
        "School_id,Section_id,Student_id\n02M1,k1,s1\n02M1,k3,s2\n02M1,k2,s1\n02M1,k7,s1\n02M1,k1,s9\n,k1,\n"
    ),
}
CANVAS: Parts = {
    "users.csv": "user_id,login_id,status\nu1,ada,active\nu2,bob,active\nu3,cy,deleted\n",
    "courses.csv": (
        "course_id,short_name,account_id,term_id,start_date,status\nC1,M7,A,T1,,active\nC2,S7,A,T1,2025-09-03,active\n"
    ),
    "terms.csv": "term_id,name,start_date\nT1,Fall,2025-08-25T00:00:00Z\n",
    "sections.csv": (
        "section_id,course_id,start_date,status\nS1,C1,,active\nS2,C2,,active\nS3,C1,2025-10-01,active\n,C1,,active\n"
    ),
    "enrollments.csv": (
        "course_id,user_id,role,role_id,section_id,status,start_date,end_date\n"
        "C1,u1,student,,,active,,\n"
        ",u1,teacher,,S2,active,,\n"
        ",u2,StudentEnrollment,,S1,active,,\n"
        ",u2,student,,S3,completed,2025-11-01,\n"
        "C2,u2,student,,S1,active,,\n"
        ",u1,student,,S9,active,,\n"
        ",u1,,7,S1,active,,\n"
        ",u1,ta,,S1,active,,\n"
        ",u3,student,,S1,active,,\n"
        ",u3,student,,S1,deleted,,\n"
        ",u1,student,,,active,,\n"
    ),
}
APPLE: Parts = {
    "locations.csv": "location_id,location_name\nL1,North\n",
    "students.csv": "person_id,person_number,email_address,location_id\np1,1,,L1\np2,2,,L2\n",
    "staff.csv": "person_id,person_number,location_id\nt1,1,L1\nt2,2,L1\n",
    "courses.csv": "course_id,course_number,course_name,location_id\nC1,M7,Math,L1\n",
    "classes.csv": (
        "class_id,class_number,course_id,instructor_id,instructor_id_2,instructor_id_3,location_id\n"
        "k1,1,C1,t1,,t2,L1\nk2,2,C1,,,,\nk3,3,,t1,,,L1\n"
    ),
    "rosters.csv": "roster_id,class_id,student_id\nr1,k1,p1\nr2,k2,p2\nr3,k3,p1\nr4,k9,p1\n",
}
SDS_V1: Parts = {
    "School.csv": "SIS ID,Name\n10,North\n",
    "Student.csv": "SIS ID,School SIS ID,Username\n1,10,ada\n2,11,bob\n",
    "Teacher.csv": "SIS ID,School SIS ID,Username\n9,10,cy\n1,10,the same id as a student\n",
    "Section.csv": (
        "SIS ID,School SIS ID,Section Name,Term StartDate,Term EndDate,Course SIS ID,Course Number,Status\n"
        "k1,10,Math,7/1/2025,6/30/2026,C1,101,Active\n"
        "k2,,Art,7/1/2025,6/30/2026,,102,Active\n"
        "k3,10,Club,,,,,Active\n"
        "k4,10,Old,,,C4,,Deleted\n"
    ),
    "StudentEnrollment.csv": "Section SIS ID,SIS ID\nk1,1\nk2,2\nk3,1\nk4,1\nk9,1\nk1,9\nk1,\n",
    "TeacherRoster.csv": "Section SIS ID,SIS ID\nk1,9\nk2,1\n",
}
SDS_V1_FILES = ("StudentEnrollment.csv", "TeacherRoster.csv", "Section.csv", "Student.csv", "Teacher.csv")
SDS_V21: Parts = {
    "orgs.csv": "sourcedId,name,type\no1,North,school\n",
    "users.csv": "sourcedId,username,activeDirectoryMatchId\nu1,ada,ada@x.org\nu2,bob,\n",
    "roles.csv": (
        "userSourcedId,orgSourcedId,role,isPrimary\nu1,o1,student,true\nu1,o2,student,false\nu2,o2,teacher,true\n"
    ),
    "academicSessions.csv": "sourcedId,title,type,startDate,endDate\nt1,Fall,semester,2025-08-25,2025-12-19\n",
    "classes.csv": (
        "sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId\nk1,o1,A,t1,C1\nk2,,B,,C1\nk3,o1,C,t1,\n"
    ),
    "enrollments.csv": "classSourcedId,userSourcedId,role\nk1,u1,student\nk2,u2,teacher\nk3,u1,student\nk1,u1,\n",
}
ONEROSTER_10: Parts = {
    "users.csv": "sourcedId,status,orgSourcedIds,role,username,userId\nu1,active,o1,student,ada,1\n",
    "academicSessions.csv": "sourcedId,title,startDate\nt1,Fall,2025-08-25\n",
    "classes.csv": "title,sourcedId,status,courseSourcedId,schoolSourcedId,termSourcedId\nA,k1,active,C1,o1,t1\n",
    "enrollments.csv": (
        "sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role,status\ne1,k1,o1,u1,student,inactive\n"
    ),
}
DELTA: Parts = {
    "manifest.csv": "propertyName,value\noneroster.version,1.2\nfile.enrollments,delta\nfile.users,delta\n",
    "classes.csv": "sourcedId,status,courseSourcedId,schoolSourcedId\nk1,active,C1,o1\n",
    "users.csv": "sourcedId,status\nu1,active\n",
    "enrollments.csv": (
        "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role,beginDate,endDate\n"
        "e1,active,k1,o1,u1,student,2025-08-25,2026-06-12\n"
        "e2,tobedeleted,k1,o1,u1,student,,\n"
        "e3,toBeDeleted,k1,o1,u-elsewhere,student,,\n"
        "e4,active,k1,o1,u-elsewhere,ext:teacher,,\n"
    ),
}
TABLE: Parts = {"term.csv": "user_id,course_id,role\nu1,C1,student\n"}
MOODLE: Parts = {"upload.csv": "username,idnumber,course1,role1,course2,role2\nada,7,ART,student,MATH,editingteacher\n"}
# By the name of the format: each must have one.
EXPORTS: Mapping[str, Parts] = {
    "table": TABLE,
    "moodle": MOODLE,
    "oneroster": ONEROSTER_10,
    "sds-v1": SDS_V1,
    "sds-v2": SDS_V21,
    "clever": CLEVER,
    "canvas": CANVAS,
    "apple": APPLE,
}

EXPECTED: Mapping[str, tuple[Parts, str, list[str]]] = {
    "clever": (
        CLEVER,
        "Clever (enrollments.csv, sections.csv, students.csv, teachers.csv)",
        [
            "s1 M7 02M1 student active 2025-08-25",
            "s2 M7 02M1 student active",
            'enrollments.csv 4: E118 Section_id: "k2" has no course in sections.csv',
            'enrollments.csv 5: E107 Section_id: "k7" is not in sections.csv',
            'enrollments.csv 6: E107 Student_id: "s9" is not in students.csv',
            "enrollments.csv 7: E101 Student_id: is empty",
            "t1 M7 02M1 teacher active 2025-08-25",
            "t2 M7 02M1 teacher active 2025-08-25",
            'sections.csv 3: E118 Section_id: "k2" has no course in sections.csv',
        ],
    ),
    "canvas": (
        CANVAS,
        "Canvas SIS (enrollments.csv, sections.csv, users.csv, courses.csv, terms.csv)",
        [
            "u1 C1 None student active",
            "u1 C2 None teacher active 2025-09-03",
            "u2 C1 None student active 2025-08-25",
            "u2 C1 None student inactive 2025-11-01",
            'enrollments.csv 6: E119 course_id: "C2" is not the course of "S1" in sections.csv, which is "C1"',
            'enrollments.csv 7: E107 section_id: "S9" is not in sections.csv',
            'enrollments.csv 8: E104 role: "7" is not one of administrator, proctor, student, teacher',
            'enrollments.csv 9: E104 role: "ta" is not one of administrator, proctor, student, teacher',
            'enrollments.csv 10: E107 user_id: "u3" is marked as deleted in users.csv',
            "u3 C1 None student tobedeleted 2025-08-25",
            "enrollments.csv 12: E107 section_id: is empty, so that no course can be told",
        ],
    ),
    "apple": (
        APPLE,
        "Apple School Manager (rosters.csv, classes.csv, students.csv, staff.csv)",
        [
            "p1 C1 L1 student active",
            "p2 C1 L2 student active",
            'rosters.csv 4: E118 class_id: "k3" has no course in classes.csv',
            'rosters.csv 5: E107 class_id: "k9" is not in classes.csv',
            "t1 C1 L1 teacher active",
            "t2 C1 L1 teacher active",
            'classes.csv 4: E118 class_id: "k3" has no course in classes.csv',
        ],
    ),
    "sds-v1": (
        SDS_V1,
        f"Microsoft School Data Sync v1 ({', '.join(SDS_V1_FILES)})",
        [
            "1 C1 10 student active 2025-07-01",
            "2 102 11 student active 2025-07-01",
            'StudentEnrollment.csv 4: E118 Section SIS ID: "k3" has no course in Section.csv',
            'StudentEnrollment.csv 5: E107 Section SIS ID: "k4" is marked as deleted in Section.csv',
            'StudentEnrollment.csv 6: E107 Section SIS ID: "k9" is not in Section.csv',
            'StudentEnrollment.csv 7: E107 SIS ID: "9" is not in Student.csv',
            "StudentEnrollment.csv 8: E101 SIS ID: is empty",
            "9 C1 10 teacher active 2025-07-01",
            "1 102 10 teacher active 2025-07-01",
        ],
    ),
    "sds-v2": (
        SDS_V21,
        "Microsoft School Data Sync v2.1 (enrollments.csv, classes.csv, users.csv, roles.csv, academicSessions.csv)",
        [
            "u1 C1 o1 student active 2025-08-25",
            "u2 C1 o2 teacher active",
            'enrollments.csv 4: E118 classSourcedId: "k3" has no course in classes.csv',
            "u1 C1 o1 student active 2025-08-25",
        ],
    ),
    "oneroster 1.0": (
        ONEROSTER_10,
        "OneRoster 1.0 or 1.1, without a manifest (enrollments.csv, classes.csv, users.csv, academicSessions.csv)",
        ["u1 C1 o1 student inactive 2025-08-25"],
    ),
    "oneroster delta": (
        DELTA,
        "OneRoster 1.2, delta (enrollments.csv, classes.csv, users.csv)",
        [
            "u1 C1 o1 student active 2025-08-25",
            "u1 C1 o1 student tobedeleted",
            "u-elsewhere C1 o1 student tobedeleted",
            "u-elsewhere C1 o1 teacher active",
        ],
    ),
}
