"""Rosters that come as several files: OneRoster, School Data Sync, Clever, Canvas, Apple School Manager."""

from batch_enroll.adapters.roster_bundles.bundle import BundleRoster, is_whole
from batch_enroll.adapters.roster_bundles.parts import FileParts

__all__ = ["BundleRoster", "FileParts", "is_whole"]
