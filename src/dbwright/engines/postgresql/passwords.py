"""Is a stored password one that anybody would try first?

Only the stored hash is compared with the hashes of a few guesses; neither leaves this module.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

from dbwright.model.catalog import PasswordKind

__all__ = ["guessable", "kind"]

COMMON = ("password", "postgres", "admin", "secret", "changeme", "123456", "12345678", "qwerty")


def kind(stored: str | None) -> PasswordKind:
    """How pg_authid.rolpassword holds the password."""
    if stored is None:
        return PasswordKind.NONE
    return PasswordKind.SCRAM if stored.startswith("SCRAM-SHA-256$") else PasswordKind.MD5


def guessable(role: str, stored: str | None, names: Iterable[str]) -> bool:
    """Does one of the common passwords, or one made of the role's or a given name, fit?"""
    if stored is None:
        return False
    guesses = dict.fromkeys([role, *names, *COMMON, role + "1", role + "123", role[::-1], ""])
    if kind(stored) is PasswordKind.SCRAM:
        return any(_scram_fits(stored, guess) for guess in guesses)
    return any(_md5_fits(stored, role, guess) for guess in guesses)


def _md5_fits(stored: str, role: str, guess: str) -> bool:
    digest = hashlib.md5((guess + role).encode(), usedforsecurity=False).hexdigest()
    return hmac.compare_digest(stored, "md5" + digest)


def _scram_fits(stored: str, guess: str) -> bool:
    """RFC 5802: SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>, keys in base64."""
    try:
        _, parameters, keys = stored.split("$")
        iterations, salt = parameters.split(":")
        stored_key = base64.b64decode(keys.split(":")[0])
        salted = hashlib.pbkdf2_hmac(
            "sha256", guess.encode(), base64.b64decode(salt), int(iterations)
        )
    except ValueError:
        return False
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), stored_key)
