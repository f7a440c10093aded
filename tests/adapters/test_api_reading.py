"""One HTTP/1.1 answer from its bytes, however they are cut, and whatever is wrong with them."""

from __future__ import annotations

import gzip
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_enroll.adapters.api.reading import Answer, AnswerReader, GarbledError

HEAD = b"HTTP/1.1 201 Created\r\nServer: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: t\r\n\r\n"
PLAIN = HEAD + b"content-length:  11 \r\nRetry-After: 7\r\n\r\nhello world"


def heard(*pieces: bytes) -> tuple[AnswerReader, Answer | None]:
    reader = AnswerReader()
    answer = None
    for piece in pieces:
        assert answer is None, "nothing may be left over"
        answer = reader.feed(piece)
    return reader, answer


def whole(sent: bytes) -> tuple[int, bytes | None, bool]:
    reader, answer = heard(sent)
    assert answer is not None
    return answer.status, answer.body, reader.keep


@given(st.sampled_from([PLAIN, CHUNKED, b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN]), st.data())
def test_an_answer_is_the_same_however_its_bytes_are_cut(sent: bytes, draw: st.DataObject) -> None:
    cuts = draw.draw(st.sets(st.integers(1, len(sent) - 1)))
    reader, answer = heard(*(sent[begin:end] for begin, end in pairwise([0, *sorted(cuts), len(sent)])))
    assert answer is not None
    assert (answer.status, answer.body, reader.keep) == (201, b"hello world", True)


@given(st.binary())
def test_any_bytes_are_an_answer_or_garbled_or_not_whole(sent: bytes) -> None:
    reader = AnswerReader()
    try:
        answer = reader.feed(sent) or reader.ended()
    except GarbledError:
        return
    assert answer is None or 200 <= answer.status <= 599


@given(st.sampled_from([PLAIN, CHUNKED]), st.data())
def test_an_answer_that_breaks_off_keeps_its_status_and_loses_its_body(sent: bytes, draw: st.DataObject) -> None:
    head_ends = sent.index(b"\r\n\r\n") + 4
    reader, answer = heard(sent[: draw.draw(st.integers(1, len(sent) - 1), "cut")])
    broken = reader.ended()
    assert answer is None
    assert broken is None or (broken.status, broken.body, reader.keep) == (201, None, False)
    assert (broken is None) == (len(reader._buffer) < head_ends)


def test_the_wait_that_is_asked_for_is_kept_as_it_is_spelt() -> None:
    assert heard(PLAIN)[1].retry_after == "7"  # type: ignore[union-attr]  # it is whole
    assert heard(HEAD + b"content-length: 0\r\n\r\n")[1].retry_after is None  # type: ignore[union-attr]  # it is whole


@pytest.mark.parametrize(
    ("sent", "body", "keep"),
    [
        (HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok", b"ok", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n\r\nok", b"ok", True),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"ok", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b"", True),
        (PLAIN + b"HTTP/1.1 200 OK\r\n", b"hello world", False),  # more than was asked for
        (CHUNKED + b"x", b"hello world", False),
        (HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"", False),
    ],
)
def test_a_connection_carries_on_only_if_both_sides_agree_where_the_answer_ends(
    sent: bytes,
    body: bytes,
    keep: bool,  # noqa: FBT001 - a table
) -> None:
    assert whole(sent)[1:] == (body, keep)


def test_a_body_without_a_length_ends_with_its_connection() -> None:
    reader, answer = heard(HEAD + b"\r\n", b"he", b"llo")
    assert answer is None
    ended = reader.ended()
    assert ended is not None
    assert (ended.body, reader.keep) == (b"hello", False)


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nok",
        HEAD + b"Content-Length: +1\r\n\r\no",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_cannot_be_told_apart_from_another_answer_is_none(sent: bytes) -> None:
    with pytest.raises(GarbledError):
        heard(sent)


@pytest.mark.parametrize(
    "chunks",
    [
        b"5\r\nhelloXX0\r\n\r\n",  # no line end after the chunk
        b"9000000\r\n",  # larger than any answer
        b"z" * 2_000,  # no length at all
        b"0\r\nTrailer: " + b"t" * 70_000,
    ],
)
def test_chunks_that_do_not_fit_are_a_body_that_broke_off(chunks: bytes) -> None:
    assert whole(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks) == (201, None, False)


def test_an_endless_body_is_not_waited_for() -> None:
    assert whole(HEAD + b"\r\n" + b" " * 9_000_000) == (201, None, False)


@pytest.mark.parametrize(
    ("coding", "body", "read"),
    [
        (b"gzip", gzip.compress(b"hello", mtime=0), b"hello"),
        (b"deflate", zlib.compress(b"hello"), b"hello"),
        (b"Identity", b"hello", b"hello"),
        (b"br", b"hello", None),
        (b"gzip", b"hello", None),
        (b"gzip", gzip.compress(b"hello", mtime=0)[:-6], None),
        (b"gzip", gzip.compress(b" " * 9_000_000, mtime=0), None),  # larger than any answer
    ],
)
def test_a_compressed_body_is_inflated_within_limits(coding: bytes, body: bytes, read: bytes | None) -> None:
    sent = HEAD + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n%b" % (coding, len(body), body)
    assert whole(sent) == (201, read, True)
