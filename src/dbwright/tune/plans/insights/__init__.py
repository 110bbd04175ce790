"""One insight a file. `dbwright.tune.plans.registry` finds them; there is no list."""

from __future__ import annotations
