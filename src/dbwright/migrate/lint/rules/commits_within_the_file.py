"""A file ends the transaction that its tool runs it in.

## What it finds

COMMIT, ROLLBACK or END within a file that is one transaction, but for a pair of BEGIN and COMMIT
around all of it; a BEGIN that nothing ends; and PREPARE TRANSACTION.

## Why it matters

What was done before the COMMIT stays when a later statement fails, but the tool's history does not
know of it, and runs it again; what follows a BEGIN that nothing ends is lost when the session
ends.

## How to fix

Leave it out, or say that the file is no transaction (`-- no-transaction`).

## When to ignore

Never.

## Sources

- PostgreSQL manual, BEGIN; COMMIT.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import brief, file_ref
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY);"
ONE, OTHER = "ALTER TABLE users ADD COLUMN a int;", "ALTER TABLE users ADD COLUMN b int;"
BAD = (
    MigrationExample(f"{ONE} COMMIT; {OTHER}", BEFORE),
    MigrationExample(f"-- no-transaction\nBEGIN; {ONE}", BEFORE),
    MigrationExample(f"-- no-transaction\nBEGIN; {ONE} PREPARE TRANSACTION 'a';", BEFORE),
)
GOOD = (
    MigrationExample(f"BEGIN; {ONE}{OTHER} COMMIT;", BEFORE),
    MigrationExample(f"-- no-transaction\nBEGIN; {ONE} COMMIT; {OTHER}", BEFORE),
)
BEGINS = ("TRANS_STMT_BEGIN", "TRANS_STMT_START")
PREPARES = "TRANS_STMT_PREPARE"
ENDS = ("TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK", PREPARES)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD)
def commits_within_the_file(file: JudgedMigration) -> Iterator[HazardFault]:
    said = [
        (place, str(step.node.get("kind")), step)
        for place, step in enumerate(file.steps)
        if step.kind == "TransactionStmt"
    ]
    marks = [one for one in said if one[1] in (*BEGINS, *ENDS)]
    if file.whole:
        around = [place for place, _, _ in marks] == [0, len(file.steps) - 1]
        for _, verb, step in () if around and marks[0][1] in BEGINS else marks:
            if verb in ENDS and verb != PREPARES:
                yield HazardFault(
                    file_ref(file),
                    f"{brief(step.text)} ends the transaction that the file is run in: what comes "
                    "after it is not taken back with what came before",
                    advice="Leave it out, or say that the file is no transaction.",
                    step=step,
                )
    for step in (step for _, verb, step in marks if verb == PREPARES):
        yield HazardFault(
            file_ref(file),
            f"{brief(step.text)} leaves the transaction open with all its locks, also after the "
            "session's end, until somebody says COMMIT PREPARED",
            advice="Write COMMIT.",
            step=step,
            detail="prepared",
        )
    if not file.whole and marks and marks[-1][1] in BEGINS:
        yield HazardFault(
            file_ref(file),
            f"nothing ends the transaction that line {marks[-1][2].statement.line} begins",
            advice="Write COMMIT at its end.",
            step=marks[-1][2],
            detail="open",
        )
