"""The pace that finds the limits by itself: short runs against models of servers, and single rules by hand."""

from __future__ import annotations

from random import Random  # noqa: TID251 - seeded, so that a run can be repeated
from typing import TYPE_CHECKING

import pytest
from lab.lean import play
from lab.servers import MODELS, NOT_TARGETED, Bucket, Decision, InFlightCap, Outages, Server, Workers

from batch_enroll.core.pace import LearnedLimits, PaceLimits, Sample, SelfTuningPace, Turn
from batch_enroll.core.pace.latency_watch import LatencyWatch, Slow
from batch_enroll.core.pace.rate_bracket import RateBracket
from batch_enroll.core.pace.rate_trials import RateTrials
from batch_enroll.core.pace.unrelated_refusals import UnrelatedRefusals

if TYPE_CHECKING:
    from batch_enroll.core.pace import Pace


def start(pace: Pace, now: float) -> Turn:
    at = pace.start_at(now)
    assert at is not None
    return pace.started(at)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in NOT_TARGETED])
def test_a_short_job_takes_little_longer_than_if_the_limit_were_known(name: str) -> None:
    server, oracle = MODELS[name](), MODELS[name]()
    oracle.random = Random(1)  # noqa: S311 - the same dice
    server.random = Random(1)  # noqa: S311 - a model's dice
    rows = int(15 * oracle.capacity(0.0))
    played = play(server, SelfTuningPace(PaceLimits(100)), rows, until=100.0)
    assert played.done == rows
    assert played.seconds <= 1.35 * oracle.oracle_s(rows)


def test_it_begins_with_what_people_run_without_trouble() -> None:
    pace = SelfTuningPace(PaceLimits(100))
    assert (pace.in_flight_limit, pace.rate_per_s, pace.found) == (10, None, LearnedLimits())
    starts = [start(pace, 0.0).at for _ in range(10)]
    assert starts == pytest.approx([number / 20 for number in range(10)], abs=0.0011)
    assert pace.start_at(0.0) is None


@pytest.mark.parametrize("limits", [PaceLimits(100, 30.0), PaceLimits(5), PaceLimits(2, 4.0)])
def test_ceilings_are_never_passed(limits: PaceLimits) -> None:
    class Easy(Server):
        most = 0
        starts: list[float]

        def arrive(self, now: float) -> Decision:
            self.most = max(self.most, self.in_flight)
            self.starts.append(now)
            return Decision(latency_s=0.2)

    server = Easy()
    server.starts = []
    play(server, SelfTuningPace(limits), 600)
    assert server.most <= limits.max_in_flight
    if limits.rate_per_s is not None:
        assert len(server.starts) <= limits.rate_per_s * server.starts[-1] + 1.001
        assert len(server.starts) >= 0.9 * limits.rate_per_s * server.starts[-1] or server.most == limits.max_in_flight


def test_a_known_limit_is_where_the_next_run_begins() -> None:
    cold, warm = (SelfTuningPace(PaceLimits(100), known) for known in (None, LearnedLimits(45.0, 30)))
    assert warm.in_flight_limit == 30
    took = [play(Bucket(50.0), pace, 400).seconds for pace in (cold, warm)]
    assert took[1] <= took[0]
    assert took[1] <= 1.06 * Bucket(50.0).oracle_s(400)


def test_the_limit_that_was_found_is_told() -> None:
    pace = SelfTuningPace(PaceLimits(100))
    play(Bucket(50.0), pace, 2_000)
    told = pace.told(1e6)
    assert pace.rate_per_s == pytest.approx(50.0, rel=0.02)
    assert told["rate_per_s"] == pytest.approx(50.0, rel=0.02)
    many = SelfTuningPace(PaceLimits(100))
    play(InFlightCap(25, sigma=0.2), many, 4_000)
    assert many.found.in_flight in {24, 25}


def test_retry_after_holds_everybody_back_even_when_it_answers_a_start_before_the_last_cut() -> None:
    pace = SelfTuningPace(PaceLimits(100))
    early, late = start(pace, 0.0), start(pace, 0.0)
    assert pace.ended(early, 1.0, Sample.THROTTLED, 2.0)
    assert (pace.start_at(1.0), pace.paused_s(1.0)) == (None, 2.0)
    assert pace.ended(late, 1.0, Sample.THROTTLED, 9.0)
    assert pace.start_at(1.0) == 10.0
    assert pace.told(4.0)["lost_s"] == 3.0


