"""A catalog as it is after something in it was given another name.

Texts that the server wrote (queries, expressions) are changed token by token, so that the text is
what the server would write then. Where it would write something else, the object is made again by
the plan that follows: no data hangs on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from dbwright.diff.kinds.not_null_names import NAMED, chosen_name
from dbwright.model.catalog import (
    Catalog,
    Function,
    NotNull,
    Sequence,
    Table,
    TableKind,
    Type,
)
from dbwright.model.finding import ObjectRef
from dbwright.model.names import enclosing, literal, qualify, quote
from dbwright.sql.lexer import tokens

__all__ = ["Rename", "rename"]

T = TypeVar("T")
TEXTS = frozenset(
    {
        "default",
        "definition",
        "expression",
        "expressions",
        "predicate",
        "using",
        "check",
        "condition",
        "sql_body",
        "partition_bound",
    }
)
"""Fields of nouns that hold SQL which the server wrote."""
COLUMN_NAMES = frozenset(
    {"columns", "include", "column", "referenced_columns", "on_delete_columns"}
)
"""Fields of a table's parts that hold names of columns."""


@dataclass(frozen=True, slots=True)
class Rename:
    """`object` gets another name, within the same whole."""

    object: ObjectRef
    """A column, table, sequence, index, constraint; of an enum's value `value`, and the name is the
    type's, a dot, and the value in quotes."""
    name: str
    """The new one, not quoted."""
    statement: str
    """Without a semicolon."""


def rename(catalog: Catalog, one: Rename) -> Catalog:
    kind = one.object.kind
    if catalog.server.major >= NAMED and kind in ("column", *TableKind):
        catalog = _with_names(catalog, one)
    if kind == "column":
        return _column(catalog, one)
    if kind == "value":
        return _value(catalog, one)
    if kind == "constraint":
        return _part(catalog, one)
    return _relation(catalog, one)


def _with_names(catalog: Catalog, one: Rename) -> Catalog:
    """With the names of the table's NOT NULLs that the server chose: they stay as they are."""

    def named(table: Table) -> Table:
        if table.qualified not in (one.object.name, *_wholes(one.object)):
            return table
        known = {found.column for found in table.not_nulls}
        added = tuple(
            NotNull(chosen_name(table, column.name), column.name, inherited=column.inherited)
            for column in table.columns
            if column.not_null and column.name not in known
        )
        return replace(table, not_nulls=table.not_nulls + added)

    return replace(catalog, tables=tuple(map(named, catalog.tables)))


def _value(catalog: Catalog, one: Rename) -> Catalog:
    def changed(type_: Type) -> Type:
        labels = tuple(
            one.name if f"{type_.qualified}.{literal(label)}" == one.object.name else label
            for label in type_.labels
        )
        return replace(type_, labels=labels) if labels != type_.labels else type_

    types = tuple(map(changed, catalog.types))
    owner = next(t for t, was in zip(types, catalog.types, strict=True) if t != was)
    old = one.object.name[len(owner.qualified) + 1 :]
    before, after = f"{old}::{owner.qualified}", f"{literal(one.name)}::{owner.qualified}"
    return _texts(replace(catalog, types=types), lambda text: text.replace(before, after))


def _column(catalog: Catalog, one: Rename) -> Catalog:
    table = next(t for t in catalog.tables if t.column_ref("x").name[:-2] in _wholes(one.object))
    names = {table.qualified, *_heirs(catalog, table)}
    old = next(c.name for c in table.columns if table.column_ref(c) == one.object)

    def name(text: str) -> str:
        return one.name if text == old else text

    def text(sql: str) -> str:
        return "".join(
            quote(one.name)
            if token.text in (old, quote(old)) and token.kind in WORDS
            else token.text
            for token in tokens(sql)
        )

    def of_table(noun: Table) -> Table:
        columns = tuple(replace(c, name=name(c.name)) for c in noun.columns)
        changed = _walk(replace(noun, columns=()), name, text)
        keys = tuple(
            replace(k, referenced_columns=tuple(map(name, k.referenced_columns)))
            if k.references in names
            else k
            for k in noun.foreign_keys
        )
        if noun.qualified not in names:
            return replace(noun, foreign_keys=keys) if keys != noun.foreign_keys else noun
        columns = tuple(
            replace(c, default=text(c.default)) if c.default is not None else c for c in columns
        )
        own = tuple(
            replace(
                k,
                columns=tuple(map(name, k.columns)),
                on_delete_columns=tuple(map(name, k.on_delete_columns)),
            )
            for k in keys
        )
        return replace(changed, columns=columns, foreign_keys=own)

    reading = {
        d.object.name
        for d in catalog.dependencies or ()
        if d.needs in {ObjectRef("column", f"{n}.{quote(old)}") for n in names}
    }
    found = replace(
        catalog,
        tables=tuple(map(of_table, catalog.tables)),
        views=tuple(_if(v.qualified in reading, v, text) for v in catalog.views),
        materialized_views=tuple(
            _if(v.qualified in reading, v, text) for v in catalog.materialized_views
        ),
        functions=tuple(_if(f.signature in reading, f, text) for f in catalog.functions),
        sequences=tuple(_owned(s, names, name) for s in catalog.sequences),
        extended_statistics=tuple(
            _walk(s, name, text) if s.table in names else s for s in catalog.extended_statistics
        ),
        publications=tuple(
            replace(
                p, named=tuple(_walk(t, name, text) if t.table in names else t for t in p.named)
            )
            for p in catalog.publications
        ),
    )
    refs = {f"{n}.{quote(old)}": f"{n}.{quote(one.name)}" for n in names}
    return _referred(found, lambda ref: refs.get(ref, ref))


