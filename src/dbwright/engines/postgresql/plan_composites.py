"""Property lines of EXPLAIN's text that hold several figures, one reader a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dbwright.engines.postgresql.plan_values import items, kilobytes, pairs, words

__all__ = ["COMPOSITES"]

Fields = dict[str, Any]
Reader = Callable[[str, str, Mapping[str, Any]], Fields]
"""Name, value and the fields so far, as the fields that the other formats have."""

GROUPS = ("shared", "local", "temp")


def _buffers(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`shared hit=1 read=2, local hit=3, temp read=4 written=5`"""
    found: Fields = {}
    for group in value.split(","):
        where, _, figures = group.strip().partition(" ")
        if where in GROUPS:
            for what, number in words(figures).items():
                found[f"{where.title()} {what.title()} Blocks"] = int(number)
    return found


def _io_timings(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`read=1.2 write=3`, `shared/local read=1.2, temp write=2`, `shared read=1 …`"""
    found: Fields = {}
    for group in value.split(","):
        where, _, figures = group.strip().partition(" ")
        if "=" in where:
            where, figures = "", group
        prefix = f"{where.title()} " if where in GROUPS else ""
        for what, number in words(figures).items():
            found[f"{prefix}I/O {what.title()} Time"] = float(number)
    return found


def _wal(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`records=1 fpi=2 bytes=3 buffers full=4`"""
    names = {"records": "WAL Records", "fpi": "WAL FPI", "bytes": "WAL Bytes"}
    names["full"] = "WAL Buffers Full"
    return {names[what]: int(count) for what, count in words(value).items() if what in names}


def _sort(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`external merge  Disk: 1234kB`"""
    found = pairs(f"Sort Method: {value}", ("Sort Method", "Memory", "Disk"))
    fields: Fields = {"Sort Method": found["Sort Method"]}
    for kind in ("Memory", "Disk"):
        if kind in found:
            fields["Sort Space Used"] = kilobytes(found[kind])
            fields["Sort Space Type"] = kind
    return fields


def _sort_groups(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`2  Sort Method: quicksort  Average Memory: 27kB  Peak Memory: 27kB`"""
    names = ("Sort Methods", "Sort Method", "Average Memory", "Peak Memory")
    found = pairs(f"{name}: {value}", (name, *names, "Average Disk", "Peak Disk"))
    methods = found.get("Sort Methods") or found.get("Sort Method", "")
    group: Fields = {
        "Group Count": int(found[name]),
        "Sort Methods Used": [method.strip() for method in methods.split(",")],
    }
    for kind in ("Memory", "Disk"):
        if f"Peak {kind}" in found:
            group[f"Sort Space {kind}"] = {
                "Average Sort Space Used": kilobytes(found[f"Average {kind}"]),
                "Peak Sort Space Used": kilobytes(found[f"Peak {kind}"]),
            }
    return {name: group}


def _hash_table(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`1024 (originally 512)  Batches: 2 (originally 1)  Memory Usage: 9kB`"""
    names = ("Planned Partitions", "Buckets", "Batches", "Memory Usage", "Disk Usage")
    found = pairs(f"{name}: {value}", names)
    aggregate = known.get("Node Type") == "Aggregate" or "Buckets" not in found
    fields: Fields = {}
    if "Planned Partitions" in found:
        fields["Planned Partitions"] = int(found["Planned Partitions"])
    for what in ("Buckets", "Batches"):
        if what in found:
            now, _, before = found[what].partition("(originally ")
            shown = "HashAgg Batches" if aggregate else f"Hash {what}"
            fields[shown] = int(now)
            if not aggregate:
                fields[f"Original Hash {what}"] = int(before.rstrip(")") or now)
    if "Memory Usage" in found:
        fields["Peak Memory Usage"] = kilobytes(found["Memory Usage"])
    if "Disk Usage" in found:
        fields["Disk Usage"] = kilobytes(found["Disk Usage"])
    return fields


def _memoize(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`1  Misses: 2  Evictions: 0  Overflows: 0  Memory Usage: 1kB`"""
    counts = ("Hits", "Misses", "Evictions", "Overflows")
    found = pairs(f"{name}: {value}", (*counts, "Memory Usage"))
    fields: Fields = {f"Cache {what}": int(found[what]) for what in counts if what in found}
    if "Memory Usage" in found:
        fields["Peak Memory Usage"] = kilobytes(found["Memory Usage"])
    return fields


def _storage(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`Memory  Maximum Storage: 17kB`"""
    found = pairs(f"{name}: {value}", ("Storage", "Maximum Storage"))
    fields: Fields = {"Storage": found["Storage"]}
    if "Maximum Storage" in found:
        fields["Maximum Storage"] = kilobytes(found["Maximum Storage"])
    return fields


def _heap_blocks(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`exact=12 lossy=3`; what is zero is left out."""
    found = words(value)
    return {f"{what.title()} Heap Blocks": int(found.get(what, 0)) for what in ("exact", "lossy")}


def _memory(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`used=8kB  allocated=16kB`"""
    return {f"Memory {what.title()}": kilobytes(size) for what, size in words(value).items()}


def _serialization(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`time=0.005 ms  output=1kB  format=text`"""
    found = words(value)
    fields: Fields = {}
    if "time" in found:
        fields["Time"] = float(found["time"])
    if "output" in found:
        fields["Output Volume"] = kilobytes(found["output"])
    if "format" in found:
        fields["Format"] = found["format"]
    return fields


def _tuples(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """Of a MERGE: `inserted=1 updated=2 deleted=3 skipped=4`; what is zero is left out."""
    found = words(value)
    changes = ("inserted", "updated", "deleted", "skipped")
    return {f"Tuples {change.title()}": int(found.get(change, 0)) for change in changes}


def _settings(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`work_mem = '64kB', search_path = 'a, b'`"""
    found: Fields = {}
    for item in items(value):
        setting, _, written = item.partition(" = ")
        found[setting.strip()] = written.strip()[1:-1].replace("''", "'")
    return {"Settings": found}


def _jit_options(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`Inlining false, Optimization false, Expressions true, Deforming true`"""
    found = [item.strip().rpartition(" ") for item in value.split(",")]
    return {"Options": {option: chosen == "true" for option, _, chosen in found}}


def _timing(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`Generation 0.3 ms (Deform 0.1 ms), Inlining 0 ms, …`"""
    found: Fields = {}
    for item in value.split(","):
        phase, _, figure = item.strip().partition(" ")
        found[phase] = float(figure.split()[0])
    return {"Timing": found}


def _sampling(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    """`bernoulli ('10'::real) REPEATABLE ('1'::double precision)`"""
    method, _, rest = value.partition(" (")
    parameters, mark, seed = rest.rpartition(") REPEATABLE (")
    if not mark:
        parameters, seed = rest, ""
    fields: Fields = {
        "Sampling Method": method,
        "Sampling Parameters": items(parameters.removesuffix(")") if not mark else parameters),
    }
    return {**fields, "Repeatable Seed": seed.removesuffix(")")} if seed else fields


def _cache_key(name: str, value: str, known: Mapping[str, Any]) -> Fields:
    return {name: value}


COMPOSITES: Mapping[str, Reader] = {
    "Batches": _hash_table,
    "Buckets": _hash_table,
    "Buffers": _buffers,
    "Cache Key": _cache_key,
    "Full-sort Groups": _sort_groups,
    "Heap Blocks": _heap_blocks,
    "Hits": _memoize,
    "I/O Timings": _io_timings,
    "Memory": _memory,
    "Options": _jit_options,
    "Planned Partitions": _hash_table,
    "Pre-sorted Groups": _sort_groups,
    "Sampling": _sampling,
    "Serialization": _serialization,
    "Settings": _settings,
    "Sort Method": _sort,
    "Storage": _storage,
    "Timing": _timing,
    "Tuples": _tuples,
    "WAL": _wal,
}
