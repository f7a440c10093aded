"""Mutation tests of the rules that decide about rows: `make mutants`, or a part of it.

    PYTHONPATH=tests python -m mutation                      # all packages
    PYTHONPATH=tests python -m mutation guards pace/auto.py  # packages, or single modules

Prints the score of each package and every mutant that survived. Exits with 1 if one did, or if `equivalent.toml` does
not explain what it should: see `explanations.py`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mutation.explanations import MOST_SHARE, read_explanations
from mutation.runner import Jury, Package, Trial, make_trials

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mutation.explanations import Explanation

NAMES: Final = ("verdict", "guards", "planning", "pace")
EXPLANATIONS: Final = Path(__file__).with_name("equivalent.toml")
_CORE: Final = "batch_enroll/core"


def main() -> int:
    """Tries the mutants that the command line names, and returns the exit status."""
    parser = argparse.ArgumentParser(prog="mutation", description="Mutation tests of the core.")
    parser.add_argument("parts", nargs="*", default=NAMES, help="packages or modules of the core")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="forks at a time")
    args = parser.parse_args()
    began, screen = time.monotonic(), os.fdopen(os.dup(2), "w", buffering=1)

    def say(text: str) -> None:
        screen.write(f"{time.monotonic() - began:6.0f} s  {text}\n")

    packages = [package for name in NAMES if (package := _package(name, args.parts)).modules]
    trials = make_trials(packages, args.jobs)
    say(f"{len(trials)} mutants")
    jury = Jury([_package(name, NAMES).tests for name in NAMES], {trial.module for trial in trials}, args.jobs, say)
    report = Report(trials, jury.survivors(trials), read_explanations(EXPLANATIONS))
    print(report)
    print(f"{time.monotonic() - began:.0f} s")
    return 0 if report.good else 1


def _package(name: str, parts: Sequence[str]) -> Package:
    modules = sorted(map(str, Path(_CORE, name).glob("*.py")))
    chosen = tuple(each for each in modules if name in parts or each.removeprefix(f"{_CORE}/") in parts)
    return Package(name, chosen, f"tests/core/{name}")


class Report:
    """The score of each package, and what is left to do."""

    def __init__(self, trials: Sequence[Trial], left: Sequence[Trial], explanations: Sequence[Explanation]) -> None:
        self._trials = trials
        modules = {trial.module for trial in trials}
        known = [each for each in explanations if each.module in modules]
        self.survivors = [trial for trial in left if not any(each.covers(trial) for each in known)]
        self.explained = [trial for trial in left if any(each.covers(trial) for each in known)]
        self.stale = [each for each in known if not any(each.covers(trial) for trial in left)]

    @property
    def good(self) -> bool:
        """Every mutant is noticed or explained, few are explained, and all explanations are true."""
        return not self.survivors and not self.stale and len(self.explained) <= MOST_SHARE * len(self._trials)

    def __str__(self) -> str:
        lines = ["package    mutants  noticed  explained  survived    score"]
        parts = [
            Counter(trial.package.name for trial in each) for each in (self._trials, self.explained, self.survivors)
        ]
        for name in (*parts[0], "all"):
            mutants, explained, survived = (each.total() if name == "all" else each[name] for each in parts)
            noticed = mutants - explained - survived
            score = noticed / max(1, mutants - explained)
            lines.append(f"{name:9} {mutants:8} {noticed:8} {explained:10} {survived:9} {score:8.1%}")
        lines += [f"\n{_shown(trial)}" for trial in self.survivors]
        lines += [
            f"\n{each.module} {each.where}: explained, but noticed or gone\n  - {each.before}\n  + {each.after}"
            for each in self.stale
        ]
        return "\n".join(lines)


def _shown(trial: Trial) -> str:
    mutant = trial.mutant
    return f"{trial.module}:{mutant.line_no} {mutant.where}\n  - {mutant.before}\n  + {mutant.after}"


if __name__ == "__main__":
    sys.exit(main())
