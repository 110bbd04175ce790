"""Tables that nobody knows, as a file that comes alone tells of them."""

from __future__ import annotations

from tests.migrate.lint.examples import read

from dbwright.migrate.lint.assumed import assumed_for
from dbwright.migrate.lint.engine import run_hazards
from dbwright.migrate.lint.registry import all_hazards
from dbwright.migrate.replay.run import judged_run
from dbwright.sandbox import Server

ALONE = """-- no-transaction
ALTER TABLE "My Shop".users ALTER COLUMN "Age" TYPE bigint;
CREATE INDEX i ON orders (user_id, lower(code)) WHERE deleted IS NULL;
CREATE INDEX g ON orders USING gin (doc);
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES "My Shop".users;
ALTER TABLE orders ADD COLUMN org uuid REFERENCES orgs (code);
ALTER TABLE orders ALTER COLUMN code SET NOT NULL;
ALTER TABLE orders RENAME COLUMN a TO b;
UPDATE orders SET code = 'x';
ALTER TABLE orders VALIDATE CONSTRAINT c;
TRUNCATE logs;
DROP TABLE things;
CREATE TABLE fresh (id bigint);
"""


OF_DJANGO = """BEGIN;
ALTER TABLE "user" ADD COLUMN "age" integer DEFAULT 0 NOT NULL;
ALTER TABLE "user" ALTER COLUMN "age" DROP DEFAULT;
CREATE INDEX "user_age" ON "user" ("age");
ALTER TABLE "user" RENAME COLUMN "name" TO "title";
ALTER TABLE "user" ALTER COLUMN "title" SET NOT NULL;
ALTER TABLE "user" DROP COLUMN "old";
ALTER TABLE "user" ADD COLUMN "old" bigint;
COMMIT;
"""


def test_what_the_file_itself_makes_is_not_assumed(postgresql: Server) -> None:
    files = [read(OF_DJANGO, "1", "alone")]
    assumed = assumed_for(judged_run(files, server=postgresql))
    assert assumed is not None
    run = judged_run(files, earlier=[assumed], server=postgresql)
    steps = run.migrations[0].steps
    assert [(s.text, s.effects.refusal) for s in steps if s.effects.refusal is not None] == []
    required = [
        one.message
        for one in run_hazards(run, all_hazards()).findings
        if one.rule == "migrations/not-null-without-default"
    ]
    assert len(required) == 1 and "its default is taken away" in required[0]


def test_what_a_file_tells_of_tables_is_enough_to_try_it(postgresql: Server) -> None:
    files = [read(ALONE, "1", "alone")]
    blind = judged_run(files, server=postgresql)
    assumed = assumed_for(blind)
    assert assumed is not None
    texts = [one.text for one in assumed.script.up]
    assert 'CREATE TABLE "My Shop".users ("Age" integer, id bigint, PRIMARY KEY (id))' in texts
    assert not any("fresh" in text for text in texts)
    run = judged_run(files, earlier=[assumed], server=postgresql)
    steps = run.migrations[0].steps
    assert [(s.text, s.effects.refusal) for s in steps if s.effects.refusal is not None] == []
    assert assumed_for(run) is None
    told = {one.rule.partition("/")[2] for one in run_hazards(run, all_hazards()).findings}
    assert {
        "rewrites-a-table",
        "builds-an-index-under-a-lock",
        "scans-under-a-lock",
        "adds-foreign-key-without-index",
        "renames-what-clients-use",
        "changes-rows-of-a-whole-table",
        "empties-a-table",
        "drops-a-table",
    } <= told
