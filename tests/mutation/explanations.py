"""Mutants that no test can notice, each with the reason why: read from `equivalent.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mutation.runner import Trial

MOST_SHARE = 0.05  # of all mutants may be explained; all others are to be noticed


@dataclass(frozen=True)
class Explanation:
    """Changes to one class or function of a module that make no difference, and why."""

    module: str
    where: str
    before: str
    after: str
    reason: str

    def covers(self, trial: Trial) -> bool:
        """Returns whether this is about the mutant."""
        mutant = trial.mutant
        ours = trial.module, mutant.where, mutant.before, mutant.after
        return ours == (self.module, self.where, self.before, self.after)


def read_explanations(path: Path) -> list[Explanation]:
    """Returns the explanations of a file.

    Raises:
        ValueError: an entry has no reason, or one of its keys is missing.
    """
    found = []
    for each in tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", []):
        match each:
            case {"module": str(module), "in": str(where), "changes": list(changes), "reason": str(reason)} if reason:
                found += [Explanation(module, where, before, after, reason) for before, after in changes]
            case _:
                raise ValueError(f"{path}: an entry needs module, in, changes and reason: {each}")
    return found
