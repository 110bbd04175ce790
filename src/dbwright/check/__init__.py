"""What is wrong with a database: the rules, and the engine that runs them over a snapshot."""

from __future__ import annotations
