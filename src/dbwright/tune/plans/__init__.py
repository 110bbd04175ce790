"""What makes a plan slow: insights over a plan, and the engine that runs them."""

from __future__ import annotations
