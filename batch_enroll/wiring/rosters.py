"""Which reader a roster needs, told by what is in it; its name tells only where the content does not."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict
from zipfile import BadZipFile, ZipFile

from batch_enroll.adapters.rosters.combined_roster import CombinedRoster
from batch_enroll.adapters.rosters.csv_roster import STDIN, CsvRoster
from batch_enroll.adapters.rosters.multi_course_roster import MultiCourseRoster
from batch_enroll.core.errors import RosterError
from batch_enroll.core.lookup.records import WAYS
from batch_enroll.core.roster.formats import ENROLLMENT_FILES, FORMATS, NUMBERED_TABLES
from batch_enroll.core.roster.roster_format import BundleFormat, TableFormat
from batch_enroll.workflows import ScreenedRoster

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from batch_enroll.adapters.rosters.mapping_roster import MappingRoster
    from batch_enroll.adapters.rosters.xlsx_roster import XlsxRoster
    from batch_enroll.core.roster.roster_format import RosterFormat
    from batch_enroll.ports import RosterParts, RosterSource
    from batch_enroll.settings import Settings

    _Lines: TypeAlias = CsvRoster | XlsxRoster | MappingRoster

_SPREADSHEETS: Final = frozenset({".xlsx", ".xlsm"})
_ARCHIVE: Final = b"PK"
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"  # its reader says what to do about it
_WORKBOOK_CONTENTS: Final = "[content_types].xml"
_DEFAULTED: Final = ("course_id", "school_id", "role", "begin_date")


class _Reading(TypedDict):
    """What every reader of a table takes."""

    overrides: dict[str, str]
    defaults_present: frozenset[str]
    limit: int | None
    numbered: Sequence[TableFormat]


def open_rosters(settings: Settings, rosters: Sequence[str]) -> RosterSource:
    """The rosters as one source, their headers read.

    Raises:
        RosterError: one of them is not there, or has no readable header.
    """
    source: RosterSource
    if len(rosters) == 1:
        source = _one(settings, rosters[0], settings.limit)
    else:
        source = CombinedRoster([_one(settings, name, None) for name in rosters], limit=settings.limit)
    _ = source.columns  # a header that cannot be read is found before anything else happens
    return source


def open_rows(settings: Settings, rows: pd.DataFrame | Iterable[Mapping[str, object]] | None) -> RosterSource:
    """Rows that a program hands over, as a roster.

    Raises:
        RosterError: there are none, or a column is missing.
    """
    import pandas as pd  # noqa: PLC0415 - only for programs

    from batch_enroll.adapters.rosters.mapping_roster import MappingRoster  # noqa: PLC0415 - only for programs

    columns: list[str] | None = None
    if isinstance(rows, pd.DataFrame):
        columns = [str(column) for column in rows.columns]
        rows = (dict(zip(columns, values, strict=True)) for values in rows.itertuples(index=False, name=None))
    chosen = rows or ()
    lines = MappingRoster(
        islice(chosen, settings.limit) if settings.limit else chosen,
        columns=columns,
        overrides=settings.map,
        defaults_present=_defaults(settings),
        numbered=_usable_numbering(settings),
    )
    return _table(settings, lines, settings.limit)


def _one(settings: Settings, name: str, limit: int | None) -> ScreenedRoster:
    path = Path(name)
    if name == STDIN:
        return ScreenedRoster(_table(settings, CsvRoster(None, **_reading(settings, limit)), limit))
    if not path.exists():
        raise RosterError(f"{name}: there is no such file or folder")
    if not (path.is_file() or path.is_dir()):  # it is read more than once
        raise RosterError(f"{name}: is a pipe or a device; give - and send it to standard input")
    if path.is_dir() or _is_archive(path):
        from batch_enroll.adapters.rosters.bundle_roster import BundleFiles  # noqa: PLC0415 - brings pandas

        return _bundle(settings, BundleFiles(path), limit)
    if _is_workbook(path):
        return _workbook(settings, path, limit)
    return ScreenedRoster(_table(settings, CsvRoster(path, **_reading(settings, limit)), limit))


def _workbook(settings: Settings, path: Path, limit: int | None) -> ScreenedRoster:
    """A workbook with the sheets of a bundle is one, unless a sheet or a format is asked for.

    A sheet called Enrollments alone makes none: plain tables are called so, too.
    """
    from batch_enroll.adapters.rosters import xlsx_roster as xlsx  # noqa: PLC0415 - a plain CSV run pays nothing for it

    if isinstance(_chosen_format(settings), BundleFormat):
        return _bundle(settings, xlsx.SheetBundle(path), limit)
    asked = settings.sheet is not None or settings.format is not None
    if not asked and set(map(xlsx.table_name, xlsx.sheet_titles(path))) & set(ENROLLMENT_FILES):
        from batch_enroll.adapters.rosters.bundle_roster import is_whole  # noqa: PLC0415 - brings pandas

        if is_whole(parts := xlsx.SheetBundle(path)):
            return _bundle(settings, parts, limit)
    lines = xlsx.XlsxRoster(path, sheet=settings.sheet, **_reading(settings, limit))
    return ScreenedRoster(_table(settings, lines, limit))


def _bundle(settings: Settings, parts: RosterParts, limit: int | None) -> ScreenedRoster:
    from batch_enroll.adapters.rosters.bundle_roster import BundleRoster  # noqa: PLC0415 - brings pandas

    chosen = _chosen_format(settings)
    if isinstance(chosen, TableFormat):
        raise RosterError(f"{parts.path.name} holds several files; --format {chosen.name} reads a single one")
    bundle = BundleRoster(
        parts,
        of=chosen,
        overrides=settings.map,
        defaults_present=_defaults(settings),
        limit=limit,
        finds=[field for field, way in WAYS.items() if settings.find.get(way.kind) == way.by],
    )
    return ScreenedRoster(bundle, gaps=False)  # a line may hold no enrollment at all


def _table(settings: Settings, lines: _Lines, limit: int | None) -> RosterSource:
    """The table as it is, or each enrollment of its lines as a row if it has numbered courses."""
    chosen = _chosen_format(settings)
    if isinstance(chosen, BundleFormat):
        raise RosterError(f"{lines.name} is a single table; --format {chosen.name} reads several files together")
    found = _numbered_format(lines)
    if found is not None and found.numbered is not None:
        return MultiCourseRoster(lines, found.numbered, notes=found.notes, limit=limit)
    if chosen is not None and chosen.numbered is not None:
        raise RosterError(
            f"{lines.name} has no column {chosen.first_course} to read courses from, or names them in another"
        )
    return lines


def _numbered_format(lines: _Lines) -> TableFormat | None:
    try:
        return lines.numbered
    except RosterError as why:
        if lines.name.lower() not in ENROLLMENT_FILES:
            raise
        raise RosterError(f"{why}. If it is one of an export's files, give the folder that holds them all") from None


def _chosen_format(settings: Settings) -> RosterFormat | None:
    """The format that the settings name, if any."""
    return None if settings.format is None else FORMATS[settings.format]


def _usable_numbering(settings: Settings) -> Sequence[TableFormat]:
    """The formats with numbered courses that a table may have: the chosen one, or all if none is chosen."""
    chosen = _chosen_format(settings)
    return NUMBERED_TABLES if chosen is None else [table for table in NUMBERED_TABLES if table is chosen]


def _reading(settings: Settings, limit: int | None) -> _Reading:
    return {
        "overrides": settings.map,
        "defaults_present": _defaults(settings),
        "limit": limit,
        "numbered": _usable_numbering(settings),
    }


def _defaults(settings: Settings) -> frozenset[str]:
    return frozenset(field for field in _DEFAULTED if getattr(settings, field) is not None)


def _is_archive(path: Path) -> bool:
    """Whether it is a zip archive that is no workbook; a torn one goes by its name."""
    if not _begins(path, _ARCHIVE):
        return path.suffix.lower() == ".zip"
    try:
        with ZipFile(path) as archive:
            return _WORKBOOK_CONTENTS not in {name.lower().lstrip("/") for name in archive.namelist()}
    except (BadZipFile, NotImplementedError, OSError, ValueError):
        return path.suffix.lower() not in _SPREADSHEETS


def _is_workbook(path: Path) -> bool:
    return _begins(path, _ARCHIVE, _OLD_WORKBOOK)


def _begins(path: Path, *starts: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4).startswith(starts)
    except OSError as why:
        raise RosterError(f"{path.name} cannot be read: {why.strerror}") from why


def is_delta(source: RosterSource) -> bool:
    """True if the roster, or one of several, holds only changes: a OneRoster bundle whose manifest says so."""
    return any(ref.changes_only for ref in source.refs())
