"""The routes of OneRoster, through real HTTP."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from support.paths import SAMPLES
from support.sandbox_client import Answer, Visitor, visitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio

USER = {
    "sourcedId": "ann", "enabledUser": "true", "givenName": "Ann", "familyName": "O'Neil", "email": "ann@x.org",
    "roles": [{"roleType": "primary", "role": "student", "org": {"sourcedId": "s"}}],
}  # fmt: skip
ENROLLMENT = {"role": "student", "user": {"sourcedId": "u"}, "class": {"sourcedId": "k"}}


def ids(answer: Answer, key: str) -> list[str]:
    assert answer.status == 200, answer.text
    return [record["sourcedId"] for record in answer.json[key]]


@asynccontextmanager
async def school_with_enrollments() -> AsyncIterator[Visitor]:
    """Yields a client of a school where four students are enrolled in each of three courses, and a teacher in one."""
    async with visitor() as at:
        for user in "abcd":
            for course in ("art", "bio", "lit"):
                await at.enroll(f"{user}/{course}/s")
        await at.enroll("t/art/s", {"role": "teacher"})
        yield at


@pytest.mark.parametrize(
    ("path", "key", "count"),
    [
        ("users", "users", 5), ("students", "students", 5), ("teachers", "teachers", 0), ("courses", "courses", 3),
        ("orgs", "orgs", 1), ("schools", "orgs", 1), ("classes", "classes", 3), ("enrollments", "enrollments", 13),
        ("terms", "terms", 1), ("academicSessions", "academicSessions", 2),
        ("schools/s/classes", "classes", 3), ("schools/s/terms", "terms", 1),
        ("schools/s/enrollments", "enrollments", 13), ("schools/x/enrollments", "enrollments", 0),
        ("schools/s/courses", "courses", 0), ("schools/s/students", "students", 0),
        ("schools/s/teachers", "teachers", 0),
        ("courses/art/classes", "classes", 1), ("users/a/classes", "classes", 3), ("students/a/classes", "classes", 3),
        ("teachers/t/classes", "classes", 1),
    ],
)  # fmt: skip
async def test_collections_and_nested_collections_are_listed(path: str, key: str, count: int) -> None:
    async with school_with_enrollments() as at:
        for spelling in (path, path + "/"):
            answer = await at.get(spelling)
            assert len(ids(answer, key)) == count
            paging = {name: value for name, value in answer.json.items() if name != key}
            assert paging == {
                "totalCount": count, "pageCount": -(-count // 100), "pageNumber": 1, "offset": 0, "limit": 100,
            }  # fmt: skip


async def test_members_of_a_class_are_users_and_deleted_ones_stay() -> None:
    async with school_with_enrollments() as at:
        await at.unenroll("a/art/s")
        (class_id,) = ids(await at.get("courses/art/classes"), "classes")
        for path in (f"classes/{class_id}", f"schools/s/classes/{class_id}"):
            assert ids(await at.get(f"{path}/students"), "users") == ["a", "b", "c", "d"]
            assert ids(await at.get(f"{path}/teachers"), "users") == ["t"]
        assert len(ids(await at.get(f"schools/s/classes/{class_id}/enrollments"), "enrollments")) == 5
        (term,) = ids(await at.get("terms"), "terms")
        assert len(ids(await at.get(f"terms/{term}/classes"), "classes")) == 3


@pytest.mark.parametrize(
    ("path", "key"),
    [("users/u", "user"), ("students/u", "user"), ("courses/c", "course"), ("orgs/s", "org"), ("schools/s", "org"),
     ("classes/k", "class"), ("users/a%2Fb", "user")],
)  # fmt: skip
async def test_an_open_school_returns_an_object_for_every_id(path: str, key: str) -> None:
    async with visitor() as at:
        answer = await at.get(path)
        assert answer.status == 200
        assert answer.json[key]["sourcedId"] in {"u", "c", "s", "k", "a/b"}
        assert (await at.get(path.partition("/")[0])).json["totalCount"] == 0


@pytest.mark.parametrize(
    ("path", "text"),
    [("terms/x", "Term not found"), ("academicSessions/x", "Academic session not found"),
     ("enrollments/x", "Enrollment not found"), ("schools/x/terms", None)],
)  # fmt: skip
async def test_sessions_and_enrollments_are_never_made_up(path: str, text: str | None) -> None:
    async with visitor() as at:
        answer = await at.get(path)
        assert answer.status == (404 if text else 200)
        assert answer.json.get("imsx_description") == text


async def test_pages_follow_each_other_without_gap() -> None:
    async with school_with_enrollments() as at:
        seen: list[str] = []
        for offset in (0, 5, 10):
            answer = await at.get("enrollments", limit="5", offset=str(offset), sort="sourcedId")
            seen += ids(answer, "enrollments")
            assert (answer.json["pageNumber"], answer.json["pageCount"]) == (offset // 5 + 1, 3)
        assert seen == sorted(seen)
        assert len(set(seen)) == 13
        down = await at.get("enrollments", sort="sourcedId", orderBy="desc")
        assert ids(down, "enrollments") == seen[::-1]


async def test_fields_and_filters_reduce_a_list() -> None:
    async with school_with_enrollments() as at:
        answer = await at.get("enrollments", fields="sourcedId,role", filter="user.sourcedId='a' AND status='active'")
        assert answer.json["totalCount"] == 3
        assert set(answer.json["enrollments"][0]) == {"sourcedId", "role"}
        teachers = await at.get("enrollments", filter="role='teacher' OR course.sourcedId='bio'")
        assert teachers.json["totalCount"] == 5
        assert ids(await at.get("users", filter="sourcedId='never met'"), "users") == ["never met"]
        row = (await at.get("enrollments", limit="1")).json["enrollments"][0]
        assert ids(await at.get("enrollments", filter=f"sourcedId='{row['sourcedId']}'"), "enrollments")
        assert ids(await at.get("enrollments", filter="sourcedId='x'"), "enrollments") == []


@pytest.mark.parametrize(
    ("query", "status"),
    [({"limit": "0"}, 422), ({"limit": "3001"}, 422), ({"limit": "x"}, 422), ({"offset": "-1"}, 422),
     ({"limit": "3000"}, 200), ({"sort": "user"}, 500), ({"sort": "user.sourcedId"}, 500),
     ({"sort": "role", "orderBy": "up"}, 422), ({"filter": "role"}, 400), ({"filter": "primary=true"}, 422)],
)  # fmt: skip
async def test_invalid_parameters_are_refused(query: dict[str, str], status: int) -> None:
    async with school_with_enrollments() as at:
        assert (await at.get("enrollments", **query)).status == status


async def test_search_works_on_users_and_courses_and_is_ignored_on_classes() -> None:
    async with school_with_enrollments() as at:
        await at.write("POST", "users", {"user": USER})
        assert ids(await at.get("users", search="o'ne"), "users") == ["ann"]
        assert ids(await at.get("courses", search="BIO"), "courses") == ["bio"]
        assert len(ids(await at.get("classes", search="nothing"), "classes")) == 3


async def test_an_enrollment_has_its_shape() -> None:
    async with visitor() as at:
        await at.enroll("u/c/s", {"beginDate": "2025-09-01T08:00:00Z", "sourcedId": "e"})
        shape = (await at.get("enrollments/e")).json["enrollment"]
        assert (shape["beginDate"], shape["primary"], shape["status"]) == ("2025-09-01", "false", "active")
        assert shape["user"] == {"href": "/ims/oneroster/rostering/v1p2/users/u", "sourcedId": "u", "type": "user"}
        assert shape["course"]["sourcedId"] == "c"
        assert "endDate" not in shape


async def test_a_post_neither_updates_nor_reactivates_a_row() -> None:
    async with visitor() as at:
        body = {"enrollment": {**ENROLLMENT, "sourcedId": "e"}}
        answer = await at.write("POST", "enrollments/", body)
        assert (answer.status, answer.json) == (
            201, {"sourcedIdPairs": {"suppliedSourcedId": "e", "allocatedSourcedId": "e"}},
        )  # fmt: skip
        for _ in range(2):
            assert (await at.write("DELETE", "enrollments/e")).status == 204
            assert (await at.get("enrollments/e")).json["enrollment"]["status"] == "tobedeleted"
        again = await at.write("POST", "enrollments", body)
        assert (again.status, "already exists" in again.text) == (404, True)


@pytest.mark.parametrize(("value", "status"), [("201", 201), ("409", 409), ("422", 422)])
async def test_behavior_repeat_post(value: str, status: int) -> None:
    async with visitor(f"repeat-post={value}") as at:
        assert (await at.write("POST", "enrollments", {"enrollment": ENROLLMENT})).status == 201
        assert (await at.write("POST", "enrollments", {"enrollment": ENROLLMENT})).status == status


async def test_a_put_replaces_and_creates_but_metadata_survives() -> None:
    async with visitor() as at:
        first = {**ENROLLMENT, "endDate": "2026-01-31", "primary": True, "metadata": {"own": 1}}
        assert (await at.write("PUT", "enrollments/e", {"enrollment": first})).status == 201
        row = (await at.get("enrollments/e")).json["enrollment"]
        assert (row["primary"], row["endDate"]) == ("true", "2026-01-31")
        await at.write("PUT", "enrollments/e", {"enrollment": {**ENROLLMENT, "metadata": {"more": 2}}})
        row = (await at.get("enrollments/e")).json["enrollment"]
        assert "endDate" not in row
        assert row["metadata"] == {"own": 1, "more": 2}


async def test_a_patch_changes_what_was_sent() -> None:
    async with visitor() as at:
        await at.enroll("u/c/s", {"sourcedId": "e", "metadata": {"own": 1}})
        patch = {"enrollment": {"endDate": "2026-01-31", "metadata": {"more": 2}}}
        answer = await at.write("PATCH", "enrollments/e", patch)
        assert answer.status == 200
        row = (await at.get("enrollments/e")).json["enrollment"]
        assert (row["endDate"], row["metadata"], row["role"]) == ("2026-01-31", {"own": 1, "more": 2}, "student")
        assert (await at.write("PATCH", "enrollments/x", patch)).status == 404


async def test_class_shortcuts_know_their_role() -> None:
    async with visitor() as at:
        for path in ("students", "teachers"):
            body = {"enrollment": {"user": {"sourcedId": f"one of the {path}"}}}
            assert (await at.write("POST", f"classes/k/{path}", body)).status == 201
        assert [(row.class_id, row.role) for row in at.sandbox.school.active_enrollments()] == [
            ("k", "student"),
            ("k", "teacher"),
        ]


@pytest.mark.parametrize(
    ("fields", "status"),
    [({}, 422), ({**ENROLLMENT, "role": "pupil"}, 422), ({**ENROLLMENT, "user": {}}, 422),
     ({**ENROLLMENT, "status": "gone"}, 422), ({**ENROLLMENT, "sourcedId": ""}, 422),
     ({**ENROLLMENT, "beginDate": 1}, 422), ({**ENROLLMENT, "metadata": 1}, 422)],
)  # fmt: skip
async def test_a_post_that_breaks_the_schema_is_422(fields: object, status: int) -> None:
    async with visitor() as at:
        assert (await at.write("POST", "enrollments", {"enrollment": fields})).status == status
        assert (await at.write("POST", "enrollments", {"other": fields})).status == 422
        assert at.sandbox.school.all_enrollments() == []


async def test_a_course_id_in_place_of_a_class_id_is_500_and_an_unknown_class_404(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("sourcedId\nu\n")
    (tmp_path / "orgs.csv").write_text("sourcedId\ns\n")
    (tmp_path / "classes.csv").write_text("sourcedId,courseSourcedId,schoolSourcedId\nk,c,s\n")
    (tmp_path / "courses.csv").write_text("sourcedId,title\nc,Math\n")
    async with visitor(school_bundle=tmp_path) as at:
        for class_id, user, status in (("c", "u", 500), ("x", "u", 404), ("k", "x", 404), ("k", "u", 201)):
            fields = {"role": "student", "user": {"sourcedId": user}, "class": {"sourcedId": class_id}}
            assert (await at.write("POST", "enrollments", {"enrollment": fields})).status == status
        assert (await at.get("classes/x/students")).json["imsx_description"] == "Class not found"
        assert (await at.get("schools/s/classes/x/enrollments")).json["imsx_description"] == "School or class not found"


OBJECTS = [
    ("users", "user", USER, "users/ann"),
    ("courses", "course", {"sourcedId": "m", "status": "active", "title": "M", "org": {"sourcedId": "s"}}, "courses/m"),
    ("orgs", "org", {"sourcedId": "o", "name": "O", "type": "school"}, "schools/o"),
    ("schools", "org", {"sourcedId": "o", "name": "O", "type": "school"}, "orgs/o"),
    (
        "classes", "class",
        {"sourcedId": "k", "title": "K", "course": {"sourcedId": "c"}, "org": {"sourcedId": "s"},
         "terms": [{"sourcedId": "t"}]},
        "classes/k",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "wrapper", "fields", "address"), OBJECTS)
async def test_objects_are_created_once_replaced_and_softly_deleted(
    path: str, wrapper: str, fields: dict[str, object], address: str
) -> None:
    async with visitor() as at:
        assert (await at.write("DELETE", f"{path}/{fields['sourcedId']}")).status == 404
        assert (await at.write("POST", path, {wrapper: fields})).status == 201
        assert fields["sourcedId"] in ids(await at.get(path), "orgs" if wrapper == "org" else path)
        assert (await at.write("POST", path, {wrapper: fields})).status == 404
        assert (await at.write("PUT", f"{path}/{fields['sourcedId']}", {wrapper: fields})).status == 201
        assert (await at.write("DELETE", f"{path}/{fields['sourcedId']}")).status == 204
        assert (await at.get(address)).json[wrapper]["status"] == "tobedeleted"
        unnamed = {name: value for name, value in fields.items() if name != "sourcedId"}
        allocated = (await at.write("POST", path, {wrapper: unnamed})).json["sourcedIdPairs"]
        assert allocated["allocatedSourcedId"]
        assert (await at.write("POST", path, {wrapper: {"sourcedId": "bare"}})).status == 422


async def test_an_object_must_refer_to_known_objects() -> None:
    async with visitor("unknown-schools=100", "unknown-courses=100") as at:
        for path, wrapper, fields, _ in OBJECTS:
            if wrapper != "org":
                assert (await at.write("POST", path, {wrapper: fields})).status == 404
        assert (await at.write("POST", "users", {"user": {**USER, "roles": ["x"]}})).status == 422


async def test_a_deleted_user_cannot_be_enrolled() -> None:
    async with visitor() as at:
        await at.write("POST", "users", {"user": USER})
        await at.write("DELETE", "users/ann")
        assert (await at.enroll("ann/c/s")).status == 404


async def test_an_unknown_route_is_404_in_the_envelope() -> None:
    async with visitor() as at:
        for path in ("/", "/edubridge/enrollments/enroll/u", "/ims/oneroster/rostering/v1p2/nothing", "/a/b/"):
            answer = await at.call("POST", path)
            assert (answer.status, answer.json["imsx_codeMajor"]) == (404, "failure")


async def test_an_open_school_finds_every_user_by_email_and_every_course_by_code() -> None:
    async with visitor() as at:
        users = (await at.get("users", filter="status='active' AND email='a@x.test'")).json["users"]
        courses = (await at.get("courses", filter="courseCode='MA7'")).json["courses"]
    assert [user["sourcedId"] for user in users] == ["a@x.test"]
    assert [course["sourcedId"] for course in courses] == ["MA7"]


async def test_districts_are_not_listed_as_schools() -> None:
    async with visitor(school_bundle=SAMPLES / "oneroster_12") as at:
        assert (await at.get("schools", filter="sourcedId='org-district'")).json["orgs"] == []
        found = (await at.get("schools", filter="identifier='LMS'")).json["orgs"]
        named = (await at.get("users", filter="identifier='usr-002' AND username='usr-002'")).json["users"]
    assert [org["sourcedId"] for org in found] == ["org-lake"]
    assert [user["email"] for user in named] == ["lena.dunmore@lake.example"]
