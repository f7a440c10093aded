from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.fakes import FakeRoster
from support.roster_files import cells, read, write_csv

from batch_enroll.adapters.rosters.combined_roster import CombinedRoster
from batch_enroll.adapters.rosters.csv_roster import CsvRoster
from batch_enroll.core.errors import RosterError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class UnsizedRoster(FakeRoster):
    """A roster that cannot tell its size."""

    @property
    def estimated_rows(self) -> int | None:
        return None


def roster(path: Path, *table: Sequence[str]) -> CsvRoster:
    return CsvRoster(write_csv(path, table))


def test_several_rosters_read_as_one_with_their_columns_united_by_name(tmp_path: Path) -> None:
    first = roster(tmp_path / "a.csv", ("user_id", "course_id", "Note"), ("u1", "c1", "n1"))
    second = roster(tmp_path / "b.csv", ("course_id", "Grade", "user_id"), ("c2", "7", "u2"))
    chained = CombinedRoster([first, second])
    assert chained.columns == ("user_id", "course_id", "Note", "Grade")
    assert chained.describe() == (*first.describe(), *second.describe())
    assert cells(chained) == [("u1", "c1", "n1", ""), ("u2", "c2", "", "7")]
    assert [row.fields["user_id"] for row in chained.rows()] == ["u1", "u2"]
    assert [(row.location.file, row.location.row) for row in chained.rows()] == [("a.csv", 2), ("b.csv", 2)]


def test_two_columns_of_one_name_stay_two(tmp_path: Path) -> None:
    first = roster(tmp_path / "a.csv", ("user_id", "course_id", "x"), ("u1", "c1", "1"))
    second = roster(tmp_path / "b.csv", ("user_id", "course_id", "x", "x"), ("u2", "c2", "2", "3"))
    chained = CombinedRoster([first, second])
    assert chained.columns == ("user_id", "course_id", "x", "x")
    assert cells(chained) == [("u1", "c1", "1", ""), ("u2", "c2", "2", "3")]


def test_sizes_add_up_and_every_roster_is_named(tmp_path: Path) -> None:
    table = [("user_id", "course_id"), ("u1", "c1"), ("u2", "c2")]
    chained = CombinedRoster([roster(tmp_path / "a.csv", *table), roster(tmp_path / "b.csv", *table)])
    assert chained.estimated_rows == 4
    assert len(read(chained)) == 4
    assert [(ref.path, ref.rows) for ref in chained.refs()] == [
        (str(tmp_path / "a.csv"), 2),
        (str(tmp_path / "b.csv"), 2),
    ]


def test_a_limit_counts_over_all_rosters(tmp_path: Path) -> None:
    table = [("user_id", "course_id"), ("u1", "c1"), ("u2", "c2")]
    sources = [roster(tmp_path / "a.csv", *table), roster(tmp_path / "b.csv", *table)]
    chained = CombinedRoster(sources, limit=3)
    assert chained.estimated_rows == 3
    assert [row.fields["user_id"] for row in chained.rows()] == ["u1", "u2", "u1"]


def test_the_size_is_unknown_if_any_roster_does_not_know_its_own(tmp_path: Path) -> None:
    sized = roster(tmp_path / "a.csv", ("user_id", "course_id"), ("u1", "c1"))
    assert CombinedRoster([sized, UnsizedRoster([{"user_id": "u2"}])]).estimated_rows is None


def test_a_roster_without_rows_is_told_before_any_row_is_given(tmp_path: Path) -> None:
    first = roster(tmp_path / "a.csv", ("user_id", "course_id"), ("u1", "c1"))
    second = roster(tmp_path / "b.csv", ("user_id", "course_id"))
    with pytest.raises(RosterError, match=r"b\.csv: there are no rows below the header"):
        next(CombinedRoster([first, second]).rows())
