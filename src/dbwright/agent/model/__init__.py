"""A model that reasons between the steps, with the same tools as everybody else's.

Optional: nothing depends on it. `[model]` of dbwright.toml names an endpoint that speaks a known
dialect (`dialects/`, one file each); `converse` lets the model call tools until it has an answer.
"""
