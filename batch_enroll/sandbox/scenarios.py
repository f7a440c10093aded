"""The scenarios by name, and how names from a command line become switches and faults."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, TypeAlias

from batch_enroll.sandbox.behaviors import SWITCH_NAMES, RetryAfter, Switches, switched
from batch_enroll.sandbox.faults import GATEWAY_STATUSES, Faults, Kind, Latency, Mishap, Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_BURST_RUN: Final = 20
_HEAVY_TAIL_SIGMA: Final = 1.5  # a median of 50 ms then has one answer in a hundred above 1.6 s
Plan: TypeAlias = "tuple[Switches, Faults]"
Step: TypeAlias = "Callable[[Plan, str], Plan]"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One named kind of trouble.

    Args:
        description: in plain words.
        step: adds it to a plan, with its value as text.
        value: what the text after `=` stands for; empty when it takes none.
        default: the value when none is given.
    """

    description: str
    step: Step = field(repr=False)
    value: str = ""
    default: str = ""


def parse_scenarios(names: Iterable[str], switches: Switches | None = None) -> Plan:
    """The switches and faults that the names ask for: `name`, `name=value` or `switch=value`.

    Raises:
        ValueError: a name or value that is not known; the message lists what is.
    """
    plan = (switches or Switches(), Faults())
    for text in names:
        name, given, value = text.strip().partition("=")
        plan = _added(plan, text, name, value if given else None)
    return plan


def _added(plan: Plan, text: str, name: str, value: str | None) -> Plan:
    if (switch := name.replace("-", "_")) in SWITCH_NAMES:
        return switched(plan[0], switch, value or ""), plan[1]
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise ValueError(_unknown(name))
    if value is not None and not scenario.value:
        raise ValueError(f"{text}: {name} takes no value")
    try:
        return scenario.step(plan, value or scenario.default)
    except ValueError:
        raise ValueError(f"{text}: give {name}={scenario.value}, in numbers within reason") from None


def _unknown(name: str) -> str:
    switches = [switch.replace("_", "-") for switch in SWITCH_NAMES]
    close = get_close_matches(name, [*SCENARIOS, *switches], n=3)
    meant = f"; did you mean {' or '.join(close)}?" if close else "."
    known = ", ".join(SCENARIOS)
    return f'"{name}" is no scenario{meant} Scenarios: {known}. Switches (name=value): {", ".join(switches)}'


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


def _faults(change: Callable[[str], Mapping[str, object]]) -> Step:
    """A step that sets fields of the faults."""

    def step(plan: Plan, text: str) -> Plan:
        return plan[0], replace(plan[1], **change(text))  # type: ignore[arg-type]  # fields are given by name

    return step


def _mishap(mishap: Mishap) -> Step:
    """A step that adds a mishap, at the percentage given if any."""

    def step(plan: Plan, text: str) -> Plan:
        added = replace(mishap, percent=_percent(text)) if text else mishap
        return plan[0], replace(plan[1], mishaps=(*plan[1].mishaps, added))

    return step


def _switch(name: str) -> Step:
    return lambda plan, text: (switched(plan[0], name, text), plan[1])


def _chance(description: str, mishap: Mishap, default: str) -> Scenario:
    return Scenario(description, _mishap(mishap), "PERCENT", default)


def _writes(name: str, kind: Kind, *statuses: int) -> Mishap:
    return Mishap(name, 0, kind, statuses, after=True, reach=Reach.WRITES)


