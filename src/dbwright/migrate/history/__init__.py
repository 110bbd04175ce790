"""What a database remembers of the migrations that were run on it, and who may run them."""
