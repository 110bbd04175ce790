"""Changing server parameters with ALTER SYSTEM, and the way back; or why that would not count."""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.model.catalog import Catalog, Setting
from dbwright.model.finding import Fix
from dbwright.model.names import literal
from dbwright.model.settings import managed_by

__all__ = ["change", "change_setting", "change_settings"]

RESTART = "-- then restart the server"
RELOAD = "SELECT pg_reload_conf();"


def change(
    catalog: Catalog, setting: Setting, value: str, *, risk: str = ""
) -> tuple[Fix | None, str]:
    """ALTER SYSTEM where that counts; else none, and the advice where to change it."""
    elsewhere = _elsewhere(catalog, setting, value)
    if elsewhere:
        return None, elsewhere
    if setting.context == "postmaster":
        risk = f"takes effect only after a restart{'; ' if risk else ''}{risk}"
    return change_setting(setting, value, risk=risk), ""


def change_settings(
    catalog: Catalog, wanted: Iterable[tuple[Setting, str]], *, risk: str = ""
) -> tuple[Fix | None, tuple[str, ...]]:
    """One fix for several settings, and the advice for those that are changed elsewhere."""
    pairs = list(wanted)
    texts = [_elsewhere(catalog, setting, value) for setting, value in pairs]
    here = [pair for pair, text in zip(pairs, texts, strict=True) if not text]
    advice = tuple(text for text in texts if text)
    if not here:
        return None, advice
    restart = [setting.name for setting, _ in here if setting.context == "postmaster"]
    after = [RELOAD] if len(restart) < len(here) else []
    after += [RESTART] if restart else []
    told = [f"{', '.join(restart)} only after a restart"] if restart else []
    return Fix(
        up="\n".join([_set(setting, value) for setting, value in here] + after),
        down="\n".join([_back(setting) for setting, _ in here] + after),
        transactional=False,
        risk="; ".join(told + ([risk] if risk else [])),
    ), advice


def change_setting(setting: Setting, value: str, *, risk: str = "") -> Fix:
    """ALTER SYSTEM, and the way back; says where only a restart makes it count."""
    restart = setting.context == "postmaster"
    again = RESTART if restart else RELOAD
    return Fix(
        up=f"{_set(setting, value)}\n{again}",
        down=f"{_back(setting)}\n{again}",
        transactional=False,
        risk=risk or ("takes effect only after a restart" if restart else ""),
    )


def _elsewhere(catalog: Catalog, setting: Setting, value: str) -> str:
    """Where ALTER SYSTEM does not count: what to do instead."""
    name = setting.name
    managed = managed_by(catalog)
    if managed is not None:
        return f"Set {name} = {value} in {managed}."
    if setting.source in ("command line", "environment variable"):
        return (
            f"{name} comes from the {setting.source}, which overrules the configuration files: "
            f"set it to {value} there, or take it out."
        )
    allowed = catalog.setting("allow_alter_system")
    if allowed is not None and allowed.value == "off":
        return f"Set {name} = {value} where the configuration is managed from."
    return ""


def _set(setting: Setting, value: str) -> str:
    return f"ALTER SYSTEM SET {setting.name} = {literal(value)};"


def _back(setting: Setting) -> str:
    if (setting.source_file or "").endswith("postgresql.auto.conf"):
        return _set(setting, _with_unit(setting))
    return f"ALTER SYSTEM RESET {setting.name};"


def _with_unit(setting: Setting) -> str:
    # '8kB' and the like are multiples that SET does not take as units: those stay bare numbers.
    return (
        setting.value
        if not setting.unit or setting.unit[0].isdigit()
        else setting.value + setting.unit
    )
