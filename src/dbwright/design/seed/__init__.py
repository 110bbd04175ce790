"""Realistic rows for any catalog.

    Wish -> Recipe -> Order -> for each table: Plan (Parts) -> batches of lines -> Destination

- A `Part` makes the fields of some columns, many rows at a time: numbers that count, any of a pool,
  a key of another table's row. A `Plan` says which part makes which columns of a table.
- A pool holds values that passed: the `Judge`, a throw-away server with the schema, was asked
  which of the candidates the types, domains and checks let pass. Drawing from it is quick, and
  whatever is drawn is right. What can't be told of one row alone (exclusion constraints, partial
  unique indexes, checks over keys) is asked row by row.
- `Keys` are what rows of other tables refer to, few of them often (`Skew`).
- A `Destination` is a folder of files, proven by loading them into the judge, or the target.
- `like` turns statistics into pools with their shapes and none of their values.
"""
