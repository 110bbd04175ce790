"""Hints for SQL that was written for another product: MySQL, SQLite, SQL Server, Oracle."""

from __future__ import annotations

from dbwright.model.names import qualify
from dbwright.sandbox.refusal import Known, Refusal
from dbwright.sql.lexer import Token

__all__ = ["hint"]

_TYPES = {
    "tinyint": ("MySQL's", "smallint (or boolean, where it holds 0 and 1)"),
    "mediumint": ("MySQL's", "integer"),
    "year": ("MySQL's", "smallint"),
    "tinytext": ("MySQL's", "text"),
    "mediumtext": ("MySQL's", "text"),
    "longtext": ("MySQL's", "text"),
    "tinyblob": ("MySQL's", "bytea"),
    "mediumblob": ("MySQL's", "bytea"),
    "longblob": ("MySQL's", "bytea"),
    "varbinary": ("MySQL's", "bytea"),
    "binary": ("MySQL's", "bytea"),
    "enum": ("MySQL's", "a type made by CREATE TYPE … AS ENUM, or text with a CHECK"),
    "set": ("MySQL's", "an array, or a table of its own"),
    "double": ("MySQL's", "double precision"),
    "datetime": ("MySQL's", "timestamp with time zone"),
    "blob": ("MySQL's and SQLite's", "bytea"),
    "nvarchar": ("SQL Server's", "character varying or text"),
    "ntext": ("SQL Server's", "text"),
    "datetime2": ("SQL Server's", "timestamp without time zone"),
    "smalldatetime": ("SQL Server's", "timestamp without time zone"),
    "datetimeoffset": ("SQL Server's", "timestamp with time zone"),
    "uniqueidentifier": ("SQL Server's", "uuid"),
    "smallmoney": ("SQL Server's", "numeric(10,4)"),
    "image": ("SQL Server's", "bytea"),
    "rowversion": ("SQL Server's", "bigint, with a trigger"),
    "varchar2": ("Oracle's", "character varying or text"),
    "nvarchar2": ("Oracle's", "character varying or text"),
    "number": ("Oracle's", "numeric, or bigint where it has no decimals"),
    "clob": ("Oracle's", "text"),
    "nclob": ("Oracle's", "text"),
    "raw": ("Oracle's", "bytea"),
    "long": ("Oracle's", "text"),
    "binary_float": ("Oracle's", "real"),
    "binary_double": ("Oracle's", "double precision"),
}
_IDENTITY = "write integer GENERATED ALWAYS AS IDENTITY"
_WORDS = {
    "auto_increment": f"AUTO_INCREMENT is MySQL's: {_IDENTITY}.",
    "autoincrement": f"AUTOINCREMENT is SQLite's: {_IDENTITY} PRIMARY KEY.",
    "engine": "ENGINE= and the other options of a table are MySQL's: leave them out.",
    "charset": "CHARSET= is MySQL's: leave it out, the database has one encoding.",
    "character": "CHARACTER SET is MySQL's: leave it out, the database has one encoding.",
    "unsigned": "UNSIGNED is MySQL's: take the next larger type, with CHECK (column >= 0).",
    "zerofill": "ZEROFILL is MySQL's: leave it out, and format numbers when they are shown.",
    "comment": "COMMENT in a definition is MySQL's: write COMMENT ON TABLE or COLUMN … IS '…'.",
    "go": "GO is SQL Server's: end statements with a semicolon.",
    "modify": "MODIFY is MySQL's: write ALTER TABLE … ALTER COLUMN … TYPE …",
    "change": "CHANGE is MySQL's: write ALTER TABLE … RENAME COLUMN … TO …",
    "nonclustered": "CLUSTERED and NONCLUSTERED are SQL Server's: leave them out.",
    "clustered": "CLUSTERED and NONCLUSTERED are SQL Server's: leave them out.",
    "lock": "LOCK = … and ALGORITHM = … are MySQL's: write CREATE INDEX CONCURRENTLY.",
    "algorithm": "LOCK = … and ALGORITHM = … are MySQL's: write CREATE INDEX CONCURRENTLY.",
    "getdate": "GETDATE() is SQL Server's: write now().",
    "without": "WITHOUT ROWID is SQLite's: leave it out.",
    "rowid": "WITHOUT ROWID is SQLite's: leave it out.",
}
_FIRST = {
    "pragma": "PRAGMA is SQLite's: leave it out.",
    "use": "USE is MySQL's and SQL Server's: the sandbox loads into one database, leave it out.",
    "delimiter": "DELIMITER is MySQL's: put a function's body between $$ and $$ instead.",
    "go": "GO is SQL Server's: end statements with a semicolon.",
    "unlock": "UNLOCK TABLES is MySQL's: leave it out.",
    "replace": "REPLACE is MySQL's and SQLite's: write INSERT … ON CONFLICT … DO UPDATE.",
    "exec": "EXEC is SQL Server's: write CALL, or SELECT with the function.",
    "print": "PRINT is SQL Server's: leave it out.",
    "describe": "DESCRIBE is MySQL's: leave it out.",
    "/": "A line with / is Oracle's: end statements with a semicolon.",
}
_INLINE = ("index", "key")


