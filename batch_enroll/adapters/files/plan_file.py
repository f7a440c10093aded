"""Plans as files: the JSON a person reads and `apply` takes, and the CSV of its steps that a run reads; 0600."""

from __future__ import annotations

import csv
import json
import os
from typing import TYPE_CHECKING

from batch_enroll.core.errors import RunStoppedError, UsageError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from batch_enroll.core.planning.plan_document import Plan


def write(path: Path, plan: Plan) -> None:
    """Writes the plan whole or not at all.

    Raises:
        RunStoppedError: it cannot be written; nothing was sent.
    """
    draft = path.with_name(f".{path.name}.new")
    try:
        with _opened(draft) as file:
            json.dump(plan.as_json(), file, indent=1)
            file.write("\n")
        draft.replace(path)
    except OSError as error:
        raise RunStoppedError(f"the plan {path} cannot be written ({error.strerror}); nothing was sent") from error


def read(path: Path) -> str:
    """The text of a plan.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"the plan {path} is not text; make one with: batch-enroll plan ROSTER -o {path}") from error
    except OSError as error:
        raise UsageError(f"the plan {path} cannot be read ({error.strerror})") from error


def write_steps(path: Path, plan: Plan) -> Path:
    """The steps as a roster, one row each, in their order; `path`.

    Raises:
        RunStoppedError: it cannot be written; nothing was sent.
    """
    try:
        with _opened(path) as file:
            writer = csv.DictWriter(file, plan.list_columns(), restval="", lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(step.as_row() for step in plan.steps)
    except OSError as error:
        raise RunStoppedError(f"{path} cannot be written ({error.strerror}); nothing was sent") from error
    return path


def _opened(path: Path) -> TextIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")
