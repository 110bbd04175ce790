"""What a shell offers after TAB."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from dbwright.check.registry import all_rules


def _run(arguments: list[str], **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dbwright", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def _offered(words: str) -> list[str]:
    """As bash asks, with the cursor at the end."""
    count = len((words + "|").split()) - 1
    return _run(
        [], _DBWRIGHT_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(count)
    ).split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("dbwright che", ["check"]),
        ("dbwright check --fail", ["--fail-on"]),
        ("dbwright check --fail-on ", ["critical", "error", "warning", "notice"]),
        ("dbwright check --format s", ["sarif"]),
        ("dbwright check --format ", ["table", "html", "json", "junit", "markdown", "sarif"]),
        ("dbwright check --only keys/no-p", ["keys/no-primary-key"]),
        ("dbwright check --only keys --skip typ", ["types"]),
        ("dbwright rules indexes/unus", ["indexes/unused-index"]),
        ("dbwright rules --topic sec", ["security"]),
        ("dbwright check nothing", []),
    ],
)
def test_words(words: str, offered: list[str]) -> None:
    found = _offered(words)
    assert found[: len(offered)] == offered
    assert bool(found) == bool(offered)


def test_rules_are_offered_with_their_topics() -> None:
    topics = list(dict.fromkeys(rule.topic for rule in all_rules()))
    assert _offered("dbwright check --only ") == [*topics, *(rule.id for rule in all_rules())]


def test_the_script_for_bash() -> None:
    # Run by no shell, a program can't tell which one is meant: it is named.
    script = _run([], _DBWRIGHT_COMPLETE="source_bash")
    assert "complete -o default -F" in script
    assert "_DBWRIGHT_COMPLETE=complete_bash" in script
