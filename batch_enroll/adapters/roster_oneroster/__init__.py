"""Rosters as OneRoster 1.1 and 1.2 CSV bundles (1.0 is read too): a zip archive, or a folder."""

from batch_enroll.adapters.roster_oneroster.bundle import OneRosterBundle
from batch_enroll.adapters.roster_oneroster.parts import recognises

__all__ = ["OneRosterBundle", "recognises"]
