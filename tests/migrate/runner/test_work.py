"""What is kept and shown of statements."""

from __future__ import annotations

import hashlib

from dbwright.migrate.runner.secrets import told
from dbwright.migrate.runner.work import Checksums
from dbwright.model.migration import ScriptStatement


def test_checksums_of_the_first_statements() -> None:
    statements = [
        ScriptStatement("a\r\nb", 1),
        ScriptStatement("COPY", 2, "1\n"),
        ScriptStatement("c", 3),
    ]
    sums = Checksums(statements)
    texts = ["a\nb", "a\nb\0COPY\x001\n", "a\nb\0COPY\x001\n\0c"]
    expected = ["", *(hashlib.sha256(text.encode()).hexdigest() for text in texts)]
    assert [sums.of(number) for number in (0, 1, 2, 3)] == expected
    assert sums.of(1) == expected[1]  # back again


def test_passwords_are_not_told() -> None:
    assert told("CREATE ROLE a PASSWORD 'hunter2'") == "CREATE ROLE a PASSWORD '…'"
    subscription = told("CREATE SUBSCRIPTION s CONNECTION 'password=hunter2' PUBLICATION p")
    assert "hunter2" not in subscription
    assert told("INSERT INTO t VALUES ('x')") == "INSERT INTO t VALUES ('x')"
    assert "hunter2" not in told("ALTER ROLE a PASSWORD 'hunter2")  # cut in the middle
