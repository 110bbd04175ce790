"""What to do about a statement that the sandbox's server refused, in one or two sentences.

Found from the server's code and words and the statement's tokens; never by searching SQL text.
"""

from __future__ import annotations

from collections.abc import Mapping

from dbwright.model.finding import Location
from dbwright.sandbox import hints_dialect, hints_extension
from dbwright.sandbox.refusal import Known, Refusal
from dbwright.sql.parse import SyntaxProblem, parse

__all__ = ["Known", "Refusal", "hint"]


def hint(refusal: Refusal, known: Known) -> str:
    """What to do; empty where the server's own words have to do."""
    if refusal.hint:
        return refusal.hint
    for look in (hints_dialect.hint, hints_extension.hint, _by_code):
        found = look(refusal, known)
        if found:
            return found
    return ""


def _by_code(refusal: Refusal, known: Known) -> str:
    if refusal.sqlstate in ("42P01", "3F000"):
        return _missing(refusal, known)
    if refusal.sqlstate == "0A000" and "partition" in refusal.message:
        return _partition_key(refusal)
    if refusal.sqlstate == "42601":
        return _syntax(refusal)
    if refusal.sqlstate == "42P17" and "IMMUTABLE" in refusal.message:
        return (
            "An index can only hold what never changes: use an IMMUTABLE function, or one that "
            "does not depend on settings (for a timestamp with time zone: AT TIME ZONE 'UTC')."
        )
    if refusal.sqlstate == "42P17" and "generation expression" in refusal.message:
        return (
            "A generated column can only use IMMUTABLE functions: what depends on the time zone, "
            "the language or the current time has to be set by a trigger or the application."
        )
    if refusal.sqlstate == "42704" and refusal.message.startswith('type "'):
        return _missing(refusal, known) or _TYPE
    return _BY_CODE.get(refusal.sqlstate, "")


_TYPE = "Create the type first, or write the name of PostgreSQL's own type for it."
_BY_CODE = {
    "23502": "The row has no value where one is needed: mend the data, or load it before the "
    "constraint.",
    "23503": "The row refers to one that is not there (yet): load the referenced table first.",
    "23505": "Another row has the same key: the data is there twice, or it is loaded twice.",
    "23514": "The row does not fit a check: mend the data or the check.",
    "25001": "It can't run inside a transaction block: leave BEGIN and COMMIT out around it, or "
    "put it in a file of its own (migration tools have a switch for that).",
    "2BP01": "Other objects need it: drop them first, or say CASCADE if they may go.",
    "3D000": "The sandbox loads everything into one database of its own: leave the other "
    "database's name out.",
    "42501": "The sandbox loads files as an ordinary role, and does not do this as a superuser "
    "for a file that it can't trust.",
    "42701": "The table has a column of that name already: is the change in two files?",
    "42710": "It is there already: is it declared in two files? IF NOT EXISTS or a DROP before "
    "it makes the file repeatable.",
    "42723": "The function is there already: write CREATE OR REPLACE FUNCTION, or declare it in "
    "one place only.",
    "42804": "The two types don't fit: give both columns the same type, or cast.",
    "42830": "A foreign key needs a PRIMARY KEY or UNIQUE constraint (not only an index with a "
    "condition) on exactly the referenced columns: add that first.",
    "42P06": "The schema is there already: write CREATE SCHEMA IF NOT EXISTS.",
    "42P07": "It is there already: is it declared in two files? IF NOT EXISTS or a DROP before "
    "it makes the file repeatable.",
    "42P16": "The definition contradicts itself or the table that it is about.",
    "55P04": "A new value of an enum can be used only after the transaction that adds it: commit "
    "in between, or put it in a file of its own.",
    "57014": "It took longer than the sandbox allows: leave long work out of the schema's files.",
}


_KINDS = {
    "3F000": ("schema",),
    "42704": ("type", "domain"),
    "42P01": (
        "table",
        "partitioned table",
        "foreign table",
        "view",
        "materialized view",
        "sequence",
        "index",
    ),
}


def _missing(refusal: Refusal, known: Known) -> str:
    """An object that isn't there: is it declared further on, or was its statement refused?"""
    kinds = _KINDS[refusal.sqlstate]
    later = _declared(known.locations, kinds, refusal.quoted())
    if later:
        return (
            f"It is declared at {later}, after this place: load that first (files are loaded in "
            "the order of their names)."
        )
    refused = _declared(known.unmade, kinds, refusal.quoted())
    if refused:
        return f"The statement that makes it was refused, at {refused}: mend that first."
    if refusal.sqlstate == "3F000":
        return "Create the schema first: CREATE SCHEMA IF NOT EXISTS …"
    if refusal.sqlstate == "42P01":
        return "No statement that was run before makes it: is a file missing, or out of order?"
    return ""


def _declared(places: Mapping[str, Location], kinds: tuple[str, ...], name: str) -> str:
    """`file:line` of an object by its name, with or without its schema."""
    for ref, location in places.items():
        kind, qualified = next(
            ((k, ref.removeprefix(f"{k} ")) for k in kinds if ref.startswith(f"{k} ")), ("", "")
        )
        bare = qualified.replace('"', "")
        if kind and name in (bare, bare.split(".", 1)[-1]):
            return f"{location.file}:{location.line}"
    return ""


def _partition_key(refusal: Refusal) -> str:
    """PRIMARY KEY or UNIQUE on a partitioned table without the partition key's columns."""
    if "partitioning columns" not in refusal.message:
        return ""
    columns = ", ".join(_partition_columns(refusal.statement))
    named = f" ({columns})" if columns else ""
    return (
        "A key of a partitioned table must hold every column of its partition key"
        f"{named}: add them to the PRIMARY KEY or UNIQUE constraint."
    )


def _partition_columns(statement: str) -> list[str]:
    try:
        node = parse(statement).statements[0].node
    except SyntaxProblem:
        return []
    parts = node.get("partspec", {}).get("partParams", ())
    names = [part["PartitionElem"].get("name") for part in parts]
    return [name for name in names if name]


def _syntax(refusal: Refusal) -> str:
    word = refusal.word()
    if word == ":" or refusal.word(-1) == ":":
        return (
            "psql's variables (:name) are not filled in here: write the value into the file, or "
            "run it through psql first."
        )
    if word in ("{", "%", "$") or word.startswith(("{", "<%", "${")):
        return "It looks like a template: fill it in first, and load the SQL that comes out."
    unfinished = any(token.kind == "unterminated" for token in refusal.tokens)
    if unfinished or "unterminated" in refusal.message:
        return "A quote that opens in this statement never closes."
    return ""
