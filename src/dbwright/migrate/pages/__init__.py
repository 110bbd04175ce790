"""Pages of what commands of `migrate` find without a hazard's function: one file each, in the
folder of its topic."""
