"""Result reports: CSV, JSON, XLSX and HTML."""
