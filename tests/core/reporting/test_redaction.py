"""A server's error text, made fit to be kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.core.reporting.redaction import redact_server_text, redact_values


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("User not found", "User not found"),
        ("User u-1 not found", "User <user> not found"),
        ("School or class not found", "School or class not found"),
        ("Course c/7 not found", "Course <course> not found"),
        ("role: Invalid enum value. Expected 'student'", "role: Invalid enum value. Expected 'student'"),
        ("server_busy", "server_busy"),
        ("JWT signature verification failed", "JWT signature verification failed"),
        ("limit of 100 requests", "limit of 100 requests"),
        ("  not\n found ", "not found"),
    ],
)
def test_plain_error_texts_pass_with_ids_replaced(text: str, kept: str) -> None:
    assert redact_server_text(text, {"u-1": "user", "c/7": "course"}) == kept


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("User Jane Doe not found", "Jane"),
        ("student Will Young (will.young@school.example) is already enrolled", "young"),
        ("user Page Day not found", "Page"),
        ("Long is not a valid user", "Long"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln expired", "eyJ"),
        ("born 20140831 in Łódź", "20140831"),
        ("born in Łódź", "Łódź"),
        ("<script>Jane</script>", "Jane"),
    ],
)
def test_names_mails_secrets_and_numbers_are_left_out(text: str, secret: str) -> None:
    assert secret not in redact_server_text(text, {})
    assert "…" in redact_server_text(text, {})


def test_an_id_inside_a_longer_word_is_not_taken_for_the_id() -> None:
    assert redact_server_text("user not found", {"s": "school"}) == "user not found"


def test_a_long_text_is_cut() -> None:
    assert len(redact_server_text("user not found " * 100, {})) == 160


@given(st.text(max_size=80), st.dictionaries(st.text(max_size=4), st.sampled_from(["user", "course"]), max_size=2))
def test_any_text_becomes_one_short_line(text: str, ids: dict[str, str]) -> None:
    cleaned = redact_server_text(text, ids)
    assert len(cleaned) <= 160
    assert "\n" not in cleaned
    assert "@" not in cleaned


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ('Role: "pet" is not one of student, teacher', "Role: <value> is not one of student, teacher"),
        ('Role: "a "b" c" is not one of student', "Role: <value> is not one of student"),
        ("7 cells below 5 headers; left over: Ana, ana@example.org", "more cells than headers; left over: <value>"),
        ("repeats grade 7.xlsx [Ana] row 5", "repeats <row>"),
        ("ended on 2025-06-01, as of 2025-09-01", "ended on <date>, as of <date>"),
        ('Start: "3/4/25" can mean 2025-03-04 or 2025-04-03', "Start: <value> can mean <date> or <date>"),
        ("user_id: holds an invisible character, U+0007", "user_id: holds an invisible character, U+0007"),
        ("user_id: is empty", "user_id: is empty"),
    ],
)
def test_details_of_one_cause_have_one_pattern_without_values(detail: str, expected: str) -> None:
    assert redact_values(detail) == expected
