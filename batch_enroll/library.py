"""batch_enroll as a library: `from batch_enroll import enroll`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, Unpack

from batch_enroll.commands import run as command
from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.rules import parse_allowance
from batch_enroll.core.roster.cells import undefuse
from batch_enroll.settings import load
from batch_enroll.settings.enroll_options import EnrollOptions
from batch_enroll.wiring.run_session import HostProgram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from batch_enroll.core.events import Event
    from batch_enroll.core.reporting.run_summary import RunSummary

    Roster: TypeAlias = "str | os.PathLike[str] | pd.DataFrame | Iterable[Mapping[str, object]]"


__all__ = ["EnrollOptions", "Enrolled", "Options", "enroll"]

Options: TypeAlias = EnrollOptions  # the former name


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The result of `enroll`.

    Attributes:
        summary: counts, causes, files; `summary.as_json()` is `summary.json`, `summary.exit_status` the exit code.
    """

    summary: RunSummary

    @property
    def results(self) -> pd.DataFrame:
        """One row for each row of the roster, in its order: its own columns, then ours, all of them text."""
        return self._read_frame("results")

    @property
    def failed(self) -> pd.DataFrame:
        """The rows to fix, in the same columns; `enroll` takes them back as they are."""
        return self._read_frame("failed")

    def _read_frame(self, name: str) -> pd.DataFrame:
        import pandas as pd  # noqa: PLC0415 - not everyone needs the rows

        path = self.summary.files.get(name)
        if path is None:
            raise UsageError(
                f"run {self.summary.run.run_id} was interrupted before it wrote its {name}; resume it first"
            )
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        return frame.rename(columns=undefuse).map(undefuse)


async def enroll(
    roster: Roster, *, on_event: Callable[[Event], object] | None = None, **options: Unpack[EnrollOptions]
) -> Enrolled:
    """Enrolls a roster as `batch-enroll run` does, with the same ledger, results folder and guarantees.

    Args:
        roster: a path to anything that the command reads, a DataFrame, or rows as mappings (an iterator is read to
            its end first). The columns are named as in a file.
        on_event: called in the event loop with every `core.events` record; it must return at once.
        options: override variables and `batch-enroll.toml`, as the command's flags do; `allow` names guards to overrule
            for this run, and `reason` is recorded with it.

    Returns:
        The result of every row. Rows that were not enrolled raise nothing: see `summary.exit_status` and `failed`.

    Raises:
        BatchEnrollError: nothing could be started, or the ledger could not be written.
        CancelledError: the task was cancelled; what was sent is in the ledger, and `batch-enroll resume` continues.
    """
    allowed = parse_allowance(options.pop("allow", ()), options.pop("reason", None))
    settings = load(options)
    names = [os.fspath(roster)] if isinstance(roster, str | os.PathLike) else []
    guest = HostProgram(None if names else roster, on_event)  # type: ignore[arg-type]  # mypy does not see that it is not a path
    return Enrolled(await command.run_within(settings, names, guest, allowed))
