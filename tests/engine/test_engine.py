"""Rows on their way from claim to settle, on virtual time."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from signal import SIGINT, SIGTERM
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.fakes import LOST, NEVER_SENT, FakeRoster, FakeServer, FakeTokens, SignalsAt, students
from support.harness import NOON, Harness
from support.memory_ledger import MemoryLedger

from batch_enroll.core.codes import catalogue
from batch_enroll.core.errors import AuthRefusedError, LedgerError, RunStoppedError
from batch_enroll.core.events import AttemptFailed, PaceChanged, RowSettled, Stopping
from batch_enroll.core.model import Meaning, NoReply, OutcomeKind, Reply, Role, RunId
from batch_enroll.core.pace import PaceLimits
from batch_enroll.core.verdict.attempt_state import HaltReason, Policy
from batch_enroll.core.verdict.circuit_breaker import BreakerLimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch_enroll.core.model import SettledRow

pytestmark = [pytest.mark.asyncio, pytest.mark.virtual_time]


async def test_every_row_is_enrolled_once() -> None:
    run = Harness(FakeRoster(students(1_200)))
    ending = await run.run()
    assert ending.halted is None
    assert run.kinds() == ["enrolled"] * 1_200
    assert len(run.server.writes) == run.server.writes.total() == 1_200
    assert (ending.requests.sent, ending.requests.retried) == (1_200, 0)


async def test_an_empty_roster_ends_without_a_request() -> None:
    run = Harness(FakeRoster([]))
    await run.run()
    assert run.server.starts == []
    assert run.tokens.fetched == 0


async def test_never_more_are_in_flight_than_allowed_and_the_room_is_used() -> None:
    run = Harness(FakeRoster(students(300)), pace=PaceLimits(max_in_flight=7))
    await run.run()
    assert run.server.most_in_flight == 7


async def test_starts_are_spaced_by_the_rate() -> None:
    run = Harness(FakeRoster(students(200)), pace=PaceLimits(max_in_flight=50, rate_per_s=20.0))
    await run.run()
    gaps = [later - earlier for earlier, later in pairwise(run.server.starts)]
    assert min(gaps) >= 1 / 20 - 1e-9
    assert max(gaps) <= 1 / 20 + 0.01


async def test_a_row_waiting_for_its_next_attempt_does_not_hold_up_the_others() -> None:
    server = FakeServer(before={"u30": [Reply(500)] * 5})
    run = Harness(FakeRoster(students(400)), server, pace=PaceLimits(max_in_flight=1))
    await run.run()
    settled = [event.row_no for event in run.sink.of(RowSettled)]
    assert settled.index(30) > 40
    assert run.kinds() == ["enrolled"] * 400


async def test_a_lost_answer_is_looked_up_before_it_is_sent_again() -> None:
    server = FakeServer(after={"u3": [LOST]})
    run = Harness(server=server)
    await run.run()
    assert server.look_ups == 1
    assert run.kinds() == ["enrolled"] * 20
    assert run.outcomes()[2].code == catalogue.FOUND_AFTER_LOSS
    assert server.writes.most_common(1)[0][1] == 1


async def test_an_answer_lost_before_the_write_is_sent_again_only_after_the_look_ups() -> None:
    server = FakeServer(before={"u3": [LOST]})
    run = Harness(server=server)
    await run.run()
    assert server.look_ups == 2
    assert run.outcomes()[2].kind is OutcomeKind.ENROLLED
    assert run.outcomes()[2].attempts == 2


async def test_a_lost_answer_whose_look_ups_all_fail_stays_unknown() -> None:
    server = FakeServer(after={"u3": [LOST]}, looking={"u3": [Reply(500), NEVER_SENT] * 3})
    run = Harness(server=server)
    await run.run()
    assert Counter(run.kinds()) == {"enrolled": 19, "unknown": 1}


async def test_a_refused_row_fails_alone_and_is_not_repeated() -> None:
    server = FakeServer(before={"u3": [Reply(404, Meaning.UNKNOWN_USER, "User <user> not found")]})
    run = Harness(server=server)
    ending = await run.run()
    assert Counter(run.kinds()) == {"enrolled": 19, "rejected": 1}
    assert run.outcomes()[2].detail == "HTTP 404: User <user> not found"
    assert ending.requests.sent == 20


async def test_one_retry_after_slows_everyone() -> None:
    server = FakeServer(before={"u3": [Reply(429, retry_after_s=30.0)]})
    run = Harness(FakeRoster(students(60)), server)
    ending = await run.run()
    first_after = min(at for at in server.starts if at > server.starts[0] + 1.0)
    assert first_after >= server.starts[0] + 30.0
    assert run.kinds() == ["enrolled"] * 60
    assert ending.requests.throttled == 1
    assert run.sink.of(PaceChanged)


async def test_a_server_that_limits_the_rate_refuses_few_and_loses_none() -> None:
    starts: list[float] = []

    def strict(now: float) -> Reply | None:
        if starts and now - starts[-1] < 0.02:
            return Reply(429, retry_after_s=0.1)
        starts.append(now)
        return None

    run = Harness(FakeRoster(students(300)), FakeServer(limit=strict))
    await run.run()
    assert run.kinds() == ["enrolled"] * 300


async def test_tokens_that_live_two_seconds_are_renewed_and_no_row_suffers() -> None:
    run = Harness(FakeRoster(students(2_000)), tokens=FakeTokens(lifetime_s=2.0))
    await run.run()
    assert run.tokens.fetched >= 4
    assert run.kinds() == ["enrolled"] * 2_000


async def test_a_token_the_api_refuses_is_renewed_once_for_all_who_ask() -> None:
    run = Harness(FakeRoster(students(50)), FakeServer(good_tokens={"t2"}))
    await run.run()
    assert run.tokens.fetched == 2
    assert run.kinds() == ["enrolled"] * 50


async def test_a_refused_client_ends_the_run_with_every_row_not_attempted() -> None:
    run = Harness(FakeRoster(students(1_500)), tokens=FakeTokens(refusal=AuthRefusedError("answered 400")))
    ending = await run.run()
    assert ending.halted is HaltReason.AUTH_REFUSED
    assert {(outcome.kind, outcome.code) for outcome in run.outcomes()} == {
        (OutcomeKind.NOT_ATTEMPTED, catalogue.AUTH_REFUSED)
    }
    assert len(run.outcomes()) == 1_500
    assert run.server.starts == []


async def test_an_api_that_refuses_every_fresh_token_ends_the_run() -> None:
    run = Harness(FakeRoster(students(500)), FakeServer(good_tokens=set()))
    ending = await run.run()
    assert ending.halted is HaltReason.AUTH_REFUSED
    assert set(run.kinds()) == {"not_attempted"}
    assert len(run.server.starts) < 60  # no worker asks more than twice


async def test_an_unreachable_token_endpoint_ends_the_run_as_down() -> None:
    run = Harness(tokens=FakeTokens(refusal=RunStoppedError("did not answer 5 times")))
    assert (await run.run()).halted is HaltReason.API_DOWN
    assert set(run.kinds()) == {"not_attempted"}


async def test_an_api_that_never_answers_is_given_up_and_most_rows_are_never_tried() -> None:
    server = FakeServer(limit=lambda _: Reply(503))
    run = Harness(FakeRoster(students(3_000)), server)
    ending = await run.run()
    assert ending.halted is HaltReason.API_DOWN
    assert Counter(run.kinds())["not_attempted"] > 2_900
    assert len(server.starts) < 60


async def test_an_outage_is_ridden_out_without_hammering_or_losing_rows() -> None:
    server = FakeServer(limit=lambda now: Reply(503) if 2.0 <= now < 122.0 else None)
    run = Harness(FakeRoster(students(2_000)), server)
    ending = await run.run()
    assert ending.halted is None
    assert run.kinds() == ["enrolled"] * 2_000
    assert sum(2.0 <= at < 122.0 for at in server.starts) < 40


async def test_a_failing_server_uses_up_the_retry_budget_and_stops_the_run() -> None:
    def mostly_broken(_: float) -> Reply | None:
        calls.append(1)
        return None if len(calls) % 4 == 0 else Reply(500)

    calls: list[int] = []
    run = Harness(FakeRoster(students(2_000)), FakeServer(limit=mostly_broken), limits=BreakerLimits(budget=50))
    ending = await run.run()
    assert ending.halted is HaltReason.API_DOWN
    assert "not_attempted" in run.kinds()


async def test_the_first_signal_finishes_what_is_in_flight_and_settles_the_rest_as_not_attempted() -> None:
    run = Harness(FakeRoster(students(3_000)), signals=SignalsAt([(2.02, SIGTERM)]))
    ending = await run.run()
    kinds = Counter(run.kinds())
    assert (ending.halted, ending.signal, ending.aborted) == (HaltReason.INTERRUPTED, SIGTERM, False)
    assert kinds["enrolled"] == run.server.writes.total() > 0
    assert kinds["enrolled"] + kinds["not_attempted"] == 3_000
    assert [event.reason for event in run.sink.of(Stopping)] == ["interrupted"]


async def test_a_signal_does_not_wait_for_a_long_pause() -> None:
    server = FakeServer(limit=lambda now: Reply(429, retry_after_s=3_600.0) if now > 1.0 else None)
    run = Harness(FakeRoster(students(500)), server, signals=SignalsAt([(5.0, SIGINT)]))
    await run.run()
    assert len(run.outcomes()) == 500
    assert max(server.starts) < 6.0


async def test_a_second_signal_ends_at_once_and_leaves_rows_in_flight_unsettled() -> None:
    server = FakeServer(latency_s=1_000.0)
    run = Harness(server=server, signals=SignalsAt([(5.0, SIGINT), (6.0, SIGINT)]), probing=False)
    ending = await run.run()
    assert ending.aborted
    assert Counter(run.kinds()) == {"unknown": 10, "not_attempted": 10}
    assert {outcome.code for outcome in run.outcomes() if outcome.kind is OutcomeKind.UNKNOWN} == {
        catalogue.INTERRUPTED
    }


async def test_a_second_signal_gives_back_what_was_never_touched() -> None:
    server = FakeServer(latency_s=1_000.0)
    run = Harness(FakeRoster(students(900)), server, signals=SignalsAt([(5.0, SIGINT), (5.0, SIGINT)]))
    await run.run()
    assert run.kinds()[0] == "unknown"
    assert set(run.kinds()[1:]) == {"not_attempted"}


async def test_the_first_row_goes_alone_so_that_a_wrong_address_costs_one_request() -> None:
    run = Harness(FakeRoster(students(500)), FakeServer(limit=lambda _: Reply(403)))
    await run.run()
    assert run.server.starts[0] + 0.05 <= run.server.starts[1]


async def test_an_unknown_course_fails_its_rows_with_one_request() -> None:
    unknown = Reply(404, Meaning.UNKNOWN_COURSE, "Course not found")
    rows = [*students(3), *({"user_id": f"v{n}", "course_id": "gone", "school_id": "s1"} for n in range(5_000))]
    server = FakeServer(before={f"v{n}": [unknown] for n in range(5_000)})
    run = Harness(FakeRoster(rows), server)
    ending = await run.run()
    assert Counter(run.kinds()) == {"enrolled": 3, "rejected": 5_000}
    assert {outcome.code for outcome in run.outcomes()[3:]} == {catalogue.UNKNOWN_COURSE}
    assert ending.requests.sent == 4


async def test_the_first_enrollment_of_a_course_never_races_with_a_second_one() -> None:
    rows = [{"user_id": f"u{n}", "course_id": f"c{n % 5}", "school_id": "s1"} for n in range(500)]
    run = Harness(FakeRoster(rows))
    await run.run()
    for course in {row["course_id"] for row in rows}:
        first, second, *_ = [at for at, request in run.server.sent if request.key.course_id == course]
        assert second >= first + run.server.latency_s
    assert run.kinds() == ["enrolled"] * 500


async def test_a_run_that_is_refused_row_after_row_stops_itself() -> None:
    server = FakeServer(limit=lambda _: Reply(403))
    run = Harness(FakeRoster(students(3_000)), server)
    ending = await run.run()
    assert ending.halted is HaltReason.TOO_MANY_FAILURES
    assert len(server.starts) < 250
    assert Counter(run.kinds())["not_attempted"] > 2_700


async def test_a_roster_that_breaks_off_settles_every_row_before_the_break() -> None:
    run = Harness(FakeRoster(students(900), breaks_at=801))
    ending = await run.run()
    assert ending.halted is HaltReason.ROSTER_UNREADABLE
    assert "row 802" in ending.detail
    assert len(run.outcomes()) == 800
    assert set(run.kinds()) <= {"enrolled", "not_attempted"}


class FullDisk(MemoryLedger):
    """Takes three groups of outcomes, then nothing any more."""

    settles = 0

    def settle(self, run_id: RunId, settled: Sequence[SettledRow]) -> None:
        self.settles += 1
        if self.settles > 3:
            raise LedgerError("the disk is full")
        super().settle(run_id, settled)


async def test_a_ledger_that_cannot_be_written_ends_the_run_with_its_error() -> None:
    run = Harness(FakeRoster(students(900)), ledger=FullDisk(lambda: NOON))
    with pytest.raises(LedgerError):
        await run.run()
    assert run.server.writes.most_common(1)[0][1] == 1


async def test_intent_is_in_the_ledger_before_a_request_leaves() -> None:
    claimed_when_sent: list[bool] = []

    class Watching(FakeServer):
        async def submit(self, request, token):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - passes both on
            claimed_when_sent.append(request.key in run.ledger.known([request.key]))
            return await super().submit(request, token)

    run = Harness(FakeRoster(students(700)), Watching())
    await run.run()
    assert claimed_when_sent == [True] * 700


async def test_repeats_and_bad_rows_are_settled_without_a_request() -> None:
    rows = [*students(3), *students(2), {"user_id": "", "course_id": "c1"}]
    run = Harness(FakeRoster(rows))
    ending = await run.run()
    assert run.kinds() == ["enrolled"] * 3 + ["skipped"] * 2 + ["invalid"]
    assert ending.requests.sent == 3
    assert len(run.sink.of(RowSettled)) == 6


async def test_a_second_run_of_the_same_roster_sends_nothing() -> None:
    first = Harness()
    await first.run()
    sent = len(first.server.starts)
    second = Harness(server=first.server, ledger=first.ledger, run_id=RunId("r2"))
    await second.run()
    assert second.kinds() == ["already_enrolled"] * 20
    assert len(first.server.starts) == sent


async def test_failed_attempts_are_told_with_their_cause_and_wait() -> None:
    run = Harness(server=FakeServer(before={"u1": [Reply(503)]}))
    await run.run()
    (told,) = run.sink.of(AttemptFailed)
    assert (told.row_no, told.cause) == (1, "HTTP 503")


async def test_it_is_told_how_long_each_answer_took_and_how_long_each_row() -> None:
    run = Harness(server=FakeServer(before={"u1": [Reply(503)]}))
    await run.run()
    (failed,) = run.sink.of(AttemptFailed)
    settled = {event.row_no: event for event in run.sink.of(RowSettled)}
    assert [failed.took_s, *(event.took_s for event in settled.values())] == pytest.approx([0.05] * 21)
    assert settled[1].elapsed_s > failed.wait_s > settled[2].elapsed_s


def scripts(*answers: Reply | NoReply) -> st.SearchStrategy[dict[str, list[Reply | NoReply]]]:
    users = st.sampled_from([f"u{number}" for number in range(1, 9)])
    return st.dictionaries(users, st.lists(st.sampled_from(answers), max_size=9), max_size=8)


# A server may fail in any of these ways without lying: none says of a write that it did not happen, or of a seat
# that it is absent, unless that is so.
NOT_WRITTEN = (LOST, NEVER_SENT, Reply(500), Reply(503), Reply(429), Reply(429, retry_after_s=2.0), Reply(404))
WRITTEN = (LOST, Reply(500), Reply(502), Reply(408), Reply(200, Meaning.NOT_JSON), Reply(201, Meaning.NOT_JSON))
NOT_LISTED = (LOST, NEVER_SENT, Reply(500), Reply(429), Reply(200, Meaning.NOT_JSON))


@given(
    before=scripts(*NOT_WRITTEN),
    after=scripts(*WRITTEN),
    looking=scripts(*NOT_LISTED),
    stop_at=st.none() | st.floats(0.1, 30),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_goes_wrong_each_row_has_one_outcome_and_no_seat_is_written_twice(
    before: dict[str, list[Reply | NoReply]],
    after: dict[str, list[Reply | NoReply]],
    looking: dict[str, list[Reply | NoReply]],
    stop_at: float | None,
) -> None:
    server = FakeServer(before=before, after=after, looking=looking)
    signals = SignalsAt([] if stop_at is None else [(stop_at, SIGINT)])
    run = Harness(FakeRoster(students(8)), server, signals=signals, policy=Policy(max_attempts=4, max_throttles=5))
    await run.run()
    assert len(run.outcomes()) == 8
    assert all(writes == 1 for writes in server.writes.values())
    for number, outcome in enumerate(run.outcomes(), 1):
        written = (f"u{number}", "c1", "s1", Role.STUDENT) in server.writes
        if outcome.kind is not OutcomeKind.UNKNOWN:
            assert written == (outcome.kind is OutcomeKind.ENROLLED)
