"""Plans as files."""

from __future__ import annotations

import csv
import stat
from typing import TYPE_CHECKING

import pytest

from batch_enroll.adapters.files import plan_file
from batch_enroll.core.errors import RunStoppedError, UsageError
from batch_enroll.core.model import Action
from batch_enroll.core.planning.plan_document import Plan, PlanStep, plan_from_body, read_plan_body

if TYPE_CHECKING:
    from pathlib import Path

STEPS = (
    PlanStep(Action.ENROLL, {"user_id": "=1+1", "course_id": "a,b"}),
    PlanStep(Action.WITHDRAW, {"user_id": "0042"}),
)
PLAN = Plan("run", "staging", "https://api.test", "", (), {}, STEPS, 2, 0.0)


def test_a_plan_is_its_owners_only_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    plan_file.write(path, PLAN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert plan_from_body(read_plan_body(plan_file.read(path), "plan.json")) == PLAN


def test_its_steps_stand_in_a_table_as_they_are(tmp_path: Path) -> None:
    path = plan_file.write_steps(tmp_path / "plan.csv", PLAN)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["user_id"], row["course_id"], row["status"]) for row in rows] == [
        ("=1+1", "a,b", "active"),
        ("0042", "", "tobedeleted"),
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_or_read_is_told(tmp_path: Path) -> None:
    nowhere = tmp_path / "no" / "plan.json"
    with pytest.raises(RunStoppedError, match="cannot be written"):
        plan_file.write(nowhere, PLAN)
    with pytest.raises(RunStoppedError, match="cannot be written"):
        plan_file.write_steps(nowhere, PLAN)
    with pytest.raises(UsageError, match="cannot be read"):
        plan_file.read(nowhere)
    (tmp_path / "image").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not text"):
        plan_file.read(tmp_path / "image")
