"""The machine's memory is shared out, and never more than there is of it."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from dbwright.model.catalog import Catalog, Server, Setting
from dbwright.model.machine import Machine, Use
from dbwright.model.settings import size_bytes
from dbwright.tune.settings.measured import Measured
from dbwright.tune.settings.memory import memory_plan
from dbwright.tune.settings.proposal import memory_text

MB = 1024**2
GB = 1024**3


def catalog(
    *,
    buffers: int = 128 * MB,
    work: int = 4 * MB,
    maintenance: int = 64 * MB,
    connections: int = 100,
    **more: str,
) -> Catalog:
    sizes = [
        Setting("shared_buffers", str(buffers // 8192), "8kB", "integer", "postmaster"),
        Setting("work_mem", str(work // 1024), "kB", "integer", "user"),
        Setting("maintenance_work_mem", str(maintenance // 1024), "kB", "integer", "user"),
        Setting("wal_buffers", "512", "8kB", "integer", "postmaster"),
        Setting("max_connections", str(connections), None, "integer", "postmaster"),
        Setting("max_parallel_workers", "8", None, "integer", "user"),
        Setting("autovacuum_max_workers", "3", None, "integer", "postmaster"),
        *(Setting(name, value) for name, value in more.items()),
    ]
    return Catalog(
        "postgresql",
        Server("18.6", 180006),
        datetime(2026, 11, 23, tzinfo=UTC),
        settings=tuple(sizes),
    )


def values(
    of: Catalog,
    machine: Machine,
    measured: Measured | None = None,
    *,
    work_needed: int | None = None,
) -> dict[str, str]:
    plan = memory_plan(of, machine, measured or Measured(), work_needed=work_needed)
    assert plan is not None
    return {one.setting.name: one.value for one in plan.proposals.proposals}


@given(
    memory=st.integers(256 * MB, 1024 * GB),
    buffers=st.integers(1 * MB, 64 * GB),
    work=st.integers(64 * 1024, 4 * GB),
    maintenance=st.integers(1 * MB, 8 * GB),
    connections=st.integers(1, 5000),
    cpus=st.integers(1, 256),
    use=st.sampled_from(Use),
    seen=st.none() | st.integers(0, 5000),
    needed=st.none() | st.integers(64 * 1024, 8 * GB),
    files=st.integers(0, 10**6),
    written=st.integers(0, 10**12),
    hit=st.none() | st.floats(0, 1),
    data=st.none() | st.integers(8 * MB, 10**13),
)
def test_what_is_advised_fits_the_machine(
    memory: int,
    buffers: int,
    work: int,
    maintenance: int,
    connections: int,
    cpus: int,
    use: Use,
    seen: int | None,
    needed: int | None,
    files: int,
    written: int,
    hit: float | None,
    data: int | None,
) -> None:
    """Or it is no more than what is there already."""
    plan = memory_plan(
        catalog(buffers=buffers, work=work, maintenance=maintenance, connections=connections),
        Machine(memory, cpus, None, use),
        Measured(
            days=10.0,
            commits=10**6,
            hit_fraction=hit,
            read_bytes=100 * GB,
            databases_bytes=data,
            temporary_files=files,
            temporary_bytes=written,
            connections=seen,
        ),
        work_needed=needed,
    )
    assert plan is not None
    assert plan.then.worst_case_bytes <= max(0.9 * memory, plan.now.worst_case_bytes)
    for one in plan.proposals.proposals:
        if one.setting.name != "work_mem":
            assert size_of(one.value) > size_bytes(one.setting)


def size_of(value: str) -> int:
    digits = value.rstrip("kMGTB")
    return int(digits) * {"kB": 1024, "MB": MB, "GB": GB, "TB": 1024 * GB}[value[len(digits) :]]


def test_a_quarter_of_the_memory_and_a_sixteenth() -> None:
    found = values(catalog(), Machine(16 * GB, 4, None, Use.WEB))
    assert found["shared_buffers"] == "4GB"
    assert found["maintenance_work_mem"] == "1GB"
    # Twelve gigabytes for three sorts of twenty sessions; the worst case leaves less.
    assert found["work_mem"] == "64MB"


def test_a_desktop_gets_less() -> None:
    found = values(catalog(), Machine(16 * GB, 4, None, Use.DESKTOP))
    assert found["shared_buffers"] == "1GB"


def test_what_is_large_enough_is_respected() -> None:
    there = catalog(buffers=6 * GB, work=20 * MB, maintenance=2 * GB)
    assert values(there, Machine(16 * GB, 4, None, Use.MIXED)) == {}


def test_a_small_rise_is_no_advice() -> None:
    there = catalog(buffers=int(3.5 * GB), work=64 * MB, maintenance=900 * MB)
    assert values(there, Machine(16 * GB, 4, None, Use.WEB)) == {}


def test_what_does_not_fit_is_lowered() -> None:
    """64 MB for each of 108 do not fit four gigabytes, however few use them."""
    there = catalog(buffers=GB, work=64 * MB)
    plan = memory_plan(there, Machine(4 * GB, 4), Measured())
    assert plan is not None
    assert plan.then.work < 64 * MB
    assert plan.then.worst_case_bytes <= 0.9 * 4 * GB
    assert not plan.crowded


def test_too_many_connections_for_any_work_mem_are_told() -> None:
    plan = memory_plan(catalog(connections=2000), Machine(4 * GB, 4), Measured())
    assert plan is not None
    assert plan.crowded
    assert plan.proposals.proposals == () or plan.then.buffers >= plan.now.buffers


def test_all_data_in_the_buffers_is_enough() -> None:
    found = values(catalog(), Machine(64 * GB, 8), Measured(databases_bytes=600 * MB))
    assert size_of(found["shared_buffers"]) <= 1200 * MB


def test_more_than_16_gigabytes_must_be_asked_for() -> None:
    machine = Machine(256 * GB, 32)
    assert values(catalog(), machine)["shared_buffers"] == "16GB"
    poor = Measured(hit_fraction=0.97, read_bytes=100 * GB, databases_bytes=2000 * GB)
    assert values(catalog(), machine, poor)["shared_buffers"] == "64GB"


def test_a_poor_hit_ratio_asks_for_more_than_a_quarter() -> None:
    poor = Measured(hit_fraction=0.7, read_bytes=100 * GB, databases_bytes=200 * GB)
    plan = memory_plan(catalog(buffers=4 * GB), Machine(16 * GB, 4), poor)
    assert plan is not None
    (one,) = [p for p in plan.proposals.proposals if p.setting.name == "shared_buffers"]
    assert size_of(one.value) > 4 * GB
    assert size_of(one.value) <= 0.4 * 16 * GB
    assert one.measured
    assert "70%" in one.why


def test_work_mem_follows_the_connections_that_are_used() -> None:
    machine = Machine(64 * GB, 8, None, Use.WEB)
    few = values(catalog(connections=300), machine, Measured(connections=5))
    many = values(catalog(connections=300), machine, Measured(connections=250))
    assert size_of(few["work_mem"]) > size_of(many["work_mem"])


def test_work_mem_is_raised_only_as_far_as_plans_gain() -> None:
    machine = Machine(64 * GB, 8, None, Use.WEB)
    assert values(catalog(), machine, work_needed=16 * MB)["work_mem"] == "16MB"
    assert "work_mem" not in values(catalog(), machine, work_needed=4 * MB)


def test_temporary_files_ask_for_work_mem_whatever_plans_say() -> None:
    spilled = Measured(days=10, temporary_files=10_000, temporary_bytes=10_000 * 10 * MB)
    machine = Machine(64 * GB, 8, None, Use.WEB)
    assert values(catalog(), machine, spilled, work_needed=4 * MB)["work_mem"] == "32MB"


def test_without_spills_in_a_long_time_work_mem_is_left() -> None:
    quiet = Measured(days=30, commits=10**6)
    plan = memory_plan(catalog(), Machine(64 * GB, 8), quiet)
    assert plan is not None
    assert "work_mem" not in {one.setting.name for one in plan.proposals.proposals}
    assert any("30 days" in text for text in plan.proposals.left)


def test_huge_pages_for_many_buffers() -> None:
    there = catalog(buffers=16 * GB, huge_pages="off")
    assert values(there, Machine(64 * GB, 8))["huge_pages"] == "try"
    assert "huge_pages" not in values(catalog(huge_pages="off"), Machine(4 * GB, 8))


def test_autovacuum_work_mem_of_its_own_counts_instead() -> None:
    own = Setting("autovacuum_work_mem", "65536", "kB", "integer", "sighup")
    there = catalog()
    there = Catalog(there.engine, there.server, there.captured_at, settings=(*there.settings, own))
    plan = memory_plan(there, Machine(16 * GB, 4), Measured())
    assert plan is not None
    assert plan.then.maintenance == GB
    assert plan.then.vacuum_bytes == 3 * 64 * MB


def test_an_unknown_memory_or_setting_gives_no_plan() -> None:
    assert memory_plan(catalog(), Machine(None, 4), Measured()) is None
    bare = Catalog("postgresql", Server("18.6", 180006), datetime(2026, 11, 23, tzinfo=UTC))
    assert memory_plan(bare, Machine(GB, 4), Measured()) is None


def test_a_machines_memory_as_a_person_would_say_it() -> None:
    sizes = [512 * MB, 1023.4 * MB, 23.5 * GB, 768 * GB, 1024 * GB]
    assert [memory_text(size) for size in sizes] == [
        "512 MB",
        "0.999 GB",
        "23.5 GB",
        "768 GB",
        "1 TB",
    ]
