"""What is kept beside a migration: that it was tried, on what, and what came of it.

`001_orders.proof.json` beside `001_orders.sql`. It holds figures and names of tables, no row and no
key of one. It is written to another name first and then put in place, so half a proof never is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dbwright import __version__
from dbwright.errors import FileUnreadable
from dbwright.model.finding import Finding, Severity
from dbwright.model.migration import Migration
from dbwright.model.rehearsal import Rehearsal, RehearsedMigration, RehearsedRun

__all__ = [
    "SCHEMA_VERSION",
    "Evidence",
    "earlier_checksum",
    "proof_path",
    "read_proof",
    "require_writable",
    "write_proof",
]

SCHEMA_VERSION = 1
ENDING = ".proof.json"
AGAIN = "rehearse the migration again"
NO_PROOF = "let the folder of migrations be written, or rehearse with --no-proof"


class _Read(BaseModel):
    """What is read of a proof: what later versions add is no fault."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ProvenMigration(_Read):
    version: str
    checksum: str
    earlier: str
    schema_before: str = ""
    """Its fingerprint; empty where the copy was not the whole schema."""


class ProvenServer(_Read):
    version: str
    major: int


class ProvenRows(_Read):
    source: str
    generated: bool
    sampled: bool


class Evidence(_Read):
    """A proof, as far as `up` asks for it."""

    schema_version: int
    migration: ProvenMigration
    server: ProvenServer
    rows: ProvenRows
    passed: bool
    failed: tuple[str, ...] = Field(default=())
    """Rules of the findings that made it fail."""
    seal: str = ""
    """The checksum of all the rest, as it was written."""
    sealed: bool = False
    """Is it the checksum of what is there?"""


def proof_path(migration: Migration) -> Path:
    return Path(migration.path).with_suffix(ENDING)


def earlier_checksum(migration: Migration, every: Sequence[Migration]) -> str:
    """Of the files before it: their versions and checksums, in order; empty for none."""
    before = [one for one in every if one.number < migration.number]
    text = "\n".join(f"{one.number} {one.checksum}" for one in before)
    return sha256(text.encode()).hexdigest() if before else ""


def read_proof(migration: Migration) -> Evidence | None:
    """None where there is none. Raises FileUnreadable for what is no proof."""
    path = proof_path(migration)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as problem:
        raise FileUnreadable(
            f"can't read {path}: {problem}", "rehearse the migration again"
        ) from None
    try:
        document = json.loads(text)
        found = Evidence.model_validate(document)
        return found.model_copy(update={"sealed": found.seal == _seal(document)})
    except ValueError:  # ValidationError is one, and so is what json raises
        raise FileUnreadable(f"{path} is no proof", AGAIN) from None


@dataclass(frozen=True, slots=True)
class Proven:
    """What is written down."""

    one: RehearsedMigration
    rehearsal: Rehearsal
    earlier: str
    """`earlier_checksum`."""
    schema: str
    """The fingerprint of the schema before it."""
    accepted: tuple[str, ...]
    """Rules whose findings were meant."""


def require_writable(migrations: Sequence[Migration]) -> None:
    """Told before the work rather than after it. Raises FileUnreadable."""
    for folder in {Path(one.path).parent for one in migrations}:
        if not os.access(folder, os.W_OK):
            raise FileUnreadable(f"can't write into {folder}", NO_PROOF)


def write_proof(proven: Proven) -> Path:
    """Beside the migration; the file. Raises FileUnreadable where it can't be written."""
    path = Path(proven.one.path).with_suffix(ENDING)
    document = _document(proven)
    text = json.dumps({**document, "seal": _seal(document)}, indent=2) + "\n"
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise FileUnreadable(f"can't write {path}: {problem.strerror}", NO_PROOF) from None
    return path


def _seal(document: Mapping[str, Any]) -> str:
    """Against a change by mistake: who means to deceive can seal it again."""
    rest = {name: value for name, value in document.items() if name != "seal"}
    return sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _document(proven: Proven) -> dict[str, Any]:
    one, rehearsal = proven.one, proven.rehearsal
    return {
        "schema_version": SCHEMA_VERSION,
        "passed": one.passed,
        "migration": {
            "version": one.version,
            "name": one.name,
            "checksum": one.checksum,
            "earlier": proven.earlier,
            "schema_before": proven.schema,
        },
        "server": {
            "version": rehearsal.server_version,
            "major": int(rehearsal.server_version.partition(".")[0]),
        },
        "rows": {
            "source": rehearsal.source,
            "generated": rehearsal.generated,
            "sampled": rehearsal.sampled,
            "count": rehearsal.rows,
            "tables": rehearsal.tables,
        },
        "rehearsed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "dbwright": __version__,
        "checked": list(one.checked),
        "failed": sorted({found.rule for found in one.findings if _fails(found, proven)}),
        "accepted": sorted(proven.accepted),
        "findings": [_finding(found) for found in one.findings],
        "up": _run(one.up),
        "down": None if one.down is None else _run(one.down),
    }


def _fails(found: Finding, proven: Proven) -> bool:
    return found.rule not in proven.accepted and found.severity.at_least(Severity.ERROR)


def _finding(found: Finding) -> dict[str, Any]:
    """Without its message: that may name a row."""
    return {
        "rule": found.rule,
        "severity": found.severity.value,
        "object": str(found.object),
        "evidence": dict(found.evidence),
    }


def _run(run: RehearsedRun) -> dict[str, Any]:
    return {
        "seconds": round(run.seconds, 3),
        "seconds_among_clients": None
        if run.loaded_seconds is None
        else round(run.loaded_seconds, 3),
        "wal_bytes": run.wal_bytes,
        "statements": [
            {
                "line": one.line,
                "seconds": round(one.seconds, 3),
                "wal_bytes": one.wal_bytes,
                "locks": {name: mode.value for name, mode in one.locks},
                "rewritten": list(one.rewritten),
            }
            for one in run.statements
        ],
        "tables": [
            {
                "name": one.name,
                "bytes_before": one.bytes_before,
                "bytes_after": one.bytes_after,
                "index_bytes_before": one.index_bytes_before,
                "index_bytes_after": one.index_bytes_after,
            }
            for one in run.tables
        ],
        "clients": [
            {
                "table": one.table,
                "kind": one.kind,
                "statements": one.statements,
                "longest_seconds": round(one.longest_seconds, 4),
                "p99_seconds": round(one.p99_seconds, 4),
                "longest_seconds_before": round(one.longest_before_seconds, 4),
            }
            for one in run.waits
        ],
        "refused": [
            {"table": one.table, "kind": one.kind, "sqlstate": one.sqlstate, "times": one.times}
            for one in run.errors
        ],
    }
