"""One file on its way through the judge: which transaction is open, and what was set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg

from dbwright.model.effects import Effects, Refusal
from dbwright.model.judged import JudgedStatement
from dbwright.model.migration import ScriptStatement
from dbwright.sandbox.judge.trial import Trial, refusal_of
from dbwright.sandbox.trust import forbidden
from dbwright.sql.parse import ParsedStatement, parse_alone

if TYPE_CHECKING:
    from dbwright.migrate.replay.replay import Replay

__all__ = ["JudgedFile"]

COMMITS_ITSELF = "2D000"
"""Of a procedure that ends the transaction it is called in."""
CHANGES_ROWS = frozenset(
    "InsertStmt UpdateStmt DeleteStmt MergeStmt CopyStmt VariableSetStmt".split()
)
"""Kinds that make and rename nothing, but for what functions and triggers do."""
TOLD_SETTINGS = ("TimeZone", "search_path", "lock_timeout", "statement_timeout")
SETTINGS = "SELECT " + ", ".join(f"current_setting('{name}')" for name in TOLD_SETTINGS)


class JudgedFile:
    """One file on its way through the judge: which transaction is open, and what was set."""

    def __init__(self, replay: Replay, whole: bool) -> None:
        self._replay = replay
        self._whole = whole
        self._block = False
        """Has the file itself said BEGIN?"""
        self._trial: Trial | None = None
        self._number = -1
        self._settings: dict[str, str] = {}
        self._last: JudgedStatement | None = None
        """The statement before, where it was not one of a transaction."""

    def step(self, statement: ScriptStatement) -> JudgedStatement:
        parsed = parse_alone(statement.text)
        if parsed is not None and parsed.kind == "TransactionStmt":
            self._last = None
            return self._transaction(statement, parsed)
        if self._last is not None and _adds_rows_alike(self._last, parsed):
            return self._once_more(self._last, statement, parsed)
        self._last = self._judge(statement, parsed)
        return self._last

    def _once_more(
        self, last: JudgedStatement, statement: ScriptStatement, parsed: ParsedStatement | None
    ) -> JudgedStatement:
        """An INSERT of rows behind one of the same table does what that did: it is run, and not
        looked at again. Dumps have thousands of them."""
        if not self._together:
            self._number += 1
        refusal = self._replay.plain(statement, parsed)
        effects = replace(last.effects, statement=statement.text, refusal=refusal)
        if self._together:
            effects = replace(effects, locks=())  # held since then
        return replace(last, statement=statement, effects=effects, transaction=self._number)

    def _judge(self, statement: ScriptStatement, parsed: ParsedStatement | None) -> JudgedStatement:
        trial = self._open()
        settings = {**self._seen_settings(), **self._settings}
        names = self._replay.names
        new, renamed = names.new, names.renamed
        try:
            effects, judged = self._replay.run_judged(trial, statement, parsed)
        except psycopg.OperationalError as problem:
            if not self._replay.session.closed:
                raise
            effects, judged = self._broken(statement, problem), True
        number = self._number
        if effects.created or parsed is None or parsed.kind not in CHANGES_ROWS:
            names.look(trial.relations)
        ends_itself = effects.refusal is not None and effects.refusal.sqlstate == COMMITS_ITSELF
        if not effects.transactional or (ends_itself and not self._together):
            # Within a transaction the real server refuses it: that is the linter's to say, and the
            # story goes on as if it had been alone.
            self._commit()
            effects, judged = self._replay.outside(statement, parsed), False
        elif not self._together:
            self._commit()
        if parsed is not None and parsed.kind == "VariableSetStmt":
            self._remember(parsed)
        return replace(
            _judged(statement, parsed, effects, number, settings, judged),
            new=new | names.new,
            renamed={**names.renamed, **renamed},
        )

    def _broken(self, statement: ScriptStatement, problem: psycopg.Error) -> Effects:
        """The statement ended its own session: the transaction is lost, and the story goes on in
        another one."""
        self._replay.session.reconnect()
        self._trial, self._block = None, False
        return Effects(statement.text, refusal=refusal_of(problem))

    @property
    def _together(self) -> bool:
        return self._whole or self._block

    def _open(self) -> Trial:
        if self._trial is None or not self._replay.session.in_transaction:
            self._trial = self._replay.trial()
            self._replay.names.look(self._trial.relations)
            self._number += 1
        return self._trial

    def _commit(self) -> None:
        if self._replay.session.in_transaction:
            self._replay.session.control("COMMIT")
        self._trial = None

    def _transaction(self, statement: ScriptStatement, parsed: ParsedStatement) -> JudgedStatement:
        """BEGIN and its like are followed, so that the file's own transactions are told apart."""
        verb = str(parsed.node["kind"])
        effects = Effects(statement.text)
        if why := forbidden(parsed):
            # What it would leave open is committed instead, so that the story goes on.
            effects = replace(effects, refusal=Refusal("0A000", why))
            verb = "TRANS_STMT_COMMIT"
        if verb in ("TRANS_STMT_BEGIN", "TRANS_STMT_START"):
            self._open()
            self._block = True
        elif verb in ("TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK"):
            self._open()
            word = "COMMIT" if verb == "TRANS_STMT_COMMIT" else "ROLLBACK"
            self._replay.session.control(word)
            self._trial, self._block = None, False
        else:
            self._open()
            try:
                self._replay.session.control(statement.text)
            except psycopg.Error as problem:
                effects = Effects(statement.text, refusal=refusal_of(problem))
                self._replay.session.control("ROLLBACK")
                self._trial, self._block = None, False
        return _judged(statement, parsed, effects, max(self._number, 0), self._settings, True)

    def _seen_settings(self) -> dict[str, str]:
        row = self._replay.connection.execute(SETTINGS).fetchone()
        assert row is not None
        found = dict(zip(TOLD_SETTINGS, row, strict=True))
        # These two are the sandbox's own until the file sets them.
        return {**found, "lock_timeout": "0", "statement_timeout": "0"}

    def _remember(self, parsed: ParsedStatement) -> None:
        """A time-out of the file's: noted, not set, for here it would end the judge's work."""
        name = str(parsed.node.get("name", "")).lower()
        if name in ("lock_timeout", "statement_timeout"):
            self._settings[name] = _value(parsed)


