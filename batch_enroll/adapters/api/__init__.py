"""The vendor's API over aiohttp."""

from batch_enroll.adapters.api.edubridge import EduBridge
from batch_enroll.adapters.api.edubridge_with_dates import EduBridgeWithDates
from batch_enroll.adapters.api.oneroster_directory import OneRosterDirectory
from batch_enroll.adapters.api.oneroster_listings import OneRosterListings
from batch_enroll.adapters.api.oneroster_writes import OneRosterGateway
from batch_enroll.adapters.api.transport import Transport

__all__ = [
    "EduBridge",
    "EduBridgeWithDates",
    "OneRosterDirectory",
    "OneRosterGateway",
    "OneRosterListings",
    "Transport",
]
