"""What a block would do in a branch that was not taken is told, and nothing else of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dbwright.sql.plpgsql_branches import statements_in_branches
from servers.command_line import Done

BODY = """
<<outer>> DECLARE x text := CASE WHEN true THEN 'a' ELSE 'b' END; BEGIN
  x := CASE WHEN x = 'a' THEN 'update' ELSE (SELECT 'IF') END;
  ALTER TABLE always ADD COLUMN IF NOT EXISTS a text;
  IF x = 'a' THEN DROP TABLE IF EXISTS one; ELSIF x = 'b' THEN EXECUTE 'DROP TABLE two';
  ELSE CASE x WHEN 'c' THEN DELETE FROM three WHERE a IN (SELECT 1; ) ; ELSE NULL; END CASE; END IF;
  FOR r IN SELECT * FROM t WHERE CASE WHEN a THEN b END LOOP
    UPDATE four SET a = CASE WHEN a THEN b ELSE c END WHERE id = r.id RETURNING a INTO x;
  END LOOP;
  BEGIN INSERT INTO always VALUES ('then; drop table no'); EXCEPTION WHEN others THEN TRUNCATE five;
  END;
  TRUNCATE always; -- IF x THEN DROP TABLE no;
END"""
BLOCKS = """-- lock-timeout: 1s
-- UP
ALTER TABLE held ADD COLUMN a text;
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_type WHERE typname = 'mood') THEN
  CREATE TYPE mood AS ENUM ('a'); CREATE TABLE new (id bigint PRIMARY KEY); END IF; END $$;
DO $$ BEGIN IF true THEN ALTER TABLE held ADD COLUMN b text; END IF;
  IF false THEN DROP TABLE new; END IF; END $$;
DO $$ BEGIN IF EXISTS (SELECT FROM big WHERE n > 5) THEN
  ALTER TABLE big ALTER COLUMN n TYPE bigint; DROP INDEX big_n; UPDATE big SET n = 1; END IF; END $$;
DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM big LOOP
  EXECUTE format('ALTER TABLE %I DROP COLUMN a', 'held'); END LOOP; END $$;
DO $$ BEGIN FOR r IN 1 .. 1 LOOP UPDATE big SET n = 2 WHERE id = r; END LOOP; END $$;
-- DOWN
SELECT 1;
"""
TABLES = """-- UP
CREATE TABLE big (id bigint PRIMARY KEY, n integer);
CREATE INDEX big_n ON big (n);
CREATE TABLE held (id bigint PRIMARY KEY);
-- DOWN
DROP TABLE big, held;
"""


def test_statements_of_branches_loops_and_handlers() -> None:
    beginnings = [" ".join(one.split()[:3]) for one in statements_in_branches(BODY)]
    assert beginnings == [
        "DROP TABLE IF",
        "EXECUTE 'DROP TABLE",
        "DELETE FROM three",
        "UPDATE four SET",
        "TRUNCATE five",
    ]


def test_a_branch_that_was_not_taken_is_told(dbwright: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "001_tables.sql").write_text(TABLES)
    (tmp_path / "002_blocks.sql").write_text(BLOCKS)
    done = dbwright("migrate", "lint", "002_blocks.sql", "--format", "json")
    told = [one["reason"] for one in done.report["skipped"] if "a block does" in one["reason"]]
    assert [one.partition(":")[0] for one in told] == ["line 8", "line 10"]
    for words in ("ALTER COLUMN n TYPE bigint", "DROP INDEX big_n", "UPDATE big SET n = 1"):
        assert words in told[0]
    assert "EXECUTE format" in told[1]