def _adds_rows_alike(last: JudgedStatement, parsed: ParsedStatement | None) -> bool:
    """Are both INSERT … VALUES into one table, and was the first one taken?"""
    if parsed is None or not parsed.kind == last.kind == "InsertStmt":
        return False
    nodes = (last.node, parsed.node)
    plain = all(
        "valuesLists" in node.get("selectStmt", {}).get("SelectStmt", {})
        and "withClause" not in node
        for node in nodes
    )
    same = len({(n["relation"].get("schemaname"), n["relation"]["relname"]) for n in nodes}) == 1
    return plain and same and last.effects.refusal is None


def _judged(
    statement: ScriptStatement,
    parsed: ParsedStatement | None,
    effects: Effects,
    transaction: int,
    session: dict[str, str],
    judged: bool,
) -> JudgedStatement:
    kind, node = ("", {}) if parsed is None else (parsed.kind, parsed.node)
    return JudgedStatement(statement, kind, node, effects, transaction, judged, session)


def _value(parsed: ParsedStatement) -> str:
    """What SET says, as text; 0 for DEFAULT and RESET: then it is without a limit."""
    args: Sequence[Any] = parsed.node.get("args", ())
    if not args:
        return "0"
    constant = args[0].get("A_Const", {})
    for key in ("sval", "ival", "fval"):
        if key in constant:
            value = constant[key]
            return str(value.get(key, 0) if isinstance(value, dict) else value)
    return "0"
