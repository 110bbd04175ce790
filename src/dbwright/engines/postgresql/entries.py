"""Counting, in a sample of a table's rows, how often the entries of an index repeat.

The server takes the values apart and counts. Numbers come back, and no value of any row. Each
question is a SELECT of its own under a time-out, of as many rows as a few megabytes hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

from dbwright.engines.postgresql.rows import Sample
from dbwright.engines.postgresql.session import Session, Unreadable
from dbwright.errors import DbwrightError
from dbwright.model.entries import EntryKind, EntryStatistics, Repeats
from dbwright.model.names import quote
from dbwright.model.report import Skipped

__all__ = ["EntriesWanted", "EntryCounter", "question"]

QUESTION_SECONDS = 10.0
ALL_SECONDS = 60.0
MOST_ROWS = 20_000
FEWEST_ROWS = 300
SAMPLE_BYTES = 4 * 2**20
TRIGRAM_BYTES = 2**20
"""Of texts: each character makes an entry."""
BLOCKS = 2000
"""Pages that a sample is spread over, at least: what is stored together is often alike."""
SMALLEST_GROUP = 50
"""Entries of one place in documents that are counted by themselves; of others, all together."""
EXACT = 12
"""Up to so many rows, entries are counted by the very number."""
JSON = (EntryKind.JSON_KEYS, EntryKind.JSON_PATHS)
HASHED_BYTES = 125
"""Longer keys and values of a document are hashed (JGIN_MAXLENGTH)."""

SCALAR = (
    "CASE WHEN v::text ~ '^-?[0-9]+[.][0-9]+$' THEN rtrim(rtrim(v::text, '0'), '.') "
    "ELSE coalesce(v #>> '{}', 'null') END"
)
"""Of a document, as text: equal for equal ones, so numbers have no zeros behind the last digit."""
PADDED = "(({bytes}) + 7) / 8 * 8"
"""After the header of an index tuple, which takes 8 bytes."""
TAKEN_APART: Mapping[EntryKind, str] = {
    # Without the header of a row, which s holds with a length of one byte where it is short.
    EntryKind.WHOLE: "SELECT r, '' AS p, md5(v::text) AS e, pg_column_size(v) - "
    "CASE WHEN pg_column_size(v) < 127 THEN 21 ELSE 24 END AS b FROM s",
    # Elements of varying length have a header of four bytes, those of an index of one.
    EntryKind.ELEMENTS: "SELECT r, '' AS p, u.e, pg_column_size(u.e) - CASE WHEN ("
    "SELECT e.typlen FROM pg_type a JOIN pg_type e ON e.oid = a.typelem "
    "WHERE a.oid = (SELECT pg_typeof(v) FROM s LIMIT 1)) < 0 AND pg_column_size(u.e) <= 130 "
    "THEN 3 ELSE 0 END AS b FROM s, unnest(v) u(e)",
    EntryKind.LEXEMES: "SELECT r, '' AS p, u.lexeme AS e, octet_length(u.lexeme) + 1 AS b "
    "FROM s, unnest(v) u",
    # Of each word, with two blanks before it and one behind (trgm_op.c).
    EntryKind.TRIGRAMS: "SELECT r, '' AS p, substr(w, i, 3) AS e, 4 AS b FROM s, "
    "LATERAL (SELECT '  ' || t || ' ' AS w "
    "FROM regexp_split_to_table(lower(v::text), '[^[:alnum:]]+') t WHERE t <> '') l, "
    "generate_series(1, length(w) - 2) i",
    EntryKind.JSON_PATHS: f"SELECT r, p, p || '=' || {SCALAR} AS e, 4 AS b FROM d "
    "WHERE jsonb_typeof(v) NOT IN ('object', 'array')",
    # A text in an array counts as a key (jsonb_gin.c, gin_extract_jsonb).
    EntryKind.JSON_KEYS: "SELECT r, p, e, CASE WHEN octet_length(e) > "
    f"{HASHED_BYTES + 1} THEN 10 ELSE octet_length(e) + 1 END AS b FROM ("
    "SELECT r, p, CASE WHEN k IS NULL AND jsonb_typeof(v) = 'string' THEN 'k' "
    f"ELSE left(jsonb_typeof(v), 1) END || {SCALAR} AS e FROM d "
    "WHERE jsonb_typeof(v) NOT IN ('object', 'array') "
    "UNION ALL SELECT r, '', 'k' || k FROM d WHERE k IS NOT NULL) l",
}
"""Of the rows (r) and their values (v) in s: the entry's place in the document (p), what it is (e),
and its bytes (b)."""
DOCUMENTS = """d (r, p, k, v) AS (
  SELECT r, '' COLLATE "C", NULL::text, v FROM s
  UNION ALL
  SELECT d.r, CASE WHEN x.k IS NULL THEN d.p ELSE (d.p || '/' || x.k) COLLATE "C" END, x.k, x.v
  FROM d CROSS JOIN LATERAL (
    SELECT key AS k, value AS v
    FROM jsonb_each(CASE jsonb_typeof(d.v) WHEN 'object' THEN d.v ELSE '{}' END)
    UNION ALL
    SELECT NULL, value
    FROM jsonb_array_elements(CASE jsonb_typeof(d.v) WHEN 'array' THEN d.v ELSE '[]' END)
  ) x
  WHERE jsonb_typeof(d.v) IN ('object', 'array')
),
"""
"""All values of the documents, at any depth; in an array each is in the place of the array."""


@dataclass(frozen=True, slots=True)
class EntriesWanted:
    """Of one table: `keys` are columns (quoted where they must be) or expressions."""

    table_oid: int
    table: str
    """Qualified."""
    keys: tuple[str, ...]
    kind: EntryKind
    rows: float
    """Of the whole table, and its pages, and bytes with those of TOAST."""
    pages: int
    bytes: float
    partitioned: bool = False

    @property
    def sample(self) -> Sample:
        most = TRIGRAM_BYTES if self.kind is EntryKind.TRIGRAMS else SAMPLE_BYTES
        each = self.bytes / max(self.rows, 1.0)
        rows = max(FEWEST_ROWS, min(MOST_ROWS, int(most / max(each, 1.0))))
        return Sample(rows, self.rows, self.pages, BLOCKS)


class EntryCounter:
    """Puts the questions to one target; connects with the first one."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: Session | None = None

    def __enter__(self) -> EntryCounter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            self._session.connection.close()

    def __call__(self, wanted: EntriesWanted) -> EntryStatistics | Skipped:
        """What can't be counted is told, and costs nothing but precision."""
        try:
            if self._session is None:
                self._session = Session.open(self._url, ALL_SECONDS)
            found = self._session.ask(question(wanted), QUESTION_SECONDS)
        except Unreadable as problem:
            return _skipped(wanted, problem.reason, self._remedy(wanted, problem))
        except DbwrightError as problem:
            return _skipped(wanted, str(problem), "")
        groups: dict[int, list[Repeats]] = defaultdict(list)
        for row in found:
            groups[row.place].append(Repeats(row.rows, row.entries, row.bytes, row.spread))
        rows = found[0].sampled if found else 0
        return EntryStatistics(
            wanted.table_oid,
            wanted.keys,
            wanted.kind,
            rows,
            tuple(tuple(group) for group in groups.values()),
        )

    def _remedy(self, wanted: EntriesWanted, problem: Unreadable) -> str:
        if self._session is None or not problem.remedy.startswith("GRANT"):
            return ""
        return f"GRANT SELECT ON {wanted.table} TO {quote(self._session.connection.info.user)}"


