"""pg_settings to calculate with, where some of its values are secrets.

`setting::int` or `setting <> boot_val` would be run for the secret ones as well. So a query that is
refused for that is tried once more, with pg_settings replaced by a query of it that gives the
values of secret settings masked from the start. It is judged like any other text: see `Lineage`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dbwright.agent.safe_sql.result import MASKED
from dbwright.agent.safe_sql.statement import Kind, Statement
from dbwright.errors import QueryRefused
from dbwright.sql.lexer import significant
from dbwright.sql.parse import parse, walk

__all__ = ["VALUES", "VIEW", "SettingsUsed", "with_settings_masked"]

VIEW = "pg_settings"
VALUES = frozenset(("setting", "boot_val", "reset_val"))
"""Its columns that hold values."""


class SettingsUsed(QueryRefused):
    """It calculates with values of settings, some of which are secrets."""


def with_settings_masked(
    statement: Statement, columns: Iterable[str], secrets: Iterable[str]
) -> Statement | None:
    """The query over masked settings; `columns` are those of pg_settings, `secrets` the names of
    settings. None where it can't be written so."""
    if statement.kind is not Kind.QUERY:
        return None
    text = statement.text
    tree = parse(text)
    nodes = list(walk(tree.statements[0].node))
    if any(kind == "CommonTableExpr" and node.get("ctename") == VIEW for kind, node in nodes):
        return None
    places = [
        (tree.character(node.get("location", 0)), "alias" in node)
        for kind, node in nodes
        if kind == "RangeVar"
        and node.get("relname") == VIEW
        and node.get("schemaname") in (None, "", "pg_catalog")
    ]
    source = _source(columns, sorted(secrets))
    tokens = list(significant(text))
    for place, has_alias in sorted(places, reverse=True):
        at = next(n for n, token in enumerate(tokens) if token.offset == place)
        if at and tokens[at - 1].lower in ("only", "table"):
            return None
        qualified = at + 2 < len(tokens) and tokens[at + 1].text == "."
        end = tokens[at + 2 if qualified else at].end
        text = f"{text[:place]}({source}){'' if has_alias else f' AS {VIEW}'}{text[end:]}"
    return replace(statement, text=text) if places else None


def _source(columns: Iterable[str], secrets: list[str]) -> str:
    whens = " ".join(f"WHEN name = {_literal(name)} THEN {_literal(MASKED)}" for name in secrets)
    shown = ", ".join(
        f"CASE {whens} ELSE {name} END AS {name}" if name in VALUES else name for name in columns
    )
    return f"SELECT {shown} FROM pg_catalog.{VIEW}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
