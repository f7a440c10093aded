"""The mutation runner itself, on a project of two modules."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from mutation.explanations import Explanation, read_explanations
from mutation.forks import Forks, Outcome
from mutation.generator import make_mutants

TESTS = Path(__file__).parents[1]


def changes(source: str) -> set[tuple[str, str]]:
    return {(mutant.before, mutant.after) for mutant in make_mutants(dedent(source))}


def test_constants_outside_functions_are_moved_by_one_and_by_a_quarter() -> None:
    found = changes("""
        FEWEST: Final = 10  # rows
        SHARE = 0.8
    """)
    assert found >= {
        ("FEWEST: Final = 10", "FEWEST: Final = 11"),
        ("FEWEST: Final = 10", "FEWEST: Final = 9"),
        ("SHARE = 0.8", "SHARE = 1.8"),
        ("SHARE = 0.8", "SHARE = 1.0"),
    }


def test_boundaries_limits_conditions_and_calls_are_turned_around_or_left_out() -> None:
    found = changes("""
        def wait(asked, longest, eager):
            note(asked)
            if eager:
                return 0
            return min(asked, longest) if asked < longest else longest
    """)
    assert {
        ("note(asked)", "..."),
        ("if eager:", "if not (eager):"),
        ("return min(asked, longest) if asked < longest else longest", "return asked if asked < longest else longest"),
        (
            "return min(asked, longest) if asked < longest else longest",
            "return longest if asked < longest else longest",
        ),
        (
            "return min(asked, longest) if asked < longest else longest",
            "return min(asked, longest) if asked <= longest else longest",
        ),
    } <= found


def test_properties_are_mutated_and_annotations_decorators_and_imports_are_not() -> None:
    found = changes("""
        from other import name

        class Wheel:
            @property
            @cached(size=4)
            def spokes(self) -> Literal["many"]:
                '''How many.'''
                return self.size * 2

        if TYPE_CHECKING:
            LIMIT = 3
    """)
    assert {before for before, _ in found} == {"return self.size * 2"}


def test_values_that_a_declared_type_rules_out_are_left_to_mypy() -> None:
    assert changes("limit: int = 0") == {("limit: int = 0", "limit: int = 1"), ("limit: int = 0", "limit: int = -1")}
    assert changes("day: date | None = None") == set()
    assert changes("text: str | None = None") == {("text: str | None = None", 'text: str | None = ""')}
    assert ("usual: Final = Limits()", "usual: Final = None") in changes("usual: Final = Limits()")


def test_a_mutant_names_its_line_and_the_function_around_it() -> None:
    [mutant] = make_mutants("class Scale:\n    def read(self):\n        return not self.broken\n")
    assert (mutant.where, mutant.line_no) == ("Scale.read", 3)
    assert (mutant.before, mutant.after) == ("return not self.broken", "return self.broken")
    assert mutant.source == "class Scale:\n    def read(self):\n        return self.broken\n"


def test_an_explanation_without_a_reason_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "equivalent.toml"
    file.write_text('[[equivalent]]\nmodule = "a.py"\nin = "f"\nchanges = [["x", "y"]]\nreason = "same thing"\n')
    assert read_explanations(file) == [Explanation("a.py", "f", "x", "y", "same thing")]
    file.write_text('[[equivalent]]\nmodule = "a.py"\nin = "f"\nchanges = [["x", "y"]]\nreason = ""\n')
    with pytest.raises(ValueError, match="needs module, in, changes and reason"):
        read_explanations(file)


PRICES = """
from shop.rates import RATE, Order

STEP = 5


def price(count):
    order = Order(count)
    return max(order.count * STEP * RATE, order.least)


def greeting():
    return "hello"
"""

RATES = """
from dataclasses import dataclass

RATE = 2


@dataclass
class Order:
    count: int
    least: int = 8
"""

TEST_PRICES = """
import pytest
from shop.prices import greeting, price


@pytest.mark.parametrize(("count", "amount"), [(3, 30), (0, 8)])
def test_a_price_grows_in_steps(count, amount):
    assert price(count) == amount


def test_a_greeting_is_said():
    assert greeting()
"""

PROGRAM = """
import sys
from mutation.runner import Jury, Package, make_trials

package = Package("shop", ("shop/prices.py", "shop/rates.py"), "checks")
trials = make_trials([package], 1)
jury = Jury(["checks"], package.modules, 2, lambda text: None)
for trial in jury.survivors(trials):
    print(trial.mutant.where, trial.mutant.after, sep=": ")
"""


def run_on(folder: Path, *, checks: str) -> subprocess.CompletedProcess[str]:
    for name, text in {"shop/prices.py": PRICES, "shop/rates.py": RATES, "checks/test_prices.py": checks}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\naddopts = "--import-mode=importlib"\npythonpath = ["."]\n'
    )
    path = os.pathsep.join((str(TESTS), str(folder)))
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_mutants_of_functions_constants_and_classes_that_no_test_notices_are_the_survivors(tmp_path: Path) -> None:
    ran = run_on(tmp_path, checks=TEST_PRICES)
    assert ran.stderr == ""
    assert sorted(ran.stdout.splitlines()) == ['greeting: return "HELLO"', 'greeting: return "XXhelloXX"']


def test_tests_that_fail_without_a_mutant_judge_none(tmp_path: Path) -> None:
    ran = run_on(tmp_path, checks=TEST_PRICES.replace("(0, 8)", "(0, 9)"))
    assert ran.returncode == 1
    assert "TestsFailError: checks/test_prices.py::test_a_price_grows_in_steps[0-9]" in ran.stderr


def test_a_fork_that_never_ends_has_failed() -> None:
    outcomes: list[Outcome] = []
    forks = Forks(jobs=2)
    forks.start(loop_for_ever, outcomes.append, cpu_s=0.0)
    forks.start(lambda: Outcome.PASSED, outcomes.append, cpu_s=0.0)
    forks.finish()
    assert outcomes == [Outcome.PASSED, Outcome.FAILED]


def loop_for_ever() -> Outcome:
    while True:
        pass
