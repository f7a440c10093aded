"""Guards, each shown by what happened to a roster."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from support.guarded_rosters import TODAY, USUAL, context_of, past_run, pupils, stats_of

from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.roster_stats import GuardLimits, RosterStats
from batch_enroll.core.guards.rules import (
    NOTHING_ALLOWED,
    Allowance,
    Guard,
    GuardContext,
    GuardResult,
    GuardStoppedError,
    LaterUse,
    capacity_guard,
    evaluate_guards,
    parse_allowance,
    undo_guard,
    withdrawal_guard,
)
from batch_enroll.core.model import RunId

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALL = GuardLimits(course_students=30, school_seats=100, withdrawals=50)
YEAR = timedelta(days=366)


def stopping(stats: RosterStats, context: GuardContext, limits: GuardLimits = USUAL) -> list[str]:
    return [result.guard for result in evaluate_guards(stats, context, limits) if result.stops]


def result_of(
    guard: Guard, stats: RosterStats, context: GuardContext, limits: GuardLimits = USUAL
) -> GuardResult | None:
    return next((result for result in evaluate_guards(stats, context, limits) if result.guard is guard), None)


# -- an undo --------------------------------------------------------------------------------------------------------


def test_a_run_of_the_term_start_is_undone_only_with_a_reason() -> None:
    (many,) = [result for result in undo_guard(RunId("r1"), 12_000, None, USUAL) if result.stops]
    assert str(many) == "withdrawals: 12,000 withdrawals, all that is left of run r1; at most 1,000 are let through"
    assert 'run once with: --allow withdrawals --reason "..."' in str(GuardStoppedError([many]))


@pytest.mark.parametrize(("left", "stops"), [(60, False), (1_000, False), (1_001, True)])
def test_an_undo_withdraws_up_to_a_thousand_enrollments_without_a_reason(left: int, stops: bool) -> None:  # noqa: FBT001
    assert [result.stops for result in undo_guard(RunId("r1"), left, None, USUAL)] == [stops]


def test_a_run_is_not_undone_after_a_later_one_needed_the_same_enrollments() -> None:
    (stale,) = [result for result in undo_guard(RunId("r1"), 60, LaterUse(RunId("r2"), 58), USUAL) if result.stops]
    assert str(stale) == (
        "applied: 58 rows of the later run r2 need enrollments that run r1 made; "
        "an undo must not withdraw what a newer roster needs"
    )


# -- how many there are ---------------------------------------------------------------------------------------------


def test_an_export_that_came_half_empty_is_stopped() -> None:
    shrunk = result_of(Guard.SHRUNK, stats_of(pupils(480)), context_of(480, last=past_run(1_000)))
    assert shrunk is not None
    assert shrunk.stops
    assert str(shrunk) == "shrunk: 480 rows, where run r1 read 1,000; at least 60% of that is required"


@pytest.mark.parametrize(("rows", "stops"), [(0, True), (599, True), (600, False), (601, False)])
def test_exactly_the_least_share_of_the_last_runs_rows_is_enough(rows: int, stops: bool) -> None:  # noqa: FBT001
    shrunk = result_of(Guard.SHRUNK, stats_of([]), context_of(rows, last=past_run(1_000)))
    assert shrunk is not None
    assert shrunk.stops is stops


@pytest.mark.parametrize(("before", "measured"), [(19, False), (20, True), (21, True)])
def test_a_roster_of_fewer_than_twenty_rows_does_not_set_a_limit(before: int, measured: bool) -> None:  # noqa: FBT001
    shrunk = result_of(Guard.SHRUNK, stats_of([]), context_of(0, last=past_run(before)))
    assert (shrunk is not None) is measured


def test_a_first_roster_has_no_limit_to_meet() -> None:
    assert result_of(Guard.SHRUNK, stats_of(pupils(3)), context_of(3)) is None


def test_a_term_start_brings_many_more_rows() -> None:
    assert stopping(stats_of(pupils(4_000)), context_of(4_000, last=past_run(900))) == []


# -- courses and schools --------------------------------------------------------------------------------------------


def test_a_course_that_was_typed_into_every_row_is_stopped() -> None:
    stats = stats_of(pupils(31, courses=1), SMALL)
    assert capacity_guard(stats) == GuardResult(
        Guard.CROWDED,
        'course "c0" at school "s1" takes more than 30 students',
        "at most 30 students of a course and 100 enrollments of a school are let through",
        stops=True,
    )
    assert stopping(stats, context_of(31), SMALL) == [Guard.CROWDED]


def test_a_course_within_its_limit_is_named_when_asked_and_not_while_rows_are_read() -> None:
    stats = stats_of(pupils(4_999, courses=1))
    assert capacity_guard(stats) is None
    assert evaluate_guards(stats, context_of(4_999), USUAL) == (
        GuardResult(
            Guard.CROWDED,
            'course "c0" at school "s1" takes 4,999 students',
            "at most 5,000 students of a course and 200,000 enrollments of a school are let through",
        ),
    )


# -- withdrawals ----------------------------------------------------------------------------------------------------


def test_a_blank_column_that_would_withdraw_half_the_school_is_stopped() -> None:
    stats = stats_of([*pupils(30), *pupils(25, status="toBeDeleted")], SMALL)
    withdrawals = result_of(Guard.WITHDRAWALS, stats, context_of(55, withdraws=True), SMALL)
    assert withdrawals == GuardResult(
        Guard.WITHDRAWALS, "25 withdrawals among 55", "at most 50 and 20% are let through", stops=True
    )


def test_withdrawals_are_not_judged_unless_the_run_withdraws() -> None:
    stats = stats_of(pupils(25, status="tobedeleted"), SMALL)
    assert [result.guard for result in evaluate_guards(stats, context_of(25), SMALL)] == [Guard.CROWDED]


@pytest.mark.parametrize(
    ("count", "total", "stops"),
    [
        (1_000, 50_000, False),
        (1_001, 50_000, True),  # more than a term ever loses
        (19, 19, False),  # a few of a small class
        (20, 99, True),
        (20, 100, False),  # exactly a fifth
        (21, 100, True),
    ],
)
def test_withdrawals_are_limited_in_number_and_from_twenty_on_in_share(count: int, total: int, stops: bool) -> None:  # noqa: FBT001
    assert withdrawal_guard(count, total, USUAL).stops is stops


def test_one_withdrawal_is_counted_in_the_singular() -> None:
    assert withdrawal_guard(1, 1_200, USUAL).saw == "1 withdrawal among 1,200"


def test_withdrawals_of_a_delta_are_compared_with_the_last_whole_roster() -> None:
    stats = stats_of(pupils(40, status="tobedeleted"))
    results = [
        result_of(Guard.WITHDRAWALS, stats, context_of(40, withdraws=True, last=last))
        for last in (None, past_run(45), past_run(199), past_run(200))
    ]
    assert [result and (result.saw, result.stops) for result in results] == [
        ("40 withdrawals among 40", True),
        ("40 withdrawals among 45", True),
        ("40 withdrawals among 199", True),
        ("40 withdrawals among 200", False),
    ]


def test_withdrawals_of_a_grown_roster_are_compared_with_its_own_rows() -> None:
    stats = stats_of(pupils(40, status="tobedeleted"))
    result = result_of(Guard.WITHDRAWALS, stats, context_of(200, withdraws=True, last=past_run(45)))
    assert result is not None
    assert (result.saw, result.stops) == ("40 withdrawals among 200", False)


def test_withdrawals_among_no_rows_at_all_are_counted_among_none() -> None:
    result = result_of(Guard.WITHDRAWALS, stats_of([]), context_of(0, withdraws=True))
    assert result is not None
    assert result.saw == "0 withdrawals among 0"


# -- which file it is -----------------------------------------------------------------------------------------------


def test_last_weeks_file_is_not_applied_again_after_this_weeks() -> None:
    context = context_of(3, withdraws=True, newer=past_run(9, "new", sha256="b"))
    assert result_of(Guard.APPLIED, stats_of(pupils(1, status="tobedeleted")), context) == GuardResult(
        Guard.APPLIED,
        "this very file was applied before, and after it another one by run new",
        "an older file must not withdraw what a newer one enrolled",
        stops=True,
    )
    assert stopping(stats_of(pupils(3)), context) == []  # it only enrolls
    assert result_of(Guard.APPLIED, stats_of(pupils(3)), context_of(3, withdraws=True)) is None


@pytest.mark.parametrize(
    "name",
    [
        "test.csv",
        "/srv/Term-Demo.xlsx",
        "my_sample_2.zip",
        "C:\\x\\demo.csv",
        "tests.csv",
        "Testing.csv",
        "samples.csv",
        "example-7.csv",
        "dummy.csv",
        "trial_run.csv",
    ],
)
def test_a_file_that_is_named_as_a_test_does_not_go_to_production(name: str) -> None:
    assert result_of(Guard.TEST_FILE, stats_of(pupils(3)), context_of(3, names=(name,), production=True)) == (
        GuardResult(
            Guard.TEST_FILE,
            f'"{name}" is to go to production',
            "no file named test, demo or sample goes there",
            stops=True,
        )
    )
    assert stopping(stats_of(pupils(3)), context_of(3, names=(name,))) == []


def test_a_longer_word_or_a_folder_that_contains_test_does_not_count() -> None:
    names = ("latest.csv", "contest/fall.csv", "test/fall.csv", "test\\fall.csv")
    assert stopping(stats_of(pupils(3)), context_of(3, names=names, production=True)) == []


# -- dates of the term ----------------------------------------------------------------------------------------------


def dates_result(begins: Sequence[date] = (), ends: Sequence[date] = ()) -> GuardResult | None:
    rows = [
        *(row for day in begins for row in pupils(1, begin_date=str(day))),
        *(row for day in ends for row in pupils(1, begin_date="?", end_date=str(day))),
    ]
    if begins and ends:
        rows = pupils(1, begin_date=str(begins[0]), end_date=str(ends[0]))
    return result_of(Guard.DATES, stats_of(rows), context_of(len(rows), production=True))


@pytest.mark.parametrize(
    ("ends", "saw", "stops"),
    [
        ([date(2026, 6, 30)], "every enrollment ended on 2026-06-30 or before", True),
        ([TODAY, date(2026, 6, 30)], "every enrollment ended on 2026-09-01 or before", True),  # an end is exclusive
        ([date(2026, 9, 2), date(2026, 6, 30)], "enrollments end by 2026-09-02", False),
    ],
)
def test_a_roster_is_over_when_its_last_enrollment_has_ended(ends: list[date], saw: str, stops: bool) -> None:  # noqa: FBT001
    assert dates_result(ends=ends) == GuardResult(
        Guard.DATES, saw, "a term lies within 366 days of 2026-09-01", stops=stops
    )


@pytest.mark.parametrize(
    ("begins", "saw", "stops"),
    [
        (
            [TODAY - YEAR - timedelta(days=1), date(2024, 9, 1)],
            "every enrollment began on 2025-08-30 or before",
            True,
        ),
        ([TODAY - YEAR, date(2024, 9, 1)], "enrollments begin from 2024-09-01 on", False),
        ([TODAY + YEAR, date(2028, 9, 1)], "enrollments begin from 2027-09-02 on", False),
        ([TODAY + YEAR + timedelta(days=1), date(2028, 9, 1)], "no enrollment begins before 2027-09-03", True),
        ([TODAY, date(2062, 9, 1)], "enrollments begin from 2026-09-01 on", False),
    ],
)
def test_a_term_begins_within_a_year_of_today(begins: list[date], saw: str, stops: bool) -> None:  # noqa: FBT001
    assert dates_result(begins) == GuardResult(
        Guard.DATES, saw, "a term lies within 366 days of 2026-09-01", stops=stops
    )


def test_a_term_that_has_begun_and_not_ended_fits() -> None:
    result = dates_result([date(2026, 8, 25)], [date(2027, 6, 30)])
    assert result is not None
    assert (result.saw, result.stops) == ("enrollments begin from 2026-08-25 on", False)


def test_one_row_of_this_term_or_without_a_date_is_enough() -> None:
    old, new = pupils(3, begin_date="2025-08-25"), pupils(1, begin_date="2026-08-25")
    assert stopping(stats_of([*old, *new]), context_of(4, production=True)) == []
    assert stopping(stats_of([*old, *pupils(1)]), context_of(4, production=True)) == []
    assert result_of(Guard.DATES, stats_of(pupils(2)), context_of(2, production=True)) is None


def test_dates_are_judged_on_production_only() -> None:
    stats = stats_of(pupils(3, also={"begin_date": "2025-08-25", "end_date": "2026-06-30"}))
    assert result_of(Guard.DATES, stats, context_of(3)) is None


# -- overruling -----------------------------------------------------------------------------------------------------


def test_an_override_names_guards_and_a_reason() -> None:
    allowed = parse_allowance(["shrunk", "dates"], " the school closed ")
    assert allowed == Allowance(frozenset({Guard.SHRUNK, Guard.DATES}), "the school closed")
    assert parse_allowance([], None) == NOTHING_ALLOWED == Allowance(frozenset(), "")


@pytest.mark.parametrize(
    ("names", "reason", "text"),
    [
        (
            ["dates", "shrink", "crowd"],
            "so",
            "--allow shrink: unknown guard; choose one of shrunk, withdrawals, crowded, applied, dates, test-file",
        ),
        (["shrunk", "dates"], " ", '--allow shrunk: say why, for the record of the run: --reason "..."'),
        (["shrunk"], None, '--allow shrunk: say why, for the record of the run: --reason "..."'),
        (
            [],
            "so",
            (
                "--reason: says why a guard is overruled; name it with --allow, "
                "one of shrunk, withdrawals, crowded, applied, dates, test-file"
            ),
        ),
    ],
)
def test_an_override_without_a_known_guard_or_a_reason_is_refused(
    names: list[str], reason: str | None, text: str
) -> None:
    with pytest.raises(UsageError) as refused:
        parse_allowance(names, reason)
    assert str(refused.value) == text


def test_guards_keep_the_names_that_settings_and_ledgers_hold() -> None:
    assert [guard.value for guard in Guard] == ["shrunk", "withdrawals", "crowded", "applied", "dates", "test-file"]


def test_only_guards_that_were_overruled_and_would_have_stopped_the_run_are_recorded() -> None:
    stops = GuardResult(Guard.SHRUNK, "saw", "limit", stops=True)
    allowed = Allowance(frozenset({Guard.SHRUNK, Guard.DATES}), "so")
    results = [stops, GuardResult(Guard.DATES, "", ""), GuardResult(Guard.CROWDED, "", "", stops=True)]
    assert allowed.as_records(results) == [{"guard": "shrunk", "saw": "saw", "limit": "limit", "reason": "so"}]


def test_a_result_is_shown_to_programs_with_its_guard_finding_limit_and_stop() -> None:
    stops = GuardResult(Guard.SHRUNK, "saw", "limit", stops=True)
    assert stops.as_json() == {"guard": "shrunk", "saw": "saw", "limit": "limit", "stops": True}
    assert GuardResult(Guard.DATES, "", "").as_json()["stops"] is False


def test_a_stop_lists_every_guard_and_how_to_pass_them_once() -> None:
    stops = [
        GuardResult(Guard.SHRUNK, "3 rows", "10 required", stops=True),
        GuardResult(Guard.DATES, "old", "new", stops=True),
    ]
    error = GuardStoppedError(stops)
    assert error.exit_status == 5
    assert str(error).splitlines() == [
        "2 guards stopped the run; nothing was sent",
        "- shrunk: 3 rows; 10 required",
        "- dates: old; new",
        'If this is intended, run once with: --allow shrunk --allow dates --reason "..."',
    ]
    assert str(GuardStoppedError(stops[:1], situation="half of it was sent")).splitlines() == [
        "a guard stopped the run; half of it was sent",
        "- shrunk: 3 rows; 10 required",
        'If this is intended, run once with: --allow shrunk --reason "..."',
    ]
