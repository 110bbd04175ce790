"""Running migrations: each file whole or statement by statement, and going on after a cut."""
