"""Migrations run on a throw-away server, to see what each of their statements does.

`base` makes the database that they are for: empty, or with the schema of a target or a snapshot.
`Replay` runs files there, one after the other: those that were run long ago as they are, and those
that are asked about statement by statement through the judge. What comes out is a `JudgedRun`,
which lint, plan and rehearsal read.
"""
