"""What endpoints speak: one a file."""
