"""A view that pays, as advice: its figures, its statements, and what to know before using it."""

from __future__ import annotations

from dbwright.model.finding import Fix, LockMode, Proof, ProofLevel
from dbwright.model.names import quote
from dbwright.sql.index_build import free_name
from dbwright.tune.advisors.advisor import Advice
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.rewrites.trees import any_node
from dbwright.tune.views.candidates import Candidate
from dbwright.tune.views.definition import ViewDefinition
from dbwright.tune.views.hindrances import depends_on_session
from dbwright.tune.views.window import counted_days, written_per_day

__all__ = ["one_line", "refreshes_paid", "texts_of", "view_advice"]

SHOWN = 5
LINE = 100
HOURS = 24.0


def refreshes_paid(bench: Workbench, candidate: Candidate) -> tuple[float, bool]:
    """How many refreshes the queries pay for: a day where it is known for how long they were
    counted (True), else in all."""
    days = counted_days(bench.snapshot, (reader.shape.weighted for reader in candidate.readers))
    return candidate.refreshes / (days or 1.0), days is not None


def view_advice(bench: Workbench, candidate: Candidate) -> Advice:
    """The candidate, all of whose readers are proven, as advice."""
    view, readers = candidate.view, candidate.readers
    before = sum(reader.before * reader.shape.weighted.weight for reader in readers)
    after = sum(reader.after * reader.shape.weighted.weight for reader in readers)
    refreshes, daily = refreshes_paid(bench, candidate)
    catalog = bench.snapshot.catalog
    table = catalog.table(view.tables[0])
    seconds = _seconds(candidate)
    verdicts = [reader.verdict for reader in readers if reader.verdict is not None]
    written = written_per_day(catalog, bench.statistics, view.tables)
    return Advice(
        object=table.ref,
        message=f"{_counted(candidate)} of {', '.join(view.tables)} "
        f"{'costs' if len(texts_of(candidate)) == 1 else 'cost'} {before:,.0f} and would cost "
        f"{after:,.0f} with a materialized view of {candidate.rows:,.0f} rows",
        evidence={
            "cost_before": round(before, 2),
            "cost_after": round(after, 2),
            "calls": round(candidate.calls),
            "view_rows": round(candidate.rows),
            "view_bytes": candidate.bytes,
            "rows_read_now": round(candidate.input_rows),
            "refresh_cost": round(candidate.refresh_cost, 2),
            "refresh_seconds": None if seconds is None else round(seconds, 3),
            "refreshes_paid_a_day" if daily else "refreshes_paid": round(refreshes, 1),
            "rows_written_per_day": None if written is None else round(written),
            "queries": texts_of(candidate)[:SHOWN],
            "data_sets": min(verdict.data_sets for verdict in verdicts),
        },
        fix=_fix(bench, view, seconds),
        advice=_text(bench, candidate, written),
        proof=Proof(
            level=ProofLevel.ESTIMATED,
            before=f"cost {before:,.0f}",
            after=f"cost {after:,.0f}",
            reproduce="EXPLAIN on a twin with the view's rows and bytes; with the view's query in "
            f"its place {verdicts[0].reason}",
        ),
        detail=view.name,
        saved=before - after,
    )


def _counted(candidate: Candidate) -> str:
    texts = texts_of(candidate)
    return "an aggregate" if len(texts) == 1 else f"{len(texts):,} aggregates"


def _readings(candidate: Candidate) -> list[str]:
    """The queries over the view, one of each kind, those that save most first."""
    found: dict[str, str] = {}
    for reader in sorted(candidate.readers, key=lambda reader: -reader.saved):
        found.setdefault(one_line(reader.shape.weighted.query.text), reader.text)
    return list(found.values())[:SHOWN]


def texts_of(candidate: Candidate) -> list[str]:
    """The queries that would read the view, each kind once, those that save most first."""
    heaviest = sorted(candidate.readers, key=lambda reader: -reader.saved)
    return list(dict.fromkeys(one_line(reader.shape.weighted.query.text) for reader in heaviest))


