"""Figures and sentences of a run: summary, breakdown, timeline, redaction."""
