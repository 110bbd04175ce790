"""Statements over many rows, in batches that follow a table's key.

- `Key` (key.py): the unique NOT NULL columns that batches follow, and ranges of them as SQL.
- `RangedStatement` (dbwright.sql.ranges): the statement, to be run for a range at a time.
- `BatchMark` (dbwright.model.batches): how far it has come; part of each batch's transaction.
- `Backfill` (backfill.py): one batch after another, from the mark to the last row.
- `BatchSize` (size.py): how many rows the next one has; `Pace` (pace.py): rows a second, time left.
- `Pressure` (pressure.py): what the others suffer, seen from a second session; `Throttle`
  (throttle.py) waits until that is bearable.
"""
