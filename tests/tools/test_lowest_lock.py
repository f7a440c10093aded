"""The lock of the lowest versions pins exactly what pyproject.toml promises: `make lowest` tests no other bound."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROMISED = [
    *PROJECT["project"]["dependencies"],
    *(line for extra in PROJECT["project"]["optional-dependencies"].values() for line in extra),
    *PROJECT["dependency-groups"]["test"],
]
PINNED = dict(
    re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / "requirements-lowest.lock").read_text(encoding="utf-8"), re.MULTILINE)
)


@pytest.mark.parametrize("promise", PROMISED)
def test_each_lower_bound_is_the_version_in_the_lowest_lock(promise: str) -> None:
    requirement = Requirement(promise)
    (lowest,) = [bound.version for bound in requirement.specifier if bound.operator == ">="]
    assert Version(PINNED[canonicalize_name(requirement.name)]) == Version(lowest), "call `make lock UPGRADE=`"
