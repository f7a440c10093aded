"""A plan, written to a file before anything is sent: its steps, the rosters it was made from, and a hash of it all."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Final

from batch_enroll.core.errors import UsageError
from batch_enroll.core.frozen import frozen
from batch_enroll.core.model import Action, Role
from batch_enroll.core.roster.own_columns import ROW, WHY
from batch_enroll.core.roster.row_parser import METADATA
from batch_enroll.core.run_record import RosterRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from batch_enroll.core.model import Json
    from batch_enroll.core.roster.row_parser import Defaults

_VERSION: Final = 1
_DEFAULTED: Final = ("course_id", "school_id", "role", "begin_date")
_FIELDS: Final = (
    "user_id", "course_id", "school_id", "role", "begin_date", "sourced_id", "class_id", "end_date", "primary"
)  # fmt: skip
_STATUS: Final = {Action.ENROLL: "active", Action.WITHDRAW: "tobedeleted"}
LOOKED_UP: Final = "looked up first"  # the reason of a step that may take one request more


@frozen
class PlanStep:
    """One thing to do: an enrollment in the fields of a roster's row, the row that names it, and the reason."""

    action: Action
    fields: Mapping[str, str]
    row: str = ""
    why: str = ""

    def as_row(self) -> dict[str, str]:
        """Returns the step as a row of a roster, which a run reads like any other."""
        return {**self.fields, "status": _STATUS[self.action], ROW: self.row, WHY: self.why}

    def as_json(self) -> dict[str, Json]:
        """Returns the step as the file has it."""
        return {"action": self.action.value, "row": self.row, "why": self.why, "fields": dict(self.fields)}


def count_requests(steps: Iterable[PlanStep], *, by_class: bool) -> int:
    """Returns the number of requests of some steps: a withdrawal looks first, and so does an enrollment in doubt.

    By class, a withdrawal also asks for the ids of the rows, and each course and school once for its default class.
    """
    requests, default_classes = 0, set()
    for step in steps:
        withdrawing = step.action is Action.WITHDRAW
        requests += 1 + (withdrawing or step.why == LOOKED_UP) + (withdrawing and by_class)
        if by_class and not withdrawing and "class_id" not in step.fields:
            default_classes.add((step.fields.get("course_id"), step.fields.get("school_id")))
    return requests + len(default_classes)


def select_plan_fields(fields: Mapping[str, str], defaults: Defaults) -> dict[str, str]:
    """Returns the fields of a row that go into a plan, with the values given for all rows; the others are left out."""
    known = {name: text for name, text in fields.items() if name in _FIELDS or name.startswith(METADATA)}
    given = {name: str(value) for name in _DEFAULTED if (value := getattr(defaults, name)) is not None}
    return {"role": Role.STUDENT.value, **given, **known}


