"""The roster formats, one in each module of this package: a module defines FORMAT, and that is all that a format needs.

Names are those of `--format` and of the setting `format`. Recognition, help, completion and the reading of an export
all go through these records.
"""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

from batch_enroll.core.roster.roster_format import BundleFormat, RosterFormat, TableFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


def _discover() -> dict[str, RosterFormat]:
    """Returns the format of each module of this package, by name and in order."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    found: list[RosterFormat] = [module.FORMAT for module in modules]
    return {each.name: each for each in sorted(found, key=lambda each: (each.order, each.name))}


FORMATS: Final = _discover()
BUNDLES: Final = {name: each for name, each in FORMATS.items() if isinstance(each, BundleFormat)}
NUMBERED_TABLES: Final = tuple(
    each for each in FORMATS.values() if isinstance(each, TableFormat) and each.numbered is not None
)
ENROLLMENT_FILES: Final = tuple(dict.fromkeys(mark for each in BUNDLES.values() for mark in each.marks))

if TYPE_CHECKING:

    class Format(StrEnum):
        """The names of formats. They are known at run time only, so that no code can ask for one of them."""

else:
    Format = StrEnum("Format", {name.replace("-", "_").upper(): name for name in FORMATS})


def name_enrollment_files() -> str:
    """Returns the files of which a bundle has one, for messages."""
    *others, last = dict.fromkeys(each.enrollments[0].file for each in BUNDLES.values())
    return f"{', '.join(others)} or {last}"


def recognize_format(files: Collection[str], header: Callable[[str], Collection[str]]) -> BundleFormat | None:
    """Returns the format that the headers of an export show, if any.

    Args:
        files: the names of its files, in lower case.
        header: returns the headers of a file as they are compared.
    """
    for each in BUNDLES.values():
        mark = next((mark for mark in each.marks if mark in files), None)
        if mark is None or any(other in files for other in each.not_beside):
            continue
        if all(set(names) & set(header(mark)) for names in each.recognized_by):
            return each
    return None


def fallback_format(files: Collection[str]) -> BundleFormat | None:
    """Returns the format of an export whose headers show none, so that what it lacks can be asked for."""
    return next((each for each in BUNDLES.values() if each.fallback and each.marks[0] in files), None)
