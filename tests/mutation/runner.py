"""Tries every mutant of some packages: which of them do the tests notice?

A mutant is tried with the tests that enter the function it changes: those of its own package first, then those of the
other packages, each time the quickest first, up to the first that fails. It gets a fork of a process in which all
modules are imported and all tests collected, and only its function's code is exchanged there (milliseconds). A change
outside functions takes effect on import only: it gets a fork of a process that has imported nothing of ours, and all
tests of its package. So does, to be certain, a mutant that survived in the first way.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import Pool
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mutation import suite
from mutation.forks import Forks, Outcome, call_in_fork
from mutation.generator import Mutant, make_mutants
from mutation.live_code import LiveModules, absolute, compile_module

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from types import CodeType

    import pytest
    from mutation.live_code import CodeKey, Exchange

_SHOW_EVERY: Final = 50  # mutants


@dataclass(frozen=True)
class Package:
    """Modules that are mutated, by their paths below the working directory, and the folder of their tests."""

    name: str
    modules: tuple[str, ...]
    tests: str


@dataclass(frozen=True)
class Trial:
    """One mutant of one module."""

    package: Package
    module: str
    mutant: Mutant

    @property
    def code(self) -> CodeType:
        """The mutated module."""
        return compile_module(self.mutant.source, self.module)


class TestsFailError(Exception):
    """Tests fail without a mutant, so they cannot judge any."""

    __test__ = False


def make_trials(packages: Sequence[Package], jobs: int) -> list[Trial]:
    """Returns every mutant of these packages."""
    sources = [(package, module) for package in packages for module in package.modules]
    with Pool(jobs) as pool:
        mutants = pool.map(_mutants_of, [module for _, module in sources], chunksize=1)
    return [
        Trial(package, module, mutant)
        for (package, module), found in zip(sources, mutants, strict=True)
        for mutant in found
    ]


class Jury:
    """The tests of some folders, as the judges of mutants.

    Args:
        folders: where the tests are.
        modules: the modules that may be mutated.
        jobs: forks at a time.
        say: shows progress.

    Raises:
        TestsFailError: a test fails without a mutant.
    """

    def __init__(self, folders: Sequence[str], modules: Collection[str], jobs: int, say: Callable[[str], None]) -> None:
        self._folders, self._modules, self._jobs, self._say = folders, sorted(modules), jobs, say
        self._baseline = suite.measure(folders, self._paths)
        if self._baseline.failed:
            raise TestsFailError(", ".join(self._baseline.failed))
        say(f"{len(self._baseline.seconds)} tests take {sum(self._baseline.seconds.values()):.0f} s without a mutant")

    def survivors(self, trials: Sequence[Trial]) -> list[Trial]:
        """Returns the mutants that no test notices."""
        left: list[int] = call_in_fork(lambda: self._in_session(trials))
        return self._imported([trials[number] for number in left])

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(map(absolute, self._modules))

    def _in_session(self, trials: Sequence[Trial]) -> list[int]:
        """Returns the numbers of mutants that cannot be tried by an exchange of code, or were not noticed then."""
        left: list[int] = []

        def body(session: pytest.Session) -> Outcome:
            self._exchanged(session, trials, left)
            return Outcome.PASSED

        if suite.collect(self._folders, body) is not Outcome.PASSED:
            raise TestsFailError("the tests cannot be collected")
        return sorted(left)

    def _exchanged(self, session: pytest.Session, trials: Sequence[Trial], left: list[int]) -> None:
        live = LiveModules(self._modules)
        originals = {module: Path(module).read_text(encoding="utf-8") for module in self._modules}
        forks = Forks(self._jobs)
        for number, trial in enumerate(trials):
            if number % _SHOW_EVERY == 0:
                self._say(f"in place: {number} of {len(trials)}, {len(left)} left")
            exchange = live.exchange(trial.module, originals[trial.module], trial.mutant.source)
            tests = [] if exchange is None else self._tests_entering(trial, exchange.entered)
            if exchange is None or not tests:
                left.append(number)
            else:
                forks.start(_ExchangedRun(session, exchange, tests), _Keep(left, number), cpu_s=self._seconds(tests))
        forks.finish()

    def _imported(self, trials: Sequence[Trial]) -> list[Trial]:
        for name in self._baseline.modules:
            with suppress(ImportError):
                importlib.import_module(name)
        left: list[int] = []
        forks = Forks(self._jobs)
        for number, trial in enumerate(trials):
            if number % _SHOW_EVERY == 0:
                self._say(f"imported: {number} of {len(trials)}, {len(left)} left")
            tests = self._tests_of(trial)
            forks.start(_ImportedRun(trial, tests), _Keep(left, number), cpu_s=self._seconds(tests))
        forks.finish()
        return [trials[number] for number in sorted(left)]

    def _tests_entering(self, trial: Trial, functions: Collection[CodeKey]) -> list[str]:
        reached = self._baseline.reached
        return sorted((each for each in reached if not reached[each].isdisjoint(functions)), key=self._order(trial))

    def _tests_of(self, trial: Trial) -> list[str]:
        """All tests of the package, and the others that enter any function of the module."""
        path = absolute(trial.module)
        reached = self._baseline.reached
        chosen = [
            each
            for each in reached
            if each.startswith(trial.package.tests + "/") or any(key.path == path for key in reached[each])
        ]
        return sorted(chosen, key=self._order(trial))

    def _order(self, trial: Trial) -> Callable[[str], tuple[bool, float]]:
        own = trial.package.tests + "/"
        return lambda test: (not test.startswith(own), self._baseline.seconds[test])

    def _seconds(self, tests: Sequence[str]) -> float:
        return sum(self._baseline.seconds[each] for each in tests)


@dataclass(frozen=True)
class _Keep:
    """Notes the number of a mutant that did not fail."""

    left: list[int]
    number: int

    def __call__(self, outcome: Outcome) -> None:
        if outcome is not Outcome.FAILED:
            self.left.append(self.number)


@dataclass(frozen=True)
class _ExchangedRun:
    session: pytest.Session
    exchange: Exchange
    tests: list[str]

    def __call__(self) -> Outcome:
        self.exchange.make()
        return suite.run_tests(self.session, self.tests)


@dataclass(frozen=True)
class _ImportedRun:
    trial: Trial
    tests: list[str]

    def __call__(self) -> Outcome:
        name = self.trial.module.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        sys.meta_path.insert(0, suite.ReplacedModule(name, absolute(self.trial.module), self.trial.code))
        files = sorted({test.split("::")[0] for test in self.tests})
        return suite.collect(files, lambda session: suite.run_tests(session, self.tests))


def _mutants_of(module: str) -> list[Mutant]:
    return make_mutants(Path(module).read_text(encoding="utf-8"))
