"""Folders of the checkout that tests read in place."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]
README: Final = PROJECT / "README.md"
SAMPLES: Final = PROJECT / "sample_rosters"
SHARED: Final = PROJECT.parent / "shared"  # beside the checkout; tests that need it skip where it is absent
SHARED_ROSTERS: Final = SHARED / "rosters"
