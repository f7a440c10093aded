"""Rosters as Excel workbooks, read cell by cell as a person sees them."""

from batch_enroll.adapters.roster_xlsx.roster import XlsxRoster
from batch_enroll.adapters.roster_xlsx.sheets import SheetParts, sheet_titles, table_name
from batch_enroll.adapters.roster_xlsx.workbook import recognises

__all__ = ["SheetParts", "XlsxRoster", "recognises", "sheet_titles", "table_name"]
