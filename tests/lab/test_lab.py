"""The laboratory's short form: a few models, few seeds, assertions on ratios of virtual time."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pytest
from lab import __main__ as lab
from lab.alternatives import LAWS
from lab.lean import play
from lab.servers import MODELS, NOT_TARGETED, Decision, Server

from batch_enroll.core.pace import PaceLimits, SelfTuningPace

if TYPE_CHECKING:
    from pathlib import Path

SOME = ("strict bucket, 50/s", "10 in flight", "1 worker", "slow bucket, 5/s")


@pytest.mark.parametrize("model", SOME)
def test_the_real_engine_comes_near_an_oracle_in_fifteen_seconds(model: str) -> None:
    figure = lab.measured(lab.Job(model, lab.OURS, 15.0, 0, engine=True))
    assert figure.ratio <= 1.25


@pytest.mark.parametrize("model", ["strict bucket, 50/s", "slow bucket, 5/s", "10 in flight", "1 worker", "outages"])
def test_ten_minutes_take_little_longer_than_an_oracles_and_hardly_anything_is_refused(model: str) -> None:
    figure = lab.measured(lab.Job(model, lab.OURS, 600.0, 0, engine=False))
    assert figure.ratio <= 1.10
    assert figure.refused <= 0.01


def test_two_clients_share_a_limit_fairly() -> None:
    jain, ratio = lab.fairness()
    assert jain >= 0.9
    assert ratio <= 1.15


def test_a_new_model_is_ten_lines() -> None:
    class EveryTenth(Server):
        def __init__(self) -> None:
            self.count = 0

        def arrive(self, now: float) -> Decision:
            self.count += 1
            return Decision(201 if self.count % 10 else 429)

    assert play(EveryTenth(), SelfTuningPace(PaceLimits(100)), 50, until=600.0).done == 50


def test_the_table_and_its_files_show_every_model_and_law(tmp_path: Path) -> None:
    figures = [
        lab.Figure(model, law, seconds, 0, "lean", 1, 1.0, 0.0)
        for model in MODELS
        for law in LAWS
        for seconds in (lab.SHORT_S, lab.LONG_S)
    ]
    assert len(lab.table(figures)) == len(MODELS) + 1
    assert MODELS.keys() > NOT_TARGETED
    lab.write(figures, tmp_path)
    assert len((tmp_path / "lab.csv").read_text().splitlines()) == len(figures) + 1
    picture = (tmp_path / "lab.svg").read_text()
    assert all(escape(name) in picture for name in (*MODELS, *LAWS))
    assert picture.count("<rect") == 1 + len(LAWS) + len(MODELS) * len(LAWS)
