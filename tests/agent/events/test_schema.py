"""The published JSON Schema: what is written fulfils it, and what is wrong does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from dbwright.agent.events.event import Blocked, Completed, Event, Failed, Progress, Started
from dbwright.agent.events.quality import DONE, QualityCheck, QualityChecks
from dbwright.agent.events.schema import schema

VALIDATOR = Draft202012Validator(json.loads(schema()), format_checker=FormatChecker())

TEXT = st.text(max_size=9)
WORD = TEXT.filter(str.strip)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)


def check(word: str) -> st.SearchStrategy[QualityCheck]:
    reasons = st.text(min_size=1, max_size=20).filter(str.strip)
    bad = st.sampled_from([QualityCheck.failed, QualityCheck.skipped]).flatmap(
        lambda make: reasons.map(make)
    )
    return st.just(QualityCheck(word)) | bad


PAYLOADS = st.one_of(
    st.builds(Started, TEXT, TEXT),
    st.builds(Progress, TEXT),
    st.builds(Progress, TEXT, st.integers(0, 9), st.integers(0, 9)),
    st.builds(Blocked, TEXT, TEXTS),
    st.builds(Failed, TEXT, TEXT, TEXTS),
    st.builds(Completed.of, TEXTS, st.builds(QualityChecks, *map(check, DONE.values())), TEXT),
)


@settings(max_examples=60, deadline=None)
@given(st.builds(Event, WORD, WORD, PAYLOADS, WORD, st.datetimes(timezones=st.timezones())))
def test_what_is_written_fulfils_it(event: Event) -> None:
    VALIDATOR.validate(json.loads(event.line()))
    assert event.line().count(b"\n") == 1 and event.line().isascii()


GOOD = json.loads(
    Event("T", "a", Completed.of((), QualityChecks(*map(QualityCheck, DONE.values())))).line()
)


def changed(**parts: Any) -> dict[str, Any]:
    return {**GOOD, **parts}


@pytest.mark.parametrize(
    "wrong",
    [
        {name: value for name, value in GOOD.items() if name != "event_id"},
        changed(type="AGENT_DONE"),
        changed(timestamp="2026-05-04 08:00:00"),
        changed(ticket_id=""),
        changed(payload=[]),
        changed(payload={**GOOD["payload"], "status": "done"}),
        changed(payload={"status": "success", "artifacts": []}),
        changed(
            payload={
                **GOOD["payload"],
                "quality_checks": {**GOOD["payload"]["quality_checks"], "schema": "skipped"},
            }
        ),
        changed(
            payload={
                **GOOD["payload"],
                "quality_checks": {**GOOD["payload"]["quality_checks"], "schema": "tested"},
            }
        ),
        changed(type="AGENT_BLOCKED"),
        changed(type="AGENT_PROGRESS", payload={"step": "x", "done": -1}),
    ],
)
def test_what_is_wrong_does_not(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        VALIDATOR.validate(wrong)


def test_it_is_a_schema_and_lets_others_add() -> None:
    Draft202012Validator.check_schema(json.loads(schema()))
    VALIDATOR.validate(changed(sprint=7, payload={**GOOD["payload"], "model": "x"}))
