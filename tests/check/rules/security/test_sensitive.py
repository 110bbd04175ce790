"""Which columns look like secrets or personal data, by name and type."""

from __future__ import annotations

import re

import pytest

from dbwright.check.rules.security._sensitive import personal, personal_kind, secret_kind
from dbwright.check.rules.security.secret_column import PROTECTED
from dbwright.model.catalog import Column


@pytest.mark.parametrize(
    ("name", "type_", "secret", "personal"),
    [
        ("password", "text", "password", None),
        ("passwordHash", "text", "hash", None),
        ("api_token", "character varying", "token", None),
        ("token", "text", "token", None),
        ("device_token", "text", None, None),
        ("is_secret", "boolean", None, None),
        ("secret_question", "text", None, None),
        ("public_key", "text", None, None),
        ("customer_email", "text", None, "telling"),
        ("E-Mail", "citext", None, "telling"),
        ("email_verified", "boolean", None, None),
        ("email_sent_at", "timestamp with time zone", None, None),
        ("dateOfBirth", "date", None, "telling"),
        ("billing_street", "text", None, "hinting"),
        ("name", "text", None, None),
    ],
)
def test_by_name(name: str, type_: str, secret: str | None, personal: str | None) -> None:
    column = Column(name, 1, type_, type_)
    assert (secret_kind(column), personal_kind(column)) == (secret, personal)


def test_one_hint_is_not_enough() -> None:
    street, city, phone = (Column(n, 1, "text", "text") for n in ("street", "city", "phone"))
    assert personal([street, city]) == []
    assert personal([street, city, phone]) == [street, phone]


@pytest.mark.parametrize(
    ("value", "protected"),
    [
        ("$2b$12$abcdefghijklmnopqrstuv", True),
        ("$argon2id$v=19$m=65536", True),
        ("pbkdf2_sha256$600000$salt$hash", True),
        ("{SSHA}abc", True),
        ("5f4dcc3b5aa765d61d8327deb882cf99", True),
        ("vault:v1:abcdef", True),
        ("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=", True),
        ("tok_live_5f4dcc3b5aa765d61d8327deb882cf9912345678", False),
        ("summer 2024", False),
        ("hunter2", False),
    ],
)
def test_what_looks_hashed_or_encrypted(value: str, protected: bool) -> None:
    assert (re.search(PROTECTED, value) is not None) is protected
