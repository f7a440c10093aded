"""A run compared with the last ones of the same roster."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batch_enroll.core.model import RunId
from batch_enroll.core.reporting.anomalies import changed, comparable, warnings
from batch_enroll.core.run_record import Requests, RosterRef, RunRecord

START = datetime(2026, 9, 1, 2, 15, tzinfo=UTC)


def night(number: int, *, sent: int = 0, retried: int = 0, exit_status: int = 0, **outcomes: int) -> RunRecord:
    started_at = START + timedelta(days=number)
    return RunRecord(
        run_id=RunId(f"r{number}"),
        environment="production",
        base_url="https://api.test",
        scope="https://api.test",
        columns=("user_id",),
        started_at=started_at,
        folder="runs",
        rosters=(RosterRef("export.csv", "0" * 64, sum(outcomes.values())),),
        requests=Requests(sent, retried),
        finished_at=started_at + timedelta(seconds=100),
        exit_status=exit_status,
        outcomes={"enrolled": 0, "already_enrolled": 0} | outcomes,
    )


WEEK = [night(number, already_enrolled=1_000, sent=500, retried=5) for number in range(5, 0, -1)]
TONIGHT = night(6, already_enrolled=1_000, sent=500, retried=5)


def test_runs_of_another_roster_server_or_command_are_not_compared() -> None:
    others = [
        replace(WEEK[0], rosters=(RosterRef("other.csv", "", 1),)),
        replace(WEEK[0], scope="https://staging.test"),
        replace(WEEK[0], kind="undo"),
        replace(WEEK[0], dry_run=True),
        replace(WEEK[0], finished_at=None),
        TONIGHT,
    ]
    assert comparable(TONIGHT, [*others, *WEEK]) == WEEK
    assert len(comparable(TONIGHT, WEEK * 3)) == 7


@pytest.mark.parametrize(
    ("tonight", "differs"),
    [
        (night(6, already_enrolled=1_000), False),
        (night(6, already_enrolled=900, skipped=50), False),
        (night(6, already_enrolled=1_000, enrolled=1), True),
        (night(6, already_enrolled=1_000, invalid=1, exit_status=1), True),
    ],
)
def test_a_night_has_changed_something_if_it_did_anything_or_fails_otherwise(
    tonight: RunRecord, *, differs: bool
) -> None:
    assert changed(tonight, WEEK) is differs


def test_the_same_failures_as_last_night_change_nothing_and_a_first_run_always_does() -> None:
    failing = night(5, already_enrolled=990, invalid=10, exit_status=1)
    assert not changed(night(6, already_enrolled=990, invalid=10, exit_status=1), [failing])
    assert changed(night(6, already_enrolled=991, invalid=9, exit_status=1), [failing])
    assert changed(TONIGHT, [])


@pytest.mark.parametrize(
    ("tonight", "warned"),
    [
        (TONIGHT, ()),
        (night(6, already_enrolled=400), ("the roster has 400 rows; the last runs had about 1,000",)),
        (night(6, already_enrolled=2_001), ("the roster has 2,001 rows; the last runs had about 1,000",)),
        (
            night(6, already_enrolled=900, failed=100, exit_status=1),
            ("10% of the rows were not enrolled; in the last runs at most 0%",),
        ),
        (
            night(6, already_enrolled=1_000, sent=500, retried=150),
            ("30% of the requests were repeats; in the last runs about 1%",),
        ),
        (
            night(6, already_enrolled=1_000, sent=150, retried=1),
            ("the run made 1.5 requests per second; the last runs made about 5.0",),
        ),
    ],
)
def test_what_deviates_strongly_is_warned_of(tonight: RunRecord, warned: tuple[str, ...]) -> None:
    assert warnings(tonight, WEEK) == warned


@pytest.mark.parametrize(("rows", "warned"), [(499, True), (500, False), (2_000, False), (2_001, True)])
def test_half_and_twice_the_usual_rows_are_still_usual(rows: int, *, warned: bool) -> None:
    assert bool(warnings(night(6, already_enrolled=rows), WEEK)) is warned


@pytest.mark.parametrize(("failed", "warned"), [(4, False), (5, True)])
def test_five_failing_rows_of_a_small_roster_are_enough(failed: int, *, warned: bool) -> None:
    small = [night(number, already_enrolled=20) for number in range(5)]
    assert bool(warnings(night(6, already_enrolled=20 - failed, failed=failed), small)) is warned


@pytest.mark.parametrize(("failed", "warned"), [(50, False), (51, True)])
def test_five_percent_more_failing_rows_than_the_worst_night_are_still_usual(failed: int, *, warned: bool) -> None:
    assert bool(warnings(night(6, already_enrolled=1_000 - failed, failed=failed), WEEK)) is warned


@pytest.mark.parametrize(("sent", "warned"), [(99, False), (100, True)])
def test_repeats_are_judged_from_a_hundred_requests_on(sent: int, *, warned: bool) -> None:
    few = [night(number, already_enrolled=1_000, sent=50) for number in range(5)]
    assert bool(warnings(night(6, already_enrolled=1_000, sent=sent, retried=sent), few)) is warned


@pytest.mark.parametrize(("usual", "warned"), [(300, False), (303, True)])
def test_a_third_of_the_usual_speed_is_still_usual(usual: int, *, warned: bool) -> None:
    past = [night(number, already_enrolled=1_000, sent=usual) for number in range(3)]
    assert bool(warnings(night(6, already_enrolled=1_000, sent=100), past)) is warned


@pytest.mark.parametrize(("nights", "warned"), [(2, False), (3, True)])
def test_speed_is_judged_by_at_least_three_nights_that_sent_much(nights: int, *, warned: bool) -> None:
    past = [night(number, already_enrolled=1_000, sent=3_000 if number < nights else 1) for number in range(5)]
    assert bool(warnings(night(6, already_enrolled=1_000, sent=100), past)) is warned


def test_four_more_bad_rows_in_a_tiny_roster_do_not_warn() -> None:
    tiny = [night(number, already_enrolled=8) for number in range(5)]
    assert warnings(night(6, already_enrolled=4, failed=4), tiny) == ()


def test_two_runs_are_too_few_to_know_what_is_usual() -> None:
    assert warnings(night(6, already_enrolled=1), WEEK[:2]) == ()


def test_speed_is_not_judged_by_nights_that_sent_next_to_nothing() -> None:
    quiet = [night(number, already_enrolled=1_000, sent=1) for number in range(5)]
    assert warnings(night(6, already_enrolled=1_000, sent=100), quiet) == ()