WORDS = ("word", "identifier")


def _wholes(ref: ObjectRef) -> set[str]:
    """The table's name, of a column's."""
    return set(list(enclosing(ref.name))[:1])


def _heirs(catalog: Catalog, table: Table) -> set[str]:
    found: set[str] = set()
    for child in catalog.children(table):
        found |= {child.qualified, *_heirs(catalog, child)}
    return found


def _owned(sequence: Sequence, tables: set[str], name: Callable[[str], str]) -> Sequence:
    if sequence.owned_by is None or qualify(*sequence.owned_by[:2]) not in tables:
        return sequence
    schema, table, column = sequence.owned_by
    return replace(sequence, owned_by=(schema, table, name(column)))


def _if(wanted: bool, noun: T, text: Callable[[str], str]) -> T:
    return _walk(noun, lambda name: name, text) if wanted else noun


def _walk(noun: T, name: Callable[[str], str], text: Callable[[str], str]) -> T:
    """The noun with its names of columns and its texts changed, and those of its parts."""
    if not is_dataclass(noun) or isinstance(noun, type):
        return noun
    changed: dict[str, Any] = {}
    for field in fields(noun):
        value = getattr(noun, field.name)
        if isinstance(value, str) and field.name in TEXTS:
            new: Any = text(value)
        elif isinstance(value, str) and field.name in COLUMN_NAMES:
            new = name(value)
        elif isinstance(value, tuple):
            if field.name in COLUMN_NAMES and all(isinstance(v, str) or v is None for v in value):
                new = tuple(name(v) if v is not None else None for v in value)
            else:
                new = tuple(_walk(v, name, text) for v in value)
        elif is_dataclass(value):
            new = _walk(value, name, text)
        else:
            continue
        if new != value:
            changed[field.name] = new
    return replace(noun, **changed) if changed else noun


