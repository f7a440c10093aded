"""Rules that stop a roster which, as a whole, looks like a mistake."""
