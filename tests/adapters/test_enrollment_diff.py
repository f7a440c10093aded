"""What only one side has, told by pandas as sets would."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from batch_enroll.adapters.enrollment_diff import diff_enrollments
from batch_enroll.core.model import ClassId, CourseId, Role, SchoolId, UserId
from batch_enroll.core.planning.sync_planner import EnrollmentIdentity

IDS = st.sampled_from(["1", "01", "1.0", "nan", "", "Zoë"])
SEATS = st.sets(
    st.builds(
        EnrollmentIdentity,
        IDS.map(UserId),
        IDS.map(CourseId),
        IDS.map(SchoolId),
        st.sampled_from(list(Role)),
        st.none() | IDS.map(ClassId),
    ),
    max_size=8,
)


@settings(max_examples=40)
@given(SEATS, SEATS)
def test_the_differences_are_those_of_sets_and_ids_stay_text(
    wanted: set[EnrollmentIdentity], there: set[EnrollmentIdentity]
) -> None:
    found = diff_enrollments(list(wanted), list(there))
    assert set(found.missing) == wanted - there
    assert set(found.kept) == wanted & there
    assert set(found.extra) == there - wanted
    assert [type(seat) for seat in found.missing] == [EnrollmentIdentity] * len(found.missing)
