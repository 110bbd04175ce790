"""The languages, one in a file (or a folder of that name)."""
