"""Requirements: what is kept, how much of it, and how it is asked for (nouns.py)."""
