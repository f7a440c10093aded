"""The scenarios by name, and the parser that turns names from a command line into behaviors and faults."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, TypeAlias

from batch_enroll.sandbox.behaviors import BEHAVIOR_NAMES, Behaviors, RetryAfter, set_behavior
from batch_enroll.sandbox.faults import GATEWAY_STATUSES, FaultKind, FaultRule, FaultSettings, Latency, RequestKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_BURST_RUN: Final = 20
_HEAVY_TAIL_SIGMA: Final = 1.5  # a median of 50 ms then has one answer in a hundred above 1.6 s
ServerSetup: TypeAlias = "tuple[Behaviors, FaultSettings]"
SetupStep: TypeAlias = "Callable[[ServerSetup, str], ServerSetup]"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named setup of the server for rehearsals.

    Args:
        description: the scenario in plain words.
        step: adds the scenario to behaviors and faults, given its value as text.
        value: name of the value after `=`; empty if it takes none.
        default: the value if none is given.
    """

    description: str
    step: SetupStep = field(repr=False)
    value: str = ""
    default: str = ""


def parse_scenarios(names: Iterable[str], behaviors: Behaviors | None = None) -> ServerSetup:
    """Returns the behaviors and faults for `name`, `name=value` or `behavior=value`.

    Raises:
        ValueError: an unknown name or value; the message lists the known ones.
    """
    setup = (behaviors or Behaviors(), FaultSettings())
    for text in names:
        name, given, value = text.strip().partition("=")
        setup = _added(setup, text, name, value if given else None)
    return setup


def _added(setup: ServerSetup, text: str, name: str, value: str | None) -> ServerSetup:
    if (behavior := name.replace("-", "_")) in BEHAVIOR_NAMES:
        return set_behavior(setup[0], behavior, value or ""), setup[1]
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ValueError(_unknown(name))
    if value is not None and not scenario.value:
        raise ValueError(f"{text}: {name} takes no value")
    try:
        return scenario.step(setup, value or scenario.default)
    except ValueError:
        raise ValueError(f"{text}: give {name}={scenario.value}, with numbers in range") from None


def _unknown(name: str) -> str:
    behaviors = [behavior.replace("_", "-") for behavior in BEHAVIOR_NAMES]
    close = get_close_matches(name, [*SCENARIOS, *behaviors], n=3)
    meant = f"; did you mean {' or '.join(close)}?" if close else "."
    known = ", ".join(SCENARIOS)
    return f'unknown scenario "{name}"{meant} Scenarios: {known}. Behaviors (name=value): {", ".join(behaviors)}'


def _number(text: str, *, least: float = 0.0, most: float = 1e9) -> float:
    number = float(text)
    if not least <= number <= most:
        raise ValueError(text)
    return number


def _percent(text: str) -> float:
    return _number(text, most=100.0)


def _positive(text: str) -> float:
    return _number(text, least=1e-6)


def _pair(text: str) -> tuple[float, float]:
    first, _, second = text.partition(":")
    return _number(first), _number(second)


def _faults(change: Callable[[str], Mapping[str, object]]) -> SetupStep:
    """Returns a step that sets fields of the faults."""

    def step(setup: ServerSetup, text: str) -> ServerSetup:
        return setup[0], replace(setup[1], **change(text))  # type: ignore[arg-type]  # fields are given by name

    return step


def _rule(rule: FaultRule) -> SetupStep:
    """Returns a step that adds a rule, at the given percentage if there is one."""

    def step(setup: ServerSetup, text: str) -> ServerSetup:
        added = replace(rule, percent=_percent(text)) if text else rule
        return setup[0], replace(setup[1], rules=(*setup[1].rules, added))

    return step


def _behavior(name: str) -> SetupStep:
    return lambda setup, text: (set_behavior(setup[0], name, text), setup[1])


def _chance(description: str, rule: FaultRule, default: str) -> Scenario:
    return Scenario(description, _rule(rule), "PERCENT", default)


def _writes(name: str, kind: FaultKind, *statuses: int) -> FaultRule:
    return FaultRule(name, 0, kind, statuses, after=True, applies_to=RequestKind.WRITES)