@frozen
class Plan:
    """The steps to take, and the rosters and options they were made from.

    Attributes:
        kind: `run` for the requests of a run; `sync` for those that make the server equal to the roster.
        options: how the roster was read.
        counts: enrollments that are kept or left as they are, and rows that need nothing, by name.
        guards: the result of each guard.
        warnings: sentences about the reading of the rosters and about rows in doubt.
    """

    kind: str
    environment: str
    base_url: str
    made_at: str
    rosters: tuple[RosterRef, ...]
    options: Mapping[str, Json]
    steps: tuple[PlanStep, ...]
    requests: int
    minutes: float
    scope: str = ""
    withdraw: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    guards: tuple[Mapping[str, Json], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def withdrawals(self) -> int:
        """The number of enrollments to withdraw."""
        return sum(step.action is Action.WITHDRAW for step in self.steps)

    def list_columns(self) -> list[str]:
        """Returns the columns of its steps as a roster."""
        metadata = dict.fromkeys(name for step in self.steps for name in step.fields if name.startswith(METADATA))
        return [*_FIELDS, *metadata, "status", ROW, WHY]

    def count_reasons(self) -> Iterator[tuple[str, int]]:
        """Yields each reason with its number of steps."""
        return iter(
            Counter(f"{step.action}: {step.why}" if step.why else step.action.value for step in self.steps).items()
        )

    def as_json(self) -> dict[str, Json]:
        """Returns the plan and its hash, as the file has them."""
        body = self._body()
        return {"plan": body, "sha256": _hash_json(body)}

    @property
    def sha256(self) -> str:
        """The hash of the whole plan."""
        return _hash_json(self._body())

    def summary(self) -> dict[str, Json]:
        """Returns everything but the steps, for `--json`."""
        body = self._body()
        return {**{name: value for name, value in body.items() if name != "steps"}, "sha256": self.sha256}

    def _body(self) -> dict[str, Json]:
        rosters: list[Json] = [{"path": ref.path, "sha256": ref.sha256, "rows": ref.rows} for ref in self.rosters]
        return {
            "version": _VERSION,
            "kind": self.kind,
            "environment": self.environment,
            "base_url": self.base_url,
            "made_at": self.made_at,
            "rosters": rosters,
            "options": dict(self.options),
            "settings_sha256": _hash_json(dict(self.options)),
            "scope": self.scope,
            "withdraw": self.withdraw,
            "enroll": len(self.steps) - self.withdrawals,
            "withdrawals": self.withdrawals,
            "counts": dict(self.counts),
            "requests": self.requests,
            "minutes": self.minutes,
            "guards": [dict(verdict) for verdict in self.guards],
            **({"warnings": list(self.warnings)} if self.warnings else {}),
            "steps": [step.as_json() for step in self.steps],
        }


def _hash_json(body: Mapping[str, Json]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def read_plan_body(text: str, name: str) -> dict[str, Json]:
    """Returns the body of a plan's file after checking it against its hash.

    Raises:
        UsageError: the file is not a plan, was made by another version, or has been changed.
    """
    try:
        document = json.loads(text)
        body, sha256 = document["plan"], document["sha256"]
        changed = _hash_json(body) != sha256
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise UsageError(
            f"{name} is not a batch-enroll plan; make one with: batch-enroll plan ROSTER -o {name}"
        ) from error
    if changed:
        raise UsageError(f"{name} was changed since it was made, so it is not applied; make it again")
    if body.get("version") != _VERSION:
        raise UsageError(f"{name} is a plan of another version of batch-enroll; make it again")
    return dict(body)


def list_changes(body: Mapping[str, Json], environment: str, base_url: str, refs: Sequence[RosterRef]) -> list[str]:
    """Returns a sentence for each thing that has changed since the plan was made."""
    changes = []
    if (body["environment"], body["base_url"]) != (environment, base_url):
        changes.append(
            f"it was made for {body['environment']} at {body['base_url']}, not for {environment} at {base_url}"
        )
    now = {ref.path: ref.sha256 for ref in refs}
    changes += [
        f"{each['path']} has changed since"
        for each in _objects(body["rosters"])
        if now.get(str(each["path"])) != each["sha256"]
    ]
    return changes


def plan_from_body(body: Mapping[str, Json]) -> Plan:
    """Returns the plan of a body that was checked, so that it has the types this program wrote."""
    return Plan(
        kind=str(body["kind"]),
        environment=str(body["environment"]),
        base_url=str(body["base_url"]),
        made_at=str(body["made_at"]),
        rosters=tuple(
            RosterRef(str(each["path"]), str(each["sha256"]), int(str(each["rows"])))
            for each in _objects(body["rosters"])
        ),
        options=_object(body["options"]),
        steps=tuple(
            PlanStep(
                Action(str(each["action"])),
                {name: str(text) for name, text in _object(each["fields"]).items()},
                str(each["row"]),
                str(each["why"]),
            )
            for each in _objects(body["steps"])
        ),
        requests=int(str(body["requests"])),
        minutes=float(str(body["minutes"])),
        scope=str(body["scope"]),
        withdraw=body["withdraw"] is True,
        counts={name: int(str(count)) for name, count in _object(body["counts"]).items()},
        guards=tuple(_objects(body["guards"])),
        warnings=tuple(map(str, _list(body.get("warnings")))),
    )


def _objects(value: Json) -> list[dict[str, Json]]:
    return [each for each in _list(value) if isinstance(each, dict)]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
