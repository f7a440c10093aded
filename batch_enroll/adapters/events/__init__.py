"""Event sinks: log, progress display, timeline."""
