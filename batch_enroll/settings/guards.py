"""Where the guards' limits come from: `[guards]` in the TOML file, or variables; an override is never a setting."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from batch_enroll.core.guards.roster_stats import GuardLimits

_USUAL = GuardLimits()
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class GuardSettings(BaseSettings):
    """The limits of the guards. Source of the defaults: `core.census.GuardLimits`."""

    guard_least_share: Share = _USUAL.least_share
    guard_withdrawals: Count = _USUAL.withdrawals
    guard_withdrawn_share: Share = _USUAL.withdrawn_share
    guard_course_students: Annotated[int, Field(ge=1)] = _USUAL.course_students
    guard_school_seats: Annotated[int, Field(ge=1)] = _USUAL.school_seats
    guard_days: Annotated[int, Field(ge=1)] = _USUAL.days

    def guard_limits(self) -> GuardLimits:
        """The limits as the guards take them."""
        return GuardLimits(
            least_share=self.guard_least_share,
            withdrawals=self.guard_withdrawals,
            withdrawn_share=self.guard_withdrawn_share,
            course_students=self.guard_course_students,
            school_seats=self.guard_school_seats,
            days=self.guard_days,
        )
