"""One rule a file, one folder a topic. `dbwright.check.registry` finds them; there is no list."""

from __future__ import annotations
