"""The routes of EduBridge and every behavior, through real HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from support.sandbox_client import Answer, visitor

from batch_enroll.sandbox.directory import REHEARSAL_ORG

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio


async def test_an_enroll_answers_with_all_documented_fields() -> None:
    async with visitor() as at:
        metadata = {"goals": {"dailyXp": 10.5}, "metrics": {"totalXp": 1, "courseType": "base"}, "own": [1]}
        answer = await at.enroll(
            "u/c/s", {"role": "teacher", "beginDate": "2025-09-01T00:00:00Z", "metadata": metadata}
        )
        assert answer.status == 201
        enrollment = answer.json["data"]
        assert set(enrollment) == {"id", "role", "beginDate", "endDate", "metadata", "course", "school"}
        assert (enrollment["role"], enrollment["beginDate"]) == ("teacher", "2025-09-01T00:00:00Z")
        assert (enrollment["metadata"], enrollment["endDate"]) == (metadata, None)
        assert enrollment["course"] == {
            "id": "c", "title": "Course c", "metadata": {}, "subjects": None, "grades": None, "primaryApp": None,
        }  # fmt: skip
        assert enrollment["school"] == {"id": "s", "name": "School s"}
        assert await at.enrollments_of() == [enrollment]
        assert [(row.key, row.id) for row in at.sandbox.school.active_enrollments()] == [
            (("u", "c", "s", "teacher"), enrollment["id"])
        ]


async def test_a_body_is_optional_and_so_is_the_school() -> None:
    async with visitor() as at:
        assert (await at.enroll("u/c")).json["data"]["school"]["id"] == REHEARSAL_ORG
        assert (await at.enroll("v/c/s", {})).json["data"]["role"] == "student"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("a%2Fb/c%2F%2Fd/s%2F", ("a/b", "c//d", "s/", "student")),
        ("..%2F/%2e%2e/%2E", ("../", "..", ".", "student")),
        ("50%25/a%252Fb/s%20t", ("50%", "a%2Fb", "s t", "student")),
        ("%C3%A9t%C3%A9/%E6%95%B0%E5%AD%A6/s%3Fx%23y", ("été", "数学", "s?x#y", "student")),
        ("a+b/c&d=e/@", ("a+b", "c&d=e", "@", "student")),
    ],
)
async def test_an_id_is_the_decoded_segment(path: str, key: tuple[str, str, str, str]) -> None:
    async with visitor() as at:
        assert (await at.enroll(path)).status == 201
        assert [row.key for row in at.sandbox.school.active_enrollments()] == [key]
        assert len(await at.enrollments_of(path.split("/", maxsplit=1)[0])) == 1
        assert (await at.unenroll(path)).status == 204
        assert at.sandbox.school.active_enrollments() == []


@pytest.mark.parametrize("status", [400, 404, 422, 500])
@pytest.mark.parametrize("path", ["/c/s", "u//s", "u/c/", "%00/c/s", "%ff/c/s", "a%0Ab/c"])
async def test_a_malformed_id_is_refused(path: str, status: int) -> None:
    async with visitor(f"malformed-id={status}") as at:
        assert (await at.enroll(path)).status == status
        assert at.sandbox.school.all_enrollments() == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"role": "pupil"}, "role"),
        ({"role": None}, "role"),
        ({"beginDate": "2025-09-01"}, "beginDate"),
        ({"beginDate": "soon"}, "beginDate"),
        ({"beginDate": 1}, "beginDate"),
        ({"sourcedId": ""}, "sourcedId"),
        ({"sourcedId": 7}, "sourcedId"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"goals": {"dailyXp": "10"}}}, "metadata.goals.dailyXp"),
        ({"metadata": {"goals": {"dailyXp": True}}}, "metadata.goals.dailyXp"),
        ({"metadata": {"metrics": 1}}, "metadata.metrics"),
    ],
)
async def test_a_body_that_breaks_the_schema_is_422_and_names_the_field(body: object, path: str) -> None:
    async with visitor() as at:
        answer = await at.enroll("u/c/s", body)
        assert answer.status == 422
        assert path in answer.json["imsx_error_details"][0]
        assert at.sandbox.school.all_enrollments() == []


async def test_a_body_that_is_not_json_is_400_and_one_that_is_not_an_object_422() -> None:
    async with visitor() as at:
        url = at.sandbox.base_url + "/edubridge/enrollments/enroll/u/c/s"
        async with at.session.post(url, data=b"{", headers={"Authorization": f"Bearer {at.token}"}) as response:
            assert response.status == 400
        assert (await at.enroll("u/c/s", [1])).status == 422


async def test_an_unenroll_is_soft() -> None:
    async with visitor() as at:
        await at.enroll()
        answer = await at.unenroll()
        assert (answer.status, answer.text) == (204, "")
        assert await at.enrollments_of() == []
        assert [row.status for row in at.sandbox.school.all_enrollments()] == ["tobedeleted"]


async def test_a_default_class_is_created_by_a_get_and_used_by_enrolls() -> None:
    async with visitor() as at:
        answer = await at.call("GET", "/edubridge/enrollments/defaultClass/c/s")
        again = await at.call("GET", "/edubridge/enrollments/defaultClass/c/s")
        assert answer.json == again.json
        assert set(answer.json["data"]) == {
            "id", "title", "classCode", "subjectCodes", "subjects", "grades", "periods", "course",
        }  # fmt: skip
        await at.enroll()
        assert at.sandbox.school.active_enrollments()[0].class_id == answer.json["data"]["id"]
        assert (await at.call("GET", "/edubridge/enrollments/defaultClass/c")).status == 200


async def test_users_are_listed_by_role_and_org() -> None:
    async with visitor() as at:
        assert (await at.call("GET", "/edubridge/users/")).status == 422
        await at.enroll("u/c")
        students = await at.call("GET", "/edubridge/users/?roles=teacher&roles=student")
        assert [user["sourcedId"] for user in students.json["users"]] == ["u"]
        assert (await at.call("GET", "/edubridge/users/?roles=teacher")).json["totalCount"] == 0
        assert (await at.call("GET", "/edubridge/users/?roles=student&orgSourcedIds=x")).json["totalCount"] == 0


async def repeat(*scenarios: str) -> tuple[Answer, Answer, int]:
    async with visitor(*scenarios) as at:
        return await at.enroll(), await at.enroll(), len(await at.enrollments_of())


@pytest.mark.parametrize(
    ("value", "status", "expected"), [("same_row", 201, 1), ("new_row", 201, 2), ("409", 409, 1), ("422", 422, 1)]
)
async def test_behavior_repeat_enroll(value: str, status: int, expected: int) -> None:
    first, second, count = await repeat(f"repeat-enroll={value}")
    assert (first.status, second.status, count) == (201, status, expected)
    if status == 201:
        assert (first.json["data"]["id"] == second.json["data"]["id"]) is (value == "same_row")


@pytest.mark.parametrize("value", ["404", "409", "422"])
async def test_behavior_duplicate_sourced_id(value: str) -> None:
    async with visitor(f"duplicate-sourced-id={value}") as at:
        assert (await at.enroll("u/c/s", {"sourcedId": "e"})).json["data"]["id"] == "e"
        answer = await at.enroll("v/c/s", {"sourcedId": "e"})
        assert answer.status == int(value)
        assert "already exists" in answer.json["imsx_description"]


@pytest.mark.parametrize("kind", ["user", "course", "school"])
@pytest.mark.parametrize("status", [404, 422])
async def test_behavior_unknown_user_course_and_school(kind: str, status: int) -> None:
    async with visitor(f"unknown-{kind}s=100", f"unknown-{kind}={status}") as at:
        answer = await at.enroll()
        assert answer.status == status
        assert answer.json["imsx_description"] == f"{kind.title()} not found"
        assert answer.json["imsx_codeMajor"] == "failure"
        minor = answer.json["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"]
        assert minor == {404: "unknownobject", 422: "invaliddata"}[status]


async def test_unknown_ids_stay_unknown_and_known_ones_known() -> None:
    async with visitor("unknown-users=30", seed=5) as at:
        first = [(await at.enroll(f"u{number}/c/s")).status for number in range(40)]
        again = [(await at.enroll(f"u{number}/c/s")).status for number in range(40)]
        assert first == again
        assert set(first) == {201, 404}


@pytest.mark.parametrize(
    ("family", "found"),
    [
        ("ims", lambda body: body["imsx_description"]),
        ("errors", lambda body: body["errors"][0]["message"]),
        ("message", lambda body: body["message"]),
        ("error", lambda body: body["error"]),
    ],
)
async def test_behavior_error_body(family: str, found: Any) -> None:  # noqa: ANN401 - a lambda over JSON
    async with visitor("unknown-users=100", f"error-body={family}") as at:
        assert found((await at.enroll()).json) == "User not found"
        # The behavior is EduBridge's; OneRoster has only one form.
        assert (await at.get("users/u")).json["imsx_description"] == "User not found"


async def test_behavior_error_body_without_json() -> None:
    async with visitor("unknown-users=100", "error-body=html") as at:
        answer = await at.enroll()
        assert (answer.status, answer.text[:6]) == (404, "<html>")
    async with visitor("unknown-users=100", "error-body=empty") as at:
        assert (await at.enroll()).text == ""


@pytest.fixture
def small_school(tmp_path: Path) -> Path:
    (tmp_path / "users.csv").write_text("sourcedId,role,orgSourcedIds\nu,student,home\norgless,student,\n")
    (tmp_path / "orgs.csv").write_text("sourcedId,name,type\nhome,Home,school\ndistrict,All,district\n")
    (tmp_path / "courses.csv").write_text("sourcedId,title,orgSourcedId\nc,Math,district\nfree,Free,\n")
    return tmp_path


@pytest.mark.parametrize(("value", "school"), [("primary_org", "home"), ("course_org", "district"), ("422", None)])
async def test_behavior_omitted_school(value: str, school: str | None, small_school: Path) -> None:
    async with visitor(f"omitted-school={value}", school_bundle=small_school) as at:
        answer = await at.enroll("u/c")
        assert answer.status == (422 if school is None else 201)
        assert [row.school_id for row in at.sandbox.school.active_enrollments()] == ([] if school is None else [school])


@pytest.mark.parametrize(("value", "status"), [("accepted", 201), ("404", 404), ("422", 422)])
async def test_behavior_course_without_org(value: str, status: int, small_school: Path) -> None:
    async with visitor(f"course-without-org={value}", school_bundle=small_school) as at:
        assert (await at.enroll("u/free/home")).status == status
        assert (await at.enroll("u/c/home")).status == 201


async def test_a_default_class_of_a_course_without_org_needs_a_school(small_school: Path) -> None:
    async with visitor(school_bundle=small_school) as at:
        assert (await at.call("GET", "/edubridge/enrollments/defaultClass/free")).status == 422
        assert (await at.call("GET", "/edubridge/enrollments/defaultClass/free/home")).status == 200
        assert (await at.call("GET", "/edubridge/enrollments/defaultClass/free/x")).status == 404


@pytest.mark.parametrize(("value", "rows"), [("new_row", 2), ("reactivate", 1)])
async def test_behavior_after_unenroll(value: str, rows: int) -> None:
    async with visitor(f"after-unenroll={value}") as at:
        await at.enroll()
        await at.unenroll()
        assert (await at.enroll()).status == 201
        assert len(await at.enrollments_of()) == 1
        assert len(at.sandbox.school.all_enrollments()) == rows


@pytest.mark.parametrize("value", ["204", "404"])
async def test_behavior_unenroll_without_an_enrollment(value: str) -> None:
    async with visitor(f"unenroll-nobody={value}") as at:
        assert (await at.unenroll()).status == int(value)


@pytest.mark.parametrize(("value", "classes"), [("one", 1), ("duplicates", 8)])
async def test_behavior_class_race(value: str, classes: int) -> None:
    async with visitor(f"class-race={value}") as at:
        answers = await asyncio.gather(*(at.enroll(f"u{number}/c/s") for number in range(8)))
        assert {answer.status for answer in answers} == {201}
        assert len(at.sandbox.school.managed_classes()) == classes
        await at.enroll("late/c/s")
        assert len(at.sandbox.school.managed_classes()) == classes
        assert len(at.sandbox.school.active_enrollments()) == 9


async def test_behavior_invisible_percent() -> None:
    async with visitor("invisible=40", seed=1) as at:
        statuses = {(await at.enroll(f"u{number}/c/s")).status for number in range(60)}
        assert statuses == {201}
        assert 20 < len(at.sandbox.school.active_enrollments()) < 50
        assert at.sandbox.school.enroll_writes.total() == len(at.sandbox.school.active_enrollments())


async def test_behavior_lag_s() -> None:
    async with visitor("read-lag-s=0.2") as at:
        assert (await at.enroll("u/c/s", {"sourcedId": "e"})).status == 201
        assert await at.enrollments_of() == []
        assert (await at.get("enrollments/e")).status == 404
        assert (await at.get("enrollments")).json["totalCount"] == 0
        assert len(at.sandbox.school.active_enrollments()) == 1
        await asyncio.sleep(0.21)  # noqa: TID251 - the server's clock is the real one
        assert len(await at.enrollments_of()) == 1
        assert (await at.get("enrollments/e")).status == 200
