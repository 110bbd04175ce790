"""A file for each way: `1_name.up.sql` and `1_name.down.sql` (golang-migrate, sqlx, Diesel's
like). A file is one transaction, or one message to the server, which is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dbwright.errors import BadMigration
from dbwright.migrate.files.layout import (
    Layout,
    by_implicit_transaction,
    read_sql,
    sql_below,
    unnamed,
    with_way_back,
)
from dbwright.model.migration import ReadMigration
from dbwright.model.report import Skipped

__all__ = ["LAYOUT"]

NAME = re.compile(r"(\d+)[_-](.+?)(?:\.(up|down))?\.sql", re.IGNORECASE | re.DOTALL)


def claims(folder: Path) -> bool:
    """Is there a file for a way?"""
    return folder.is_dir() and any(
        (match := NAME.fullmatch(path.name)) is not None and match[3] for path in folder.iterdir()
    )


def read(folder: Path) -> tuple[ReadMigration, ...]:
    return tuple(sorted(_pairs(folder), key=lambda one: one.migration.number))


def _pairs(folder: Path) -> Iterator[ReadMigration]:
    ups: dict[int, tuple[Path, re.Match[str]]] = {}
    downs: dict[int, Path] = {}
    for path in sql_below(folder):
        match = NAME.fullmatch(path.name)
        if match is None:
            continue
        number = int(match[1])
        if (match[3] or "").lower() == "down":
            downs[number] = path
        elif number in ups:
            raise BadMigration(
                f"{ups[number][0]} and {path} have the same version",
                "give the later one a higher number",
            )
        else:
            ups[number] = path, match
    for number, (path, match) in ups.items():
        found = by_implicit_transaction(read_sql(path, match[1], match[2]))
        back = downs.pop(number, None)
        yield found if back is None else with_way_back(found, back)
    for path in downs.values():
        raise BadMigration(f"{path} takes back what no file does", "add the file of its way up")


def _passed_over(folder: Path) -> tuple[Skipped, ...]:
    return tuple(
        unnamed(path, "1_create_orders.up.sql")
        for path in sql_below(folder)
        if NAME.fullmatch(path.name) is None
    )


LAYOUT = Layout("pairs", claims, read, passed_over=_passed_over)
