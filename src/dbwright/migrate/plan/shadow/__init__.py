"""A second column beside one whose type changes, and the moment in which they change places.

`sides` says what hangs on the column on either side of the change; `exchange` builds all of it for
the column that comes, and has the two change places. The way back is the same, with the sides
exchanged: so it is as harmless as the way there.
"""
