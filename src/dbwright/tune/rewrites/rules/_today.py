"""Days and periods that move with the clock: today, this month, the date of a parameter."""

from __future__ import annotations

from dbwright.sql.parse import Node, parse
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.trees import call_name, comparison, integer, operator

__all__ = ["LOCAL", "ZONED", "following_day", "following_start", "is_day", "start_of_now"]

ZONED, LOCAL = "timestamp with time zone", "timestamp without time zone"
CLOCKS = {
    "SVFOP_CURRENT_DATE": ZONED,  # that is what date_trunc takes it for
    "SVFOP_CURRENT_TIMESTAMP": ZONED,
    "SVFOP_LOCALTIMESTAMP": LOCAL,
}
CALLS = ("now", "statement_timestamp", "transaction_timestamp")
DAYS = 3660
STEPS = {"quarter": "3 months"}


def is_day(node: Node) -> bool:
    """Is it a date that no row tells: CURRENT_DATE, `now()::date`, `$1::date`, with days added (no
    more than a few years of them)?"""
    if node.get("SQLValueFunction", {}).get("op") == "SVFOP_CURRENT_DATE":
        return True
    cast = node.get("TypeCast")
    if cast is not None:
        name = cast["typeName"]["names"][-1]["String"]["sval"]
        given = "ParamRef" in cast["arg"] or _clock(cast["arg"]) is not None
        return bool(name == "date" and given and not cast["typeName"].get("arrayBounds"))
    fields = node.get("A_Expr", {})
    if operator(fields) not in ("+", "-") or "lexpr" not in fields:
        return False
    number = constant_kind(fields["rexpr"])
    few = number is not None and number[0] == "ival" and int(number[1]) <= DAYS
    return few and is_day(fields["lexpr"])


def following_day(day: Node) -> Node:
    return comparison(day, "+", integer(1))


def start_of_now(node: Node, unit: str, *, number: bool) -> tuple[Node, str] | None:
    """When the period began that it is now, and that moment's type: of
    `date_trunc('month', now())`, or (`number`) `extract(year FROM CURRENT_DATE)`."""
    call = node.get("FuncCall", {})
    names = ("extract", "date_part") if number else ("date_trunc",)
    if not call or call_name(call) not in names or len(call.get("args", ())) != 2:
        return None
    what, moment = call["args"]
    told, kind = constant_kind(what), _clock(moment)
    if told is None or told[1].lower() != unit or kind is None:
        return None
    truncated = {
        "funcname": [{"String": {"sval": "date_trunc"}}],
        "args": [what, moment],
        "funcformat": "COERCE_EXPLICIT_CALL",
    }
    return {"FuncCall": truncated}, kind


def following_start(start: Node, unit: str) -> Node:
    """The start of the next period."""
    step = parse(f"SELECT interval '{STEPS.get(unit, f'1 {unit}')}'").statements[0].node
    return comparison(start, "+", step["targetList"][0]["ResTarget"]["val"])


def _clock(node: Node) -> str | None:
    """The type of a moment that a clock tells, as date_trunc takes it; None for anything else."""
    call = node.get("FuncCall", {})
    if call and call_name(call) in CALLS:
        return ZONED
    return CLOCKS.get(node.get("SQLValueFunction", {}).get("op", ""))
