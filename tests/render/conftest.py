"""A report with about every kind of finding, and one with hostile names."""

from __future__ import annotations

import pytest

from dbwright.model.finding import (
    Confidence,
    Evidence,
    Finding,
    Fix,
    Location,
    LockMode,
    ObjectRef,
    Proof,
    ProofLevel,
    Severity,
)
from dbwright.model.report import Report, Silenced, Skipped
from dbwright.render import RuleText

HOSTILE = 'a"b\x1b[31m\nCRITICAL fake [red]x[/red] <script>alert(1)</script> | `@everyone` \u202e✨'


def finding(
    rule: str,
    severity: Severity,
    kind: str,
    name: str,
    message: str,
    why: str,
    *,
    evidence: Evidence | None = None,
    fix: Fix | None = None,
    advice: str = "",
    proof: Proof | None = None,
    location: Location | None = None,
    confidence: Confidence = Confidence.HIGH,
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        confidence=confidence,
        object=ObjectRef(kind, name),
        message=message,
        why=why,
        key=f"{rule}:{kind}:{name}",
        evidence=evidence or {},
        advice=advice,
        fix=fix,
        proof=proof or Proof(),
        location=location,
    )


DUPLICATE_WHY = (
    "Every write maintains both indexes, and the planner never needs the second one. "
    "It costs disk, cache and vacuum time, and gives nothing back."
)


def duplicates() -> list[Finding]:
    return [
        finding(
            "index/duplicate-index",
            Severity.WARNING,
            "index",
            f"shop.products_category_{number}",
            f"shop.products_category_{number} has the same columns as shop.products_category_idx.",
            DUPLICATE_WHY,
            evidence={
                "size_bytes": 8192 * 7 ** (number + 1),
                "same_as": "shop.products_category_idx",
                "writes": 1_234_567 * number,
                "window_days": 31,
            },
            fix=Fix(
                up=f"DROP INDEX CONCURRENTLY shop.products_category_{number};",
                down=f"CREATE INDEX CONCURRENTLY products_category_{number}\n"
                "  ON shop.products USING btree (category_id);",
                lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
                transactional=False,
            ),
        )
        for number in range(7)
    ]


