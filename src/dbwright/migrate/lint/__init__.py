"""What is wrong with migrations, said before they run.

A `Hazard` is one file in `rules/`: a pure function over a `JudgedRun` (what a server did for each
statement, and the catalog around it), with its page, its thresholds and its examples. `engine` runs
them and makes `Finding`s; `silence` reads the comments that silence one; `migrate/lint_.py` is the
command.
"""
