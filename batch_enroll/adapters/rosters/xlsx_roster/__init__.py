"""Rosters as Excel workbooks, read cell by cell as a person sees them."""

from batch_enroll.adapters.rosters.xlsx_roster.roster import XlsxRoster
from batch_enroll.adapters.rosters.xlsx_roster.sheet_bundle import SheetBundle, sheet_titles, table_name

__all__ = ["SheetBundle", "XlsxRoster", "sheet_titles", "table_name"]
