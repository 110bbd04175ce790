"""The hazards: one file each, named by the fault. Files that begin with `_` are what others
share."""
