"""Work on a ticket of a team of agents: where it is asked for, and where the results go.

workspace.py  a folder `.claude/workspaces/JOB-…`: found, and its artifacts written
context.py    what its context.json says
"""
