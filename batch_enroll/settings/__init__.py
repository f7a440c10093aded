"""Settings: flags, then environment variables, then `batch-enroll.toml`, then defaults; all problems at once.

`options` declares each setting once. What is imported from here is loaded when it is first used: `--help` reads the
declarations only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from batch_enroll.settings.servers import Needs

if TYPE_CHECKING:
    from batch_enroll.settings.model import Settings, load, load_sealed

__all__ = ["Needs", "Settings", "load", "load_sealed"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Imports a public name when it is first asked for."""
        if name in __all__:
            return getattr(import_module("batch_enroll.settings.model"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
