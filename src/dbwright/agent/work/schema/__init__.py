"""The schema of a repository, made real on a throw-away server.

source.py     what it is made of: a folder of migrations, or files of SQL
build.py      from there to a catalog, its DDL, and the proof that the two are the same
ways_back.py  each migration taken back, and what is then not as it was
checking.py   `check` on it
sized.py      statistics for tables of the sizes that are said or assumed
"""