def _skipped(wanted: EntriesWanted, reason: str, remedy: str) -> Skipped:
    return Skipped(
        "tune.entries",
        f"how often entries repeat could not be counted ({reason}): the sizes of indexes on them "
        "are rough",
        remedy,
        (f"{wanted.table} ({', '.join(wanted.keys)})",),
    )


def question(wanted: EntriesWanted) -> str:
    """The SELECT. It reads at most the sample's rows, and gives a few dozen numbers."""
    whole = wanted.kind is EntryKind.WHOLE
    value = f"ROW({', '.join(wanted.keys)})" if whole else f"({wanted.keys[0]})"
    table = wanted.table if wanted.partitioned else f"ONLY {wanted.table}"
    # In a row an entry counts once.
    return f"""
WITH RECURSIVE s AS MATERIALIZED (
  SELECT row_number() OVER () AS r, {value} AS v FROM {table}{wanted.sample.clause}
  LIMIT {wanted.sample.rows}
),
{DOCUMENTS if wanted.kind in JSON else ""}x AS (
  {TAKEN_APART[wanted.kind]}
),
y AS (
  SELECT r, e, min(p) AS p, max(b) AS b FROM x GROUP BY r, e
  UNION ALL
  -- NULL, or nothing in it: that is an entry, too.
  SELECT r, NULL, '', 1 FROM (SELECT r FROM s EXCEPT SELECT r FROM x) l
),
z AS (
  SELECT e, min(p) AS p, count(*) AS n, max(b) AS b, max(r) - min(r) AS w FROM y GROUP BY e
),
g AS (
  SELECT n, w, {PADDED.format(bytes="b")} AS b,
         CASE WHEN count(*) OVER (PARTITION BY p) < {SMALLEST_GROUP} THEN '' ELSE p END AS p
  FROM z
)
SELECT (SELECT count(*) FROM s)::int AS sampled,
       dense_rank() OVER (ORDER BY p)::int AS place,
       avg(n)::float8 AS rows, count(*)::int AS entries, avg(b)::float8 AS bytes,
       -- Of n rows by chance, the first and the last are (n - 1) / (n + 1) of all apart.
       coalesce(avg(w * (n + 1) / nullif(n - 1, 0)) / (SELECT count(*) FROM s), 1)::float8 AS spread
FROM g
GROUP BY p, CASE WHEN n <= {EXACT} THEN n ELSE {EXACT} + floor(ln(n) * 4) END
ORDER BY place, rows
"""
