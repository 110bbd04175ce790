"""Reading a plan in whatever form it comes: EXPLAIN's JSON, text, XML or YAML, from anywhere.

    read_plan(cursor.fetchone()[0])      # what the server gave
    read_plan(Path("slow.txt").read_text())

Each may stand in psql's borders, in a log line of auto_explain or in the cell of a CSV file. All
forms end as one document (`plan_document`), so that they can't differ in what they mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from dbwright.engines.postgresql.plan_cells import uncelled
from dbwright.engines.postgresql.plan_document import plan_from, too_deep
from dbwright.engines.postgresql.plan_paste import pasted_lines
from dbwright.engines.postgresql.plan_text import documents_from_text
from dbwright.engines.postgresql.plan_wrapped import begins_in_text
from dbwright.engines.postgresql.plan_xml import documents_from_xml
from dbwright.engines.postgresql.plan_yaml import documents_from_yaml, is_yaml
from dbwright.errors import NotAPlan
from dbwright.model.plan import Plan

__all__ = ["read_plan", "read_plans"]

JSON_NAMES = ('"Plan"', '"Node Type"')
ASK = "ask for it with EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON), and paste the whole output"


def read_plan(text: str | Iterable[Any], query: str = "") -> Plan:
    """The first plan of a text, or of what the server gave for FORMAT JSON.

    `query` is the statement's text, where the plan does not bring it. Raises NotAPlan.
    """
    return read_plans(text, query)[0]


def read_plans(text: str | Iterable[Any], query: str = "") -> tuple[Plan, ...]:
    """The plans of a text, one for each statement; at least one. Raises NotAPlan."""
    try:
        documents = _documents(text)
        plans = tuple(plan_from(document, query) for document in documents)
    except RecursionError:
        raise too_deep() from None
    if not plans:
        raise NotAPlan("there is no plan in it", ASK)
    return plans


def _documents(given: str | Iterable[Any]) -> list[dict[str, Any]]:
    if not isinstance(given, str):
        return _explained(given)
    if not given.strip():
        raise NotAPlan("the text is empty", ASK)
    text = uncelled(given)
    found = _json(text)
    if found:
        return [document for one in found for document in _explained(one)]
    lines = pasted_lines(text)
    if "<explain" in text or "</explain>" in text:
        return documents_from_xml(lines)
    filled = [line for line in lines if line.strip()]
    return documents_from_yaml(filled) if is_yaml(filled) else documents_from_text(lines)


def _explained(found: Any) -> list[dict[str, Any]]:
    """An array of statements (as EXPLAIN writes), one of them (as auto_explain does), or a node."""
    every = [found] if isinstance(found, dict) else list(found)
    documents = [one for one in every if isinstance(one, dict)]
    wrapped = [{"Plan": one} if "Node Type" in one else one for one in documents]
    if not any("Plan" in one for one in wrapped):
        raise NotAPlan("the JSON holds no plan", ASK)
    return [one for one in wrapped if "Plan" in one]


def _json(text: str) -> list[Any]:
    """The JSON values that are plans; none where the text is in another form. Raises NotAPlan."""
    first = min((at for name in JSON_NAMES if (at := text.find(name)) >= 0), default=-1)
    if first < 0 or begins_in_text(text[:first]):
        return []  # the names may stand in a condition of a plan in text
    problem: json.JSONDecodeError | None = None
    for candidate in (text, "\n".join(pasted_lines(text))):
        found, failed = _json_values(candidate)
        if found:
            return found
        problem = failed or problem
    if problem is None:
        return []
    raise NotAPlan(
        f"the plan's JSON breaks off or is damaged at line {problem.lineno}: {problem.msg}", ASK
    )


def _json_values(text: str) -> tuple[list[Any], json.JSONDecodeError | None]:
    """The plans one after the other, up to one that is damaged."""
    found: list[Any] = []
    end = 0
    while True:
        problem: json.JSONDecodeError | None = None
        for begin in _begins(text, end):
            try:
                value, after = _DECODER.raw_decode(text, begin)
            except json.JSONDecodeError as error:
                problem = error
            else:
                if _holds_plan(value):
                    break
        else:
            return found, problem
        found.append(value)
        end = after


def _begins(text: str, start: int) -> Iterator[int]:
    """Where `[{` or `{"` stands before the next plan: a query's own text may hold such as well.

    Never after it: a part of a plan that breaks off must not be taken for the whole.
    """
    marks = [at for name in JSON_NAMES if (at := text.find(name, start)) >= 0]
    for at in range(start, min(marks, default=start)):
        if text[at] in "[{":
            follower = text[at + 1 : at + 200].lstrip("+ \t\r\n")[:1]
            if follower == ("{" if text[at] == "[" else '"'):
                yield at


def _holds_plan(found: Any) -> bool:
    every = found if isinstance(found, list) else [found]
    return any(isinstance(one, dict) and ("Plan" in one or "Node Type" in one) for one in every)


def _merged(found: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; what PostgreSQL 12 writes twice (Workers) is joined."""
    fields: dict[str, Any] = {}
    for name, value in found:
        before = fields.get(name)
        both = isinstance(before, list) and isinstance(value, list)
        fields[name] = before + value if both else value
    return fields


_DECODER = json.JSONDecoder(object_pairs_hook=_merged, strict=False)
