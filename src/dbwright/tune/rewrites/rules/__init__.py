"""One rewrite a file; the file's name says what it finds."""

from __future__ import annotations
