"""Tables, partitions, views and sequences."""

from __future__ import annotations
