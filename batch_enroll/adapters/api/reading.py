"""One HTTP/1.1 answer, read from its bytes as they come in; no I/O.

Strict where leniency could give one row another row's answer: bytes that do not begin an answer, lengths that
contradict each other, or more bytes than were announced end the connection. Source: RFC 9112 sections 4, 6 and 7.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

_LARGEST_HEAD_BYTES: Final = 64 * 1024
_LARGEST_BODY_BYTES: Final = 8 * 1024 * 1024  # larger than any answer of the API
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: |\r\n)")
_CHUNK_LINE: Final = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_LONGEST_LENGTH: Final = 12  # digits
_LONGEST_CHUNK_LINE: Final = 1024
_SWITCHING: Final = 101
_LAST_INFORMATIONAL: Final = 199
_BODILESS: Final = frozenset({204, 304})


class Answer:
    """Status, Retry-After and body (None: broken off, or too large) of one HTTP answer."""

    __slots__ = ("body", "retry_after", "status")

    def __init__(self, status: int, retry_after: str | None, body: bytes | None) -> None:
        self.status, self.retry_after, self.body = status, retry_after, body


class GarbledError(Exception):
    """The bytes are no answer."""


class AnswerReader:
    """Reads one answer; use once.

    Attributes:
        keep: whether the connection can carry another request after this answer.
    """

    __slots__ = ("_body_at", "_buffer", "_chunked", "_head", "_length", "_lowered", "_status", "keep")

    def __init__(self) -> None:
        self._buffer = b""
        self._head = self._lowered = b""
        self._status = 0
        self._body_at = 0
        self._length: int | None = 0
        self._chunked = False
        self.keep = True

    def feed(self, received: bytes) -> Answer | None:
        """Takes bytes; the answer once it is whole.

        Raises:
            GarbledError: they do not go on with, or begin, an answer.
        """
        self._buffer = self._buffer + received if self._buffer else received
        while not self._status:
            if not self._read_head():
                return None
        if self._chunked:
            return self._read_chunks()
        body = self._buffer[self._body_at :]
        if self._length is None or len(body) < self._length:
            return self._answer(None) if len(body) > _LARGEST_BODY_BYTES else None
        self.keep &= len(body) == self._length
        return self._answer(body[: self._length])

    def ended(self) -> Answer | None:
        """The answer when nothing more will come: whole if the end of the connection is its end; None: no answer."""
        if not self._status:
            return None
        return self._answer(self._buffer[self._body_at :] if self._length is None and not self._chunked else None)

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _LARGEST_HEAD_BYTES or not b"HTTP/1."[: len(self._buffer)] == self._buffer[:7]:
                raise GarbledError
            return False
        line = _STATUS_LINE.match(self._buffer)
        if line is None:
            raise GarbledError
        self._head = self._buffer[: end + 2]
        self._lowered = self._head.lower()
        self._body_at = end + 4
        status = int(line[2])
        if status <= _LAST_INFORMATIONAL:  # another answer follows; after 101 it would be in another protocol
            if status == _SWITCHING:
                raise GarbledError
            self._buffer = self._buffer[self._body_at :]
            return bool(self._buffer)
        self._status = status
        connection = self._header(b"connection").lower()
        self.keep = b"close" not in connection and (line[1] == b"1" or b"keep-alive" in connection)
        self._find_body()
        return True

    def _find_body(self) -> None:
        """How the end of the body is told (RFC 9112 6.3)."""
        length, coding = self._header(b"content-length"), self._header(b"transfer-encoding").lower()
        if self._status in _BODILESS:
            self._length = 0
        elif coding:
            if coding != b"chunked":
                raise GarbledError
            self._chunked = True
            self.keep &= not length
        elif not length:
            self._length, self.keep = None, False
        elif length.isdigit() and len(length) <= _LONGEST_LENGTH:
            self._length = int(length)
        else:
            raise GarbledError

    def _header(self, name: bytes) -> bytes:
        """The value of a header, several joined with commas; empty if there is none."""
        sought = b"\r\n" + name + b":"
        values = []
        at = self._lowered.find(sought)
        while at >= 0:
            begin = at + len(sought)
            end = self._head.index(b"\r\n", begin)
            values.append(self._head[begin:end].strip())
            at = self._lowered.find(sought, end)
        return b", ".join(values)

    def _read_chunks(self) -> Answer | None:
        chunks: list[bytes] = []
        size, at = 0, self._body_at
        while (line := _CHUNK_LINE.match(self._buffer, at)) is not None:
            length = int(line[1], 16)
            if not length:
                return self._read_trailer(b"".join(chunks), line.end())
            at = line.end() + length
            if (size := size + length) > _LARGEST_BODY_BYTES:
                return self._answer(None)
            if len(self._buffer) < at + 2:
                return None
            if self._buffer[at : at + 2] != b"\r\n":
                return self._answer(None)
            chunks.append(self._buffer[line.end() : at])
            at += 2
        return self._answer(None) if len(self._buffer) - at > _LONGEST_CHUNK_LINE else None

    def _read_trailer(self, body: bytes, at: int) -> Answer | None:
        end = self._buffer.find(b"\r\n\r\n", at - 2)
        if end < 0:
            return self._answer(None) if len(self._buffer) - at > _LARGEST_HEAD_BYTES else None
        self.keep &= len(self._buffer) == end + 4
        return self._answer(body)

    def _answer(self, body: bytes | None) -> Answer:
        self.keep &= body is not None
        retry_after = self._header(b"retry-after").decode("latin-1") or None
        if body and (coding := self._header(b"content-encoding").lower()):
            body = _decoded(body, coding)
        return Answer(self._status, retry_after, body)


def _decoded(body: bytes, coding: bytes) -> bytes | None:
    if coding == b"identity":
        return body
    if coding not in {b"gzip", b"x-gzip", b"deflate"}:
        return None
    try:
        inflating = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # either wrapping
        plain = inflating.decompress(body, _LARGEST_BODY_BYTES)
    except zlib.error:
        return None
    return plain if inflating.eof else None
