"""The work for each kind of handoff, one a file that is named as the kind is.

A file holds `answer(work)`, which gives the parts of the answer by name.
"""
