"""The report for people: one page in one file, which needs no network (jinja2)."""

from batch_enroll.adapters.reports.html_report.report import HtmlReport

__all__ = ["HtmlReport"]
