"""What stands in the application's way, and the safe way: one form a file, found by looking."""
