"""Options for the limits of the guards, in the table `[guards]` of the settings file; never flags."""

from __future__ import annotations

from typing import Annotated, Final

from batch_enroll.core.guards.roster_stats import GuardLimits
from batch_enroll.settings.declaration import Option, Panel, declare
from batch_enroll.settings.values import Count, PositiveCount, Share

_USUAL: Final = GuardLimits()


@declare(Panel.GUARDS)
class GuardSettings:
    """The limits of the guards."""

    guard_least_share: Annotated[
        Share, Option("Least share of the last run's rows that a roster of the same name must have.", flag=None)
    ] = _USUAL.least_share
    guard_withdrawals: Annotated[Count, Option("Most withdrawals of one run.", flag=None)] = _USUAL.withdrawals
    guard_withdrawn_share: Annotated[
        Share, Option("Most withdrawals of one run, as a share of its rows.", flag=None)
    ] = _USUAL.withdrawn_share
    guard_course_students: Annotated[PositiveCount, Option("Most students of one course at one school.", flag=None)] = (
        _USUAL.course_students
    )
    guard_school_enrollments: Annotated[
        PositiveCount, Option("Most enrollments at one school.", flag=None, former_name="guard_school_seats")
    ] = _USUAL.school_seats
    guard_days: Annotated[PositiveCount, Option("Most days between today and the dates of a term.", flag=None)] = (
        _USUAL.days
    )

    def guard_limits(self) -> GuardLimits:
        """Returns the limits as the guards take them."""
        return GuardLimits(
            least_share=self.guard_least_share,
            withdrawals=self.guard_withdrawals,
            withdrawn_share=self.guard_withdrawn_share,
            course_students=self.guard_course_students,
            school_seats=self.guard_school_enrollments,
            days=self.guard_days,
        )
