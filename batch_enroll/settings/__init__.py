"""Settings: flags, then environment variables, then `batch-enroll.toml`, then defaults; all problems at once."""

from __future__ import annotations

from batch_enroll.settings.model import Settings, load, sealed
from batch_enroll.settings.servers import Needs

__all__ = ["Needs", "Settings", "load", "sealed"]
