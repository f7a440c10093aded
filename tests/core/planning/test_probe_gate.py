"""Rows that go ahead, and rows that wait for them."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.codes import catalogue
from batch_enroll.core.model import (
    Action,
    CourseId,
    EnrollmentKey,
    EnrollmentRequest,
    Outcome,
    OutcomeKind,
    Role,
    UserId,
)
from batch_enroll.core.planning.probe_gate import Admitted, ProbeGate

if TYPE_CHECKING:
    from random import Random  # noqa: TID251 - drawn by hypothesis

ENROLLED = Outcome(OutcomeKind.ENROLLED, attempts=1, status=201)
UNKNOWN_USER = Outcome(OutcomeKind.REJECTED, catalogue.UNKNOWN_USER, "HTTP 404", 1, 404)
UNKNOWN_COURSE = Outcome(OutcomeKind.REJECTED, catalogue.UNKNOWN_COURSE, "HTTP 404: Course not found", 1, 404)
FAILED = Outcome(OutcomeKind.FAILED, catalogue.SERVER_ERROR, "HTTP 500", 6, 500)


def row(number: int, course: str = "c1") -> EnrollmentRequest:
    key = EnrollmentKey("test", UserId(f"u{number}"), CourseId(course), None, Role.STUDENT)
    return EnrollmentRequest(number, key)


def numbers(admitted: list[Admitted]) -> list[int]:
    return [one.request.row_no for one in admitted]


def past_the_canary() -> ProbeGate:
    gate = ProbeGate(probing=True)
    canary = row(0, "canary")
    assert gate.admit(canary) == Admitted(canary)
    assert gate.note_outcome(canary, ENROLLED) == []
    return gate


def test_without_probing_every_row_goes_at_once() -> None:
    gate = ProbeGate(probing=False)
    assert [gate.admit(row(number)) for number in (1, 2)] == [Admitted(row(1)), Admitted(row(2))]
    assert gate.note_outcome(row(1), UNKNOWN_COURSE) == []
    assert gate.admit(row(3)) == Admitted(row(3))


def test_the_first_row_of_a_run_goes_alone() -> None:
    gate = ProbeGate(probing=True)
    assert gate.admit(row(1, "c1")) is not None
    assert gate.admit(row(2, "c2")) is None
    assert gate.admit(row(3, "c2")) is None
    assert gate.held == 2
    assert numbers(gate.note_outcome(row(1, "c1"), UNKNOWN_USER)) == [2]
    assert numbers(gate.note_outcome(row(2, "c2"), ENROLLED)) == [3]
    assert gate.held == 0


def test_an_inconclusive_canary_is_followed_by_another_at_most_three_in_all() -> None:
    gate = ProbeGate(probing=True)
    for number in range(1, 6):
        gate.admit(row(number, f"c{number}"))
    assert numbers(gate.note_outcome(row(1, "c1"), FAILED)) == [2]
    assert numbers(gate.note_outcome(row(2, "c2"), FAILED)) == [3]
    assert numbers(gate.note_outcome(row(3, "c3"), FAILED)) == [4, 5]


def test_a_lone_inconclusive_canary_leaves_the_next_row_to_be_one() -> None:
    gate = ProbeGate(probing=True)
    gate.admit(row(1, "c1"))
    assert gate.note_outcome(row(1, "c1"), FAILED) == []
    assert gate.admit(row(2, "c2")) is not None
    assert gate.admit(row(3, "c3")) is None


def test_the_first_row_of_a_course_goes_alone_and_the_others_follow_it() -> None:
    gate = past_the_canary()
    assert [gate.admit(row(number)) is not None for number in (1, 2, 3)] == [True, False, False]
    assert gate.admit(row(4, "c2")) is not None
    assert numbers(gate.note_outcome(row(1), ENROLLED)) == [2, 3]
    assert gate.admit(row(5)) == Admitted(row(5))


def test_an_unknown_course_fails_all_its_rows_with_one_request() -> None:
    gate = past_the_canary()
    for number in (1, 2):
        gate.admit(row(number))
    (second,) = gate.note_outcome(row(1), UNKNOWN_COURSE)
    third = gate.admit(row(3))
    for admitted in (second, third):
        assert admitted is not None
        assert admitted.outcome == Outcome(
            OutcomeKind.REJECTED, catalogue.UNKNOWN_COURSE, "HTTP 404: Course not found", attempts=0
        )


def test_a_row_in_doubt_is_looked_up_even_in_an_unknown_course() -> None:
    gate = past_the_canary()
    in_doubt = replace(row(2), action=Action.LOOK_UP)
    for request in (row(1), in_doubt):
        gate.admit(request)
    assert gate.note_outcome(row(1), UNKNOWN_COURSE) == [Admitted(in_doubt)]
    later = replace(row(3), action=Action.LOOK_UP)
    assert gate.admit(later) == Admitted(later)


def test_an_answer_that_says_nothing_of_the_course_leaves_the_next_row_to_probe() -> None:
    gate = past_the_canary()
    for number in (1, 2, 3):
        gate.admit(row(number))
    assert numbers(gate.note_outcome(row(1), UNKNOWN_USER)) == [2]
    assert numbers(gate.note_outcome(row(2), ENROLLED)) == [3]


def test_a_lone_inconclusive_probe_leaves_the_next_arrival_to_probe() -> None:
    gate = past_the_canary()
    gate.admit(row(1))
    assert gate.note_outcome(row(1), UNKNOWN_USER) == []
    assert gate.admit(row(2)) is not None
    assert gate.admit(row(3)) is None


def test_a_course_whose_users_are_all_wrong_is_not_sent_one_by_one_for_ever() -> None:
    gate = past_the_canary()
    for number in range(1, 41):
        gate.admit(row(number))
    for number in range(1, 20):
        assert numbers(gate.note_outcome(row(number), UNKNOWN_USER)) == [number + 1]
    assert numbers(gate.note_outcome(row(20), UNKNOWN_USER)) == list(range(21, 41))


def test_rows_that_still_wait_can_be_taken_back() -> None:
    gate = ProbeGate(probing=True)
    for number in (1, 2):
        gate.admit(row(number))
    assert gate.drain() == [row(2)]
    assert gate.held == 0
    gate = past_the_canary()
    for number in (1, 2):
        gate.admit(row(number))
    assert gate.drain() == [row(2)]


outcomes = st.sampled_from([ENROLLED, UNKNOWN_USER, UNKNOWN_COURSE, FAILED])


@given(st.lists(st.tuples(st.sampled_from(["c1", "c2", "c3"]), outcomes), max_size=60), st.randoms())
def test_every_row_is_let_through_exactly_once_whatever_the_answers(
    rows: list[tuple[str, Outcome]], shuffle: Random
) -> None:
    gate, out = ProbeGate(probing=True), deque[Admitted]()
    seen: list[int] = []
    for number, (course, _) in enumerate(rows):
        admitted = gate.admit(row(number, course))
        if admitted is not None:
            out.append(admitted)
        if out and shuffle.random() < 0.5:
            _answer(gate, out, rows, seen)
    while out:
        _answer(gate, out, rows, seen)
    assert sorted(seen) == list(range(len(rows)))
    assert gate.held == 0


def _answer(gate: ProbeGate, out: deque[Admitted], rows: list[tuple[str, Outcome]], seen: list[int]) -> None:
    request, outcome = out.popleft()
    seen.append(request.row_no)
    out.extend(gate.note_outcome(request, outcome or rows[request.row_no][1]))


def test_rows_of_one_user_and_course_go_one_after_the_other() -> None:
    gate = ProbeGate(probing=False)
    taken, given, other = row(1), replace(row(1), row_no=2), replace(row(1), row_no=3)
    assert gate.admit(taken) == Admitted(taken)
    assert [gate.admit(given), gate.admit(other)] == [None, None]
    assert gate.admit(row(4, "c2")) == Admitted(row(4, "c2"))
    assert gate.held == 2
    assert gate.note_outcome(taken, ENROLLED) == [Admitted(given)]
    assert (gate.drain(), gate.held) == ([other], 0)


def test_a_row_that_waited_for_its_user_still_waits_for_its_course() -> None:
    gate = ProbeGate(probing=True)
    first, again, probe = row(1, "c1"), replace(row(1, "c1"), row_no=2), row(3, "c2")
    assert gate.admit(first) == Admitted(first)
    assert [gate.admit(again), gate.admit(probe)] == [None, None]
    assert numbers(gate.note_outcome(first, FAILED)) in (
        [2],
        [3],
    )  # one more goes ahead alone
    assert gate.held == 1
