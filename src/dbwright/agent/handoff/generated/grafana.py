"""A dashboard for Grafana, over the same figures as the alerts."""

from __future__ import annotations

import json
from typing import Any

from dbwright.agent.handoff.generated.file import LABEL

__all__ = ["grafana"]

ONE = '{instance=~"$instance"}'

PANELS = (
    ("Connections by state", f"sum by (state) (pg_stat_activity_count{ONE})", "short"),
    (
        "Transactions",
        f"sum by (datname) (rate(pg_stat_database_xact_commit{ONE}[5m]))",
        "ops",
    ),
    (
        "Blocks found in memory",
        f"sum(rate(pg_stat_database_blks_hit{ONE}[5m])) / "
        f"(sum(rate(pg_stat_database_blks_hit{ONE}[5m])) + "
        f"sum(rate(pg_stat_database_blks_read{ONE}[5m])))",
        "percentunit",
    ),
    ("Longest transaction", f"max by (datname) (pg_stat_activity_max_tx_duration{ONE})", "s"),
    ("Size", f"pg_database_size_bytes{ONE}", "bytes"),
    ("Replica behind", f"pg_replication_lag_seconds{ONE}", "s"),
)
"""Title, what is drawn, and its unit in Grafana's words."""


def grafana(name: str, replicas: int) -> tuple[str, str]:
    """The text of a dashboard's file, and what parsed it."""
    panels = [panel for panel in PANELS if replicas or panel[0] != "Replica behind"]
    document = {
        "title": f"PostgreSQL: {name}",
        "description": LABEL,
        "uid": f"dbwright-{name}"[:40],
        "schemaVersion": 39,
        "tags": ["postgresql"],
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_source(), _instance()]},
        "panels": [_panel(number, *panel) for number, panel in enumerate(panels)],
    }
    text = json.dumps(document, indent=2) + "\n"
    assert json.loads(text) == document
    return text, "read back as JSON; not loaded into Grafana"


def _source() -> dict[str, Any]:
    return {"name": "datasource", "type": "datasource", "query": "prometheus"}


def _instance() -> dict[str, Any]:
    return {
        "name": "instance",
        "type": "query",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "query": "label_values(pg_up, instance)",
        "includeAll": True,
        "multi": True,
    }


def _panel(number: int, title: str, expr: str, unit: str) -> dict[str, Any]:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": title,
        "gridPos": {"x": number % 2 * 12, "y": number // 2 * 8, "w": 12, "h": 8},
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "targets": [{"refId": "A", "expr": expr}],
    }
