"""The collector's groups and talks as the nouns that the rest works with."""

from __future__ import annotations

from collections import Counter
from urllib.parse import unquote

from dbwright.engines.postgresql.logs import calls as g
from dbwright.engines.postgresql.logs.collector import Collector
from dbwright.engines.postgresql.logs.parameters import parameter_values, whole_values
from dbwright.engines.postgresql.logs.roles import Role
from dbwright.engines.postgresql.logs.tallies import Repeated
from dbwright.model.conversation import Call, Conversation, Repetition, SameCall
from dbwright.model.workload import Query, Workload
from dbwright.sql.fingerprint import normalize
from dbwright.sql.lexer import comments
from dbwright.sql.parse import SyntaxProblem

__all__ = ["conversation", "workload"]

SAME_CALLS_OF_A_GROUP = 3
SITE_SHOWN = 200
"""Characters of a comment."""
BLOCK_BYTES = 8192
"""Of a temporary block, as the server's statistics count them."""


def workload(collector: Collector, source: str) -> Workload:
    """The groups as queries: what took most time in all comes first."""
    queries = [
        _query(group, database, collector)
        for (_, database), group in collector.groups.all.items()
        if group.calls
        or group.plan_durations.count
        or group.nested_durations.count
        or group.temporary_files
    ]
    queries.sort(key=lambda query: (-(query.total_seconds or 0.0), -query.calls, query.text))
    times = [query.first_seen for query in queries if query.first_seen is not None]
    return Workload(source, tuple(queries), min(times, default=None))


def conversation(collector: Collector, source: str, complete: bool) -> Conversation:
    """What the talks came to."""
    all_groups = [*collector.groups.all.values(), *collector.groups.left_out.values()]

    def seconds_of(*roles: Role) -> float:
        return sum(group.durations.total for group in all_groups if group.role in roles)

    def calls_of(*roles: Role) -> int:
        return sum(group.calls for group in all_groups if group.role in roles)

    databases = {id(group): database for (_, database), group in collector.groups.all.items()}
    repetitions = [
        _repetition(parent, group, repeated, databases.get(id(group)))
        for (parent, group), repeated in collector.talks.repeated.items()
        if group.fingerprint
    ]
    repetitions.sort(key=lambda each: (-each.seconds - each.waiting_seconds, each.fingerprint))
    return Conversation(
        source=source,
        sessions=collector.people.sessions,
        statements=sum(group.calls for group in all_groups),
        seconds=sum(group.durations.total for group in all_groups),
        transaction_words=calls_of(Role.BEGIN, Role.END),
        transaction_word_seconds=seconds_of(Role.BEGIN, Role.END),
        single_statement_transactions=collector.talks.single_statement_transactions,
        transactions=collector.talks.transactions,
        pings=calls_of(Role.PING),
        ping_seconds=seconds_of(Role.PING),
        repetitions=() if collector.people.nameless else tuple(repetitions),
        same_calls=_same_calls(collector),
        complete=complete,
    )


