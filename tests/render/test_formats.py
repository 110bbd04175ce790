from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import dbwright.render
from dbwright.errors import UsageError
from dbwright.model.report import Report
from dbwright.render import FORMATS, format_of, render


def test_formats_are_the_folder_s_modules_that_render() -> None:
    assert list(FORMATS) == ["html", "json", "junit", "markdown", "sarif", "terminal"]
    assert "groups" not in FORMATS
    assert "no-such" not in FORMATS


@pytest.mark.parametrize(
    ("path", "format"),
    [
        ("a.json", "json"),
        ("a.sarif", "sarif"),
        ("a.HTML", "html"),
        ("a.htm", "html"),
        ("dir.json/a.md", "markdown"),
        ("a.xml", "junit"),
        ("a.txt", "terminal"),
        ("a.sql", None),
        ("json", None),
    ],
)
def test_format_of(path: str, format: str | None) -> None:
    assert format_of(path) == format
    assert format_of(Path(path)) == format


def test_unknown_format(report: Report) -> None:
    with pytest.raises(UsageError, match="no format 'yaml'") as caught:
        render(report, "yaml")
    assert "json" in caught.value.next_step


def test_a_format_is_added_by_one_file(
    tmp_path: Path, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shout.py").write_text(
        "ENDINGS = ('.shout',)\ndef render(report, *, verbose): return f'{report.score}!\\n'\n"
    )
    monkeypatch.setattr(dbwright.render, "__path__", [*dbwright.render.__path__, str(tmp_path)])
    dbwright.render.module_names.cache_clear()
    dbwright.render.load.cache_clear()
    try:
        assert "shout" in list(FORMATS)
        assert format_of("x.shout") == "shout"
        assert render(report, "shout") == f"{report.score}!\n"
    finally:
        dbwright.render.module_names.cache_clear()
        dbwright.render.load.cache_clear()
        sys.modules.pop("dbwright.render.shout", None)


def test_heavy_imports_wait() -> None:
    code = (
        "import sys; from dbwright.render import FORMATS; 'html' in FORMATS; 'json' in FORMATS;"
        "print(sorted({'rich', 'jinja2', 'psycopg', 'postgast'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
