"""The tests that mutants are tried with: as they run without a mutant, and those chosen for one."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.util import spec_from_loader
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import Phase, settings
from mutation.forks import Outcome, call_in_fork
from mutation.live_code import CodeKey, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, FrameType, ModuleType

# pytest warns of plugins that were imported before it could rewrite their assertions.
_ARGUMENTS: Final = ("-q", "--capture=no", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")


@dataclass
class Baseline:
    """The tests as they run without a mutant.

    Attributes:
        seconds: CPU time of each test, by its id.
        reached: the functions that each test enters.
        failed: tests that fail, so that they cannot judge a mutant.
        modules: the installed modules that were imported; none of the project's own.
    """

    seconds: dict[str, float]
    reached: dict[str, set[CodeKey]]
    failed: list[str]
    modules: list[str]


def measure(folders: Sequence[str], paths: frozenset[str]) -> Baseline:
    """Runs all tests of `folders` and notes which functions of the files at `paths` each one enters."""

    def run() -> Baseline:
        baseline = Baseline({}, {}, [], [])

        def each(session: pytest.Session) -> Outcome:
            for item in session.items:
                failed, began = session.testsfailed, time.process_time()
                with _noting_calls(paths) as reached:
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                baseline.seconds[item.nodeid] = time.process_time() - began
                baseline.reached[item.nodeid] = reached
                if session.testsfailed > failed:
                    baseline.failed.append(item.nodeid)
            return Outcome.PASSED

        if collect(folders, each) is not Outcome.PASSED:
            baseline.failed.append("collection")
        baseline.modules = [name for name, module in list(sys.modules.items()) if _is_installed(module)]
        return baseline

    return call_in_fork(run)


def collect(folders: Sequence[str], body: Callable[[pytest.Session], Outcome]) -> Outcome:
    """Collects the tests of `folders` and returns what `body` makes of them; FAILED if they cannot be collected."""
    plugin = _Plugin(body)
    pytest.main([*_ARGUMENTS, *folders], plugins=[plugin])
    if plugin.error is not None:
        raise plugin.error
    return plugin.outcome


def run_tests(session: pytest.Session, ids: Sequence[str]) -> Outcome:
    """Runs tests in this order, up to the first that fails."""
    items = {item.nodeid: item for item in session.items}
    chosen = [items[each] for each in ids]
    for item, following in zip(chosen, [*chosen[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return Outcome.FAILED
    return Outcome.PASSED


class ReplacedModule(MetaPathFinder, InspectLoader):
    """Imports a module from code of ours."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        self._name, self._path, self._code = name, path, code

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:  # noqa: ARG002 - importlib's
        """Returns the spec of our module; None for the others."""
        return spec_from_loader(fullname, self, origin=self._path) if fullname == self._name else None

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - it is asked for one module only
        """Returns the module's code."""
        return self._code

    def get_source(self, fullname: str) -> None:
        """Returns nothing: tracebacks are not shown."""


class _Plugin:
    """Takes the place of pytest's own loop over the tests."""

    def __init__(self, body: Callable[[pytest.Session], Outcome]) -> None:
        self.outcome = Outcome.FAILED
        self.error: Exception | None = None
        self._body = body

    def pytest_sessionstart(self) -> None:
        """Makes hypothesis draw the same examples each time, and stop at the first that fails."""
        profile = settings.get_profile("ci")
        settings.register_profile("mutants", profile, phases=(Phase.explicit, Phase.generate), database=None)
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Calls the body, unless a file could not be collected."""
        if not session.testsfailed:
            try:
                self.outcome = self._body(session)
            except Exception as error:  # noqa: BLE001 - raised again outside of pytest, which would only print it
                self.error = error
        return True


def _is_installed(module: ModuleType) -> bool:
    path = Path(getattr(module, "__file__", None) or sys.prefix)
    return path.is_relative_to(sys.prefix) or not path.is_relative_to(Path.cwd())


@contextmanager
def _noting_calls(paths: frozenset[str]) -> Iterator[set[CodeKey]]:
    """Collects the functions of these files that are entered in the block."""
    codes: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename in paths:
            codes.add(frame.f_code)

    reached: set[CodeKey] = set()
    sys.setprofile(note)
    try:
        yield reached
    finally:
        sys.setprofile(None)
        reached.update(map(key_of, codes))
