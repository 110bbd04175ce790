"""The advisors: adding one is adding a file."""

from __future__ import annotations
