"""Rosters as Excel workbooks, read cell by cell as a person sees them."""

from batch_enroll.adapters.rosters.xlsx_roster.roster import XlsxRoster
from batch_enroll.adapters.rosters.xlsx_roster.sheet_bundle import SheetParts, sheet_titles, table_name
from batch_enroll.adapters.rosters.xlsx_roster.workbook import recognises

__all__ = ["SheetParts", "XlsxRoster", "recognises", "sheet_titles", "table_name"]
