"""What names of columns say of what is in them: secrets, personal data."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["HASHED", "PASSWORD", "TOKEN", "endings", "personal_name", "secret_name"]

PASSWORD, TOKEN, HASHED = "password", "token", "hash"

_TELLING = frozenset(
    """
    email e_mail email_address mail_address birthday birth_date birthdate date_of_birth dob
    ssn social_security_number national_id passport passport_number passport_no tax_number
    first_name last_name given_name family_name surname maiden_name full_name
    home_address street_address iban bank_account bank_account_number card_number
    credit_card credit_card_number cvv cvc driving_licence driver_license health_insurance_number
    salary diagnosis religion ethnicity
    """.split()
)
"""Names that say it alone."""
_HINTING = frozenset(
    """
    phone phone_number mobile mobile_number telephone street postal_code zip_code gender
    ip_address nationality marital_status username login
    """.split()
)
"""Names that companies and products have as well."""
_PASSWORDS = frozenset("password passwd passphrase pwd".split())
_TOKENS = frozenset(
    """
    api_key apikey secret_key private_key access_key encryption_key api_token access_token
    refresh_token auth_token session_token bearer_token reset_token id_token secret
    """.split()
)
_HASHES = frozenset(
    """
    password_hash passwordhash password_digest pass_hash hashed_password encrypted_password
    crypted_password password_salt pwd_hash
    """.split()
)


@lru_cache(maxsize=65536)
def personal_name(name: str) -> str | None:
    """`telling` or `hinting`; None for a name that does not sound personal."""
    ends = endings(name)
    if not _TELLING.isdisjoint(ends):
        return "telling"
    return None if _HINTING.isdisjoint(ends) else "hinting"


@lru_cache(maxsize=65536)
def secret_name(name: str) -> str | None:
    """PASSWORD, TOKEN or HASHED (what a password was turned into); None for others."""
    ends = endings(name)
    for kind, words in ((HASHED, _HASHES), (PASSWORD, _PASSWORDS), (TOKEN, _TOKENS)):
        if not words.isdisjoint(ends):
            return kind
    return TOKEN if ends[0] == "token" else None


def endings(name: str) -> list[str]:
    """The name and what it ends with: `customer_email` as customer_email and email."""
    parts = _snake(name).split("_")
    return ["_".join(parts[start:]) for start in range(len(parts))]


def _snake(name: str) -> str:
    """`dateOfBirth` and `Date Of-Birth` as date_of_birth."""
    found: list[str] = []
    for index, letter in enumerate(name):
        if letter.isupper() and index and name[index - 1].islower():
            found.append("_")
        found.append(letter.lower() if letter.isalnum() else "_")
    return "".join(found)
