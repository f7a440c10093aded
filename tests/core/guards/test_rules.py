"""Guards, told as what happened to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.previous_runs import last_comparable_run, newer_run_than, run_sources, source_name
from batch_enroll.core.guards.roster_stats import GuardLimits, RosterStats
from batch_enroll.core.guards.rules import (
    Allowance,
    Guard,
    GuardContext,
    GuardResult,
    GuardStoppedError,
    LaterUse,
    allowance,
    capacity_guard,
    evaluate_guards,
    undo_guard,
)
from batch_enroll.core.model import RunId
from batch_enroll.core.roster.row_parser import Defaults
from batch_enroll.core.run_record import RosterRef, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from batch_enroll.core.model import Json

SERVER = "https://api.test"
FALL = date(2026, 9, 1)
AT = datetime(2026, 9, 1, 4, tzinfo=UTC)
USUAL = GuardLimits()
SMALL = GuardLimits(course_students=30, school_seats=100, withdrawals=50)


def census(
    rows: Iterable[Mapping[str, str]], limits: GuardLimits = USUAL, defaults: Defaults | None = None
) -> RosterStats:
    counted = RosterStats(defaults or Defaults(), limits)
    for row in rows:
        counted.add(row)
    return counted


def pupils(count: int, courses: int = 20, also: Mapping[str, str] | None = None, **more: str) -> list[dict[str, str]]:
    more |= also or {}
    return [{"user_id": f"u{n}", "course_id": f"c{n % courses}", "school_id": "s1", **more} for n in range(count)]


def past(rows: int, run_id: str = "r1", path: str = "export.csv", sha256: str = "a", **also: object) -> RunRecord:
    values: dict[str, Any] = {"finished_at": AT, "rosters": (RosterRef(path, sha256, rows),), **also}
    return replace(RunRecord(RunId(run_id), "production", SERVER, SERVER, (), AT, ""), **values)


def stopping(counted: RosterStats, seen: GuardContext, limits: GuardLimits = USUAL) -> list[str]:
    return [verdict.guard for verdict in evaluate_guards(counted, seen, limits) if verdict.stops]


def seen(rows: int, **also: object) -> GuardContext:
    values: dict[str, Any] = {"names": ("export.csv",), "today": FALL, **also}
    return GuardContext(rows, **values)


# -- an undo --------------------------------------------------------------------------------------------------------


def test_a_run_of_the_term_start_is_undone_when_somebody_says_why() -> None:
    (many,) = [verdict for verdict in undo_guard(RunId("r1"), 12_000, None, USUAL) if verdict.stops]
    assert str(many) == "withdrawals: 12,000 withdrawals, all that is left of run r1; at most 1,000 are let through"
    assert 'run once with: --allow withdrawals --reason "..."' in str(GuardStoppedError([many]))


def test_the_undo_of_a_small_run_takes_all_of_it_without_a_word() -> None:
    assert [verdict.stops for verdict in undo_guard(RunId("r1"), 60, None, USUAL)] == [False]


def test_monday_is_undone_after_tuesday_wanted_the_same_seats() -> None:
    (stale,) = [verdict for verdict in undo_guard(RunId("r1"), 60, LaterUse(RunId("r2"), 58), USUAL) if verdict.stops]
    assert str(stale).startswith("applied: 58 rows of the later run r2 need enrollments that run r1 made; an undo must")


# -- how many there are ---------------------------------------------------------------------------------------------


def test_the_export_came_half_empty() -> None:
    verdicts = evaluate_guards(census(pupils(480)), seen(480, last=past(1_000)), USUAL)
    (shrunk,) = [verdict for verdict in verdicts if verdict.stops]
    assert str(shrunk) == "shrunk: 480 rows, where run r1 read 1,000; at least 60% of that is required"


def test_the_whole_file_was_left_out() -> None:
    assert stopping(census([]), seen(0, last=past(1_000))) == [Guard.SHRUNK]


def test_a_first_roster_and_a_small_one_are_measured_by_nothing() -> None:
    assert stopping(census(pupils(3)), seen(3)) == []
    assert stopping(census(pupils(3)), seen(3, last=past(19))) == []


def test_term_start_brings_many_more_and_some_leave() -> None:
    assert stopping(census(pupils(4_000)), seen(4_000, last=past(900))) == []
    assert stopping(census(pupils(700)), seen(700, last=past(1_000))) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("export.csv", "export"),
        ("/srv/2026-09-01/Export.CSV", "export"),
        ("export-2026-09-01.csv", "export"),
        ("export_20260901T061502Z.xlsx", "export"),
        ("C:\\rosters\\grade7.csv", "grade7"),
        ("bundle/", "bundle"),
        (".hidden", "hidden"),
        ("-", ""),
    ],
)
def test_a_nightly_export_is_known_whatever_day_its_name_holds(path: str, name: str) -> None:
    assert source_name(path) == name


def test_the_last_run_of_the_same_roster_on_the_same_server_counts() -> None:
    runs = [
        past(9, "other-server", scope="https://else.test"),
        past(1, "unfinished", finished_at=None),
        past(2, "dry", dry_run=True),
        past(3, "limited", options={"limit": 3}),
        past(4, "another", path="other.csv"),
        past(500, "wanted", path="/srv/export-2026-08-31.csv"),
        past(6, "older"),
    ]
    found = last_comparable_run(["export.csv"], SERVER, runs)
    assert (found and found.run_id) == "wanted"


def test_a_part_of_a_run_is_no_roster_of_its_own() -> None:
    assert last_comparable_run(["a/failed.csv"], SERVER, [past(1_000, path="b/failed.csv")]) is None


def test_a_file_that_was_let_through_is_no_measure_for_the_next() -> None:
    allowed: Json = [{"guard": "shrunk", "saw": "", "limit": "", "reason": "the school closed"}, "?"]
    runs = [past(100, "overruled", facts={"allowed": allowed}), past(1_000, "before", facts={"allowed": ["?"]})]
    found = last_comparable_run(["export.csv"], SERVER, runs)
    assert (found and found.run_id) == "before"


def test_a_run_made_from_a_plan_counts_as_one_of_its_roster() -> None:
    source: Json = [{"path": "export.csv", "sha256": "b", "rows": 700}, "?"]
    planned = past(5, path="plan.csv", facts={"source": source})
    assert run_sources(planned) == (("export.csv", "b", 700),)


# -- where they sit -------------------------------------------------------------------------------------------------


def test_a_course_was_typed_into_every_row() -> None:
    counted = census(pupils(31, courses=1), SMALL)
    verdict = capacity_guard(counted)
    assert verdict is not None
    assert verdict.saw == 'course "c0" at school "s1" takes more than 30 students'
    assert stopping(counted, seen(31), SMALL) == [Guard.CROWDED]


def test_a_course_given_for_all_rows_counts_too() -> None:
    rows = [{"user_id": f"u{n}"} for n in range(31)]
    counted = census(rows, SMALL, Defaults(course_id="MATH-7", role="student"))
    assert counted.crowd == 'course "MATH-7" takes more than 30 students'


def test_teachers_and_rows_without_a_course_fill_no_course() -> None:
    rows = [*pupils(31, courses=1, role="Teacher"), *({"user_id": f"x{n}"} for n in range(31))]
    assert capacity_guard(census(rows, SMALL)) is None


def test_a_school_was_typed_into_every_row() -> None:
    counted = census(pupils(101, courses=50), SMALL)
    assert counted.crowd == 'school "s1" gets more than 100 enrollments'


def test_a_large_course_of_term_start_is_let_through_and_named() -> None:
    verdicts = evaluate_guards(census(pupils(4_999, courses=1)), seen(4_999), USUAL)
    assert [verdict.saw for verdict in verdicts] == ['course "c0" at school "s1" takes 4,999 students']
    assert evaluate_guards(census([]), seen(0), USUAL)[0].saw == "no course takes a student"
    counted = census([{"user_id": "u", "course_id": "c"}])
    assert evaluate_guards(counted, seen(1), USUAL)[0].saw == 'course "c" takes 1 student'


# -- who is withdrawn -----------------------------------------------------------------------------------------------


def test_a_blank_column_withdraws_half_the_school() -> None:
    counted = census([*pupils(30), *pupils(25, status="toBeDeleted")], SMALL)
    assert stopping(counted, seen(55, withdraws=True), SMALL) == [Guard.WITHDRAWALS]
    assert stopping(counted, seen(55), SMALL) == []  # nothing is withdrawn without being asked for


def test_more_are_withdrawn_than_a_term_ever_loses() -> None:
    counted = census([*pupils(5_000), *pupils(51, status="deleted")], SMALL)
    assert Guard.WITHDRAWALS in stopping(counted, seen(5_051, withdraws=True), SMALL)


def test_a_few_withdrawals_of_a_small_class_are_let_through() -> None:
    counted = census([*pupils(5), *pupils(19, status="tobedeleted")])
    assert stopping(counted, seen(24, withdraws=True)) == []


def test_a_delta_holds_nothing_but_changes_and_is_measured_by_the_last_whole_roster() -> None:
    counted = census(pupils(40, status="tobedeleted"))
    assert stopping(counted, seen(40, withdraws=True, last=past(45))) == [Guard.WITHDRAWALS]
    assert Guard.WITHDRAWALS not in stopping(counted, seen(40, withdraws=True, last=past(1_000)))


# -- which file it is -----------------------------------------------------------------------------------------------


def test_last_weeks_file_is_applied_again_after_this_weeks() -> None:
    runs = [past(9, "new", sha256="b"), past(9, "old", sha256="a")]
    newer = newer_run_than(["a"], ["export.csv"], SERVER, runs)
    assert (newer and newer.run_id) == "new"
    counted = census(pupils(3, status="tobedeleted"))
    assert stopping(counted, seen(3, withdraws=True, newer=newer)) == [Guard.APPLIED]
    assert stopping(census(pupils(3)), seen(3, withdraws=True, newer=newer)) == []  # it only enrolls


def test_the_same_file_every_night_is_what_a_nightly_job_does() -> None:
    assert newer_run_than(["a"], ["export.csv"], SERVER, [past(9, sha256="a"), past(9, sha256="a")]) is None
    assert newer_run_than(["c"], ["export.csv"], SERVER, [past(9, sha256="a"), past(9, sha256="b")]) is None


@pytest.mark.parametrize("name", ["test.csv", "/srv/Term-Demo.xlsx", "my_sample_2.zip", "C:\\x\\demo.csv"])
def test_a_file_named_test_does_not_go_to_production(name: str) -> None:
    assert stopping(census(pupils(3)), seen(3, names=(name,), production=True)) == [Guard.TEST_FILE]
    assert stopping(census(pupils(3)), seen(3, names=(name,))) == []


def test_a_word_that_only_holds_test_is_none() -> None:
    assert stopping(census(pupils(3)), seen(3, names=("latest.csv", "contest/fall.csv"), production=True)) == []


# -- when it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "saw"),
    [
        ({"end_date": "2026-06-30"}, "every enrollment ended on 2026-06-30 or before"),
        ({"begin_date": "2025-08-25"}, "every enrollment began on 2025-08-25 or before"),
        ({"begin_date": "2062-09-01"}, "no enrollment begins before 2062-09-01"),
    ],
)
def test_the_terms_dates_do_not_fit(dates: dict[str, str], saw: str) -> None:
    counted = census(pupils(3, also=dates))
    verdicts = evaluate_guards(counted, seen(3, production=True), USUAL)
    assert [verdict.saw for verdict in verdicts if verdict.stops] == [saw]
    assert stopping(counted, seen(3)) == []  # old rosters are what one rehearses with


@pytest.mark.parametrize(
    ("dates", "saw"),
    [
        ({"begin_date": "2026-08-25", "end_date": "2027-06-30"}, "enrollments begin from 2026-08-25 on"),
        ({"end_date": "2027-06-30"}, "enrollments end by 2027-06-30"),
    ],
)
def test_the_terms_dates_fit(dates: dict[str, str], saw: str) -> None:
    verdicts = evaluate_guards(census(pupils(3, also=dates)), seen(3, production=True), USUAL)
    assert [(verdict.saw, verdict.stops) for verdict in verdicts if verdict.guard is Guard.DATES] == [(saw, False)]


def test_one_row_of_this_term_is_enough_and_what_is_no_date_is_none() -> None:
    old, new = pupils(3, begin_date="2025-08-25"), pupils(1, begin_date="2026-08-25")
    assert stopping(census([*old, *new]), seen(4, production=True)) == []
    assert stopping(census([*old, *pupils(1)]), seen(4, production=True)) == []
    assert stopping(census(pupils(2, begin_date="soon")), seen(4, production=True)) == []


def test_different_dates_are_looked_at_up_to_a_number_that_no_term_has() -> None:
    rows = [{"user_id": "u", "course_id": "c", "begin_date": f"{n}"} for n in range(2_000)]
    assert len(census(rows)._begins) < 1_001


# -- overruling -----------------------------------------------------------------------------------------------------


def test_an_override_names_a_guard_and_a_reason() -> None:
    assert allowance(["shrunk"], " the school closed ") == Allowance(frozenset({Guard.SHRUNK}), "the school closed")
    assert allowance([], None) == Allowance()


@pytest.mark.parametrize(
    ("names", "reason", "text"),
    [(["shrink"], "so", "unknown guard"), (["shrunk"], " ", "say why"), ([], "so", "name it with --allow")],
)
def test_an_override_that_does_not_say_all_is_refused(names: list[str], reason: str, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        allowance(names, reason)


def test_guards_keep_the_names_that_settings_and_ledgers_hold() -> None:
    assert [guard.value for guard in Guard] == ["shrunk", "withdrawals", "crowded", "applied", "dates", "test-file"]


def test_what_was_overruled_is_recorded_and_nothing_else() -> None:
    stops = GuardResult(Guard.SHRUNK, "saw", "limit", stops=True)
    allowed = Allowance(frozenset({Guard.SHRUNK, Guard.DATES}), "so")
    verdicts = [stops, GuardResult(Guard.DATES, "", ""), GuardResult(Guard.CROWDED, "", "", stops=True)]
    assert allowed.recorded(verdicts) == [{"guard": "shrunk", "saw": "saw", "limit": "limit", "reason": "so"}]
    assert stops.as_json() == {"guard": "shrunk", "saw": "saw", "limit": "limit", "stops": True}


def test_a_stop_tells_every_guard_and_how_to_pass_them_once() -> None:
    stops = [
        GuardResult(Guard.SHRUNK, "3 rows", "10 wanted", stops=True),
        GuardResult(Guard.DATES, "old", "new", stops=True),
    ]
    error = GuardStoppedError(stops)
    assert error.exit_status == 5
    assert str(error).splitlines() == [
        "2 guards stopped the run; nothing was sent",
        "- shrunk: 3 rows; 10 wanted",
        "- dates: old; new",
        'If this is intended, run once with: --allow shrunk --allow dates --reason "..."',
    ]
    assert str(GuardStoppedError(stops[:1])).startswith("a guard stopped the run; nothing was sent\n- shrunk")
