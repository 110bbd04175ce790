"""Migrations as files of a folder: names, options, parts, statements."""
