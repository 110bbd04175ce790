"""Which columns hold secrets: by their names, by what they are made of, and those of the server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache

from dbwright.agent.safe_sql.limits import Policy
from dbwright.engines.postgresql.relation_facts import ColumnFacts, RelationFacts
from dbwright.model.sensitive_names import endings, secret_name

__all__ = [
    "SECRET_COLUMNS",
    "SECRET_RESULTS",
    "SECRET_TEXTS",
    "How",
    "Label",
    "Labels",
    "hidden_options",
    "is_secret_column",
    "is_secret_name",
    "is_secret_setting",
]


class How(StrEnum):
    """Which values of a column are not shown."""

    ALL = "all"
    OPTIONS = "options"
    """Of a list of `name=value` those with a name that tells of a secret."""
    SETTINGS = "settings"
    """Those that are the value of a setting which is a secret."""
    STATEMENTS = "statements"
    """Passwords in statements, which their own words tell of."""
    LITERALS = "literals"
    """What stands in the default or the CHECK of a secret column."""


@dataclass(frozen=True, slots=True)
class Label:
    """What goes along with a value that comes of a secret column."""

    how: How
    origin: str
    """Such as `public.users.password`."""


Labels = frozenset[Label]

_WORDS = frozenset(
    """
    pass passcode passwort kennwort mot_de_passe contrasena senha pin pin_code otp otp_secret totp
    token tokens secrets credential credentials api_keys private_keys secret_keys signing_key
    ssh_key master_key encryption_key session_key license_key access_key_id webhook_secret
    client_secret recovery_code recovery_codes backup_code backup_codes security_answer cvv cvc
    csc ssn social_security_number card_number credit_card_number iban_pin dsn connection_string
    conninfo salt password_salt cookie session_cookie jwt key_material passphrase secret_answer
    """.split()
)
"""Names, or ends of names, beside those that `check` looks for: to show too little is the smaller
mistake here."""
_MARKS = ("password", "passwd", "passphrase", "secret", "apikey", "credential", "privatekey")
"""Parts of words: `dbpassword`, `password_plain`."""
_ABOUT = frozenset(
    """
    age algorithm at attempts by changed count created date days enabled encryption expired expires
    expiry failures id length level method name policy question required requirements reset rounds
    score scheme set status strength type updated valid version
    """.split()
)
"""Last words of names that tell of a secret rather than hold it: `password_changed_at`."""
_CARRIERS = frozenset("token pin otp jwt cookie".split())
_FORMS = frozenset("cipher data digest encrypted hash key plain raw text value".split())
_ENCODINGS = frozenset("b64 base64 enc hex pem".split())
"""Last words that tell how it is written: `private_key_pem`, `auth_token_enc`."""
_NEVER = frozenset("bool date time timetz timestamp timestamptz interval".split())
"""Types that hold no secret: `has_password`, `token_expires_at`."""

SECRET_COLUMNS: Mapping[tuple[str, str], How] = {
    ("pg_authid", "rolpassword"): How.ALL,
    ("pg_shadow", "passwd"): How.ALL,
    ("pg_user_mapping", "umoptions"): How.ALL,
    ("pg_user_mappings", "umoptions"): How.ALL,
    ("pg_subscription", "subconninfo"): How.ALL,
    ("pg_largeobject", "data"): How.ALL,
    ("pg_attribute", "attmissingval"): How.ALL,
    ("pg_attrdef", "adbin"): How.LITERALS,
    ("pg_constraint", "conbin"): How.LITERALS,
    ("pg_attribute", "attfdwoptions"): How.OPTIONS,
    ("pg_db_role_setting", "setconfig"): How.OPTIONS,
    ("pg_foreign_server", "srvoptions"): How.OPTIONS,
    ("pg_foreign_data_wrapper", "fdwoptions"): How.OPTIONS,
    ("pg_foreign_table", "ftoptions"): How.OPTIONS,
}
"""Columns of the server's own relations."""
STATISTICS = {("pg_statistic", f"stavalues{number}") for number in range(1, 6)} | {
    ("pg_statistic_ext_data", name) for name in ("stxdmcv", "stxdexpr")
}
"""Values of columns, secret ones as well."""

