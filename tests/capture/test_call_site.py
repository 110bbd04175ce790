"""Which line is told: the application's, whatever stands between it and the driver."""

from __future__ import annotations

import importlib
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from dbwright.capture.call_site import Places, Site, site_of

RELAY = """
import sys

def relay(function):
    return function()

def frame():
    return sys._getframe()
"""


def compiled(file: str) -> dict[str, Callable[..., FrameType]]:
    """Two functions of a file of that name."""
    found: dict[str, Callable[..., FrameType]] = {}
    exec(compile(RELAY, file, "exec"), found)
    return found


def site(places: Places, frame: FrameType) -> Site | None:
    return site_of(*places.find(frame))


PACKAGES = sysconfig.get_paths()["purelib"]


@pytest.mark.parametrize(
    "file",
    [
        f"{PACKAGES}/framework/handler.py",
        f"{PACKAGES}/sqlalchemy/engine/base.py",
        "/usr/lib/python3/dist-packages/framework.py",
        sysconfig.get_paths()["stdlib"] + "/contextlib.py",
        "<frozen importlib._bootstrap>",
        "<sqlalchemy generated warned() wrapper for sqlalchemy.orm.session.Session._flush>",
    ],
)
def test_libraries_are_passed_over(file: str) -> None:
    library = compiled(file)
    found = site(Places(), library["relay"](library["frame"]))
    assert found is not None
    assert (found.file, found.function) == (__file__, "test_libraries_are_passed_over")


def test_an_application_may_be_installed() -> None:
    application = compiled(f"{PACKAGES}/shop/views.py")
    named = site(Places([f"{PACKAGES}/shop/"]), application["frame"]())
    assert named is not None
    assert named.file == f"{PACKAGES}/shop/views.py"


def test_where_all_is_installed_the_first_that_is_no_driver_is_told() -> None:
    places = Places()
    # This file, and the program that a parallel run of the tests was started with.
    for file in (__file__, "<string>"):
        places.kinds[file] = places._kind("<frozen pytest>")
    driver = compiled(f"{PACKAGES}/psycopg/cursor.py")
    shop = compiled(f"{PACKAGES}/shop/views.py")
    found = site(places, shop["relay"](driver["frame"]))
    assert found is not None
    assert (found.file, found.line, found.function) == (f"{PACKAGES}/shop/views.py", 5, "relay")


def test_a_driver_may_be_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "vendor" / "asyncpg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(RELAY)
    monkeypatch.syspath_prepend(package.parent)
    driver = importlib.import_module("asyncpg")
    try:
        found = site(Places(), driver.relay(driver.frame))
    finally:
        del sys.modules["asyncpg"]
    assert found is not None
    assert found.function == "test_a_driver_may_be_anywhere"


def test_nowhere() -> None:
    assert Places().find(None) == (None, 0)
    assert site_of(None, 0) is None
