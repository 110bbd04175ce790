"""What the planner gets wrong about a table's rows, and statistics that mend it, tried on rows."""

from __future__ import annotations
