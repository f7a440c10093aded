"""Microsoft School Data Sync v2 and v2.1: the files of OneRoster, without ids and statuses of enrollments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from batch_enroll.core.roster.formats import oneroster

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_TITLE: Final = "Microsoft School Data Sync v2"


def _describe(files: Collection[str], _: Mapping[str, str]) -> str:
    """Returns the title with the version."""
    return f"{_TITLE}.1" if "roles.csv" in files else _TITLE


FORMAT: Final = replace(
    oneroster.FORMAT,
    name="sds-v2",
    title=_TITLE,
    order=40,
    recognized_by=(("classsourcedid",), ("usersourcedid",)),
    not_beside=("manifest.csv",),  # OneRoster 1.1 and 1.2 only
    fallback=False,
    server_ids=False,
    describe=_describe,
)