def _429(name: str, retry_after: RetryAfter) -> Mishap:
    return Mishap(name, 0, Kind.THROTTLED, (429,), retry_after=retry_after)


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "429-bare": _chance("429 without Retry-After", _429("429-bare", RetryAfter.NONE), "5"),
    "429-retry-after": _chance(
        "429 with Retry-After in seconds", _429("429-retry-after", RetryAfter.SECONDS), "5"
    ),
    "429-http-date": _chance(
        "429 with Retry-After as a date", _429("429-http-date", RetryAfter.HTTP_DATE), "5"
    ),
    "strict-bucket": Scenario(
        "a limit of so many requests a second that allows no burst at all",
        _faults(lambda text: {"rate_per_s": _positive(text), "burst": 1}), "PER_SECOND", "50",
    ),
    "bucket": Scenario(
        "a limit of so many requests a second that allows a burst",
        _faults(lambda text: {"rate_per_s": max(_pair(text)[0], 1e-6), "burst": max(1, int(_pair(text)[1]))}),
        "PER_SECOND:BURST", "50:100",
    ),
    "in-flight-cap": Scenario(
        "429 to whatever is in flight above so many",
        _faults(lambda text: {"in_flight_cap": int(_number(text, least=1))}), "N", "10",
    ),
    "two-percent-5xx": Scenario(
        "two requests in a hundred fail with 500, 502, 503 or 504 before anything is done",
        _mishap(Mishap("5xx", 2, Kind.ERROR, GATEWAY_STATUSES)),
    ),
    "5xx": _chance("requests fail before anything is done", Mishap("5xx", 0, Kind.ERROR, GATEWAY_STATUSES), "10"),
    "5xx-bursts": _chance(
        f"{_BURST_RUN} requests in a row fail, beginning at so many",
        Mishap("5xx-bursts", 0, Kind.ERROR, GATEWAY_STATUSES, run=_BURST_RUN), "0.5",
    ),
    "5xx-after-write": _chance(
        "502 or 504 although the write was done", _writes("5xx-after-write", Kind.ERROR, 502, 504), "5"
    ),
    "reads-5xx": _chance(
        "reads fail, so that nothing can be looked up",
        Mishap("reads-5xx", 0, Kind.ERROR, GATEWAY_STATUSES, reach=Reach.READS), "100",
    ),
    "outage": Scenario(
        "503 to everything from so many seconds after the first request, for so long",
        _faults(lambda text: {"outage_s": _pair(text)}), "START_S:LENGTH_S", "2:5",
    ),
    "outage-requests": Scenario(
        "so many requests pass, then so many get 503",
        _faults(lambda text: {"outage_requests": tuple(map(int, _pair(text)))}), "AFTER:LENGTH", "100:50",
    ),
    "latency-ms": Scenario(
        "every answer takes that long",
        _faults(lambda text: {"latency": Latency(_number(text) / 1000)}), "MILLISECONDS", "50",
    ),
    "heavy-tail-ms": Scenario(
        "half of the answers take longer than that, and a few very much longer",
        _faults(lambda text: {"latency": Latency(_number(text) / 1000, _HEAVY_TAIL_SIGMA)}), "MILLISECONDS", "50",
    ),
    "lost-after-write": _chance(
        "the connection closes without an answer after the write was done", _writes("lost-after", Kind.LOST), "5"
    ),
    "lost-before-write": _chance(
        "the connection closes without an answer before anything is done", Mishap("lost-before", 0, Kind.LOST), "5"
    ),
    "truncated": _chance(
        "the answer breaks off after the write was done", _writes("truncated", Kind.TRUNCATED), "5"
    ),
    "html-200": _chance("200 with an HTML page after the write was done", _writes("html-200", Kind.HTML, 200), "5"),
    "html-201": _chance("201 with an HTML page after the write was done", _writes("html-201", Kind.HTML, 201), "5"),
    "html-502": _chance("502 with an HTML page after the write was done", _writes("html-502", Kind.HTML, 502), "5"),
    "token-lifetime-s": Scenario(
        "tokens live so many seconds", _faults(lambda text: {"token_lifetime_s": _positive(text)}), "SECONDS", "2"
    ),
    "refused-client": Scenario(
        "the token endpoint refuses the client", _faults(lambda _: {"refuse_client": True})
    ),
    "refused-tokens": Scenario(
        "the API refuses every token, however new", _mishap(Mishap("refused-tokens", 100, Kind.REFUSED_TOKEN))
    ),
    "token-5xx": Scenario(
        "the token endpoint fails", _faults(lambda text: {"token_5xx_percent": _percent(text)}), "PERCENT", "50"
    ),
    "token-latency-ms": Scenario(
        "the token endpoint takes that long",
        _faults(lambda text: {"token_latency_s": _number(text) / 1000}), "MILLISECONDS", "500",
    ),
    "forbidden": Scenario("403 to every write", _mishap(Mishap("forbidden", 100, Kind.FORBIDDEN, reach=Reach.WRITES))),
    "unknown-users": Scenario(
        "so many of the user ids are unknown, always the same ones",
        _faults(lambda text: {"unknown_users": _percent(text)}), "PERCENT", "5",
    ),
    "unknown-courses": Scenario(
        "so many of the course ids are unknown, always the same ones",
        _faults(lambda text: {"unknown_courses": _percent(text)}), "PERCENT", "5",
    ),
    "unknown-schools": Scenario(
        "so many of the school ids are unknown, always the same ones",
        _faults(lambda text: {"unknown_schools": _percent(text)}), "PERCENT", "5",
    ),
    "invisible": Scenario(
        "201 to writes that leave nothing behind", _switch("invisible_percent"), "PERCENT", "5"
    ),
    "read-lag-s": Scenario("a written row is seen by reads that much later", _switch("lag_s"), "SECONDS", "1"),
}  # fmt: skip
