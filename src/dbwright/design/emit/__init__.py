"""A catalog in other languages, each in a file of `targets`."""
