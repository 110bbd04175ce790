"""Rows that are made up: for a schema of which no rows can be had.

The server makes them, table by table in the order of their foreign keys, from the row's number: two
runs make the same rows. `values` says what a column's values are made of, `fill` puts them in.
"""
