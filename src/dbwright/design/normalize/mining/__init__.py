"""What holds in the rows: keys, functional and inclusion dependencies, with their exceptions."""
