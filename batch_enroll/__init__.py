"""Enroll a whole school roster through the Timeback EduBridge API."""

__version__ = "0.1.0"

__all__ = ["__version__"]
