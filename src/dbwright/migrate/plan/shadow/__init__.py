"""A second column beside one whose type changes, and the moment in which they change places.

`sides` says what hangs on the column on either side of the change, `members` which tables have it:
the table, its partitions or its heirs. `beside` adds, fills and drops the second column; `building`
builds for it all that hangs on the first one; in `exchange` the two change places, and `settled`
says of it what was said before. The way back is the same, with the sides exchanged: so it is as
harmless as the way there.
"""
