"""How tools lay out their migrations: one file a tool, found by looking into this folder.

A layout says whether a folder (or a file) is its own, and reads it into `ReadMigration`s, in the
order in which its tool runs them. `migrate.files.find` asks them all.
"""
