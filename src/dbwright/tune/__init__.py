"""From a workload to advice that is proven: plans, indexes, rewrites, settings."""

from __future__ import annotations
