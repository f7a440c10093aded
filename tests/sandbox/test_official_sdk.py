"""The official SDK, an independent client, against the rehearsal server.

It needs Python 3.12 or newer and therefore has its own venv and process. Without such a Python, or without a
package index, the tests are skipped with the reason.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batch_enroll.sandbox import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batch_enroll.sandbox import Sandbox

PACKAGE = "timeback-edubridge"
INSTALL_S = 90
VISIT = """
import asyncio, json, os
from timeback_edubridge import EdubridgeClient, TimebackError
from timeback_edubridge.types import EnrollOptions

async def result_of(awaitable):
    try:
        seen = await awaitable
    except TimebackError as error:
        return {"error": type(error).__name__, "text": str(error)}
    if isinstance(seen, list):
        return [one.id for one in seen]
    return seen and {"id": seen.id, "role": str(seen.role), "course": seen.course.id, "school": seen.school.id}

async def main():
    client = EdubridgeClient(
        base_url=os.environ["EDUBRIDGE_BASE_URL"], auth_url=os.environ["EDUBRIDGE_TOKEN_URL"],
        client_id=os.environ["EDUBRIDGE_CLIENT_ID"], client_secret=os.environ["EDUBRIDGE_CLIENT_SECRET"],
    )
    enrollments = client.enrollments
    seen = {
        "first": await result_of(enrollments.enroll("ann 1", "math", "home")),
        "repeat": await result_of(enrollments.enroll("ann 1", "math", "home")),
        "no school": await result_of(enrollments.enroll("bo", "math")),
        "teacher": await result_of(enrollments.enroll("bo", "math", "home", EnrollOptions(role="teacher"))),
        "list": await result_of(enrollments.list(user_id="ann 1")),
        "unenroll": await result_of(enrollments.unenroll("ann 1", "math", "home")),
        "list after": await result_of(enrollments.list(user_id="ann 1")),
        "unknown user": await result_of(enrollments.enroll("unknown", "math", "home")),
        "default class": (await enrollments.get_default_class("math", "home")).title,
    }
    await client.close()
    print(json.dumps(seen))

asyncio.run(main())
"""
FILES = {
    "users.csv": "sourcedId,givenName,familyName,role,orgSourcedIds\nann 1,Ann,A,student,home\nbo,Bo,B,student,home\n",
    "orgs.csv": "sourcedId,name,type\nhome,Home,school\n",
    "courses.csv": "sourcedId,title,orgSourcedId\nmath,Math,home\n",
}


def candidates() -> Iterator[Path]:
    """Yields the paths of newer Pythons; a shim on the path may name one that is not installed."""
    for minor in (12, 13, 14):
        if found := shutil.which(f"python3.{minor}"):
            yield Path(found)
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for minor in (12, 13, 14):
        yield from sorted(root.glob(f"versions/3.{minor}*/bin/python3"))


def runs(*command: str | Path, timeout_s: float = 20) -> bool:
    """Returns true if a command succeeds."""
    try:
        done = subprocess.run(command, env=environment(), capture_output=True, check=False, timeout=timeout_s)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def environment() -> dict[str, str]:
    """Returns the environment without the variables of the tests and of other APIs."""
    strange = ("COV_", "COVERAGE", "PYTHON", "TIMEBACK", "EDUBRIDGE", "ONEROSTER", "PYTEST", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(strange)}


@pytest.fixture(scope="session")
def sdk_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a Python in which the SDK is installed."""
    newer = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))"
    base = next((path for path in candidates() if runs(path, "-c", newer)), None)
    if base is None:
        pytest.skip("the official SDK needs Python 3.12 or newer, and none was found")
    home = tmp_path_factory.mktemp("sdk")
    python = home / "bin" / "python"
    if not runs(base, "-m", "venv", home, timeout_s=INSTALL_S):
        pytest.skip("no venv could be created for the official SDK")
    if not runs(python, "-m", "pip", "install", "--quiet", "--retries", "1", PACKAGE, timeout_s=INSTALL_S):
        pytest.skip(f"{PACKAGE} could not be installed; offline?")
    return python


async def visit(python: Path, sandbox: Sandbox) -> dict[str, Any]:
    """Returns the results of the SDK."""
    process = await asyncio.create_subprocess_exec(
        python, "-c", VISIT,
        env=environment() | {
            "EDUBRIDGE_BASE_URL": sandbox.base_url,
            "EDUBRIDGE_TOKEN_URL": sandbox.token_url,
            "EDUBRIDGE_CLIENT_ID": sandbox.client_id,
            "EDUBRIDGE_CLIENT_SECRET": sandbox.client_secret,
        },
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()[-2_000:]
    seen: dict[str, Any] = json.loads(out)
    return seen


@pytest.mark.asyncio
@pytest.mark.timeout(300)
async def test_the_official_sdk_works_with_the_rehearsal_server(sdk_python: Path, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    async with serve(school_bundle=tmp_path) as sandbox:
        seen = await visit(sdk_python, sandbox)
        keys = [row.key for row in sandbox.school.active_enrollments()]
        statuses = sandbox.requests.statuses
    assert seen["first"] == seen["repeat"]
    assert {name: seen["first"][name] for name in ("role", "course", "school")} == {
        "role": "student", "course": "math", "school": "home",
    }  # fmt: skip
    assert seen["no school"]["school"] == "home"
    assert seen["teacher"]["role"] == "teacher"
    assert seen["list"] == [seen["first"]["id"]]
    assert (seen["unenroll"], seen["list after"]) == (None, [])
    assert seen["unknown user"]["error"] == "NotFoundError"
    assert "User not found" in seen["unknown user"]["text"]
    assert seen["default class"] == "Math Class"
    assert sorted(keys) == [("bo", "math", "home", "student"), ("bo", "math", "home", "teacher")]
    assert (statuses["enroll", 201], statuses["enroll", 404], statuses["unenroll", 204]) == (4, 1, 1)
    assert sandbox.requests.tokens_issued == 1


@pytest.mark.asyncio
@pytest.mark.timeout(300)
async def test_the_official_sdk_reads_a_refusal_in_the_form_it_expects(sdk_python: Path, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    scenarios = ["error-body=errors", "unknown-user=422", "repeat-enroll=409"]
    async with serve(school_bundle=tmp_path, scenarios=scenarios) as sandbox:
        seen = await visit(sdk_python, sandbox)
    assert seen["unknown user"]["error"] == "ValidationError"
    assert seen["unknown user"]["text"] == "[422] User not found - [userId: User not found]"
    assert "already enrolled" in seen["repeat"]["text"]
