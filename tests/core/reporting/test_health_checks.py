"""The checks of `batch-enroll doctor`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from batch_enroll.core.reporting import health_checks
from batch_enroll.core.reporting.health_checks import Health, HealthCheck

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead_s", "health", "seen"),
    [
        (0, Health.GOOD, "within 1 s of the server's"),
        (-29, Health.GOOD, "within 29 s of the server's"),
        (90, Health.DOUBTFUL, "90 s ahead of the server's"),
        (-3_600, Health.DOUBTFUL, "3,600 s behind the server's"),
    ],
)
def test_a_clock_may_be_half_a_minute_off(ahead_s: int, health: Health, seen: str) -> None:
    found = health_checks.check_clock(NOON + timedelta(seconds=ahead_s), NOON)
    assert (found.health, found.seen) == (health, seen)
    assert bool(found.advice) is (health is not Health.GOOD)


def test_a_server_without_a_date_is_not_a_fault() -> None:
    assert health_checks.check_clock(NOON, None).health is Health.NOT_CHECKED


def test_less_than_a_gigabyte_is_little() -> None:
    assert health_checks.check_disk("state folder", 5_000_000_000) == HealthCheck(
        "state folder", Health.GOOD, "5.0 GB free"
    )
    assert health_checks.check_disk("state folder", 900_000_000).health is Health.DOUBTFUL


@pytest.mark.parametrize(
    ("status", "health", "advice"),
    [
        (200, Health.GOOD, ""),
        (404, Health.GOOD, ""),
        (422, Health.GOOD, ""),
        (401, Health.BAD, "--token-url"),
        (403, Health.BAD, "access"),
        (429, Health.BAD, "slow down"),
        (503, Health.BAD, "later"),
    ],
)
def test_an_api_that_does_not_know_the_user_is_healthy(status: int, health: Health, advice: str) -> None:
    found = health_checks.check_api(status, 0.25)
    assert (found.health, found.seen) == (health, f"answered {status} in 250 ms")
    assert advice in found.advice


def test_a_check_has_a_shape_for_programs() -> None:
    assert HealthCheck("api", Health.BAD, "no connection", "Check.").as_json() == {
        "name": "api", "health": "bad", "seen": "no connection", "advice": "Check.",
    }  # fmt: skip
