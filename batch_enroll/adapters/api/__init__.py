"""The vendor's API over aiohttp."""

from batch_enroll.adapters.api.edubridge import EduBridge
from batch_enroll.adapters.api.edubridge_with_dates import DatedEduBridge
from batch_enroll.adapters.api.oneroster_directory import OneRoster
from batch_enroll.adapters.api.oneroster_listings import Enrollments
from batch_enroll.adapters.api.oneroster_writes import OneRosterEnrollments
from batch_enroll.adapters.api.transport import Wire

__all__ = ["DatedEduBridge", "EduBridge", "Enrollments", "OneRoster", "OneRosterEnrollments", "Wire"]
