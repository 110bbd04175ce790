"""Reading a plan in whatever form it comes: EXPLAIN's JSON, text or XML, pasted from anywhere.

    read_plan(cursor.fetchone()[0])      # what the server gave
    read_plan(Path("slow.txt").read_text())

JSON and XML may stand in psql's borders, in a log line of auto_explain or in the cell of a CSV
file. All forms end as one document (`plan_document`), so that they can't differ in what they mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from dbwright.engines.postgresql.plan_document import plan_from
from dbwright.engines.postgresql.plan_paste import pasted_lines, undoubled
from dbwright.engines.postgresql.plan_text import document_from_text
from dbwright.engines.postgresql.plan_xml import documents_from_xml
from dbwright.errors import NotAPlan
from dbwright.model.plan import Plan

__all__ = ["read_plan", "read_plans"]

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
        raise NotAPlan("the plan is nested too deeply to be read", ASK) from None
    if not plans:
        raise NotAPlan("there is no plan in it", ASK)
    return plans


def _documents(given: str | Iterable[Any]) -> list[dict[str, Any]]:
    if not isinstance(given, str):
        return _explained(given)
    if not given.strip():
        raise NotAPlan("the text is empty", ASK)
    found = _json(given)
    if found is not None:
        return _explained(found)
    if "<explain" in given or "</explain>" in given:
        return documents_from_xml("\n".join(pasted_lines(undoubled(given))))
    if _is_yaml(given):
        raise NotAPlan("plans in YAML are not read", ASK)
    return [document_from_text(given)]


def _explained(found: Any) -> list[dict[str, Any]]:
    """An array of statements (as EXPLAIN writes), one of them (as auto_explain does), or a node."""
    every = [found] if isinstance(found, dict) else list(found)
    documents = [one for one in every if isinstance(one, dict)]
    wrapped = [{"Plan": one} if "Node Type" in one else one for one in documents]
    if not any("Plan" in one for one in wrapped):
        raise NotAPlan("the JSON holds no plan", ASK)
    return [one for one in wrapped if "Plan" in one]


def _json(text: str) -> Any | None:
    """The JSON value that is a plan; None where the text is in another form. Raises NotAPlan."""
    problem: json.JSONDecodeError | None = None
    for candidate in (text, "\n".join(pasted_lines(undoubled(text)))):
        for begin in _begins(candidate):
            try:
                found = _DECODER.raw_decode(candidate, begin)[0]
            except json.JSONDecodeError as error:
                problem = error
            else:
                if _holds_plan(found):
                    return found
    if problem is None:
        return None
    raise NotAPlan(
        f"the plan's JSON breaks off or is damaged at line {problem.lineno}: {problem.msg}", ASK
    )


def _begins(text: str) -> Iterator[int]:
    """Where `[{` or `{"` stands before the first plan: a query's own text may hold such as well.

    Never after it: a part of a plan that breaks off must not be taken for the whole.
    """
    marks = [at for name in ('"Plan"', '"Node Type"') if (at := text.find(name)) >= 0]
    for at in range(min(marks, default=0)):
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


def _is_yaml(text: str) -> bool:
    lines = [line.strip().strip("|│").strip() for line in text.splitlines()]
    return any(line in ("- Plan:", "Plan:") for line in lines) and any(
        line.startswith("Node Type: ") for line in lines
    )
