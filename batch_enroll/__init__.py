"""Enroll a whole school roster through the Timeback EduBridge API.

As a library: `from batch_enroll import enroll`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batch_enroll.library import Enrolled, EnrollOptions, Options, enroll

__version__ = "0.1.0"

__all__ = ["EnrollOptions", "Enrolled", "Options", "__version__", "enroll"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Imports a public name when it is first asked for: `batch-enroll --help` needs none of them."""
        if name in __all__:
            return getattr(import_module("batch_enroll.library"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
