"""Plans are written to a file, and read again only if it was not changed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from batch_enroll.core.errors import UsageError
from batch_enroll.core.model import Action, Role
from batch_enroll.core.planning.plan_document import (
    LOOKED_UP,
    Plan,
    PlanStep,
    count_requests,
    list_changes,
    plan_from_body,
    read_plan_body,
    select_plan_fields,
)
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import RosterRef

ENROLL = PlanStep(
    Action.ENROLL, {"user_id": "ana", "course_id": "c", "metadata.goals.dailyXp": "30"}, "term.csv row 2", "not there"
)
WITHDRAW = PlanStep(Action.WITHDRAW, {"user_id": "ben", "course_id": "c", "school_id": "s", "role": "student"})
PLAN = Plan(
    kind="sync",
    environment="staging",
    base_url="https://api.test",
    made_at="2026-09-01T06:00:00.000Z",
    rosters=(RosterRef("term.csv", "ab", 9),),
    options={"limit": None, "map": {"user_id": "No"}},
    steps=(ENROLL, WITHDRAW),
    requests=3,
    minutes=0.1,
    scope="roster-courses",
    withdraw=True,
    counts={"kept": 7},
    guards=({"guard": "shrunk", "saw": "9 rows", "limit": "5", "stops": False},),
)


def written(plan: Plan = PLAN) -> str:
    return json.dumps(plan.as_json(), indent=2)


def test_a_plan_reads_back_as_it_was() -> None:
    body = read_plan_body(written(), "plan.json")
    assert plan_from_body(body) == PLAN
    assert plan_from_body(body).sha256 == PLAN.sha256


def test_warnings_are_part_of_a_plan_only_if_there_are_some() -> None:
    doubted = replace(PLAN, warnings=("1 row: Possible start of another table (W104), at term.csv row 9",))
    assert "warnings" not in PLAN.summary()
    assert plan_from_body(read_plan_body(written(doubted), "plan.json")) == doubted


def test_a_plan_counts_its_steps_and_says_why() -> None:
    assert PLAN.withdrawals == 1
    assert dict(PLAN.count_reasons()) == {"enroll: not there": 1, "withdraw": 1}
    assert "steps" not in PLAN.summary()
    assert (PLAN.summary()["enroll"], PLAN.summary()["withdrawals"]) == (1, 1)


def test_requests_are_counted_by_what_each_route_takes() -> None:
    in_doubt = replace(ENROLL, why=LOOKED_UP)
    steps = [ENROLL, in_doubt, WITHDRAW, replace(ENROLL, fields={**ENROLL.fields, "class_id": "a"})]
    assert count_requests(steps, by_class=False) == 1 + 2 + 2 + 1
    assert count_requests(steps, by_class=True) == 1 + 2 + 3 + 1 + 1  # one course's default class


def test_its_steps_are_a_roster() -> None:
    assert PLAN.list_columns()[:6] == ["user_id", "course_id", "school_id", "role", "begin_date", "sourced_id"]
    assert PLAN.list_columns()[-4:] == ["metadata.goals.dailyXp", "status", "plan_row", "plan_why"]
    assert ENROLL.as_row()["status"] == "active"
    assert WITHDRAW.as_row() | {"plan_row": "", "plan_why": ""} == {
        **WITHDRAW.fields, "status": "tobedeleted", "plan_row": "", "plan_why": ""
    }  # fmt: skip


def test_a_row_goes_into_a_plan_with_what_was_given_for_all_rows_and_nothing_private() -> None:
    fields = {"user_id": "ana", "given_name": "Ana", "course_id": "c", "email": "a@b", "metadata.x": "1"}
    assert select_plan_fields(fields, Defaults(course_id="d", school_id="s", role=Role.TEACHER)) == {
        "user_id": "ana", "course_id": "c", "school_id": "s", "role": "teacher", "metadata.x": "1"
    }  # fmt: skip
    assert select_plan_fields({"user_id": "ana"}, Defaults()) == {"user_id": "ana", "role": "student"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "plan.json is not a batch-enroll plan; make one with: batch-enroll plan ROSTER -o plan.json"),
        ("[]", "plan.json is not a batch-enroll plan; make one with: batch-enroll plan ROSTER -o plan.json"),
        ('{"plan": {}}', "plan.json is not a batch-enroll plan; make one with: batch-enroll plan ROSTER -o plan.json"),
        (written().replace('"ana"', '"eve"'), "changed since it was made"),
        (written().replace('"staging"', '"production"'), "changed since it was made"),
    ],
)
def test_a_file_that_is_not_a_plan_or_was_edited_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_plan_body(text, "plan.json")


def test_a_plan_of_another_version_is_refused() -> None:
    body = {**PLAN.as_json()}
    found = body["plan"]
    assert isinstance(found, dict)
    text = json.dumps({"plan": {**found, "version": 2}, "sha256": _hash({**found, "version": 2})})
    with pytest.raises(UsageError, match="another version"):
        read_plan_body(text, "plan.json")


def _hash(body: object) -> str:
    import hashlib  # noqa: PLC0415 - the hash as a stranger would make it

    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def test_what_changed_since_is_named() -> None:
    body = read_plan_body(written(), "plan.json")
    refs = list(PLAN.rosters)
    assert list_changes(body, "staging", "https://api.test", refs) == []
    assert list_changes(body, "production", "https://api.test", refs) == [
        "it was made for staging at https://api.test, not for production at https://api.test"
    ]
    assert list_changes(body, "staging", "https://api.test", [replace(refs[0], sha256="cd")]) == [
        "term.csv has changed since"
    ]
    assert plan_from_body({**body, "rosters": None, "options": None}).rosters == ()
