"""The decomposition as tables and a migration, run on a throw-away server."""
