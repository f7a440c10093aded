from __future__ import annotations

from batch_enroll.core.damage import ID_FIELDS
from batch_enroll.core.headers import FIELDS


def test_the_ids_are_fields_of_a_roster() -> None:
    assert set(ID_FIELDS) <= set(FIELDS)
