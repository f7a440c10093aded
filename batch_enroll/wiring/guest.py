"""A program that enrolls from within its own event loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from batch_enroll.core.events import Event


@dataclass(frozen=True, slots=True)
class HostProgram:
    """What it brings: rows instead of files (or None), and who is told of events instead of a terminal.

    The process, its terminal and its signals are the guest's own.
    """

    rows: pd.DataFrame | Iterable[Mapping[str, object]] | None = None
    on_event: Callable[[Event], object] | None = None
