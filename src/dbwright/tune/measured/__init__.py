"""Advice tried on a copy with rows: built, run before and after, compared, and what writes cost."""