def _query(group: g.Group, database: str | None, collector: Collector) -> Query:
    # Where the log holds nothing of a statement but its plans, they are its calls; elsewhere they
    # are calls that were logged a second time.
    durations = group.durations if group.calls else group.plan_durations
    is_nested = not durations.count and not group.calls and group.nested_durations.count > 0
    durations = group.nested_durations if is_nested else durations
    timed = durations.count > 0
    users, applications, query_id = _origins(group)
    only = group.text, b"" if group.calls else group.plan_parameters
    example, slowest = group.example or only, group.slowest or only
    moment = collector.clock.moment
    return Query(
        text=_normalized(group.text),
        fingerprint=group.fingerprint,
        query_id=query_id,
        calls=group.calls or max(durations.count, group.temporary_files),
        # Inside of functions, it is part of the time of what called them.
        total_seconds=durations.total + group.fetch_seconds if timed and not is_nested else None,
        mean_seconds=durations.mean if timed else None,
        stddev_seconds=durations.deviation if timed else None,
        temporary_blocks=-(-group.temporary_bytes // BLOCK_BYTES) or None,
        user=users[0] if users else None,
        example=_text(example[0]),
        parameters=whole_values(example[1]),
        slowest=_text(slowest[0]) if timed else None,
        slowest_parameters=whole_values(slowest[1]) if timed else (),
        minimum_seconds=durations.smallest if timed else None,
        p95_seconds=durations.percentile(0.95),
        max_seconds=durations.largest if timed else None,
        planning_seconds=group.planning_seconds,
        call_sites=_call_sites(example[0]),
        plan_text=_text(group.plan[1]) if group.plan else None,
        database=database,
        users=users,
        applications=applications,
        first_seen=moment(group.first_seen) if group.first_seen else None,
        last_seen=moment(group.last_seen) if group.last_seen else None,
    )


def _repetition(
    parent: g.Group | None, group: g.Group, repeated: Repeated, database: str | None
) -> Repetition:
    examples = [repeated.first] + ([repeated.second] if repeated.second is not None else [])
    return Repetition(
        fingerprint=group.fingerprint,
        examples=tuple(_call(call) for call in examples),
        parent=parent.fingerprint if parent is not None else None,
        parent_example=_call(repeated.parent) if repeated.parent is not None else None,
        bursts=repeated.bursts,
        times=repeated.times,
        most=repeated.most,
        distinct=repeated.distinct,
        seconds=repeated.seconds,
        waiting_seconds=repeated.waiting_seconds,
        in_transactions=repeated.in_transactions,
        database=database,
        call_sites=_call_sites(g.plain(repeated.first)[0]),
        parent_call_sites=_call_sites(g.plain(repeated.parent)[0]) if repeated.parent else (),
    )


def _call_sites(text: bytes) -> tuple[str, ...]:
    """What the application says of itself in a comment, as sqlcommenter and marginalia write it
    (`/*controller='users',action='show'*/`)."""
    if b"/*" not in text or len(text) > g.LONG:
        return ()
    found = (comment.text for comment in comments(_text(text)) if comment.text[:2] == "/*")
    told = (unquote(comment.removeprefix("/*").removesuffix("*/")).strip() for comment in found)
    return tuple(dict.fromkeys(site[:SITE_SHOWN] for site in told if "=" in site or ":" in site))


def _same_calls(collector: Collector) -> tuple[SameCall, ...]:
    """What was asked again and again, across sessions: most time first."""
    found = [
        SameCall(
            fingerprint=group.fingerprint,
            call=Call(_text(text), parameter_values(parameters)),
            times=times,
            of_calls=group.calls,
            seconds=times * group.durations.mean,
            database=database,
        )
        for (_, database), group in collector.groups.all.items()
        for (text, parameters), times in group.repeated.most_common(SAME_CALLS_OF_A_GROUP)
        if group.fingerprint
    ]
    return tuple(sorted(found, key=lambda same: (-same.seconds, -same.times, same.call.text)))


def _call(call: g.Call) -> Call:
    text, parameters = g.plain(call)
    return Call(_text(text), parameter_values(parameters))


def _origins(group: g.Group) -> tuple[tuple[str, ...], tuple[str, ...], int | None]:
    """Users, applications, and the server's own number of the query."""
    users: Counter[str] = Counter()
    applications: Counter[str] = Counter()
    numbers: Counter[int] = Counter()
    for (user, application, number), count in group.origins.items():
        if user:
            users[user] += count
        if application:
            applications[application] += count
        if number is not None:
            numbers[number] += count
    query_id = numbers.most_common(1)[0][0] if numbers else None
    return _by_count(users), _by_count(applications), query_id


def _by_count(counter: Counter[str]) -> tuple[str, ...]:
    return tuple(name for name, _ in sorted(counter.items(), key=lambda pair: (-pair[1], pair[0])))


def _normalized(text: bytes) -> str:
    decoded = _text(text)
    try:
        return normalize(decoded).strip()
    except SyntaxProblem:
        return decoded


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace").replace("\0", "")
