"""Which reader a roster needs, told by what it is."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from batch_enroll.adapters.roster_chain import ChainedRoster
from batch_enroll.adapters.roster_csv import STDIN, CsvRoster
from batch_enroll.adapters.roster_watched import WatchedRoster
from batch_enroll.core.errors import RosterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from batch_enroll.ports import RosterSource
    from batch_enroll.settings import Settings

_SPREADSHEETS: Final = frozenset({".xlsx", ".xlsm", ".xls"})
_DEFAULTED: Final = ("course_id", "school_id", "role", "begin_date")


def opened(settings: Settings, rosters: Sequence[str]) -> RosterSource:
    """The rosters as one source, their headers read.

    Raises:
        RosterError: one of them is not there, or has no readable header.
    """
    source: RosterSource
    if len(rosters) == 1:
        source = WatchedRoster(_one(settings, rosters[0], settings.limit))
    else:
        source = ChainedRoster([WatchedRoster(_one(settings, name, None)) for name in rosters], limit=settings.limit)
    _ = source.columns  # a header that cannot be read is found before anything else happens
    return source


def given(settings: Settings, rows: pd.DataFrame | Iterable[Mapping[str, object]] | None) -> RosterSource:
    """Rows that a program hands over, as a roster.

    Raises:
        RosterError: there are none, or a column is missing.
    """
    import pandas as pd  # noqa: PLC0415 - only for programs

    from batch_enroll.adapters.roster_rows import RowsRoster  # noqa: PLC0415 - only for programs

    columns: list[str] | None = None
    if isinstance(rows, pd.DataFrame):
        columns = [str(column) for column in rows.columns]
        rows = (dict(zip(columns, values, strict=True)) for values in rows.itertuples(index=False, name=None))
    chosen = rows or ()
    return RowsRoster(
        islice(chosen, settings.limit) if settings.limit else chosen,
        columns=columns,
        overrides=settings.map,
        defaults_present=_defaults(settings),
    )


def _defaults(settings: Settings) -> frozenset[str]:
    return frozenset(field for field in _DEFAULTED if getattr(settings, field) is not None)


def _one(settings: Settings, name: str, limit: int | None) -> RosterSource:
    defaults = _defaults(settings)
    if name == STDIN:
        return CsvRoster(None, overrides=settings.map, defaults_present=defaults, limit=limit)
    path = Path(name)
    if not path.exists():
        raise RosterError(f"{name}: there is no such file or folder")
    if path.is_dir() or path.suffix.lower() == ".zip":
        from batch_enroll.adapters.roster_oneroster import OneRosterBundle  # noqa: PLC0415 - brings pandas

        return OneRosterBundle(path, overrides=settings.map, limit=limit)
    if path.suffix.lower() in _SPREADSHEETS:
        from batch_enroll.adapters.roster_xlsx import XlsxRoster  # noqa: PLC0415 - brings openpyxl

        return XlsxRoster(path, sheet=settings.sheet, overrides=settings.map, defaults_present=defaults, limit=limit)
    return CsvRoster(path, overrides=settings.map, defaults_present=defaults, limit=limit)
