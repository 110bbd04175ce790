"""The difference of two schemas, and the statements that make one of the other.

- An `Item` is an object of a catalog, or a part of one that has statements of its own (a column, a
  default, a constraint).
- A `Kind` knows its items: which properties are compared (`kinds/<kind>.py`), and the statements
  that make, drop and alter one.
- A `Difference` is one object, or one property of an object, that two catalogs don't share.
- A `Step` is one statement, and whether it loses data.
- `compare` finds differences, `plan` makes steps of them in an order in which each can run,
  `renames` says what was only given another name, `write` makes the files.
"""
