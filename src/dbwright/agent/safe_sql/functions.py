"""May the functions be called that a query names? Judged by what the catalog knows of each.

A function of a user's own that is declared VOLATILE is refused, and one that acts with another's
rights (SECURITY DEFINER). That it is declared otherwise is believed of nobody: its body is read for
what it calls, and must call nothing that would be refused, build no SQL, and name no relation with
secrets. So is what stands behind it: operators, the parts of aggregates, defaults of arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

from dbwright.agent.safe_sql.known_functions import (
    REFUSED,
    REFUSED_EXTENSIONS,
    REFUSED_IN,
    harmless,
)
from dbwright.agent.safe_sql.limits import Policy
from dbwright.engines.postgresql.analysed import Analysed, objects_of
from dbwright.engines.postgresql.function_facts import (
    FunctionFacts,
    behind_text,
    functions_named,
    functions_of,
)
from dbwright.engines.postgresql.node_tree import node_trees
from dbwright.engines.postgresql.query_facts import (
    OWN,
    behind_relations,
    domain_checks,
    types_named,
)
from dbwright.errors import QueryRefused
from dbwright.sql.lexer import Token, significant

__all__ = ["FunctionJudge"]

READABLE_LANGUAGES = frozenset(("sql", "plpgsql"))
HARMLESS_SETTINGS = frozenset(
    "search_path datestyle timezone extra_float_digits intervalstyle bytea_output work_mem "
    "row_security enable_seqscan enable_nestloop enable_hashjoin enable_mergejoin jit lc_monetary "
    "lc_numeric lc_time lc_messages statement_timeout lock_timeout plan_cache_mode".split()
)
"""What a function may SET for itself."""
MOST = 2000
"""Functions that are looked at for one query."""
WORD = re.compile(r"[^\W\d]\w*")


class FunctionJudge:
    """Judges functions, and all that they call, within one transaction."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        policy: Policy,
        sensitive: Callable[[], tuple[frozenset[int], frozenset[str]]],
        *,
        runs: bool = True,
    ) -> None:
        """`sensitive` finds the relations with secrets: oids and names in lower case. `runs`: is
        the query run, or planned alone? The planner calls no function that is VOLATILE."""
        self._connection = connection
        self._policy = policy
        self._sensitive = sensitive
        self._runs = runs
        self._names: set[str] = set()
        self._passed: set[int] = set()
        """Those that are named, and not run."""
        self.facts: dict[int, FunctionFacts] = {}
        """All that were judged, by oid."""

    def require(self, found: Analysed) -> None:
        """The functions that a tree names. Raises QueryRefused."""
        for facts in functions_of(self._connection, found.samplers):
            if facts.own and not facts.extension:
                raise _refused(facts, "is a sampling method of a user's own")
        self._require(
            functions_of(self._connection, found.functions, found.operators),
            found.called,
            self._runs,
        )

    def require_planned(self, trees: Iterable[str]) -> None:
        """The functions in expressions of tables that the planner may run: immutable ones."""
        found = objects_of(tree for text in trees for tree in node_trees(text))
        known = functions_of(self._connection, found.functions, found.operators)
        self._require(
            [one for one in known if one.volatility == "i" and one.own], frozenset(), True
        )

    def _require(self, known: list[FunctionFacts], called: frozenset[int], runs: bool) -> None:
        """`runs`: are they called, if it comes to that, or is the query planned alone?"""
        # One that was seen as a part of something else may now be called by itself.
        for one in known:
            if one.oid in called and one.raw and not one.own and one.kind == "f":
                raise _refused(one, "is for the server's own use")
        pending = [(one, runs) for one in known]
        while pending:
            facts, runs = pending.pop()
            idle = not runs and facts.volatility == "v"
            if facts.oid in (self._passed if idle else self.facts):
                continue
            if len(self.facts) > MOST:
                raise QueryRefused("it calls too many functions to look at", "ask for less")
            if idle:
                # The planner calls none of these, but puts the body of one that is written in SQL
                # in the place of its call.
                self._passed.add(facts.oid)
                if facts.own and facts.language == "sql" and not self._is_allowed(facts):
                    pending += [(one, False) for one in self._inside(facts, runs=False)]
                continue
            self.facts[facts.oid] = facts
            reason = self._reason(facts)
            if reason:
                raise _refused(facts, reason)
            if facts.own and not self._is_allowed(facts):
                pending += [(one, True) for one in self._inside(facts, runs=True)]

    def _is_allowed(self, facts: FunctionFacts) -> bool:
        return f"{facts.schema}.{facts.name}" in self._policy.functions

    def _reason(self, facts: FunctionFacts) -> str:
        """Why it is refused by what the catalog says of it; empty where it is not."""
        if self._is_allowed(facts):
            return ""
        if not facts.own:
            return _reason_of_the_server(facts)
        if facts.extension and facts.language in ("c", "internal"):
            return _reason_of_an_extension(facts)
        if facts.kind == "a":
            return ""  # its parts are judged
        if facts.security_definer:
            who = "a superuser" if facts.owner_is_superuser else facts.owner
            return f"acts with the rights of {who} (SECURITY DEFINER)"
        if facts.volatility == "v":
            return "is VOLATILE, so it may do more than read"
        if facts.language not in READABLE_LANGUAGES:
            return f"is written in {facts.language}, which nobody reads here"
        for setting in facts.settings:
            if setting.partition("=")[0].lower() not in HARMLESS_SETTINGS:
                return f"changes the setting {setting.partition('=')[0]}"
        return ""

    def _inside(self, facts: FunctionFacts, *, runs: bool) -> list[FunctionFacts]:
        """What a function of a user's own calls. Raises QueryRefused for what its body says."""
        trees = [
            tree
            for text in (facts.defaults, facts.parsed_body)
            if text
            for tree in node_trees(text)
        ]
        found = objects_of(trees)
        # What is only put in the place of its call reads no relation.
        if runs and found.relations & self._sensitive()[0]:
            raise _refused(facts, "reads a relation that has secrets")
        inner = self._in_trees(found)
        inner += self._behind_relations(found.relations, ())
        if facts.language in READABLE_LANGUAGES and not facts.parsed_body:
            inner += self._called_in_text(facts, runs=runs)
        return inner

    def _called_in_text(self, facts: FunctionFacts, *, runs: bool) -> list[FunctionFacts]:
        """What a body calls by name, by operators and casts, and by views and policies."""
        tokens = list(significant(facts.source))
        words = {word.lower() for token in tokens for word in WORD.findall(token.text)}
        if facts.language == "plpgsql" and "execute" in words:
            raise _refused(facts, "builds SQL while it runs (EXECUTE)")
        if any(token.text[:2].lower() == "u&" for token in tokens):
            raise _refused(facts, "hides what it names behind escapes (U&)")
        secret = words & self._sensitive()[1]
        if runs and secret:
            raise _refused(facts, f"names {min(secret)}, which has secrets")
        names = _called_names(tokens)
        if runs:
            names -= self._names
            self._names |= names
        known = functions_named(self._connection, names)
        usual = {one.name for one in known if not one.raw}
        operators = {token.text for token in tokens if token.kind == "operator"}
        return [
            *(one for one in known if not (one.raw and one.name in usual)),
            *behind_text(self._connection, operators),
            *self._behind_relations((), words),
            *self._in_checks(types_named(self._connection, words)),
        ]

    def _in_trees(self, found: Analysed) -> list[FunctionFacts]:
        return [
            *functions_of(self._connection, found.functions, found.operators),
            *self._in_checks(oid for oid in found.types if oid >= OWN),
        ]

    def _in_checks(self, types: Iterable[int]) -> list[FunctionFacts]:
        """What the CHECKs of domains in these types call."""
        asked = list(types)
        trees = domain_checks(self._connection, asked) if asked else []
        found = objects_of(tree for _, _, text in trees for tree in node_trees(text))
        return functions_of(self._connection, found.functions, found.operators)

    def _behind_relations(
        self, relations: Iterable[int], names: Iterable[str]
    ) -> list[FunctionFacts]:
        """What is called when relations are read: by views, by policies, and those behind them."""
        wanted, seen = set(relations), set[int]()
        found: list[FunctionFacts] = []
        while wanted or names:
            trees = behind_relations(self._connection, wanted, names)
            seen |= wanted
            objects = objects_of(tree for text in trees for tree in node_trees(text))
            found += self._in_trees(objects)
            wanted, names = set(objects.relations) - seen, ()
        return found