def _texts(catalog: Catalog, text: Callable[[str], str]) -> Catalog:
    """Every text of the schema changed."""

    def all_of(nouns: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(_walk(noun, lambda name: name, text) for noun in nouns)

    return replace(
        catalog,
        tables=all_of(catalog.tables),
        views=all_of(catalog.views),
        materialized_views=all_of(catalog.materialized_views),
        functions=all_of(catalog.functions),
        types=all_of(catalog.types),
        extended_statistics=all_of(catalog.extended_statistics),
        publications=all_of(catalog.publications),
    )


def _referred(catalog: Catalog, new: Callable[[str], str]) -> Catalog:
    if catalog.dependencies is None:
        return catalog
    return replace(
        catalog,
        dependencies=tuple(
            replace(
                one,
                object=replace(one.object, name=new(one.object.name)),
                needs=replace(one.needs, name=new(one.needs.name)),
            )
            for one in catalog.dependencies
        ),
    )


def _part(catalog: Catalog, one: Rename) -> Catalog:
    """A constraint, and the index that it has."""

    whole = next(iter(_wholes(one.object)))
    owner = catalog.table(whole)
    # A check's name is that of its copies as well.
    names = {whole} | (_heirs(catalog, owner) if _is_check(owner, one.object) else set())
    refs = {f"{name}{one.object.name[len(whole) :]}": name for name in names}

    def of_table(table: Table) -> Table:
        if table.qualified not in names:
            return table
        parts: tuple[Any, ...] = (*table.keys, *table.exclusions, *table.checks)
        parts += table.foreign_keys
        old = {part.name for part in parts if table.constraint_ref(part.name).name in refs}

        def named(noun: Any) -> Any:
            if noun is None or noun.name not in old:
                return noun
            index = {"index": one.name} if hasattr(noun, "index") else {}
            return replace(noun, name=one.name, **index)

        def indexed(index: Any) -> Any:
            if index.constraint not in old:
                return index
            return replace(index, name=one.name, constraint=one.name)

        return replace(
            table,
            primary_key=named(table.primary_key),
            unique_constraints=tuple(map(named, table.unique_constraints)),
            exclusions=tuple(map(named, table.exclusions)),
            checks=tuple(map(named, table.checks)),
            foreign_keys=tuple(map(named, table.foreign_keys)),
            indexes=tuple(map(indexed, table.indexes)),
        )

    return _referred(
        replace(catalog, tables=tuple(map(of_table, catalog.tables))),
        lambda ref: f"{refs[ref]}.{quote(one.name)}" if ref in refs else ref,
    )


def _is_check(table: Table, constraint: ObjectRef) -> bool:
    return any(
        table.constraint_ref(check.name) == constraint and not check.no_inherit
        for check in table.checks
    )


def _relation(catalog: Catalog, one: Rename) -> Catalog:
    """A table, index or sequence; in every name and text that it stands in."""
    old = one.object.name
    nouns: list[Any] = [*catalog.tables, *catalog.sequences]
    for relation in nouns[: len(catalog.tables)] + list(catalog.materialized_views):
        nouns += relation.indexes
    schema, name = next((noun.schema, noun.name) for noun in nouns if noun.qualified == old)
    new = qualify(schema, one.name)

    def text(sql: str) -> str:
        parts = list(tokens(sql))
        found: list[str] = []
        for place, token in enumerate(parts):
            behind = parts[place + 1].text if place + 1 < len(parts) else ""
            before = [part.text for part in parts[max(0, place - 2) : place]]
            mine = token.kind in WORDS and token.text in (name, quote(name))
            if mine and (before == [quote(schema), "."] or behind == "."):
                found.append(quote(one.name))
            elif token.kind == "string" and token.text == literal(old):
                found.append(literal(new))
            else:
                found.append(token.text)
        return "".join(found)

    def ref(text_: str) -> str:
        return new + text_[len(old) :] if text_ == old or text_.startswith(f"{old}.") else text_

    def of_table(table: Table) -> Table:
        keys = tuple(
            replace(k, referenced_table=one.name) if k.references == old else k
            for k in table.foreign_keys
        )
        indexes = tuple(
            replace(
                i,
                name=one.name if i.qualified == old else i.name,
                parent=new if i.parent == old else i.parent,
            )
            for i in table.indexes
        )
        own = one.name if table.qualified == old else table.name
        inherits = tuple(map(ref, table.inherits))
        return replace(table, name=own, inherits=inherits, foreign_keys=keys, indexes=indexes)

    def of_sequence(sequence: Sequence) -> Sequence:
        owner = sequence.owned_by
        if owner is not None and qualify(*owner[:2]) == old:
            sequence = replace(sequence, owned_by=(owner[0], one.name, owner[2]))
        return replace(sequence, name=one.name) if sequence.qualified == old else sequence

    def of_function(function: Function) -> Function:
        return replace(
            function,
            arguments=text(function.arguments),
            declared_arguments=text(function.declared_arguments),
            returns=text(function.returns),
        )

    changed = replace(
        _texts(catalog, text),
        captured_at=catalog.captured_at,
    )
    changed = replace(
        changed,
        tables=tuple(map(of_table, changed.tables)),
        views=tuple(replace(v, depends_on=tuple(map(ref, v.depends_on))) for v in changed.views),
        materialized_views=tuple(
            replace(
                v,
                depends_on=tuple(map(ref, v.depends_on)),
                indexes=tuple(
                    replace(i, name=one.name) if i.qualified == old else i for i in v.indexes
                ),
            )
            for v in changed.materialized_views
        ),
        sequences=tuple(map(of_sequence, changed.sequences)),
        functions=tuple(map(of_function, changed.functions)),
        extended_statistics=tuple(
            replace(s, table=ref(s.table)) for s in changed.extended_statistics
        ),
        publications=tuple(
            replace(
                p,
                tables=tuple(map(ref, p.tables)),
                named=tuple(replace(t, table=ref(t.table)) for t in p.named),
            )
            for p in changed.publications
        ),
    )
    return _referred(changed, ref)
