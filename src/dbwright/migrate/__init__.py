"""Changing a schema: files, what a database remembers of them, and running them so that the
application goes on and nothing is lost."""
