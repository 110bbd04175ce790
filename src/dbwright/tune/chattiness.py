"""Findings from the way applications talk: N+1 queries, the same question again, one row at a time.

Pure functions over a `Conversation`, whichever reader heard it (logs, a capture). Each round trip
costs the network and the client as much as the statement itself, or more, and no index mends that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from dbwright.model.conversation import Call, Conversation, Repetition
from dbwright.model.finding import Confidence, Finding, ObjectRef, Severity
from dbwright.model.page import why_it_matters
from dbwright.sql.batch import NoBatch
from dbwright.sql.batch_insert import NotOneRow, rows_at_once
from dbwright.sql.fingerprint import normalize
from dbwright.sql.parse import SyntaxProblem
from dbwright.tune.chattiness_faults import batch_for, fault_of, reads_only
from dbwright.tune.chattiness_rules import (
    N_PLUS_ONE,
    PINGS,
    ROW_BY_ROW_INSERT,
    RULES,
    SAME_AGAIN,
    TINY_TRANSACTIONS,
    Thresholds,
    thresholds_from,
)
from dbwright.tune.pages.registry import page_of

__all__ = ["batch_for", "chattiness"]

SHOWN = 70
"""Characters of a statement in a message."""
PARENTS_SHOWN = 6
MANY_ROWS = "Insert many rows at a time (some hundred)"
COPY = "for thousands COPY … FROM STDIN is the quickest."
UPSERT_ONCE = "No two rows of one statement may have the same key: leave out all but the last."
CHANGED_AT_ONCE = (
    "Change them all in one statement: join the table with unnest($1, $2 …) of the values, or at "
    "least send them in one pipeline."
)


def chattiness(
    conversation: Conversation,
    thresholds: Thresholds | None = None,
    *,
    rules: Collection[str] = RULES,
) -> tuple[Finding, ...]:
    """What to say about a conversation, most time lost first. Times in seconds.

    Without thresholds those of the pages hold; only `rules` (ids) speak.
    """
    limits = thresholds or thresholds_from({})
    found = [*_repeated(conversation, limits, rules)]
    if SAME_AGAIN in rules:
        found += _same_calls(conversation, limits, {f.object.name for f in found})
    if TINY_TRANSACTIONS in rules:
        found += _transactions(conversation, limits)
    if PINGS in rules:
        found += _pings(conversation, limits)
    return tuple(sorted(found, key=lambda f: (f.severity.rank, -_lost(f), f.key)))


def _by_statement(
    repetitions: Iterable[Repetition],
) -> Iterator[tuple[Repetition, tuple[str, ...]]]:
    """All repetitions of one statement as one, after the parent that has most of its calls, and
    the statements of all its parents."""
    groups: dict[tuple[str | None, str], list[Repetition]] = {}
    for repetition in repetitions:
        if repetition.parent is None and not repetition.in_transactions:
            continue  # as well many requests of one each, on a connection of a pool
        groups.setdefault((repetition.database, repetition.fingerprint), []).append(repetition)
    for group in groups.values():
        group.sort(key=lambda each: (-each.times, each.parent or ""))
        parents = [each.parent_example for each in group if each.parent_example is not None]
        yield (
            replace(
                group[0],
                bursts=sum(each.bursts for each in group),
                times=sum(each.times for each in group),
                most=max(each.most for each in group),
                distinct=sum(each.distinct for each in group),
                seconds=sum(each.seconds for each in group),
                waiting_seconds=sum(each.waiting_seconds for each in group),
                in_transactions=sum(each.in_transactions for each in group),
                call_sites=tuple(dict.fromkeys(s for each in group for s in each.call_sites)),
            ),
            tuple(dict.fromkeys(_normalized(parent.text) for parent in parents)),
        )


def _repeated(
    conversation: Conversation, limits: Thresholds, rules: Collection[str]
) -> Iterator[Finding]:
    times = limits.of_bursts
    fewest = min(times.values())
    for repetition, parents in _by_statement(conversation.repetitions):
        # Parsing is what takes time here, and most statements are repeated a few times only.
        rule = fault_of(repetition) if repetition.most >= fewest else None
        if rule is not None and rule in rules and repetition.most >= times[rule]:
            finding = _of_repetition(rule, repetition, parents, conversation)
            if finding is not None:
                yield finding


def _of_repetition(
    rule: str, repetition: Repetition, parents: tuple[str, ...], conversation: Conversation
) -> Finding | None:
    """None for an INSERT that has many rows already."""
    example = repetition.examples[0]
    where = "transaction" if repetition.in_transactions * 2 > repetition.bursts else "burst"
    message = f"{_shown(example)} ran {_times(repetition)} in one {where}"
    batch = ""
    if rule == N_PLUS_ONE:
        if repetition.parent_example:
            message += f" after {_shown(repetition.parent_example)}"
        advice, batch = _batch_advice(repetition)
    elif rule == SAME_AGAIN:
        again = repetition.times - repetition.distinct
        message += (
            f", {again} of {repetition.times} calls with values that it had been run with before"
        )
        advice = "Keep the answer for the length of the request, or cache it."
    else:
        message += ", a row at a time"
        advice = CHANGED_AT_ONCE
        if rule == ROW_BY_ROW_INSERT:
            advice, batch = _insert_advice(example)
    if not advice:
        return None
    return _finding(
        rule, repetition, parents, conversation, message=message, advice=advice, batch=batch
    )


def _finding(
    rule: str,
    repetition: Repetition,
    parents: tuple[str, ...],
    conversation: Conversation,
    *,
    message: str,
    advice: str,
    batch: str,
) -> Finding:
    evidence: dict[str, str | int | float | bool | list[str] | None] = {
        "statement": _normalized(repetition.examples[0].text),
        "times": repetition.times,
        "bursts": repetition.bursts,
        "most_in_one": repetition.most,
        "distinct": repetition.distinct,
        "server_seconds": round(repetition.seconds, 6),
        "waiting_seconds": round(repetition.waiting_seconds, 6),
        "all_statements_seen": conversation.complete,
    }
    if parents:
        evidence["parent"] = parents[0]
    if len(parents) > 1:
        evidence["other_parents"] = list(parents[1:PARENTS_SHOWN])
    if batch:
        evidence["batch"] = batch
    for name, sites in (
        ("call_sites", repetition.call_sites),
        ("parent_call_sites", repetition.parent_call_sites),
    ):
        if sites:
            evidence[name] = list(sites)
    if repetition.database is not None:
        evidence["database"] = repetition.database
    # Outside of transactions, requests that share a connection may look like one.
    sure = conversation.complete and repetition.in_transactions * 2 > repetition.bursts
    site = f" (called at {repetition.call_sites[0]})" if repetition.call_sites else ""
    return Finding(
        rule=rule,
        severity=page_of(rule).severity,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        object=ObjectRef("statement", repetition.fingerprint),
        message=message + site,
        why=_why(rule),
        key=f"{rule}:{repetition.database or ''}:{repetition.fingerprint}",
        evidence=evidence,
        advice=advice,
    )


def _batch_advice(repetition: Repetition) -> tuple[str, str]:
    """What to do instead, and the statement for it where there is one."""
    try:
        batch = batch_for(repetition)
    except NoBatch as reason:
        return (
            "Fetch all of them in one query (a join, or = ANY with an array of the values). "
            f"It is not written out here: {reason}.",
            "",
        )
    others = "".join(
        f"; ${place} is what ${old} was" for place, old in enumerate(batch.parameters, 2)
    )
    added = f"; the last column, {batch.key}, says whose a row is" if batch.key_added else ""
    note = f" {batch.note}" if batch.note else ""
    return (
        f"Fetch all of them in one query, with an array of the values: {batch.sql}; "
        f"$1 is the array{others}{added}.{note} In an ORM: eager loading (includes, "
        "select_related, joinedload).",
        batch.sql,
    )


def _insert_advice(example: Call) -> tuple[str, str]:
    """Empty where the INSERT has many rows already."""
    try:
        batch = rows_at_once(example.text)
    except NotOneRow:
        return "", ""
    except NoBatch as reason:
        return f"{MANY_ROWS}; {COPY} It is not written out here: {reason}.", ""
    # The server refuses to change one row twice in one statement.
    once = f" {UPSERT_ONCE}" if " DO UPDATE " in batch else ""
    return f"{MANY_ROWS}: {batch}; {COPY}{once}", batch


def _same_calls(
    conversation: Conversation, limits: Thresholds, told: set[str]
) -> Iterator[Finding]:
    """Across all sessions; a statement that was told of already is left out."""
    for same in conversation.same_calls:
        if (
            same.fingerprint in told
            or same.times < limits.same_query_again_calls
            or same.times < limits.same_query_again_share * same.of_calls
            or same.seconds < limits.same_query_again_seconds
            or not reads_only(same.call.text)
        ):
            continue
        told.add(same.fingerprint)
        values = ", ".join("NULL" if v is None else v[:40] for v in same.call.parameters)
        with_values = f" with {values}" if values else ""
        yield Finding(
            rule=SAME_AGAIN,
            severity=Severity.NOTICE,
            confidence=Confidence.MEDIUM,
            object=ObjectRef("statement", same.fingerprint),
            message=f"{_shown(same.call)} ran {same.times} times{with_values}, "
            f"{same.seconds:.1f} s in all",
            why=_why(SAME_AGAIN),
            key=f"{SAME_AGAIN}:{same.database or ''}:{same.fingerprint}",
            evidence={
                "statement": _normalized(same.call.text),
                "example": same.call.text,
                "times": same.times,
                "of_calls": same.of_calls,
                "server_seconds": round(same.seconds, 6),
                "database": same.database,
            },
            advice="Cache the answer in the application for as long as it may be stale.",
        )


def _transactions(conversation: Conversation, limits: Thresholds) -> Iterator[Finding]:
    tiny, whole = conversation.single_statement_transactions, conversation.transactions
    share = limits.one_statement_transactions_share
    if not tiny or tiny < limits.one_statement_transactions_times or tiny < share * whole:
        return
    yield Finding(
        rule=TINY_TRANSACTIONS,
        severity=page_of(TINY_TRANSACTIONS).severity,
        confidence=Confidence.HIGH if conversation.complete else Confidence.MEDIUM,
        object=ObjectRef("workload", conversation.source),
        message=f"{tiny} of {whole} transactions hold one statement only: "
        f"{2 * tiny} round trips for BEGIN and COMMIT",
        why=_why(TINY_TRANSACTIONS),
        key=f"{TINY_TRANSACTIONS}:",
        evidence={
            "single_statement_transactions": tiny,
            "transactions": whole,
            "server_seconds": round(conversation.transaction_word_seconds * tiny / whole, 6),
        },
        advice="Use autocommit for single statements (psycopg: autocommit=True; SQLAlchemy: "
        'isolation_level="AUTOCOMMIT"; Django has it by default, see ATOMIC_REQUESTS).',
    )


def _pings(conversation: Conversation, limits: Thresholds) -> Iterator[Finding]:
    pings, statements = conversation.pings, conversation.statements
    if not pings or pings < limits.pings_times or pings < limits.pings_share * statements:
        return
    yield Finding(
        rule=PINGS,
        severity=page_of(PINGS).severity,
        confidence=page_of(PINGS).confidence,
        object=ObjectRef("workload", conversation.source),
        message=f"{pings} of {statements} statements ({100 * pings / statements:.0f}%) only ask "
        "whether the connection lives",
        why=_why(PINGS),
        key=f"{PINGS}:",
        evidence={
            "pings": pings,
            "statements": statements,
            "server_seconds": round(conversation.ping_seconds, 6),
        },
        advice="Let the pool test connections that were idle for a while only, and retry once "
        "where one turns out to be dead.",
    )


def _why(rule: str) -> str:
    return why_it_matters(page_of(rule).page)


def _times(repetition: Repetition) -> str:
    if repetition.bursts == 1:
        return f"{repetition.times} times"
    mean = repetition.times / repetition.bursts
    return f"{mean:.0f} times on average ({repetition.bursts} times over, up to {repetition.most})"


def _lost(finding: Finding) -> float:
    parts = (finding.evidence.get(name, 0.0) for name in ("server_seconds", "waiting_seconds"))
    return sum(float(part) for part in parts if isinstance(part, int | float))


def _shown(call: Call) -> str:
    text = " ".join(_normalized(call.text).split())
    return text if len(text) <= SHOWN else text[: SHOWN - 2].rstrip() + " …"


def _normalized(text: str) -> str:
    try:
        return normalize(text)
    except SyntaxProblem:
        return text