def test_what_came_through_beside_a_refusal_says_how_deep_to_cut() -> None:
    pace = SelfTuningPace(PaceLimits(100))
    first, *others = [start(pace, 0.0) for _ in range(10)]
    pace.ended(first, 1.0, Sample.THROTTLED)
    assert pace.rate_per_s == 10.0
    for turn in others:
        pace.ended(turn, 1.0, Sample.THROTTLED if turn.in_flight % 5 else Sample.HEALTHY)
    assert pace.rate_per_s == pytest.approx(20.0 * 1 / 8)


def test_a_start_that_comes_too_late_for_a_trial_that_is_lost_is_not_made_up_for() -> None:
    trials = RateTrials(RateBracket(10.0))
    trials.started(0.0, 0.0, punctual=False, settled_s=0.0)
    trials.started(0.1, 0.1, punctual=True, settled_s=0.0)
    rung = trials.started(0.19, 0.19, punctual=True, settled_s=0.0)
    assert rung is not None
    assert trials.gap_s < 0.1
    trials.heard(Turn(0.19, 1, trial=rung), 0.2, 0.2, borne=False)
    assert trials.started(5.0, 5.0, punctual=False, settled_s=0.0) is None
    assert trials.gap_s == 0.1
    assert trials.rate.refused == rung


def test_at_the_ceiling_there_is_nothing_to_try() -> None:
    assert RateBracket(10.0, ceiling=10.0).ladder() == []
    assert RateBracket(9.0, ceiling=10.0).ladder()[-1] == 10.0


def test_refusals_with_nothing_between_them_lead_to_one_probe_at_a_time_further_and_further_apart() -> None:
    pace = SelfTuningPace(PaceLimits(100))
    now, pauses = 0.0, []
    for _ in range(12):
        turn = start(pace, now)
        now = turn.at
        pace.ended(turn, now, Sample.THROTTLED)
        pauses.append(pace.paused_s(now))
    assert pace.in_flight_limit == 1
    assert pauses[2:] == sorted(pauses[2:])
    assert pauses[-1] == 30.0
    rate = pace.rate_per_s
    assert rate is not None
    assert rate > 2.0  # being shut out says nothing of the rate


def test_an_outage_is_probed_one_at_a_time_and_half_the_pace_comes_back_at_once() -> None:
    pace = SelfTuningPace(PaceLimits(100))
    turns = [start(pace, 0.0) for _ in range(10)]
    for turn in turns:
        pace.ended(turn, 1.0, Sample.FAILED)
    assert pace.probing
    gaps, now = [], 1.0
    for _ in range(10):
        turn = start(pace, now)
        assert pace.start_at(turn.at) is None
        gaps.append(turn.at - now)
        now = turn.at
        pace.ended(turn, now, Sample.FAILED)
    assert gaps == pytest.approx([1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625, 15.0, 15.0, 15.0])
    assert pace.ended(start(pace, now), now + 15.1, Sample.HEALTHY)
    assert (pace.probing, pace.in_flight_limit, pace.rate_per_s) == (False, 5, 10.0)


def test_an_outage_costs_little_more_than_its_length() -> None:
    server = Outages(50.0, 100.0, 20.0)
    played = play(server, SelfTuningPace(PaceLimits(100)), 6_000)
    assert played.seconds <= 1.05 * Outages(50.0, 100.0, 20.0).oracle_s(6_000)
    assert played.failed < 40


def test_a_few_failures_change_nothing_but_many_are_an_overload() -> None:
    class Shaky(Server):
        share = 0.02

        def arrive(self, now: float) -> Decision:  # noqa: ARG002 - whenever it comes
            return Decision(500 if self.random.random() < self.share else 201, 0.1)

    calm, shaken = SelfTuningPace(PaceLimits(100, 40.0)), SelfTuningPace(PaceLimits(100, 40.0))
    server = Shaky()
    server.random = Random(3)  # noqa: S311 - a model's dice
    play(server, calm, 500)
    assert calm.found == LearnedLimits()
    server.share = 0.4
    play(server, shaken, 200)
    assert shaken.rate_per_s is not None
    assert shaken.rate_per_s < 40.0


def test_what_was_never_sent_and_answers_about_the_token_measure_nothing() -> None:
    pace, other = SelfTuningPace(PaceLimits(100)), SelfTuningPace(PaceLimits(100))
    for turn in [start(pace, 0.0) for _ in range(10)]:
        pace.ended(turn, 5.0, Sample.NOTHING)
    for turn in [start(other, 0.0) for _ in range(10)]:
        other.unused(turn)
    for unmoved in (pace, other):
        assert (unmoved.in_flight, unmoved.in_flight_limit, unmoved.found) == (0, 10, LearnedLimits())


