"""Sources become relations: one format a file."""
