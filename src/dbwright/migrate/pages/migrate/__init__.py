"""What `migrate verify` and `migrate rehearse` find of files and their history."""
