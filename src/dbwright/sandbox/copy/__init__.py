"""A throw-away server with a target's schema and rows: on it queries are run, not only planned.

with copy(snapshot, url, ["shop.orders"], rows=10_000) as rows:
    rows.connect()
"""
