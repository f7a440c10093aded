"""Wishes and seats in the book that verifying keeps on disk."""

from __future__ import annotations

import pytest

from batch_enroll.adapters.stores.verification_store import SqliteVerificationStore
from batch_enroll.core.errors import RunStoppedError
from batch_enroll.core.model import ClassId, CourseId, EnrollmentKey, Role, SchoolId, ServerEnrollment, UserId
from batch_enroll.core.planning.verification import CheckedRow, ExpectedEnrollment, VerificationStatus

ODD = UserId("Zo\ud800\x00")  # ids are whatever a server says they are


def want(
    row_no: int, user: str, school: str | None = "s", room: str | None = None, *, gone: bool = False
) -> ExpectedEnrollment:
    at, class_id = None if school is None else SchoolId(school), None if room is None else ClassId(room)
    return ExpectedEnrollment(
        row_no, EnrollmentKey("test", UserId(user), CourseId("c"), at, Role.STUDENT, class_id), gone=gone
    )


def seat(course: str = "c", role: Role | None = Role.TEACHER) -> ServerEnrollment:
    return ServerEnrollment("e1", CourseId(course), None, role, class_id=ClassId("a"))


def test_what_was_taken_comes_back_whatever_the_ids_are() -> None:
    wanted = [want(1, ODD, room="a"), want(2, "b", school=None, gone=True), want(4, ODD)]
    with SqliteVerificationStore() as book:
        book.want(wanted)
        book.show([(ODD, seat("\udfff")), (ODD, seat(role=None)), (UserId("stranger"), seat())])
        assert book.users() == 2
        assert book.wanted(ODD) == [wanted[0], wanted[2]]
        assert book.shown(ODD) == [seat("\udfff"), seat(role=None)]
        assert book.shown(UserId("b")) == []


def test_rows_come_in_their_order_and_what_was_noted_last_stands() -> None:
    wanted = [want(3, "a"), want(1, "b"), want(7, "a")]
    with SqliteVerificationStore() as book:
        book.want(wanted)
        first = [CheckedRow(UserId("a"), VerificationStatus.MISSING, row) for row in (wanted[0], wanted[2])]
        book.note(UserId("a"), [*first, CheckedRow(UserId("a"), VerificationStatus.EXTRA, None, seat())])
        book.note(
            UserId("b"), [CheckedRow(UserId("b"), VerificationStatus.CONFIRMED, wanted[1], seat(), "as it should be")]
        )
        assert [checked.row_no for checked in book.rows()] == [1, 3, 7]
        assert next(book.rows()) == CheckedRow(
            UserId("b"), VerificationStatus.CONFIRMED, wanted[1], seat(), "as it should be"
        )
        assert [(extra.user_id, extra.enrollment) for extra in book.extras()] == [("a", seat())]
        book.note(
            UserId("a"), [CheckedRow(UserId("a"), VerificationStatus.CONFIRMED, row) for row in (wanted[0], wanted[2])]
        )
        assert {checked.found for checked in book.rows()} == {VerificationStatus.CONFIRMED}
        assert list(book.extras()) == []


def test_whoever_differs_is_asked_for_once_and_only_what_may_be_late_again() -> None:
    found = {
        "a": VerificationStatus.CONFIRMED,
        "b": VerificationStatus.MISSING,
        "c": VerificationStatus.NO_ANSWER,
        "d": VerificationStatus.STILL_THERE,
    }
    with SqliteVerificationStore() as book:
        book.want(want(nth, user) for nth, user in enumerate((*found, "e"), 1))
        assert list(book.unsettled()) == ["a", "b", "c", "d", "e"]
        assert list(book.unsettled(late=True)) == []
        for user in book.unsettled():
            if user in found:
                book.note(user, [CheckedRow(user, found[user], want(1, user))])
        assert list(book.unsettled()) == ["b", "c", "d", "e"]
        assert list(book.unsettled(late=True)) == ["b", "d"]


def test_a_full_disk_ends_the_comparison_with_a_sentence() -> None:
    with SqliteVerificationStore() as book:
        book._book.execute("PRAGMA max_page_count = 20")
        with pytest.raises(RunStoppedError, match="no room for a temporary file of what is compared"):
            book.want(want(nth, f"u{nth}") for nth in range(10_000))