def hint(refusal: Refusal, known: Known) -> str:
    """How PostgreSQL writes it; empty where nothing of another product is seen."""
    if refusal.sqlstate not in ("42601", "42704", "42703", "42P01", "42883"):
        return ""
    for look in (_first_word, _quotes, _inline_index, _type, _word):
        found = look(refusal)
        if found:
            return found
    return ""


def _first_word(refusal: Refusal) -> str:
    if refusal.sqlstate != "42601" or not refusal.tokens:
        return ""
    if refusal.starts("insert", "ignore"):
        return "INSERT IGNORE is MySQL's: write INSERT … ON CONFLICT DO NOTHING."
    if refusal.starts("insert", "or"):
        return "INSERT OR … is SQLite's: write INSERT … ON CONFLICT … DO NOTHING or DO UPDATE."
    if refusal.starts("lock", "tables"):
        return "LOCK TABLES is MySQL's: leave it out."
    if refusal.starts("drop", "index") and refusal.word() == "on":
        return "DROP INDEX … ON is MySQL's: write DROP INDEX with the index's name alone."
    return _FIRST.get(refusal.tokens[0].lower, "") if refusal.index == 0 else ""


def _quotes(refusal: Refusal) -> str:
    """Backticks and square brackets around names, @variables."""
    if refusal.sqlstate != "42601":
        return ""
    near = refusal.word() or refusal.word(-1)
    if "`" in near:
        return (
            "Backticks are MySQL's: write names without quotes, or in double quotes where they "
            "need them."
        )
    if near == "[" or near == "]":
        return (
            "Square brackets around names are SQL Server's and SQLite's: use double quotes, or "
            "none."
        )
    if near == "@" or near.startswith("@"):
        return "Variables with @ are MySQL's and SQL Server's: PostgreSQL has none in plain SQL."
    return ""


def _inline_index(refusal: Refusal) -> str:
    """INDEX (…) or KEY (…) inside CREATE TABLE: give the statement to write after it."""
    if not refusal.starts("create") or refusal.position is None:
        return ""
    table, elements = _table_elements(refusal.tokens)
    for element in elements:
        if element[0].offset <= refusal.position <= element[-1].end:
            words = [token.lower for token in element]
            kind = next((w for w in words[:2] if w in _INLINE), "")
            if not kind or words[0] not in (*_INLINE, "unique", "fulltext", "spatial"):
                return ""
            return _create_index(refusal.statement, table, element, kind)
    return ""


def _create_index(statement: str, table: str, element: list[Token], kind: str) -> str:
    opening = next((n for n, token in enumerate(element) if token.text == "("), None)
    if opening is None:
        return ""
    named = element[opening - 1]
    name = "" if named.lower == kind else f"{named.text} "
    closing = max(n for n, token in enumerate(element) if token.text == ")")
    columns = statement[element[opening].offset : element[closing].end]
    unique = "UNIQUE " if element[0].lower == "unique" else ""
    return (
        f"{kind.upper()} inside CREATE TABLE is MySQL's: write it after the table: "
        f"CREATE {unique}INDEX {name}ON {table} {columns};"
    )


def _table_elements(tokens: tuple[Token, ...]) -> tuple[str, list[list[Token]]]:
    """The table's name, and its definition cut at the commas of the outer level."""
    words = [token.lower for token in tokens[:12]]
    if "table" not in words or "(" not in [token.text for token in tokens]:
        return "", []
    opening = next(n for n, token in enumerate(tokens) if token.text == "(")
    first = words.index("table") + 1
    if tokens[first].lower == "if":
        first += 3
    elements: list[list[Token]] = [[]]
    depth = 0
    for token in tokens[opening:]:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            break
        if token.text == "," and depth == 1:
            elements.append([])
        elif token is not tokens[opening]:
            elements[-1].append(token)
    name = "".join(token.text for token in tokens[first:opening])
    return name, [element for element in elements if element]


def _type(refusal: Refusal) -> str:
    """A type that only another product has."""
    if refusal.sqlstate != "42704" or not refusal.message.startswith('type "'):
        return ""
    name = refusal.quoted().lower().split(".")[-1]
    if name not in _TYPES:
        return ""
    whose, ours = _TYPES[name]
    return f"{qualify(name)} is {whose} type: write {ours}."


def _word(refusal: Refusal) -> str:
    """A word that another product has at this place, or just before it."""
    if refusal.sqlstate != "42601":
        return ""
    if refusal.word() == "(" and refusal.word(-1) == "identity":
        return f"IDENTITY(1,1) is SQL Server's: {_IDENTITY}."
    if refusal.word() == "identity":
        return f"IDENTITY is SQL Server's: {_IDENTITY}."
    if refusal.word() == "on" and refusal.word(1) == "update":
        return "ON UPDATE for a column is MySQL's: set it by a trigger BEFORE UPDATE."
    for distance in (0, -1):
        found = _WORDS.get(refusal.word(distance), "")
        if found:
            return found
    if refusal.word() == "=" and refusal.word(-2) == ")":
        return "Options after a table's definition are MySQL's: leave them out."
    return ""
