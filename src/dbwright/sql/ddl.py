"""The text of DDL, written from the model's nouns.

Definitions follow pg_get_indexdef and pg_get_constraintdef, so that what is dropped can be made
again exactly. No text ends with a semicolon.
"""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.model.catalog import Check, ForeignKey, Index, IndexColumn, Key
from dbwright.model.names import literal, qualify, quote
from dbwright.sql.lexer import is_call, is_enclosed

__all__ = [
    "check_definition",
    "foreign_key_definition",
    "index_definition",
    "index_key",
    "key_definition",
]


def index_definition(
    index: Index, table: str, *, concurrently: bool = False, if_not_exists: bool = False
) -> str:
    """The CREATE INDEX statement of `index` on `table` (a qualified name, as SQL).

    Raises ValueError where an expression or the predicate was not read: the index can't be
    written then.
    """
    if index.partial and index.predicate is None:
        raise ValueError(f"the predicate of index {index.qualified} is not known")
    words = ["CREATE", "UNIQUE" if index.unique else "", "INDEX"]
    words += ["CONCURRENTLY" if concurrently else "", "IF NOT EXISTS" if if_not_exists else ""]
    # An index of one partition says so by being on the partition; ONLY is for the parent alone.
    words += [quote(index.name), "ON", table, "USING", quote(index.method)]
    words.append("(" + ", ".join(index_key(index, key) for key in index.keys) + ")")
    if index.include:
        words.append(f"INCLUDE ({_names(index.include)})")
    if index.nulls_not_distinct:
        words.append("NULLS NOT DISTINCT")
    if index.options:
        words.append(f"WITH ({_options(index.options)})")
    if index.tablespace is not None:
        words.append(f"TABLESPACE {quote(index.tablespace)}")
    if index.predicate is not None:
        words.append(f"WHERE {_parenthesized(index.predicate)}")
    return " ".join(filter(None, words))


def key_definition(
    key: Key,
    *,
    primary: bool,
    include: Iterable[str] = (),
    options: Iterable[tuple[str, str]] = (),
    tablespace: str | None = None,
) -> str:
    """The part after the name of a PRIMARY KEY or UNIQUE constraint.

    `include`, `options`, `tablespace`: those of its index.
    """
    words = ["PRIMARY KEY" if primary else "UNIQUE"]
    if key.nulls_not_distinct:
        words.append("NULLS NOT DISTINCT")
    columns = _names(key.columns)
    words.append(f"({columns} WITHOUT OVERLAPS)" if key.without_overlaps else f"({columns})")
    included = _names(include)
    words += [f"INCLUDE ({included})"] if included else []
    parameters = _options(options)
    words += [f"WITH ({parameters})"] if parameters else []
    words += [f"USING INDEX TABLESPACE {quote(tablespace)}"] if tablespace is not None else []
    return " ".join(words + _deferral(key.deferrable, key.initially_deferred))


def _period_names(columns: tuple[str, ...], key: ForeignKey) -> str:
    if not key.period:
        return _names(columns)
    return ", ".join([*map(quote, columns[:-1]), f"PERIOD {quote(columns[-1])}"])


def foreign_key_definition(key: ForeignKey) -> str:
    """The part after the name of a FOREIGN KEY constraint."""
    words = [f"FOREIGN KEY ({_period_names(key.columns, key)}) REFERENCES"]
    words.append(f"{key.references}({_period_names(key.referenced_columns, key)})")
    if key.match_full:
        words.append("MATCH FULL")
    if key.on_update != "NO ACTION":
        words.append(f"ON UPDATE {key.on_update}")
    if key.on_delete != "NO ACTION":
        words.append(f"ON DELETE {key.on_delete}")
        if key.on_delete_columns:
            words.append(f"({_names(key.on_delete_columns)})")
    words += _deferral(key.deferrable, key.initially_deferred)
    return " ".join(words + _validity(key.enforced, key.validated))


def check_definition(check: Check) -> str:
    """The part after the name of a CHECK constraint.

    Raises ValueError where its expression was not read.
    """
    if check.expression is None:
        raise ValueError(f"the expression of the check {quote(check.name)} is not known")
    words = [f"CHECK {_parenthesized(check.expression)}"]
    if check.no_inherit:
        words.append("NO INHERIT")
    return " ".join(words + _validity(check.enforced, check.validated))


def index_key(index: Index, key: IndexColumn) -> str:
    """One key of an index: column or expression, collation, operator class, order.

    Raises ValueError where its expression was not read.
    """
    if key.column is not None:
        words = [quote(key.column)]
    elif key.expression is None:
        raise ValueError(f"an expression of index {index.qualified} is not known")
    elif is_call(key.expression):
        words = [key.expression]
    else:
        words = [_parenthesized(key.expression)]
    if key.collation is not None:
        words.append(f"COLLATE {key.collation}")
    if key.operator_class and not (key.default_operator_class and not key.options):
        # The class must be named where it has parameters, default or not.
        options = f" ({_options(key.options)})" if key.options else ""
        words.append(f"{_operator_class(key.operator_class)}{options}")
    if key.descending:
        words.append("DESC" if key.nulls_first else "DESC NULLS LAST")
    elif key.nulls_first:
        words.append("NULLS FIRST")
    return " ".join(words)


def _operator_class(name: str) -> str:
    """As stored: a bare name, or one that is qualified and quoted already."""
    return name if "." in name or '"' in name else quote(name)


def _parenthesized(expression: str) -> str:
    return expression if is_enclosed(expression) else f"({expression})"


def _names(columns: Iterable[str]) -> str:
    return ", ".join(quote(column) for column in columns)


def _options(options: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{qualify(*name.split('.'))}={literal(value)}" for name, value in options)


def _deferral(deferrable: bool, initially_deferred: bool) -> list[str]:
    words = ["DEFERRABLE"] if deferrable else []
    return [*words, "INITIALLY DEFERRED"] if initially_deferred else words


def _validity(enforced: bool, validated: bool) -> list[str]:
    if not enforced:
        return ["NOT ENFORCED"]
    return [] if validated else ["NOT VALID"]
