"""What a line of pg_hba.conf lets in: the cases that are dear to try on a server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dbwright.check.rules.settings._access import (
    Reach,
    line_text,
    listens_to_others,
    reach,
    usable_lines,
)
from dbwright.model.catalog import Catalog, HbaRule, Server, Setting


def line(text: str, number: int = 1) -> HbaRule:
    """`host all all 10.0.0.0 255.0.0.0 trust`, as pg_hba_file_rules gives it."""
    type_, databases, users, *rest = text.split()
    method = rest.pop()
    address, netmask = (*rest, None, None)[:2]
    return HbaRule(
        number,
        type_,
        tuple(databases.split(",")),
        tuple(users.split(",")),
        address,
        netmask,
        method,
    )


def catalog(*lines: str, listen: str | None = None) -> Catalog:
    settings = () if listen is None else (Setting("listen_addresses", listen),)
    return Catalog(
        "postgresql",
        Server("18.6", 180006),
        datetime(2026, 11, 23, tzinfo=UTC),
        settings=settings,
        hba_rules=tuple(line(text, number) for number, text in enumerate(lines, 1)),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local all all peer", Reach.SOCKET),
        ("host all all 127.0.0.1 255.255.255.255 md5", Reach.LOOPBACK),
        ("host all all ::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff md5", Reach.LOOPBACK),
        ("host all all samehost md5", Reach.LOOPBACK),
        ("host all all samenet md5", Reach.NETWORK),
        ("host all all 10.0.0.0 255.0.0.0 md5", Reach.NETWORK),
        ("host all all fd00:: ffff:: md5", Reach.NETWORK),
        ("host all all .example.com md5", Reach.NETWORK),
        ("host all all 0.0.0.0 0.0.0.0 md5", Reach.ANYWHERE),
        ("host all all 128.0.0.0 128.0.0.0 md5", Reach.ANYWHERE),
        ("host all all :: :: md5", Reach.ANYWHERE),
        ("host all all all md5", Reach.ANYWHERE),
    ],
)
def test_reach(text: str, expected: Reach) -> None:
    assert reach(line(text)) is expected


@pytest.mark.parametrize(
    ("earlier", "later", "hidden"),
    [
        ("host all all all reject", "host all all 10.0.0.0 255.0.0.0 trust", True),
        ("host all all all reject", "hostssl shop shop 10.0.0.0 255.0.0.0 trust", True),
        ("host all all all reject", "host replication all 10.0.0.0 255.0.0.0 trust", False),
        ("hostssl all all all reject", "host all all all trust", False),
        ("hostssl all all all reject", "hostnossl all all all trust", False),
        ("host shop all all md5", "host all all all trust", False),
        ("host all shop all md5", "host all shop,admin all trust", False),
        ("host all all 10.1.0.0 255.255.0.0 md5", "host all all 10.0.0.0 255.0.0.0 trust", False),
        ("host all all 0.0.0.0 0.0.0.0 md5", "host all all :: :: trust", False),
        ("host all all .a.example md5", "host all all .b.example trust", False),
        ("host all all all md5", "local all all trust", False),
        ("local all all peer", "local shop all trust", True),
    ],
)
def test_the_first_line_that_fits_decides(earlier: str, later: str, hidden: bool) -> None:
    lines = [found.line for found in usable_lines(catalog(earlier, later))]
    assert (2 not in lines) is hidden


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("", False),
        ("localhost", False),
        ("127.0.0.1, ::1", False),
        ("*", True),
        ("localhost,10.0.0.5", True),
        ("db.example.com", True),
        (None, True),
    ],
)
def test_listens_to_others(listen: str | None, expected: bool) -> None:
    assert listens_to_others(catalog(listen=listen)) is expected


def test_line_text_with_another_method() -> None:
    assert line_text(line("host all all 10.1.0.0 255.255.0.0 trust"), "scram-sha-256") == (
        "host all all 10.1.0.0/16 scram-sha-256"
    )