def test_a_server_that_only_gets_slower_is_not_driven_into_time_outs() -> None:
    server = Workers(4, 0.5)
    played = play(server, SelfTuningPace(PaceLimits(1_000)), 2_000)
    assert played.failed == 0
    assert played.seconds <= 1.05 * Workers(4, 0.5).oracle_s(2_000)


@pytest.mark.parametrize("seed", [0, 2])
def test_answers_that_vary_by_chance_are_no_crowd(seed: int) -> None:
    server, pace = InFlightCap(40), SelfTuningPace(PaceLimits(100))
    server.random = Random(seed)  # noqa: S311 - a model's dice
    play(server, pace, 20_000)
    assert 37 <= pace.in_flight_limit <= 44


@pytest.mark.parametrize(("quick_rounds", "crowded"), [(1, False), (2, True)])
def test_one_quick_round_is_luck_and_two_are_what_others_are_measured_by(quick_rounds: int, *, crowded: bool) -> None:
    latency, told = LatencyWatch(), list[Slow | None]()
    for load, took_s in [(5, 0.5), *[(5, 0.2)] * quick_rounds, (30, 0.45), (30, 0.45)]:
        told = [latency.heard(number, took_s) for number in [latency.started(load) for _ in range(max(20, load))]]
    assert any(told) == crowded


@pytest.mark.parametrize(("load", "took_s", "rounds"), [(30, 0.4, 1), (30, 0.25, 2), (6, 0.4, 2)])
def test_a_crowd_takes_two_slow_rounds_to_believe_unless_load_and_latency_have_both_grown_by_half(
    load: int, took_s: float, rounds: int
) -> None:
    latency, seen = LatencyWatch(), list[Slow]()
    for in_flight, seconds in [(5, 0.2), *[(load, took_s)] * rounds]:
        assert not seen
        numbers = [latency.started(in_flight) for _ in range(max(20, in_flight))]
        seen = [slow for number in numbers if (slow := latency.heard(number, seconds)) is not None]
    assert [slow.steady for slow in seen] == [rounds > 1]


def test_the_milliseconds_that_a_busy_client_takes_itself_are_no_crowd() -> None:
    class Quick(Server):
        def arrive(self, now: float) -> Decision:  # noqa: ARG002 - it is as quick at any time
            return Decision(latency_s=2e-4 * self.in_flight)

    pace = SelfTuningPace(PaceLimits(100))
    play(Quick(), pace, 20_000)
    assert (pace.in_flight_limit, pace.found) == (100, LearnedLimits())


def test_before_a_limit_has_shown_no_gap_is_kept_more_exactly_than_a_timer_can() -> None:
    pace = SelfTuningPace(PaceLimits(100), LearnedLimits(2_000.0))
    starts = [start(pace, 0.0).at for _ in range(10)]
    assert starts == pytest.approx([0, 0, 0, *(number / 2_000 for number in range(1, 8))])


def test_refusals_that_go_on_however_slow_we_are_do_not_slow_us_down_for_ever() -> None:
    server = MODELS["refuses at random"]()
    server.random = Random(2)  # noqa: S311 - a model's dice
    played = play(server, SelfTuningPace(PaceLimits(100)), 30_000, until=1_800.0)
    assert played.done == 30_000
    noise = UnrelatedRefusals()
    rates = [100.0 * 0.985**number for number in range(12)]
    back = [noise.cut(rate, 80) for rate in rates]
    assert back == [None] * 11 + [100.0]
    noise.refused()
    assert noise.tolerates()
    for _ in range(5):
        noise.refused()
    assert not noise.tolerates()


def test_refusals_in_bunches_are_never_noise() -> None:
    noise = UnrelatedRefusals()
    for rate in range(100, 70, -1):
        noise.refused()
        noise.refused()
        assert noise.cut(float(rate), 80) is None


@pytest.mark.parametrize("told", [True, False])
def test_slower_answers_to_requests_of_another_kind_are_no_sign_of_a_crowd(*, told: bool) -> None:
    pace = SelfTuningPace(PaceLimits(100))

    class Even(Server):
        latency_s = 0.02
        least = 100

        def arrive(self, now: float) -> Decision:
            del now
            self.least = min(self.least, pace.in_flight_limit)
            return Decision(latency_s=self.latency_s)

    server = Even()
    play(server, pace, 60)
    before = server.least = pace.in_flight_limit
    server.latency_s = 0.5
    if told:
        pace.begin_other_work()
    play(server, pace, 150)
    assert (server.least >= before) == told
