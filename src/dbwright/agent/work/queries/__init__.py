"""The queries that stand in a repository's code, each with its place.

text.py      a text of a program, as far as it is known before it runs
python_.py   the texts of Python, by its own parser
literals.py  the texts of other languages, by their lexical rules
sql_files.py queries of .sql files, with the names that sqlc, aiosql and PugSQL give them
numbered.py  parameters in each style, as $1, $2 …
judge.py     which text is a query: PostgreSQL's parser says it
find.py      all of it
"""
