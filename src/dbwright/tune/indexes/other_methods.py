"""Candidates that are no B-trees: GIN, GiST, BRIN and hash."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, Column
from dbwright.model.names import quote
from dbwright.sql.scope.predicate import Predicate, PredicateKind
from dbwright.tune.indexes.candidate import CandidateKey
from dbwright.tune.indexes.immutable import column_types, expression_tree, is_immutable
from dbwright.tune.indexes.selectivity import constant_value, share_of
from dbwright.tune.indexes.texts import PATTERN_CLASSES, is_text, longest_fixed_part
from dbwright.tune.indexes.usage import Usage
from dbwright.tune.indexes.widths import too_wide

__all__ = ["Other", "other_methods"]

BRIN_PAGES = 12_800
"""100 MB: below, a B-tree is small, too."""
BRIN_CORRELATION = 0.9
HASH_WIDTH = 64
"""Bytes of the average value from which a hash index is much smaller than a B-tree."""
USUAL_SCHEMAS = ("public", "pg_catalog")
"""Where an operator class is found without its schema."""
TRIGRAM = 3
"""Characters that a pattern must hold for trigrams to find anything."""
RANGE_TYPES = frozenset(
    "int4range int8range numrange tsrange tstzrange daterange int4multirange int8multirange "
    "nummultirange tsmultirange tstzmultirange datemultirange".split()
)
EQUALITY = {"gin": "btree_gin", "gist": "btree_gist"}
"""Extensions by which a method looks up plain values, too."""
MOST_EQUALITIES = 2
SCALAR = frozenset(
    (*PATTERN_CLASSES, "smallint", "integer", "bigint", "real", "double precision", "numeric")
) | {"uuid", "date", "timestamp without time zone", "timestamp with time zone"}
"""Types that both extensions know."""
HASHED = tuple((name, False) for name in (*PATTERN_CLASSES, "bytea", "jsonb"))
_PATTERNS = (PredicateKind.LIKE, PredicateKind.LIKE_PREFIX, PredicateKind.LIKE_INFIX)


@dataclass(frozen=True, slots=True)
class Other:
    """An index of another method than B-tree."""

    method: str
    keys: tuple[CandidateKey, ...]
    reason: str
    share: float
    requires: tuple[str, ...] = ()


def other_methods(usage: Usage, catalog: Catalog, available: Collection[str]) -> Iterator[Other]:
    """`available` are extensions that could be created, besides those that are."""
    for other in _of_one_key(usage, catalog, available):
        yield other
        yield from _behind_equality(usage, other, catalog, available)


def _of_one_key(usage: Usage, catalog: Catalog, available: Collection[str]) -> Iterator[Other]:
    for predicate in usage.predicates:
        key = _key(usage, predicate, catalog)
        if key is None:
            continue
        statistics = usage.statistics.get(predicate.column or "")
        share = share_of(predicate, statistics, usage.rows)
        if predicate.kind is PredicateKind.CONTAINS:
            yield from _contains(usage, predicate, key, share)
        elif predicate.kind in _PATTERNS and not predicate.negated:
            yield from _trigram(usage, predicate, key, share, catalog, available)
        elif predicate.kind is PredicateKind.RANGE and not predicate.negated:
            yield from _brin(usage, predicate, key, share)
        elif predicate.kind is PredicateKind.EQUALITY and predicate.compared.before_scan:
            yield from _hash(usage, predicate, key, share)


def _behind_equality(
    usage: Usage, other: Other, catalog: Catalog, available: Collection[str]
) -> Iterator[Other]:
    """With a column before it that is compared for equality: of a tenant, of a room."""
    extension = EQUALITY.get(other.method)
    if extension is None:
        return
    there = any(known.name == extension for known in catalog.extensions)
    if not there and extension not in available:
        return
    requires = other.requires if there else (*other.requires, extension)
    for condition in usage.fixed[:MOST_EQUALITIES]:
        key = condition.key
        column = usage.column(key.column) if key.column is not None else None
        if column is None or column.is_array or key.operator_class:
            continue
        if column.base_type in SCALAR:
            share = condition.share * other.share
            yield Other(other.method, (key, *other.keys), other.reason, share, requires)


def _key(usage: Usage, predicate: Predicate, catalog: Catalog) -> CandidateKey | None:
    if predicate.column is not None:
        known = usage.column(predicate.column) is not None
        return CandidateKey(column=predicate.column) if known else None
    types = column_types(usage.table.columns)
    if predicate.expression is None or not is_immutable(predicate.expression, types, catalog):
        return None
    return CandidateKey(expression=predicate.expression)


def _type(usage: Usage, key: CandidateKey) -> tuple[str, bool]:
    """The type, and whether it is an array of it."""
    column = usage.column(key.column) if key.column is not None else None
    if column is not None:
        return column.base_type, column.is_array
    tree = expression_tree(key.expression or "") or {}
    call = tree.get("FuncCall", {}).get("funcname", [{}])[-1].get("String", {}).get("sval", "")
    if call == "to_tsvector":
        return "tsvector", False
    operator = tree.get("A_Expr", {}).get("name", [{}])[-1].get("String", {}).get("sval", "")
    names = tree.get("A_Expr", {}).get("lexpr", {}).get("ColumnRef", {}).get("fields", [])
    source: Column | None = usage.column(names[-1]["String"]["sval"]) if names else None
    if operator in ("->", "#>") and source is not None and source.base_type == "jsonb":
        return "jsonb", False
    return "", False


def _contains(
    usage: Usage, predicate: Predicate, key: CandidateKey, share: float
) -> Iterator[Other]:
    # A value of another relation is looked up row by row: `FROM documents, to_tsquery(…) q`.
    if predicate.negated:
        return
    type_, is_array = _type(usage, key)
    operator = predicate.operator
    if is_array and operator in ("&&", "@>", "<@"):
        yield Other("gin", (key,), "array", share)
    elif type_ == "jsonb" and operator in ("@>", "@?", "@@"):
        small = CandidateKey(key.column, key.expression, "jsonb_path_ops")
        yield Other("gin", (small,), "jsonb", share)
        yield Other("gin", (key,), "jsonb", share)
    elif type_ == "jsonb" and operator in ("?", "?|", "?&"):
        yield Other("gin", (key,), "jsonb", share)
    elif type_ == "tsvector" and operator in ("@@", "@@@"):
        yield Other("gin", (key,), "text search", share)
    elif type_ in RANGE_TYPES and operator in ("&&", "@>", "<@", "<<", ">>", "-|-", "&<", "&>"):
        yield Other("gist", (key,), "range type", share)


def _trigram(
    usage: Usage,
    predicate: Predicate,
    key: CandidateKey,
    share: float,
    catalog: Catalog,
    available: Collection[str],
) -> Iterator[Other]:
    if predicate.operator not in ("~~", "~~*", "~", "~*"):
        return
    extension = next((e for e in catalog.extensions if e.name == "pg_trgm"), None)
    if extension is None and "pg_trgm" not in available:
        return
    if not (is_text(key) if key.column is None else _type(usage, key)[0] in PATTERN_CLASSES):
        return
    if _type(usage, key)[1]:
        return  # an array of texts
    pattern = constant_value(predicate)
    if pattern is not None and longest_fixed_part(pattern) < TRIGRAM:
        return
    requires = () if extension is not None else ("pg_trgm",)
    name = "gin_trgm_ops"
    if extension is not None and extension.schema not in USUAL_SCHEMAS:
        name = f"{quote(extension.schema)}.{name}"
    trigram = CandidateKey(key.column, key.expression, name)
    yield Other("gin", (trigram,), "pattern", share, requires)


def _brin(usage: Usage, predicate: Predicate, key: CandidateKey, share: float) -> Iterator[Other]:
    statistics = usage.statistics.get(key.column or "")
    if statistics is None or statistics.correlation is None or (usage.pages or 0) < BRIN_PAGES:
        return
    if abs(statistics.correlation) > BRIN_CORRELATION and predicate.compared.before_scan:
        yield Other("brin", (key,), "range", min(1.0, share + 0.01))


def _hash(usage: Usage, predicate: Predicate, key: CandidateKey, share: float) -> Iterator[Other]:
    statistics = usage.statistics.get(key.column or "")
    if statistics is None or _type(usage, key) not in HASHED:
        return
    if statistics.average_width >= HASH_WIDTH or too_wide(statistics):
        yield Other("hash", (key,), "equality", share)
