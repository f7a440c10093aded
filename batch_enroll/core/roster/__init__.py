"""Turns the cells of a roster into rows: headers, dates, damaged ids, bundle formats."""
