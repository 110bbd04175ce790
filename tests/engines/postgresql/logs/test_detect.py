"""Formats and prefixes are told from real logs; what is no log is refused in one line."""

from __future__ import annotations

import gettext
import re
import subprocess
from pathlib import Path

import psycopg
import pytest

from dbwright.engines.postgresql.logs import LogReading, read_log
from dbwright.errors import FileUnreadable, UnknownLogFormat
from dbwright.sandbox import find_programs
from servers.logs import Traffic, logging_server, wait_for_log

FOUND = (
    "%m [%p] ",
    "%m [%p] %q%u@%d ",
    "%t:%r:%u@%d:[%p]:",
    "%t [%p]: user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "< %m %p %u@%d >",
    "%n|%c|%v|",
    "%m %c %u@%d ",
    "%t %e %p ",
    "[%p] %m db=%d user=%u: ",
    "%m pid:%p tx:%x %h user=%u ",
    "%m [%p] %q%u@%d/%a ",
    "%m [%p] %Q ",
    "%m [%p] qid=%Q %u@%d ",
    " sql_error_code = %e ",
)
"""Found out without being told."""
TOLD = ("%a %m [%-8p] %u %d ", "%b %p %Q %t ", "%u,%d,%p,%m;")
"""Read when told."""


def _logged(prefix: str, folder: Path) -> Path:
    """A real log with that prefix."""
    with logging_server(18, prefix) as server:
        with psycopg.connect(server.url(), autocommit=True, application_name="till 1") as c:
            c.execute("SET log_min_duration_statement = 0")
            for number in range(7):
                c.execute("SELECT relname FROM pg_class WHERE oid = %s", [number])
            with pytest.raises(psycopg.errors.UndefinedTable):
                c.execute("SELECT * FROM missing")
        log = wait_for_log(server) / "server.log"
        copy = folder / "server.log"
        copy.write_bytes(log.read_bytes())
    return copy


def _check(reading: LogReading, prefix: str) -> None:
    (query,) = [q for q in reading.workload.queries if "pg_class" in q.text]
    assert query.calls == 7
    assert query.parameters in [(str(number),) for number in range(7)]
    assert query.database == ("postgres" if "%d" in prefix else None)
    assert query.users == (("dbwright",) if "%u" in prefix else ())
    assert query.applications == (("till 1",) if "%a" in prefix else ())
    assert sum(reading.counts.errors.values()) == 1
    if any(escape in prefix for escape in ("%p", "%c", "%-8p")):
        repeated = [
            r for r in reading.conversation.repetitions if r.fingerprint == query.fingerprint
        ]
        assert [r.times for r in repeated] == [7]
    assert (query.first_seen is None) == (
        "%m" not in prefix and "%t" not in prefix and "%n" not in prefix
    )


@pytest.mark.parametrize("prefix", FOUND)
def test_the_prefix_is_found(prefix: str, tmp_path: Path) -> None:
    path = _logged(prefix, tmp_path)
    _check(read_log(path), prefix)
    _check(read_log(path, prefix=prefix), prefix)


@pytest.mark.parametrize("prefix", TOLD)
def test_any_prefix_is_read_when_told(prefix: str, tmp_path: Path) -> None:
    _check(read_log(_logged(prefix, tmp_path), prefix=prefix), prefix)


def test_without_sessions_it_says_what_can_not_be_told(tmp_path: Path) -> None:
    reading = read_log(_logged("%m ", tmp_path))
    _check(reading, "%m ")
    assert "log.sessions" in {skip.part for skip in reading.skipped}
    assert reading.conversation.repetitions == ()
    other = read_log(tmp_path, database="shop")
    assert {skip.part for skip in other.skipped} >= {"log.sessions", "log.database"}


