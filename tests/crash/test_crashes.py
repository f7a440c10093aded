"""The plug is pulled at random instants and at every named point; nothing is lost, nothing is enrolled twice."""

from __future__ import annotations

import os
import random  # noqa: TID251 - seeded, so that a campaign can be repeated
import sys
from itertools import count, islice
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

import anyio
import pytest
from support.crash_campaign import POINTS, Kill, Tally, tell_story

import batch_enroll

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(batch_enroll.__file__).parent
KILLS = int(os.environ.get("CRASH_KILLS", "8"))
_KILLS_A_STORY = 4
_STORIES_AT_ONCE = 3
_EVERY_LIFE_S = 6


def drawn(dice: random.Random) -> Iterator[Kill]:
    """Named points in turn, in a drawn order, at an early or a late meeting; random instants between them."""
    for _ in count():
        for point in dice.sample(POINTS, len(POINTS)):
            yield Kill(point, nth=dice.choice((1, 2, 3, 40) if "EduBridge.submit" in point else (1, 1, 2)))
            yield Kill(after_s=dice.uniform(0.0, 1.5))


@pytest.mark.asyncio
@pytest.mark.timeout(60 + _EVERY_LIFE_S * KILLS)
async def test_killed_again_and_again_nothing_is_lost_and_nothing_is_enrolled_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice, tally = random.Random(KILLS), Tally()  # noqa: S311
    kills, numbers = drawn(dice), count(1)

    async def tell_stories() -> None:
        while tally.kills < KILLS:
            number = next(numbers)
            wanted = min(_KILLS_A_STORY, max(1, KILLS - tally.kills))
            await tell_story(tmp_path / str(number), number, list(islice(kills, wanted)), tally)

    async with anyio.create_task_group() as tasks:
        for _ in range(_STORIES_AT_ONCE):
            tasks.start_soon(tell_stories)
    with capsys.disabled():
        sys.stdout.write(f"\ncrash campaign: {tally}\n")
    assert (tally.lost, tally.doubles, tally.incomplete_reports) == (0, 0, 0), str(tally)
    assert tally.kills >= KILLS


def test_every_named_point_is_a_function_of_the_program() -> None:
    names = {name for path in PACKAGE.rglob("*.py") for name in functions_in(compile(path.read_text(), "", "exec"))}
    assert {point.partition(":")[2] for point in POINTS} <= names


def functions_in(code: CodeType) -> Iterator[str]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner.co_qualname
            yield from functions_in(inner)
