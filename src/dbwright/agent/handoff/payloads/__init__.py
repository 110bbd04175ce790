"""The payload of each kind of handoff, one a file that is named as the kind is.

A file holds `PAYLOAD`, the class, whose docstring says what is asked for.
"""
