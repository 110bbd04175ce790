"""A server with production's schema and statistics and no rows: its planner plans as production's.

with twin(snapshot) as copy:
    copy.plan("SELECT …")     # what the planner would do there
"""
