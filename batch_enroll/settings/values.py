"""Types of option values: each checks its value and says in a ValueError what would be accepted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from batch_enroll.core.durations import parse_deadline
from batch_enroll.core.model import Role
from batch_enroll.settings.servers import check_environment, check_url


def _check_role(value: object) -> str:
    role = str(value).strip().lower()
    if role not in set(Role):
        raise ValueError(f"{value!r} is not a role; choose one of {', '.join(Role)}")
    return role


def _check_date(value: object) -> str:
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date; write it as YYYY-MM-DD") from error
    return text


def _check_deadline(value: object) -> str:
    """Returns the text as it is: the run computes the time, here it must only be readable."""
    text = str(value).strip()
    parse_deadline(text, datetime(2000, 1, 1, tzinfo=UTC))
    return text


def _check_lookups(wanted: dict[str, str]) -> dict[str, str]:
    from batch_enroll.core.lookup.id_resolution import AUTO, BYS, NEVER  # noqa: PLC0415 - not for --help
    from batch_enroll.core.lookup.records import EntityKind  # noqa: PLC0415 - not for --help

    for kind, by in wanted.items():
        if kind not in set(EntityKind):
            raise ValueError(f"ids of {kind!r} cannot be looked up; choose one of {', '.join(EntityKind)}")
        if by not in (choices := (*BYS[EntityKind(kind)], AUTO, NEVER)):
            raise ValueError(f"a {kind} cannot be looked up by {by!r}; choose one of {', '.join(choices)}")
    return wanted


def _check_secret_url(value: SecretStr) -> SecretStr:
    return SecretStr(check_url(value.get_secret_value()))


def _expand_home(path: Path) -> Path:
    return path.expanduser()


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


Text: TypeAlias = Annotated[str, Field(min_length=1), BeforeValidator(_strip)]
HiddenText: TypeAlias = Annotated[str, Field(repr=False), BeforeValidator(_strip)]
Secret: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip)]
SecretUrl: TypeAlias = Annotated[SecretStr, BeforeValidator(_strip), AfterValidator(_check_secret_url)]
Environment: TypeAlias = Annotated[str, AfterValidator(check_environment)]
Url: TypeAlias = Annotated[str, AfterValidator(check_url)]
Folder: TypeAlias = Annotated[Path, AfterValidator(_expand_home)]
RoleName: TypeAlias = Annotated[Role, BeforeValidator(_check_role)]
IsoDate: TypeAlias = Annotated[str, BeforeValidator(_check_date)]
Deadline: TypeAlias = Annotated[str, BeforeValidator(_check_deadline)]
Lookups: TypeAlias = Annotated[dict[str, str], AfterValidator(_check_lookups)]

PositiveNumber: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PositiveSeconds: TypeAlias = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False)]
Hours: TypeAlias = Annotated[float, Field(ge=0, le=8_760, allow_inf_nan=False)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
PositiveShare: TypeAlias = Annotated[float, Field(gt=0, le=1)]
Count: TypeAlias = Annotated[int, Field(ge=0)]
PositiveCount: TypeAlias = Annotated[int, Field(ge=1)]
