"""Server parameters: whose value it is, its size or duration, and where it is changed."""

from __future__ import annotations

from collections.abc import Mapping

from dbwright.model.catalog import Catalog, Setting

__all__ = [
    "keeps_files_elsewhere",
    "managed_by",
    "seconds",
    "server_wide",
    "shown",
    "size_bytes",
    "size_text",
]

OWN_TO_THE_SESSION = frozenset(
    ("client", "database", "database user", "interactive", "session", "user")
)
"""Sources that say what this session has, and nothing about the others."""

PROVIDERS: Mapping[str, str] = {
    "alloydb": "the database flags of AlloyDB",
    "aurora": "the parameter group of Aurora",
    "azure": "the server parameters of Azure",
    "cloudsql": "the database flags of Cloud SQL",
    "neon": "the settings of the Neon project",
    "rds": "the parameter group of RDS",
}
"""Where settings are changed, by the prefix of the settings that the service brings."""

FILES_ELSEWHERE = frozenset(("alloydb", "aurora", "neon"))
"""Services whose pages are kept by a storage service and not in files of the server."""

BYTES = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def server_wide(catalog: Catalog, name: str) -> Setting | None:
    """The setting as a session without settings of its own has it.

    None where that is not known: the server doesn't have it or doesn't show it, or what is shown
    belongs to the role, the database or the connection that looked.
    """
    setting = catalog.setting(name)
    if setting is None or setting.source in OWN_TO_THE_SESSION:
        return None
    server = catalog.server
    overridden = any(
        override.name == name
        and override.role in (None, server.user)
        and override.database in (None, server.database)
        for override in catalog.setting_overrides
    )
    return None if overridden else setting


def size_bytes(setting: Setting) -> int:
    """A setting of memory or disk space in bytes."""
    multiple, unit = _unit(setting)
    return round(float(setting.value) * multiple * BYTES[unit])


def seconds(setting: Setting) -> float:
    """A setting of time in seconds."""
    multiple, unit = _unit(setting)
    return float(setting.value) * multiple * SECONDS[unit]


def shown(setting: Setting) -> str:
    """The value as a person would write it: `128MB`, `5min`, `on`."""
    if not setting.unit or setting.value == "0" or setting.value.startswith("-"):
        return setting.value
    multiple, unit = _unit(setting)
    if unit in BYTES:
        return size_text(size_bytes(setting))
    return f"{float(setting.value) * multiple:g}{unit}"


def size_text(size: int) -> str:
    """Bytes in the largest unit of settings that needs no fraction: `512MB`."""
    for unit in ("TB", "GB", "MB", "kB"):
        if size and size % BYTES[unit] == 0:
            return f"{size // BYTES[unit]}{unit}"
    return f"{size}B"


def managed_by(catalog: Catalog) -> str | None:
    """Where a cloud service lets settings be changed; None on a server of one's own."""
    prefixes = {s.name.partition(".")[0] for s in catalog.settings if "." in s.name}
    return next((place for prefix, place in PROVIDERS.items() if prefix in prefixes), None)


def keeps_files_elsewhere(catalog: Catalog) -> bool:
    """Is it a service for which flushing data files and torn pages are no matter of the server?"""
    return any(s.name.partition(".")[0] in FILES_ELSEWHERE for s in catalog.settings) or any(
        s.name.startswith(("apg_", "aurora_")) for s in catalog.settings
    )


def _unit(setting: Setting) -> tuple[int, str]:
    """`8kB` is (8, kB): pg_settings counts some sizes in blocks."""
    unit = setting.unit or "B"
    letters = unit.lstrip("0123456789")
    return int(unit[: len(unit) - len(letters)] or 1), letters
