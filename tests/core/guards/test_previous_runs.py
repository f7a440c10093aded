"""Earlier runs of the same roster: which of them counts as the measure of a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.guarded_rosters import SERVER, past_run

from batch_enroll.core.guards.previous_runs import (
    last_comparable_run,
    newer_run_than,
    normalize_source_name,
    run_sources,
)
from batch_enroll.core.run_record import RosterRef

if TYPE_CHECKING:
    from batch_enroll.core.model import Json


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("export.csv", "export"),
        ("/srv/2026-09-01/Export.CSV", "export"),
        ("export-2026-09-01.csv", "export"),
        ("export_20260901T061502Z.xlsx", "export"),
        ("C:\\rosters\\grade7.csv", "grade7"),
        ("bundle/", "bundle"),
        ("bundle\\", "bundle"),
        ("GroupX/", "groupx"),
        ("export.v2.csv", "export.v2"),
        ("a.csv", "a"),
        (".hidden", "hidden"),
        ("-", ""),
    ],
)
def test_a_nightly_export_is_recognized_by_its_name_without_folder_ending_and_day(path: str, name: str) -> None:
    assert normalize_source_name(path) == name


def test_the_last_run_of_the_same_roster_on_the_same_server_counts() -> None:
    runs = [
        past_run(9, "other-server", scope="https://else.test"),
        past_run(1, "unfinished", finished_at=None),
        past_run(2, "dry", dry_run=True),
        past_run(3, "limited", options={"limit": 3}),
        past_run(4, "another", path="other.csv"),
        past_run(500, "comparable", path="/srv/export-2026-08-31.csv"),
        past_run(6, "older"),
    ]
    found = last_comparable_run(["export.csv"], SERVER, runs)
    assert (found and found.run_id) == "comparable"


@pytest.mark.parametrize("name", ["failed.csv", "results.csv"])
def test_the_rows_to_fix_and_the_results_of_a_run_are_not_compared_with_those_of_another(name: str) -> None:
    assert last_comparable_run([f"a/{name}"], SERVER, [past_run(1_000, path=f"b/{name}")]) is None
    assert newer_run_than(["a"], [name], SERVER, [past_run(9, path=name, sha256="b"), past_run(9, path=name)]) is None


def test_a_run_that_was_allowed_to_shrink_does_not_set_the_limit_of_the_next() -> None:
    allowed: Json = [{"guard": "shrunk", "saw": "", "limit": "", "reason": "the school closed"}, "?"]
    runs = [past_run(100, "overruled", facts={"allowed": allowed}), past_run(1_000, "before", facts={"allowed": ["?"]})]
    found = last_comparable_run(["export.csv"], SERVER, runs)
    assert (found and found.run_id) == "before"


def test_a_run_that_overruled_another_guard_still_counts() -> None:
    allowed: Json = [{"guard": "dates", "reason": "last year's file"}]
    found = last_comparable_run(["export.csv"], SERVER, [past_run(100, facts={"allowed": allowed}), past_run(1_000)])
    assert found == past_run(100, facts={"allowed": allowed})


def test_a_run_made_from_a_plan_counts_as_one_of_the_plans_roster() -> None:
    source: Json = [{"path": "export.csv", "sha256": "b", "rows": 700}, "?", {"path": "more.csv", "sha256": "c"}]
    planned = past_run(5, path="plan.csv", facts={"source": source})
    assert run_sources(planned) == (("export.csv", "b", 700), ("more.csv", "c", 0))


def test_the_sources_of_a_run_are_its_rosters() -> None:
    run = past_run(0, rosters=(RosterRef("a.csv", "1", 7), RosterRef("b.csv", "2", 9)))
    assert run_sources(run) == (("a.csv", "1", 7), ("b.csv", "2", 9))


def test_the_first_run_of_another_content_after_this_very_content_is_the_newer_one() -> None:
    runs = [past_run(9, "newest", sha256="c"), past_run(9, "new", sha256="b"), past_run(9, "old", sha256="a")]
    newer = newer_run_than(["a"], ["export.csv"], SERVER, runs)
    assert (newer and newer.run_id) == "newest"


def test_the_same_file_every_night_is_older_than_none() -> None:
    again = [past_run(9, sha256="a"), past_run(9, sha256="a")]
    assert newer_run_than(["a"], ["export.csv"], SERVER, again) is None
    assert newer_run_than(["c"], ["export.csv"], SERVER, [past_run(9, sha256="a"), past_run(9, sha256="b")]) is None