@pytest.mark.parametrize("prefix", ["{} [7] app@shop ", "{} [7] (user=app db=shop) "])
def test_background_processes_need_not_be_in_the_sample(prefix: str, tmp_path: Path) -> None:
    """They lack what %q holds back."""
    time = "2026-11-23 07:00:00.000 UTC"
    statement = f"{prefix.format(time)}LOG:  duration: 1.000 ms  statement: SELECT a FROM t\n"
    path = tmp_path / "server.log"
    path.write_text(
        statement * 5000 + f"{time} [9] LOG:  checkpoint complete: wrote 8 buffers\n",
        encoding="utf-8",
    )
    counts = read_log(path).counts
    assert (counts.statements, counts.checkpoints) == (5000, 1)


def test_statements_with_another_beginning_are_told(tmp_path: Path) -> None:
    """A prefix that was changed meanwhile, or a name that was taken for a part of it."""
    line = "2026-11-23 07:00:00.000 UTC|{}|7|LOG:  duration: 1.000 ms  statement: SELECT a FROM t\n"
    path = tmp_path / "server.log"
    path.write_text(line.format("app") * 40 + line.format("admin") * 2, encoding="utf-8")
    reading = read_log(path)
    assert reading.counts.statements == 40
    (told,) = [each for each in reading.skipped if each.reason.startswith("2 statements begin")]
    assert "--prefix" in told.remedy
    assert not reading.conversation.complete
    assert read_log(path, prefix="%m|%u|%p|").counts.statements == 42


@pytest.mark.parametrize("logged", [18], indirect=True)
def test_a_wrong_prefix_is_refused(logged: Traffic) -> None:
    with pytest.raises(UnknownLogFormat, match=re.escape("do not begin with '%u %m '")) as error:
        read_log(logged.log("log"), prefix="%u %m ")
    assert error.value.exit_status == 2
    assert "--prefix" in error.value.next_step


@pytest.mark.parametrize(
    "content",
    [
        "Nov 23 07:26:23 host postgres[12]: [3-1] SELECT 1\n" * 5,
        "127.0.0.1 - - [23/Nov/2026] GET / 200\n" * 5,
        "\x7fELF\x01\x02",
        "a,b,c\n1,2,3\n",
        '{"level": "info"}\n',
        "SELECT 1;\n",
    ],
)
def test_what_is_no_log_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UnknownLogFormat) as error:
        read_log(path)
    assert "\n" not in error.value.message
    assert error.value.next_step
    assert error.value.exit_status == 2


def test_no_such_file_and_empty_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.log", tmp_path):
        with pytest.raises(FileUnreadable):
            read_log(path)
    (tmp_path / "empty.log").touch()
    reading = read_log(tmp_path)
    assert {skip.part for skip in reading.skipped} == {"log", "log.statements"}


def _catalogs() -> list[Path]:
    """The translations of the server's own messages that this machine has."""
    programs = find_programs(15)
    command = [str(programs.bin / "pg_config"), "--localedir"]
    folder = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return sorted(Path(folder).glob("*/LC_MESSAGES/postgres-15.mo"))


@pytest.mark.parametrize("logged", [18], indirect=True)
def test_other_languages_are_refused(logged: Traffic, tmp_path: Path) -> None:
    catalogs = _catalogs()
    if not catalogs:
        pytest.skip("this PostgreSQL 15 was built without translations")
    for catalog in catalogs:
        with catalog.open("rb") as file:
            translate = gettext.GNUTranslations(file).gettext
        words = {f"{w}:  ": f"{translate(w)}:  " for w in ("LOG", "ERROR", "WARNING", "FATAL")}
        words |= {f"{w}:  ": translate(f"{w}:  ") for w in ("STATEMENT", "DETAIL", "CONTEXT")}
        text = logged.log("log").read_text(encoding="utf-8")
        text = re.sub("|".join(words), lambda found, w=words: w[found[0]], text)  # type: ignore[misc]
        for message in ("duration: %s ms  statement: %s", "duration: %s ms"):
            english = message.replace("%s", "([0-9.]+)", 1).replace("%s", "()")
            translated = translate(message).replace("%s", r"\1", 1).replace("%s", r"\2")
            text = re.sub(english, translated, text)
        path = tmp_path / "server.log"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UnknownLogFormat, match="not in English") as error:
            read_log(path)
        assert "lc_messages" in error.value.next_step