def _seconds(candidate: Candidate) -> float | None:
    """Of a refresh, by how long a query took that costs so much less; None where none was timed."""
    for reader in sorted(candidate.readers, key=lambda reader: -reader.saved):
        mean = reader.shape.weighted.query.mean_seconds
        if mean is not None and reader.before:
            return mean * candidate.refresh_cost / reader.before
    return None


def _fix(bench: Workbench, view: ViewDefinition, seconds: float | None) -> Fix:
    own = ((view.schema, view.name),)
    index = free_name(bench.snapshot.catalog, view.schema, f"{view.name}_key", own)
    keys = ", ".join(map(quote, view.keys))
    lines = [
        f"CREATE MATERIALIZED VIEW {view.qualified} AS {view.query};",
        f"CREATE UNIQUE INDEX {quote(index)} ON {view.qualified} ({keys});",
        f"ANALYZE {view.qualified};",
    ]
    return Fix(
        up="\n".join(lines),
        down=f"DROP MATERIALIZED VIEW {view.qualified};",
        lock=LockMode.ACCESS_SHARE,
        scans=True,
        seconds=None if seconds is None else round(seconds, 1),
        risk=f"who reads the view needs SELECT on it (GRANT SELECT ON {view.qualified} TO …), and "
        "sees all its rows; a column of the tables that it reads can't be dropped or change its "
        "type",
    )


def _text(bench: Workbench, candidate: Candidate, written: float | None) -> str:
    view = candidate.view
    refreshes, daily = refreshes_paid(bench, candidate)
    if daily:
        pays = f"It pays as long as it is refreshed no more often than every {_span(refreshes)}."
    else:
        between = candidate.calls / refreshes
        often = "once" if between <= 1 else f"{between:,.1f} times"
        pays = f"It pays as long as the queries are called at least {often} between refreshes."
    sentences = [
        f"Read the view instead, and refresh it with REFRESH MATERIALIZED VIEW CONCURRENTLY "
        f"{view.qualified}, which blocks no reader (and takes EXCLUSIVE on the view alone).",
        f"A refresh costs {candidate.refresh_cost:,.0f}. {pays}",
        "What the view shows is as old as its last refresh"
        + ("." if written is None else f": {_rows(written)} written to {', '.join(view.tables)}."),
    ]
    nullable = _nullable(candidate)
    if nullable:
        sentences.append(
            f"Rows with NULL in {', '.join(nullable)} are written anew by each refresh: that is "
            "right, and of no weight where they are few."
        )
    held = [column.node for column in view.columns.values()]
    if any_node(held, ("A_Const",)):
        sentences.append(
            "Constants in what it groups by and sums up are those of the call that was seen: look "
            "whether others come."
        )
    with bench.twin.connect() as connection:
        if any(depends_on_session(one.shape, connection) for one in candidate.readers):
            sentences.append(
                "It depends on settings such as TimeZone: refresh and read it with the same."
            )
    return "\n\n".join([" ".join(sentences), *_readings(candidate)])


def _rows(a_day: float) -> str:
    return f"some {a_day:,.0f} rows a day are" if round(a_day) else "hardly a row is"


def _span(refreshes_a_day: float) -> str:
    minutes = HOURS * 60 / refreshes_a_day
    if minutes < 1:
        return f"{minutes * 60:,.0f} seconds"
    return f"{minutes:,.0f} minutes" if minutes < 120 else f"{minutes / 60:,.0f} hours"


def _nullable(candidate: Candidate) -> list[str]:
    """Groups that may be NULL."""
    level = candidate.readers[0].shape.level
    found: list[str] = []
    for column in candidate.view.columns.values():
        ref = column.node.get("ColumnRef")
        named = None if ref is None else level.named(ref)
        if column.key and (named is None or not named.not_null):
            found.append(quote(column.name))
    return found


def one_line(text: str) -> str:
    """The beginning of a query, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= LINE else f"{line[: LINE - 1]}…"
