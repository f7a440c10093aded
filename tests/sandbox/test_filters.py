"""OneRoster's filter language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.sandbox.errors import RefusedError
from batch_enroll.sandbox.filters import parse_filter, texts_at

RECORD: dict[str, object] = {
    "status": "active",
    "role": "student",
    "familyName": "O'Neil",
    "grades": ["08", "09"],
    "user": {"sourcedId": "u1"},
    "metadata": {"isTestUser": True, "level": 3},
    "roles": [{"org": {"sourcedId": "s1"}}, {"org": {"sourcedId": "s2"}}],
    "dateLastModified": "2025-09-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("status='active'", True),
        ("status = 'tobedeleted'", False),
        ("status!='tobedeleted'", True),
        ("familyName='O''Neil'", True),
        ("familyName~'NEI'", True),
        ("familyName~'x'", False),
        ("role@'teacher, student'", True),
        ("role@'teacher'", False),
        ("grades='09'", True),
        ("grades!='09'", False),
        ("user.sourcedId='u1'", True),
        ("roles.org.sourcedId='s2'", True),
        ("metadata.isTestUser='true'", True),
        ("metadata.level='3'", True),
        ("missing='x'", False),
        ("missing!='x'", True),
        ("dateLastModified>'2025-08-31'", True),
        ("dateLastModified<'2025-08-31'", False),
        ("dateLastModified>='2025-09-01T00:00:00Z'", True),
        ("dateLastModified<='2025-09-01'", False),
        ("role='teacher' OR status='active'", True),
        ("role='student' AND status='tobedeleted'", False),
        ("role='teacher' AND status='tobedeleted' OR user.sourcedId='u1'", True),
        ("user.sourcedId='u1' OR role='teacher' AND status='tobedeleted'", True),
        ("familyName='a AND b'", False),
    ],
)
def test_a_filter_holds_or_not(text: str, *, holds: bool) -> None:
    assert parse_filter(text).holds(RECORD) is holds


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        ("role", 400),
        ("role=", 400),
        ("role='student", 400),
        ("role=student", 400),
        ("role='a' AND", 400),
        ("role='a' role='b'", 400),
        ("role='a' XOR role='b'", 400),
        ("metadata.isTestUser=true", 422),
        ("status='enabled'", 500),
        ("beginDate>'soon'", 500),
    ],
)
def test_a_text_that_is_not_a_filter_is_refused_as_by_the_real_server(text: str, status: int) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_filter(text)
    assert refused.value.status == status


def test_a_filter_returns_the_value_that_it_requires() -> None:
    assert parse_filter("role='student' AND user.sourcedId='u'").must_equal("user.sourcedId") == "u"
    assert parse_filter("role='student' OR user.sourcedId='u'").must_equal("user.sourcedId") is None
    assert parse_filter("user.sourcedId~'u'").must_equal("user.sourcedId") is None


texts = st.text(max_size=12)


@given(texts, texts)
def test_any_text_can_be_quoted_by_doubling_its_quotes(value: str, other: str) -> None:
    quoted = value.replace("'", "''")
    assert parse_filter(f"title='{quoted}'").holds({"title": value})
    assert parse_filter(f"title='{quoted}'").holds({"title": other}) is (value == other)


def status_of(text: str) -> int:
    try:
        parse_filter(text)
    except RefusedError as refused:
        return refused.status
    return 200


@given(st.text(max_size=40))
def test_any_text_is_either_parsed_or_refused(text: str) -> None:
    assert status_of(text) in {200, 400, 422, 500}


terms = st.sampled_from(["a='1'", "b='1'", "a!='1'", "b~'1'"])


@given(terms, terms, terms, st.fixed_dictionaries({"a": st.sampled_from("12"), "b": st.sampled_from("12")}))
def test_and_binds_tighter_than_or(one: str, two: str, three: str, record: dict[str, object]) -> None:
    def holds(text: str) -> bool:
        return parse_filter(text).holds(record)

    assert holds(f"{one} OR {two} AND {three}") is (holds(one) or (holds(two) and holds(three)))
    assert holds(f"{one} AND {two} OR {three}") is ((holds(one) and holds(two)) or holds(three))


def test_texts_are_found_through_lists_and_never_made_up() -> None:
    assert list(texts_at(RECORD, "roles.org.sourcedId")) == ["s1", "s2"]
    assert list(texts_at(RECORD, "user.name")) == []
    assert list(texts_at(RECORD, "user")) == []
