"""`schema.prisma`: which engine it is for, and the tables of its models."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["PrismaSchema", "prisma_schema"]

BLOCK = re.compile(r"^\s*(model|view|datasource)\s+(\w+)\s*\{")
MAP = re.compile(r'@@map\(\s*(?:name:\s*)?"([^"]+)"')
PROVIDER = re.compile(r'^\s*provider\s*=\s*"([^"]+)"')


@dataclass(frozen=True, slots=True)
class PrismaSchema:
    provider: str
    """Empty where the file has no datasource."""
    tables: tuple[str, ...]


def prisma_schema(text: str) -> PrismaSchema:
    """Prisma's language has one thing a line, and its blocks do not nest."""
    provider = kind = name = ""
    tables: list[str] = []
    for line in text.splitlines():
        line = line.partition("//")[0] if '"' not in line.partition("//")[0] else line
        begin = BLOCK.match(line)
        if begin:
            kind, name = begin[1], begin[2]
        elif kind == "datasource" and (found := PROVIDER.match(line)):
            provider = found[1].lower()
        elif kind in ("model", "view") and (found := MAP.search(line)):
            name = found[1]
        if line.strip().startswith("}") or (begin and line.rstrip().endswith("}")):
            if kind in ("model", "view"):
                tables.append(name)
            kind = ""
    return PrismaSchema(provider, tuple(tables))
