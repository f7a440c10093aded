"""batch_enroll as a library: `from batch_enroll import enroll`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence  # noqa: TC003 - a TypedDict is looked at by programs that run
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypedDict, Unpack

from batch_enroll.commands import run as command
from batch_enroll.core.errors import UsageError
from batch_enroll.core.guards.rules import parse_allowance
from batch_enroll.core.roster.cells import undefuse
from batch_enroll.settings import load
from batch_enroll.wiring.run_session import HostProgram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from batch_enroll.core.events import Event
    from batch_enroll.core.reporting.run_summary import RunSummary

    Roster: TypeAlias = "str | os.PathLike[str] | pd.DataFrame | Iterable[Mapping[str, object]]"


class Options(TypedDict, total=False):
    """What can be set, as the flags of `batch-enroll run` and the keys of `batch-enroll.toml`; all else stays there."""

    env: str
    base_url: str
    token_url: str
    client_id: str
    client_secret: str
    rate: float
    max_in_flight: int
    course_id: str
    school_id: str
    role: str
    begin_date: str
    map: Mapping[str, str]
    sheet: str
    as_of: str
    limit: int
    out: str | os.PathLike[str]
    state: str | os.PathLike[str]
    config: str | os.PathLike[str]
    dry_run: bool
    recheck: bool
    deadline: str
    grace: float
    allow: Sequence[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of it.

    Attributes:
        summary: counts, causes, files; `summary.as_json()` is `summary.json`, `summary.exit_status` the exit code.
    """

    summary: RunSummary

    @property
    def results(self) -> pd.DataFrame:
        """One row for each row of the roster, in its order: its own columns, then ours, all of them text."""
        return self._frame("results")

    @property
    def failed(self) -> pd.DataFrame:
        """The rows to mend, in the same columns; `enroll` takes them back as they are."""
        return self._frame("failed")

    def _frame(self, name: str) -> pd.DataFrame:
        import pandas as pd  # noqa: PLC0415 - only for those who look

        path = self.summary.files.get(name)
        if path is None:
            raise UsageError(f"run {self.summary.run.run_id} was cut off before it wrote its {name}; resume it first")
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        return frame.rename(columns=undefuse).map(undefuse)


async def enroll(
    roster: Roster, *, on_event: Callable[[Event], object] | None = None, **options: Unpack[Options]
) -> Enrolled:
    """Enrolls a roster as `batch-enroll run` does, with the same ledger, results folder and guarantees.

    Args:
        roster: a path to anything that the command reads, a DataFrame, or rows as mappings (an iterator is read to
            its end first). The columns are named as in a file.
        on_event: called in the event loop with every `core.events` record; it should return at once.
        options: over variables and `batch-enroll.toml`, as the command's flags are; `allow` names guards to overrule
            this once, for the `reason` that is recorded.

    Returns:
        What came of every row. Rows that were not enrolled raise nothing: see `summary.exit_status` and `failed`.

    Raises:
        BatchEnrollError: nothing could be started, or the books could not be kept.
        CancelledError: the task was cancelled; what was sent is in the ledger, and `batch-enroll resume` goes on.
    """
    allowed = parse_allowance(options.pop("allow", ()), options.pop("reason", None))
    settings = load(options)
    names = [os.fspath(roster)] if isinstance(roster, str | os.PathLike) else []
    guest = HostProgram(None if names else roster, on_event)  # type: ignore[arg-type]  # mypy does not see that it is no path
    return Enrolled(await command.run_within(settings, names, guest, allowed))
