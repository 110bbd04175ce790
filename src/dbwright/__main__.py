"""`python -m dbwright`."""

from __future__ import annotations

from dbwright.cli import main

main()
