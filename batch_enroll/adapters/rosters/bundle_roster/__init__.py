"""Rosters that come as several files: OneRoster, School Data Sync, Clever, Canvas, Apple School Manager."""

from batch_enroll.adapters.rosters.bundle_roster.bundle_files import BundleFiles
from batch_enroll.adapters.rosters.bundle_roster.roster import BundleRoster, is_whole

__all__ = ["BundleFiles", "BundleRoster", "is_whole"]
