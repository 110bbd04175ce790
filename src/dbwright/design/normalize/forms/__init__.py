"""Normal forms: closures, covers, keys, what breaks a form, and how it is taken apart."""