SECRET_RESULTS: Mapping[tuple[str, str], How] = {
    ("pg_hba_file_rules", "options"): How.OPTIONS,
    ("pg_show_all_settings", "setting"): How.SETTINGS,
    ("pg_show_all_settings", "boot_val"): How.SETTINGS,
    ("pg_show_all_settings", "reset_val"): How.SETTINGS,
    ("pg_stat_get_activity", "query"): How.STATEMENTS,
    ("pg_stat_get_wal_receiver", "conninfo"): How.ALL,
    ("pg_stat_statements", "query"): How.STATEMENTS,
}
"""Columns that functions of the server, and of pg_stat_statements, give."""
SECRET_TEXTS: Mapping[str, How] = {
    "pg_get_constraintdef": How.LITERALS,
    "pg_get_expr": How.LITERALS,
    "pg_stat_get_backend_activity": How.STATEMENTS,
}
"""Functions of the server that give one text."""

_SETTINGS = frozenset(
    """
    archive_cleanup_command archive_command primary_conninfo recovery_end_command restore_command
    ssl_passphrase_command
    """.split()
)
_OPTION = re.compile(r"(?P<name>[\w.]+)=(?P<value>.*)", re.DOTALL)


@lru_cache(maxsize=65536)
def is_secret_name(name: str) -> bool:
    """Does the name say that it holds a secret?"""
    plain = name.rstrip("0123456789_ ") or name
    ends = endings(plain)
    if secret_name(plain) is not None or not _WORDS.isdisjoint(ends):
        return True
    parts = ends[0].split("_")
    if parts[-1] in _ABOUT:
        return False
    if len(parts) > 1 and parts[-1] in _ENCODINGS:
        return is_secret_name("_".join(parts[:-1]))
    if any(mark in part for part in parts for mark in _MARKS):
        return True
    return not _CARRIERS.isdisjoint(parts) and parts[-1] in _FORMS


def is_secret_setting(name: str) -> bool:
    """Is the setting's value a secret? `app.jwt_secret`, `primary_conninfo`."""
    last = name.rpartition(".")[2]
    return name in _SETTINGS or is_secret_name(last)


def is_secret_column(relation: RelationFacts, column: ColumnFacts, policy: Policy) -> bool:
    """By its name, for relations that did not come with the server; by what the policy says."""
    name = f"{relation.schema}.{relation.name}.{column.name}"
    if _matches(name, policy.secret_columns):
        return True
    if not relation.own or _matches(name, policy.open_columns):
        return False
    return column.type_name not in _NEVER and is_secret_name(column.name)


def hidden_options(text: str, mask: str) -> str:
    """A list of `name=value` (the text of an array) without the values of secrets."""
    if not text.startswith("{"):
        return mask
    found = [_hidden(item, mask) for item in _items(text[1:-1])]
    return "{" + ",".join(found) + "}"


def _hidden(item: str, mask: str) -> str:
    plain = item[1:-1].replace('\\"', '"').replace("\\\\", "\\") if item.startswith('"') else item
    match = _OPTION.fullmatch(plain)
    if match is None:
        return item
    name = match["name"].lower()
    if is_secret_setting(name) or "pass" in name or "key" in name:
        return f'"{match["name"]}={mask}"'
    return item


def _items(text: str) -> Iterable[str]:
    """The elements of an array's text, as they are written."""
    start, quoted, position = 0, False, 0
    while position < len(text):
        letter = text[position]
        if letter == "\\":
            position += 1
        elif letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            yield text[start:position]
            start = position + 1
        position += 1
    if text:
        yield text[start:]


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
