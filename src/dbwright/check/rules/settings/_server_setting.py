"""A server parameter as everybody gets it, its size or duration, and how it is changed here."""

from __future__ import annotations

from dbwright.check.rule import Fault
from dbwright.model.catalog import Catalog, Setting
from dbwright.model.finding import Confidence, Evidence, Severity
from dbwright.model.settings import (
    keeps_files_elsewhere,
    managed_by,
    seconds,
    server_wide,
    shown,
    size_bytes,
    size_text,
)
from dbwright.sql.setting_change import change

__all__ = [
    "change",
    "keeps_files_elsewhere",
    "managed_by",
    "seconds",
    "server_wide",
    "shown",
    "size_bytes",
    "size_text",
    "wrong_setting",
]


def wrong_setting(
    catalog: Catalog,
    setting: Setting,
    message: str,
    *,
    should_be: str,
    evidence: Evidence | None = None,
    severity: Severity | None = None,
    confidence: Confidence | None = None,
    risk: str = "",
    advice: str = "",
) -> Fault:
    """The fault of a setting that should have another value, with the change."""
    fix, instead = change(catalog, setting, should_be, risk=risk)
    return Fault(
        object=setting.ref,
        message=message,
        evidence={"value": shown(setting), "source": setting.source, **(evidence or {})},
        fix=fix,
        advice=" ".join(filter(None, (instead, advice))),
        severity=severity,
        confidence=confidence,
    )
