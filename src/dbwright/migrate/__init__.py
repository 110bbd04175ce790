"""Change a schema while the application goes on; nothing is lost."""
