"""One page a file; the file's name says what is found."""

from __future__ import annotations