def others() -> list[Finding]:
    return [
        finding(
            "vacuum/wraparound-near",
            Severity.CRITICAL,
            "table",
            "shop.events",
            "shop.events is 1,950,000,000 transactions old; at 2,000,000,000 the server stops "
            "taking writes.",
            "Transaction numbers are reused. A table that is never frozen stops the whole cluster "
            "before the numbers run out.",
            evidence={"xid_age": 1_950_000_000, "limit": 2_000_000_000, "left_fraction": 0.025},
            advice="Run this now, in a session with a large maintenance_work_mem, and find out "
            "why autovacuum did not: a long transaction, a slot or a prepared transaction.",
            fix=Fix(
                up="VACUUM (FREEZE, VERBOSE) shop.events;",
                down="",
                lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
                scans=True,
                transactional=False,
                seconds=5400.0,
                risk="Reads the whole table (312 GB): expect I/O load.",
            ),
        ),
        finding(
            "index/foreign-key-without-index",
            Severity.ERROR,
            "table",
            "shop.order_items",
            "Deleting from shop.orders reads all 48,000,000 rows of shop.order_items: no index "
            "starts with order_id.",
            "Each DELETE or key UPDATE of the referenced table looks for rows that point to it, "
            "once for each row, by a sequential scan.",
            evidence={
                "rows": 48_000_000,
                "size_bytes": 4_402_341_478,
                "columns": ("order_id",),
                "mean_seconds": 0.812,
                "indexed": False,
            },
            fix=Fix(
                up="CREATE INDEX CONCURRENTLY order_items_order_id_idx ON shop.order_items USING "
                "btree (order_id) WHERE (deleted_at IS NULL); -- about 1.1 GB, built while writes "
                "go on",
                down="DROP INDEX CONCURRENTLY shop.order_items_order_id_idx;",
                lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
                transactional=False,
                seconds=184.0,
            ),
            proof=Proof(
                ProofLevel.MEASURED,
                "812 ms, sequential scan",
                "0.4 ms, index scan",
                "dbwright tune --prove measured",
            ),
            location=Location("migrations/0007_orders.sql", 12, 3),
        ),
        finding(
            "security/row-level-security-not-forced",
            Severity.ERROR,
            "table",
            "shop.customers",
            "The owner shop_app reads shop.customers without its policies.",
            "Policies don't apply to a table's owner unless they are forced; an application that "
            "connects as the owner is not restricted at all.",
            evidence={"owner": "shop_app", "policies": ("own_rows", "support")},
            fix=Fix(
                up="ALTER TABLE shop.customers FORCE ROW LEVEL SECURITY;",
                down="ALTER TABLE shop.customers NO FORCE ROW LEVEL SECURITY;",
                lock=LockMode.ACCESS_EXCLUSIVE,
                seconds=0.002,
                risk="Jobs that run as shop_app see fewer rows afterwards.",
            ),
        ),
        finding(
            "schema/timestamp-without-time-zone",
            Severity.NOTICE,
            "column",
            "shop.orders.placed_at",
            "shop.orders.placed_at is timestamp without time zone.",
            "The value means another moment in each session's time zone.",
            confidence=Confidence.LOW,
            fix=Fix(
                up="ALTER TABLE shop.orders\n  ALTER COLUMN placed_at TYPE timestamptz\n"
                "  USING placed_at AT TIME ZONE 'UTC';",
                down="ALTER TABLE shop.orders\n  ALTER COLUMN placed_at TYPE timestamp\n"
                "  USING placed_at AT TIME ZONE 'UTC';",
                lock=LockMode.ACCESS_EXCLUSIVE,
                rewrites=True,
                scans=True,
            ),
            location=Location("schema.sql", 41),
        ),
        finding(
            "schema/name-needs-quotes",
            Severity.NOTICE,
            "table",
            HOSTILE,
            f"The name {HOSTILE} must be quoted everywhere.",
            "Each query has to quote it, and tools forget.",
            evidence={"name": HOSTILE, "ratio": float("nan"), "seen": None},
            fix=Fix(
                up='ALTER TABLE shop."' + HOSTILE.replace('"', '""') + '" RENAME TO a_b;',
                down='ALTER TABLE shop.a_b RENAME TO "' + HOSTILE.replace('"', '""') + '";',
                lock=LockMode.ACCESS_EXCLUSIVE,
            ),
            location=Location("dir with space/a:b#c.sql", 1, 1),
        ),
    ]


@pytest.fixture(scope="session")
def report() -> Report:
    """Twelve findings of six rules, worst first, with skipped and silenced parts."""
    found = sorted(others() + duplicates(), key=lambda f: (f.severity.rank, f.rule))
    return Report(
        command="check",
        target="postgresql://localhost:5432/shop",
        findings=tuple(found),
        skipped=(
            Skipped(
                "statistics.columns",
                "permission denied for 2 tables",
                "GRANT SELECT ON shop.payments, shop.invoices TO dbwright;",
                ("shop.payments", "shop.invoices"),
                ("schema/timestamp-without-time-zone",),
            ),
            Skipped("workload", "the extension pg_stat_statements is not installed"),
        ),
        silenced=(
            Silenced(found[-1], "comment", "kept for the year's end report"),
            Silenced(duplicates()[0], "baseline"),
        ),
        engine="postgresql",
        server_version="18.6",
        database="shop",
        rules_run=58,
        objects_read={"table": 12, "index": 34, "policy": 2},
        fail_on=Severity.ERROR,
    )


@pytest.fixture(scope="session")
def empty() -> Report:
    return Report(
        command="check",
        target="schema.sql",
        findings=(),
        engine="postgresql",
        server_version="18.6",
        rules_run=58,
        objects_read={"table": 1, "index": 2},
    )


@pytest.fixture(scope="session")
def rules() -> dict[str, RuleText]:
    return {
        "index/duplicate-index": RuleText(
            "Two indexes with the same columns", "## What it finds\n\nTwo indexes …\n"
        )
    }
