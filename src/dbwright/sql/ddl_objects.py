"""The text of DDL for what is no table: collations, types, functions, sequences.

Each is what follows CREATE and the word for the kind of object. No text ends with a semicolon.
"""

from __future__ import annotations

from dbwright.model.catalog import Attribute, Collation, Function, Sequence, Type, TypeKind
from dbwright.model.names import is_plain, literal, quote
from dbwright.sql.lexer import Token, tokens

__all__ = [
    "attribute_definition",
    "collation_definition",
    "function_definition",
    "sequence_options",
    "type_definition",
]

LIST_SETTINGS = frozenset(
    "local_preload_libraries search_path session_preload_libraries shared_preload_libraries "
    "temp_tablespaces unix_socket_directories".split()
)
"""Settings that are lists of names, stored as identifiers (GUC_LIST_QUOTE)."""
NAMES = frozenset({"word", "identifier"})
"""Kinds of tokens that are a name of such a list."""
LIMITS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}


def collation_definition(collation: Collation) -> str:
    locale = collation.locale or ""
    options = [f"provider = {collation.provider}"]
    if collation.provider == "libc":
        options.append(f"lc_collate = {literal(locale)}")
        options.append(f"lc_ctype = {literal(collation.ctype or locale)}")
    else:
        options.append(f"locale = {literal(locale)}")
    options += [] if collation.deterministic else ["deterministic = false"]
    options += [f"rules = {literal(collation.rules)}"] if collation.rules else []
    return f"{collation.qualified} ({', '.join(options)})"


def attribute_definition(attribute: Attribute) -> str:
    collate = f" COLLATE {attribute.collation}" if attribute.collation is not None else ""
    return f"{quote(attribute.name)} {attribute.type}{collate}"


def type_definition(type_: Type) -> str | None:
    """Without a domain's checks. None for a base type, which is made of functions in C."""
    if type_.kind is TypeKind.ENUM:
        return f"{type_.qualified} AS ENUM ({', '.join(map(literal, type_.labels))})"
    if type_.kind is TypeKind.COMPOSITE:
        return f"{type_.qualified} AS ({', '.join(map(attribute_definition, type_.attributes))})"
    if type_.kind is TypeKind.RANGE:
        options = [("subtype", type_.base_type), *type_.range_options]
        listed = ", ".join(f"{name} = {value}" for name, value in options)
        return f"{type_.qualified} AS RANGE ({listed})"
    if type_.kind is TypeKind.DOMAIN:
        words = [f"{type_.qualified} AS {type_.base_type}"]
        words += [f"COLLATE {type_.collation}"] if type_.collation is not None else []
        words += [f"DEFAULT {type_.default}"] if type_.default is not None else []
        words += ["NOT NULL"] if type_.not_null else []
        return " ".join(words)
    return None


def function_definition(function: Function) -> str | None:
    """With the word for its kind. None where the catalog does not tell enough of it."""
    if function.definition is not None:
        _, _, rest = function.definition.partition("CREATE OR REPLACE ")
        return rest.strip() or None
    if function.kind == "aggregate":
        if not function.aggregate:
            return None
        options = ", ".join(
            name if value == "true" else f"{name} = {value}" for name, value in function.aggregate
        )
        parallel = "" if function.parallel == "unsafe" else f", PARALLEL = {function.parallel}"
        return f"AGGREGATE {function.signature} ({options}{parallel})"
    if function.language in ("c", "internal"):
        return None
    procedure = function.kind == "procedure"
    word = "PROCEDURE" if procedure else "FUNCTION"
    words = [f"{word} {function.qualified}({function.declared_arguments})"]
    words += [] if procedure else [f"RETURNS {function.returns}"]
    words.append(f"LANGUAGE {quote(function.language)}")
    words += [] if procedure else _behaviour(function)
    words += ["SECURITY DEFINER"] if function.security_definer else []
    words += [_setting(name, value) for name, value in function.settings]
    body = function.sql_body
    words.append(body.strip() if body is not None else f"AS {_dollar_quoted(function.source)}")
    return " ".join(words)


def _behaviour(function: Function) -> list[str]:
    words = ["WINDOW"] if function.kind == "window function" else []
    words += [] if function.volatility == "volatile" else [function.volatility.upper()]
    words += [] if function.parallel == "unsafe" else [f"PARALLEL {function.parallel.upper()}"]
    words += ["STRICT"] if function.strict else []
    words += ["LEAKPROOF"] if function.leakproof else []
    usual = 1.0 if function.language in ("c", "internal") else 100.0
    words += [] if function.cost == usual else [f"COST {function.cost:g}"]
    words += [] if function.result_rows in (0.0, 1000.0) else [f"ROWS {function.result_rows:g}"]
    return words


def _setting(name: str, value: str) -> str:
    word = ".".join(part if is_plain(part) else quote(part) for part in name.split("."))
    if name.lower() in LIST_SETTINGS:
        names = [_unquoted(token) for token in tokens(value) if token.kind in NAMES]
        return f"SET {word} TO {', '.join(map(literal, names)) or literal('')}"
    return f"SET {word} TO {literal(value)}"


def _unquoted(token: Token) -> str:
    """The empty name is stored as two quotes, which no statement takes as a name."""
    if token.kind == "identifier":
        return token.text[1:-1].replace('""', '"')
    return token.text


def _dollar_quoted(text: str) -> str:
    tag = ""
    while f"${tag}$" in text or text.endswith(f"${tag}"):
        tag += "_" if tag else "body"
    return f"${tag}${text}${tag}$"


def sequence_options(sequence: Sequence, *, everything: bool = False) -> list[str]:
    """As CREATE SEQUENCE and identity columns take them; `everything`: also those that the server
    would choose itself, as ALTER SEQUENCE needs them."""
    limit = LIMITS.get(sequence.type, 2**63)
    up = sequence.increment > 0
    usual_minimum, usual_maximum = (1, limit - 1) if up else (-limit, -1)
    usual_start = sequence.minimum if up else sequence.maximum
    found: list[tuple[str, bool]] = [
        (f"AS {sequence.type}", sequence.type == "bigint"),
        (f"INCREMENT BY {sequence.increment}", sequence.increment == 1),
        (f"MINVALUE {sequence.minimum}", sequence.minimum == usual_minimum),
        (f"MAXVALUE {sequence.maximum}", sequence.maximum == usual_maximum),
        (f"START WITH {sequence.start}", sequence.start == usual_start),
        (f"CACHE {sequence.cache}", sequence.cache == 1),
        ("CYCLE" if sequence.cycle else "NO CYCLE", not sequence.cycle),
    ]
    return [text for text, usual in found if everything or not usual]
