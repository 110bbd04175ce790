"""Settings of one topic as one piece of advice."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.finding import Evidence, ObjectRef, Proof, ProofLevel, Severity
from dbwright.model.machine import Machine
from dbwright.model.report import Skipped
from dbwright.model.settings import shown
from dbwright.sql.setting_change import change_settings
from dbwright.tune.advisors.advisor import Advice
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.settings.plans import Comparison
from dbwright.tune.settings.proposal import Proposals, memory_text, overrides_of

__all__ = [
    "REPRODUCE",
    "cost_proof",
    "machine_of",
    "machine_unknown",
    "plans_proof",
    "settings_advice",
]

REPRODUCE = "SET LOCAL and EXPLAIN on a twin: the same schema and statistics, no rows"


def machine_of(bench: Workbench) -> Machine:
    """What was said of the machine, and what the server's own socket told."""
    server = bench.snapshot.catalog.server
    known = Machine(server.memory_bytes, server.cores)
    return known if bench.machine is None else bench.machine.filled(known)


def machine_unknown(advisor: str, what: str, option: str) -> Skipped:
    """Why an advisor says nothing, and the options that would make it speak."""
    return Skipped(
        advisor, f"{what} of the server's machine is not known", f"give {option}", rules=(advisor,)
    )


def settings_advice(
    bench: Workbench,
    topic: str,
    found: Proposals,
    *,
    evidence: Evidence | None = None,
    proof: Proof | None = None,
    risk: str = "",
    advice: str = "",
    saved: float = 0.0,
) -> Iterator[Advice]:
    """One finding for all settings of the topic (`memory`, `write-ahead log` …), or none."""
    proposals = found.proposals
    if not proposals:
        return
    catalog = bench.snapshot.catalog
    fix, elsewhere = change_settings(
        catalog, [(one.setting, one.value) for one in proposals], risk=risk
    )
    names = [one.setting.name for one in proposals]
    hidden = overrides_of(catalog, names)
    told = [*elsewhere, advice] if advice else list(elsewhere)
    if hidden:
        told.append(f"Not for sessions with a value of their own: {'; '.join(hidden)}.")
    values = ", ".join(
        f"{one.setting.name} {shown(one.setting)} instead of {one.value}" for one in proposals
    )
    yield Advice(
        object=ObjectRef("settings", topic),
        message=f"{_of_machine(machine_of(bench))}: {values}",
        evidence={
            "settings": [one.text for one in proposals],
            **({"left_as_they_are": list(found.left)} if found.left else {}),
            **(evidence or {}),
            "sources": [f"{one.setting.name}: {one.setting.source}" for one in proposals],
        },
        fix=fix,
        advice=" ".join(told),
        proof=proof or Proof(),
        severity=Severity.WARNING if any(one.measured for one in proposals) else None,
        saved=saved,
    )


def cost_proof(compared: Comparison) -> Proof:
    """Where the settings leave the meaning of a cost alone."""
    return Proof(
        ProofLevel.ESTIMATED,
        f"cost {compared.before:,.0f}",
        f"cost {compared.after:,.0f}",
        REPRODUCE,
    )


def plans_proof(compared: Comparison) -> Proof:
    """Where they don't: how many plans are others."""
    changed = len({pair.query.query.text for pair in compared.pairs if pair.changed})
    every = len({pair.query.query.text for pair in compared.pairs})
    return Proof(
        ProofLevel.ESTIMATED,
        f"{every:,} queries planned",
        f"{changed:,} of them with another plan (their costs mean something else now)",
        REPRODUCE,
    )


def _of_machine(machine: Machine) -> str:
    parts = []
    if machine.memory_bytes is not None:
        parts.append(f"{memory_text(machine.memory_bytes)} of memory")
    if machine.cpus is not None:
        parts.append("1 processor" if machine.cpus == 1 else f"{machine.cpus} processors")
    if machine.disk is not None:
        parts.append(f"{machine.disk} storage")
    return f"on a machine with {', '.join(parts)}" if parts else "on this machine"
