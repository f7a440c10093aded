from __future__ import annotations

from batch_enroll.core.roster.column_alignment import laid, numbered, places, united


def test_columns_of_several_tables_are_laid_over_each_other_by_name() -> None:
    first, second = ("a", "b", "b"), ("b", "c", "a")
    own = united([first, second])
    assert [name for name, _ in own] == ["a", "b", "b", "c"]
    assert laid(("1", "2", "3"), places(own, first)) == ("1", "2", "3", "")
    assert laid(("1", "2", "3"), places(own, second)) == ("3", "1", "", "2")
    assert numbered(("x", "x")) == [("x", 0), ("x", 1)]
