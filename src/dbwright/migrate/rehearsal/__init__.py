"""Trying migrations on a copy before they run where it counts, and what is proven by that.

`stage` makes the copy: the schema of a target and its rows, or generated ones. Each migration runs
there twice, by the same runner as `up`: alone, for what it takes and what it leaves (`content`
compares all rows before and after, set-based, `pairs` which column is which; the catalogs are
compared too), and among readers and writers (`load`), for how long those were blocked and what they
were refused. `findings` says what that means, `evidence` keeps it beside the migration.
"""
