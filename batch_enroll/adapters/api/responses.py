"""What the bodies of answers say, in the words of the domain.

Source of every error body: contract section 2.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import msgspec

from batch_enroll.core.model import Meaning, Reply
from batch_enroll.core.reporting.redaction import redact_server_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from batch_enroll.core.model import Json

SUCCESS: Final = range(200, 300)
_EXPIRED: Final = re.compile(
    r"jwt signature verification failed|jwt expired|token (?:is |has |was )?expired|expired token"
)
_ALREADY: Final = re.compile(r"already (?:exists|enrolled|been enrolled|active)|duplicate")
_NOT_THERE: Final = r"(?:\s+\S+){0,4}?\s+(?:was |is |were )?(?:not (?:found|known|exist)|does not exist|unknown)"
_UNKNOWN: Final = (
    (Meaning.UNKNOWN_USER, re.compile(rf"\b(?:user|student|teacher){_NOT_THERE}|unknown (?:user|student|teacher)")),
    (Meaning.UNKNOWN_COURSE, re.compile(rf"\bcourse{_NOT_THERE}|unknown course")),
    (
        Meaning.UNKNOWN_SCHOOL,
        re.compile(rf"\b(?:school|org|organi[sz]ation|school or class){_NOT_THERE}|unknown (?:school|org)"),
    ),
)


class HttpResponse:
    """Status, Retry-After and body (None: broken off) of one HTTP answer."""

    __slots__ = ("body", "retry_after", "status")

    def __init__(self, status: int, retry_after: str | None, body: bytes | None) -> None:
        self.status, self.retry_after, self.body = status, retry_after, body


def reply(answer: HttpResponse, ids: Mapping[str, str], utc_now: Callable[[], datetime]) -> Reply:
    """What an answer means; `ids` names what the texts of the server may repeat, id to its placeholder."""
    retry_after_s = _retry_after_s(answer.retry_after, utc_now)
    parsed = parsed_json(answer.body)
    if answer.status in SUCCESS:
        return Reply(answer.status, success(answer.body, parsed), "", retry_after_s)
    if parsed is None:
        return Reply(answer.status, _foreign(answer.body), "", retry_after_s)
    text = redact_server_text("; ".join(dict.fromkeys(_texts(parsed))), ids)
    return Reply(answer.status, _meaning(text.casefold()), text, retry_after_s)


def _retry_after_s(value: str | None, utc_now: Callable[[], datetime]) -> float | None:
    """Seconds to wait; both forms of RFC 9110 10.2.3. None when absent or unreadable; a past date is 0."""
    if value is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", value):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at - utc_now()).total_seconds()) if at.tzinfo is not None else None


def parsed_json(body: bytes | None) -> Json:
    """The body as JSON; None when there is none or it is no JSON."""
    try:
        parsed: Json = msgspec.json.decode(body.removeprefix(BOM_UTF8)) if body else None
    except (ValueError, msgspec.MsgspecError, RecursionError):  # its errors are no ValueError before msgspec 0.21
        return None
    return parsed


def success(body: bytes | None, parsed: Json) -> Meaning:
    """What the body of a 2xx says; one that is no JSON is not the API's."""
    if isinstance(parsed, dict):
        return Meaning.ENROLLMENT if isinstance(parsed.get("data"), dict) else Meaning.NOTHING
    return Meaning.NOTHING if body == b"" else Meaning.NOT_JSON


def _foreign(body: bytes | None) -> Meaning:
    """What a body says that is no JSON; only an expired token is looked for (contract 2.1, forms 4 and 5)."""
    text = (body or b"")[:4_096].decode(errors="replace").casefold()
    if _EXPIRED.search(text):
        return Meaning.TOKEN_EXPIRED
    return Meaning.NOT_JSON if text else Meaning.NOTHING


def _meaning(text: str) -> Meaning:
    if _EXPIRED.search(text):
        return Meaning.TOKEN_EXPIRED
    if _ALREADY.search(text):
        return Meaning.ALREADY_ENROLLED
    return next((meaning for meaning, pattern in _UNKNOWN if pattern.search(text)), Meaning.NOTHING)


def _texts(parsed: Json) -> Iterator[str]:
    """The human texts of every known error body: IMS envelope, `errors[]`, `message`, `error`."""
    if not isinstance(parsed, dict):
        return
    for name in ("imsx_description", "message", "error", "error_description", "detail"):
        if isinstance(text := parsed.get(name), str) and text:
            yield text
    for entry in dicts(parsed.get("imsx_error_details")):
        yield from (f"{key}: {text}" for key, text in entry.items() if isinstance(text, str))
    for error in dicts(parsed.get("errors")):
        yield from _texts(error)
        meta = error.get("meta")
        for issue in dicts(meta.get("issues") if isinstance(meta, dict) else None):
            yield f"{_path(issue.get('path'))}: {issue.get('message')}"


def _path(path: Json) -> str:
    return ".".join(map(str, path)) if isinstance(path, list) else str(path)


def dicts(value: Json) -> Iterator[dict[str, Json]]:
    """The objects of a list; nothing when it is no list."""
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict))
