"""Roster readers and writers, one format in each module."""
