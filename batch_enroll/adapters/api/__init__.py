"""The vendor's API over aiohttp."""

from batch_enroll.adapters.api.dated import DatedEduBridge
from batch_enroll.adapters.api.directory import OneRoster
from batch_enroll.adapters.api.edubridge import EduBridge
from batch_enroll.adapters.api.enrollments import Enrollments
from batch_enroll.adapters.api.oneroster_enrollments import OneRosterEnrollments
from batch_enroll.adapters.api.wire import Wire

__all__ = ["DatedEduBridge", "EduBridge", "Enrollments", "OneRoster", "OneRosterEnrollments", "Wire"]
