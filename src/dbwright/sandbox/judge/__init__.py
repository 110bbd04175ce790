"""The judge: a real server tells what a statement does, and what a query touches.

`trial` runs statements in a transaction on a database without rows and takes it back; `alone` finds
the locks of statements that refuse to run in a transaction; `query` has the server analyse a query.
"""