def _429(name: str, retry_after: RetryAfter) -> FaultRule:
    return FaultRule(name, 0, FaultKind.THROTTLED, (429,), retry_after=retry_after)


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "429-bare": _chance("429 without Retry-After", _429("429-bare", RetryAfter.NONE), "5"),
    "429-retry-after": _chance(
        "429 with Retry-After in seconds", _429("429-retry-after", RetryAfter.SECONDS), "5"
    ),
    "429-http-date": _chance(
        "429 with Retry-After as a date", _429("429-http-date", RetryAfter.HTTP_DATE), "5"
    ),
    "strict-bucket": Scenario(
        "a limit of requests a second that allows no burst",
        _faults(lambda text: {"rate_per_s": _positive(text), "burst": 1}), "PER_SECOND", "50",
    ),
    "bucket": Scenario(
        "a limit of requests a second that allows a burst",
        _faults(lambda text: {"rate_per_s": max(_pair(text)[0], 1e-6), "burst": max(1, int(_pair(text)[1]))}),
        "PER_SECOND:BURST", "50:100",
    ),
    "in-flight-cap": Scenario(
        "429 to requests above a number in flight",
        _faults(lambda text: {"in_flight_cap": int(_number(text, least=1))}), "N", "10",
    ),
    "two-percent-5xx": Scenario(
        "two requests in a hundred fail with 500, 502, 503 or 504 before they are carried out",
        _rule(FaultRule("5xx", 2, FaultKind.ERROR, GATEWAY_STATUSES)),
    ),
    "5xx": _chance(
        "requests fail before they are carried out", FaultRule("5xx", 0, FaultKind.ERROR, GATEWAY_STATUSES), "10"
    ),
    "5xx-bursts": _chance(
        f"{_BURST_RUN} consecutive requests fail, starting at this share of them",
        FaultRule("5xx-bursts", 0, FaultKind.ERROR, GATEWAY_STATUSES, run=_BURST_RUN), "0.5",
    ),
    "5xx-after-write": _chance(
        "502 or 504 although the write was done", _writes("5xx-after-write", FaultKind.ERROR, 502, 504), "5"
    ),
    "reads-5xx": _chance(
        "reads fail, so that nothing can be looked up",
        FaultRule("reads-5xx", 0, FaultKind.ERROR, GATEWAY_STATUSES, applies_to=RequestKind.READS), "100",
    ),
    "outage": Scenario(
        "503 to every request from a time after the first one, for a length of time",
        _faults(lambda text: {"outage_s": _pair(text)}), "START_S:LENGTH_S", "2:5",
    ),
    "outage-requests": Scenario(
        "a number of requests pass, then a number get 503",
        _faults(lambda text: {"outage_requests": tuple(map(int, _pair(text)))}), "AFTER:LENGTH", "100:50",
    ),
    "latency-ms": Scenario(
        "every response takes this long",
        _faults(lambda text: {"latency": Latency(_number(text) / 1000)}), "MILLISECONDS", "50",
    ),
    "heavy-tail-ms": Scenario(
        "half of the responses take longer than this, a few of them far longer",
        _faults(lambda text: {"latency": Latency(_number(text) / 1000, _HEAVY_TAIL_SIGMA)}), "MILLISECONDS", "50",
    ),
    "lost-after-write": _chance(
        "the connection closes without a response after the write was done", _writes("lost-after", FaultKind.LOST), "5"
    ),
    "lost-before-write": _chance(
        "the connection closes without a response before anything is done",
        FaultRule("lost-before", 0, FaultKind.LOST), "5",
    ),
    "truncated": _chance(
        "the response breaks off after the write was done", _writes("truncated", FaultKind.TRUNCATED), "5"
    ),
    "html-200": _chance(
        "200 with an HTML page after the write was done", _writes("html-200", FaultKind.HTML, 200), "5"
    ),
    "html-201": _chance(
        "201 with an HTML page after the write was done", _writes("html-201", FaultKind.HTML, 201), "5"
    ),
    "html-502": _chance(
        "502 with an HTML page after the write was done", _writes("html-502", FaultKind.HTML, 502), "5"
    ),
    "token-lifetime-s": Scenario(
        "tokens expire after this time", _faults(lambda text: {"token_lifetime_s": _positive(text)}), "SECONDS", "2"
    ),
    "refused-client": Scenario(
        "the token endpoint refuses the client", _faults(lambda _: {"refuse_client": True})
    ),
    "refused-tokens": Scenario(
        "the API refuses every token, however new", _rule(FaultRule("refused-tokens", 100, FaultKind.REFUSED_TOKEN))
    ),
    "token-5xx": Scenario(
        "the token endpoint fails", _faults(lambda text: {"token_5xx_percent": _percent(text)}), "PERCENT", "50"
    ),
    "token-latency-ms": Scenario(
        "the token endpoint takes this long",
        _faults(lambda text: {"token_latency_s": _number(text) / 1000}), "MILLISECONDS", "500",
    ),
    "forbidden": Scenario(
        "403 to every write", _rule(FaultRule("forbidden", 100, FaultKind.FORBIDDEN, applies_to=RequestKind.WRITES))
    ),
    "unknown-users": Scenario(
        "a share of the user ids is unknown, always the same ones",
        _faults(lambda text: {"unknown_users": _percent(text)}), "PERCENT", "5",
    ),
    "unknown-courses": Scenario(
        "a share of the course ids is unknown, always the same ones",
        _faults(lambda text: {"unknown_courses": _percent(text)}), "PERCENT", "5",
    ),
    "unknown-schools": Scenario(
        "a share of the school ids is unknown, always the same ones",
        _faults(lambda text: {"unknown_schools": _percent(text)}), "PERCENT", "5",
    ),
    "invisible": Scenario(
        "201 to writes that have no effect", _behavior("invisible_percent"), "PERCENT", "5"
    ),
    "read-lag-s": Scenario("reads return a written row only after this time", _behavior("lag_s"), "SECONDS", "1"),
}  # fmt: skip
