"""Units of settings, whose setting it is, and where it can be changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dbwright.check.rules.settings._server_setting import (
    change,
    keeps_files_elsewhere,
    managed_by,
    seconds,
    server_wide,
    shown,
    size_bytes,
)
from dbwright.model.catalog import Catalog, Server, Setting, SettingOverride

SETTING = Setting("work_mem", "4096", "kB", "integer", "user")


def catalog(*settings: Setting, overrides: tuple[SettingOverride, ...] = ()) -> Catalog:
    return Catalog(
        "postgresql",
        Server("18.6", 180006, database="shop", user="me"),
        datetime(2026, 11, 23, tzinfo=UTC),
        settings=settings,
        setting_overrides=overrides,
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("16384", "8kB", "128MB"),
        ("4096", "kB", "4MB"),
        ("1", "16MB", "16MB"),
        ("7", "B", "7B"),
        ("300", "s", "300s"),
        ("-1", "ms", "-1"),
        ("0", "ms", "0"),
        ("on", None, "on"),
    ],
)
def test_shown(value: str, unit: str | None, text: str) -> None:
    assert shown(Setting("x", value, unit)) == text


def test_units() -> None:
    assert size_bytes(Setting("x", "16384", "8kB")) == 128 * 1024**2
    assert seconds(Setting("x", "5", "min")) == 300
    assert seconds(Setting("x", "200", "ms")) == pytest.approx(0.2)


def test_what_belongs_to_the_session_is_not_the_servers() -> None:
    assert server_wide(catalog(SETTING), "work_mem") == SETTING
    assert server_wide(catalog(replace(SETTING, source="user")), "work_mem") is None
    mine = SettingOverride("work_mem", "1GB", role="me")
    other = SettingOverride("work_mem", "1GB", role="somebody")
    elsewhere = SettingOverride("work_mem", "1GB", role="me", database="other")
    assert server_wide(catalog(SETTING, overrides=(mine,)), "work_mem") is None
    assert server_wide(catalog(SETTING, overrides=(other, elsewhere)), "work_mem") == SETTING


def test_alter_system_only_where_it_counts() -> None:
    fix, advice = change(catalog(SETTING), SETTING, "8MB")
    assert fix is not None
    assert advice == ""
    for setting, others in (
        (replace(SETTING, source="command line"), ()),
        (SETTING, (Setting("allow_alter_system", "off"),)),
        (SETTING, (Setting("rds.extensions", ""),)),
    ):
        fix, advice = change(catalog(setting, *others), setting, "8MB")
        assert fix is None
        assert "work_mem" in advice
        assert "8MB" in advice


def test_services_are_known_by_their_settings() -> None:
    assert managed_by(catalog(SETTING)) is None
    assert managed_by(catalog(Setting("cloudsql.iam_authentication", "on"))) is not None
    assert keeps_files_elsewhere(catalog(Setting("neon.timeline_id", "x")))
    assert keeps_files_elsewhere(catalog(Setting("apg_plan_mgmt.use_plan_baselines", "off")))
    assert not keeps_files_elsewhere(catalog(Setting("rds.extensions", "")))
