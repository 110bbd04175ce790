"""Which of the dependencies that hold are meant, and who says so."""
