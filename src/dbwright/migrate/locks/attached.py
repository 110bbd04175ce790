"""What hangs on a table: triggers, rules, policies, comments, statistics, rights; and its rows."""

from __future__ import annotations

from dbwright.migrate.locks.words import (
    AS,
    EXCLUSIVELY,
    NOTHING,
    RX,
    SRX,
    SUX,
    TABLE,
    only,
)
from dbwright.model.lock_fact import LockFact

__all__ = ["FACTS"]

FACTS = (
    LockFact(
        id="create-trigger",
        form="CREATE TRIGGER …",
        examples=(
            "CREATE TRIGGER t BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION fired()",
            "CREATE TRIGGER t AFTER INSERT ON items EXECUTE FUNCTION fired()",
            "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON items DEFERRABLE "
            "FOR EACH ROW EXECUTE FUNCTION fired()",
        ),
        locks={TABLE: SRX},
        why="Only the catalog changes; others read meanwhile.",
    ),
    LockFact(
        id="enable-trigger",
        form="ALTER TABLE … ENABLE TRIGGER …, or DISABLE TRIGGER …",
        examples=(
            "ALTER TABLE things DISABLE TRIGGER watch",
            "ALTER TABLE things ENABLE ALWAYS TRIGGER watch",
            "ALTER TABLE things DISABLE TRIGGER ALL",
        ),
        locks={TABLE: SRX},
        why="Only the catalog changes; ALL disables the checks of foreign keys too.",
    ),
    LockFact(
        id="drop-trigger",
        form="DROP TRIGGER …, or ALTER TRIGGER … RENAME TO …",
        examples=(
            "DROP TRIGGER watch ON things",
            "ALTER TRIGGER watch ON things RENAME TO other",
        ),
        locks=EXCLUSIVELY,
        why="Only the catalog changes.",
        safe="DISABLE TRIGGER does not block readers.",
    ),
    LockFact(
        id="row-level-security",
        form="ALTER TABLE … ENABLE ROW LEVEL SECURITY, DISABLE, FORCE or NO FORCE",
        examples=(
            "ALTER TABLE items ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE things FORCE ROW LEVEL SECURITY",
            "ALTER TABLE things DISABLE ROW LEVEL SECURITY",
        ),
        locks=EXCLUSIVELY,
        why="Only the catalog changes; without policies others than the owner see no rows.",
        safe="CREATE POLICY first.",
    ),
    LockFact(
        id="policy",
        form="CREATE POLICY …, ALTER POLICY …, or DROP POLICY …",
        examples=(
            "CREATE POLICY p ON items USING (amount > 0)",
            "ALTER POLICY own ON things USING (true)",
            "DROP POLICY own ON things",
        ),
        locks=EXCLUSIVELY,
        why="Only the catalog changes.",
    ),
    LockFact(
        id="create-rule",
        form="CREATE RULE …",
        examples=("CREATE RULE r AS ON DELETE TO items DO INSTEAD NOTHING",),
        locks=EXCLUSIVELY,
        why="Only the catalog changes.",
    ),
    LockFact(
        id="comment",
        form="COMMENT ON TABLE …, or COLUMN …",
        examples=("COMMENT ON TABLE items IS 'a'", "COMMENT ON COLUMN items.amount IS 'b'"),
        locks={TABLE: SUX},
        why="Only the catalog changes.",
    ),
    LockFact(
        id="create-statistics",
        form="CREATE STATISTICS … FROM …",
        examples=("CREATE STATISTICS s (ndistinct) ON amount, big FROM items",),
        locks={TABLE: SUX},
        why="Only the catalog changes; ANALYZE fills it.",
    ),
    LockFact(
        id="publish-table",
        form="ALTER PUBLICATION … ADD TABLE …, or CREATE PUBLICATION … FOR TABLE …",
        examples=(
            "ALTER PUBLICATION pieces ADD TABLE items",
            "CREATE PUBLICATION others FOR TABLE items",
        ),
        locks={TABLE: SUX},
        why="Only the catalog changes; updates fail where the table has no replica identity.",
    ),
    LockFact(
        id="grant-before-18",
        form="GRANT … ON TABLE …, or REVOKE …",
        examples=(
            "GRANT SELECT ON items TO pg_monitor",
            "REVOKE SELECT ON items FROM pg_monitor",
        ),
        locks=NOTHING,
        before=18,
        why="Only the catalog changes.",
    ),
    LockFact(
        id="grant",
        form="GRANT … ON TABLE …, or REVOKE …",
        examples=(
            "GRANT SELECT ON items TO pg_monitor",
            "REVOKE SELECT ON items FROM pg_monitor",
        ),
        locks={TABLE: AS},
        since=18,
        why="Only the catalog changes; from 18 on it waits for ACCESS EXCLUSIVE of others.",
    ),
    LockFact(
        id="write-all-rows",
        form="UPDATE … or DELETE … of all rows",
        examples=("UPDATE items SET amount = 1", "DELETE FROM items"),
        locks={TABLE: RX},
        scans=only(TABLE),
        why="Each row is locked to the end of the transaction, and all versions are kept.",
        safe="In batches by key, each in a transaction of its own.",
    ),
)
