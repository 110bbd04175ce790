"""Values that look as if people had entered them, by the name and the type of a column.

`meaning` reads names; `words` holds what Faker gives; `texts`, `numbers`, `times` and `others` make
values of their types; `values` is asked for all of them. Values are text, as the server reads it.
"""
