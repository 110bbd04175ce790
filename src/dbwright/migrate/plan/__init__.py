"""Migrations turned into sequences of files during which the application goes on working.

A `Form` knows one kind of statement that would stand in the application's way, and gives the
`Sequence` of `Move`s that comes to the same: each move is some SQL with its way back, and a
`Manner` that says how it is run. Moves become `PlannedFile`s, a transaction each. `planner` takes a
migration apart, asks the forms, and has the sandbox's judge try what they gave: a plan that still
blocks, or that ends elsewhere, says so. `unsafe` tells what no form has a way for, `gathered`,
`swapped` and `together` keep in one moment what belongs there.

`steps/` holds one form a file. `migrate/plan_.py` is the command.
"""
