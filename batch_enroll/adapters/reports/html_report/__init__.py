"""The report people open: one page that needs no network, however it was sent (jinja2)."""

from batch_enroll.adapters.reports.html_report.report import HtmlReport

__all__ = ["HtmlReport"]
