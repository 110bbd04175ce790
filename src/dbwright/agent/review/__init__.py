"""Changed files, and the review that fits each: migrations are linted, other SQL is loaded and
checked; of models, which only their own framework can run, it is said when no migration came along.
"""
