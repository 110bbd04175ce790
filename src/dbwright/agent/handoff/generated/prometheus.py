"""Alerts for Prometheus, over what postgres_exporter tells of a server."""

from __future__ import annotations

from typing import Any

from dbwright.agent.handoff.generated.file import LABEL, parsed_by
from dbwright.trees.yaml_ import read_yaml, yaml_text

__all__ = ["prometheus"]


def prometheus(connections: int | None, replicas: int, lag_seconds: float) -> tuple[str, str]:
    """The text of a file of rules, and what parsed it. `lag_seconds`: how far a replica may be
    behind; `connections`: the limit that was asked for, else the server's own is used."""
    limit = "pg_settings_max_connections" if connections is None else str(connections)
    rules = [
        _rule("PostgresqlDown", "pg_up == 0", "1m", "critical", "the server does not answer"),
        _rule(
            "PostgresqlConnectionsNearLimit",
            f"sum by (instance) (pg_stat_activity_count) > 0.8 * {limit}"
            if connections is not None
            else f"sum by (instance) (pg_stat_activity_count) / on (instance) {limit} > 0.8",
            "5m",
            "warning",
            "more than 80% of the connections are taken",
        ),
        _rule(
            "PostgresqlLongTransaction",
            'max by (instance, datname) (pg_stat_activity_max_tx_duration{state!="idle"}) > 900',
            "5m",
            "warning",
            "a transaction is open for more than 15 minutes: it holds back vacuum",
        ),
        _rule(
            "PostgresqlDeadlocks",
            "increase(pg_stat_database_deadlocks[10m]) > 0",
            "0m",
            "warning",
            "transactions wait for each other in a circle, and one was ended",
        ),
    ]
    if replicas:
        rules.append(
            _rule(
                "PostgresqlReplicaBehind",
                f"pg_replication_lag_seconds > {lag_seconds:g}",
                "5m",
                "critical",
                f"a replica is more than {lag_seconds:g} seconds behind",
            )
        )
    text = f"# {LABEL}\n" + yaml_text({"groups": [{"name": "postgresql", "rules": rules}]})
    read_yaml(text, "alerts.yaml")
    said = parsed_by("promtool", ("check", "rules"), "alerts.yaml", text)
    return text, f"read back as YAML; its expressions {said}"


def _rule(alert: str, expr: str, for_: str, severity: str, summary: str) -> dict[str, Any]:
    return {
        "alert": alert,
        "expr": expr,
        "for": for_,
        "labels": {"severity": severity},
        "annotations": {"summary": "{{ $labels.instance }}: " + summary},
    }