def _called_names(tokens: list[Token]) -> set[str]:
    """Names before a parenthesis, and after a dot: `row.function` calls it as well."""
    found: set[str] = set()
    for before, name, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if name.kind not in ("word", "identifier"):
            continue
        if (after is not None and after.text == "(") or (before is not None and before.text == "."):
            found.add(_plain(name.text))
    return found


def _reason_of_the_server(facts: FunctionFacts) -> str:
    if facts.name in REFUSED:
        return REFUSED[facts.name]
    if facts.volatility == "v" and not harmless("", facts.name):
        return "may do more than read (it is VOLATILE)"
    return ""


def _reason_of_an_extension(facts: FunctionFacts) -> str:
    name = facts.extension
    if name in REFUSED_EXTENSIONS:
        return f"is of the extension {name}, which {REFUSED_EXTENSIONS[name]}"
    if facts.name in REFUSED_IN.get(name, frozenset()):
        return "runs SQL that is given as a text"
    if facts.volatility == "v" and not harmless(name, facts.name):
        return f"may do more than read (it is VOLATILE, of the extension {name})"
    return ""


def _refused(facts: FunctionFacts, reason: str) -> QueryRefused:
    own = facts.own and not facts.extension
    step = (
        f"leave it out, or have the database's owner allow {facts.schema}.{facts.name}"
        if own
        else "leave it out: only functions that read are called here"
    )
    return QueryRefused(f"it calls {facts.signature}, which {reason}", step)


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
