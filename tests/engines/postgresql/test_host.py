"""The machine under the server: control groups, processors and disks as the kernel tells them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from dbwright.engines.postgresql.block_device import disk_of
from dbwright.engines.postgresql.host import machine_here, machine_of_process
from dbwright.engines.postgresql.session import Session
from dbwright.model.machine import Disk, Machine
from dbwright.sandbox import Server, start

GB = 1024**3


def tell(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with 64 GB and 16 processors, and a process 7."""
    tell(tmp_path, "proc/meminfo", f"MemFree: 1 kB\nMemTotal:  {64 * 1024**2} kB")
    tell(tmp_path, "proc/7/status", "Name:\tpostgres\nCpus_allowed_list:\t0-15")
    tell(tmp_path, "proc/7/cgroup", "0::/")
    return tmp_path


def test_a_machine_without_limits(root: Path) -> None:
    assert machine_of_process(7, root=root) == Machine(64 * GB, 16)


def test_limits_of_version_2_count_all_the_way_up(root: Path) -> None:
    tell(root, "proc/7/cgroup", "0::/system.slice/postgresql.service")
    groups = "sys/fs/cgroup/system.slice"
    tell(root, f"{groups}/postgresql.service/memory.max", "max")
    tell(root, f"{groups}/postgresql.service/cpu.max", "max 100000")
    tell(root, f"{groups}/memory.max", str(8 * GB))
    tell(root, f"{groups}/cpu.max", "250000 100000")
    # Two and a half processors: three may run at once.
    assert machine_of_process(7, root=root) == Machine(8 * GB, 3)


def test_limits_of_version_1(root: Path) -> None:
    tell(root, "proc/7/cgroup", "4:memory:/box\n3:cpu,cpuacct:/box\n1:name=systemd:/")
    groups = "sys/fs/cgroup"
    tell(root, f"{groups}/memory/box/memory.limit_in_bytes", str(4 * GB))
    tell(root, f"{groups}/memory/memory.limit_in_bytes", "9223372036854771712")
    tell(root, f"{groups}/cpu,cpuacct/box/cpu.cfs_quota_us", "200000")
    tell(root, f"{groups}/cpu,cpuacct/box/cpu.cfs_period_us", "100000")
    tell(root, f"{groups}/cpu,cpuacct/cpu.cfs_quota_us", "-1")
    tell(root, f"{groups}/cpu,cpuacct/cpu.cfs_period_us", "100000")
    assert machine_of_process(7, root=root) == Machine(4 * GB, 2)


def test_inside_a_container_its_own_group_is_the_top(root: Path) -> None:
    """The path is that of outside, and is not there."""
    tell(root, "proc/7/cgroup", "0::/docker/4f3a")
    tell(root, "sys/fs/cgroup/memory.max", str(2 * GB))
    tell(root, "sys/fs/cgroup/cpu.max", "100000 100000")
    assert machine_of_process(7, root=root) == Machine(2 * GB, 1)


def test_the_processors_that_it_may_run_on(root: Path) -> None:
    tell(root, "proc/7/status", "Cpus_allowed_list:\t0-2,8,10-11")
    assert machine_of_process(7, root=root).cpus == 6


def device(root: Path, place: str, **files: str) -> None:
    """A block device that the folder of the tests is on."""
    home = root / f"sys/devices/{place}"
    home.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        tell(home, name.replace("__", "/"), text)


def mount(root: Path, folder: Path, place: str) -> None:
    number = folder.stat().st_dev
    link = root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(root / f"sys/devices/{place}")


@pytest.mark.parametrize(
    ("place", "rotates", "model", "disk"),
    [
        ("pci0/block/sda", "1", "ST4000", Disk.HDD),
        ("pci0/block/sda", "0", "Samsung SSD 870", Disk.SSD),
        ("pci0/block/nvme0n1", "0", "Amazon Elastic Block Store", Disk.NETWORK),
        ("virtual/block/rbd0", "0", "", Disk.NETWORK),
        ("platform/host3/session1/target3/block/sdb", "1", "LUN", Disk.NETWORK),
        # A virtual disk says that it rotates, whatever it is.
        ("virtio/block/vda", "1", "", None),
        ("virtio/block/vda", "0", "", Disk.SSD),
    ],
)
def test_kinds_of_disks(
    tmp_path: Path, place: str, rotates: str, model: str, disk: Disk | None
) -> None:
    device(tmp_path, place, queue__rotational=rotates, device__model=model)
    mount(tmp_path, tmp_path, place)
    assert disk_of(tmp_path, root=tmp_path) is disk


def test_a_partition_is_on_its_disk(tmp_path: Path) -> None:
    device(tmp_path, "pci0/block/sda", queue__rotational="1")
    device(tmp_path, "pci0/block/sda/sda2", partition="2")
    mount(tmp_path, tmp_path, "pci0/block/sda/sda2")
    assert disk_of(tmp_path, root=tmp_path) is Disk.HDD


def test_a_volume_is_as_slow_as_its_slowest_disk(tmp_path: Path) -> None:
    device(tmp_path, "pci0/block/sda", queue__rotational="1")
    device(tmp_path, "pci0/block/nvme0n1", queue__rotational="0")
    volume = tmp_path / "sys/devices/virtual/block/dm-0/slaves"
    volume.mkdir(parents=True)
    for name in ("sda", "nvme0n1"):
        (volume / name).symlink_to(tmp_path / f"sys/devices/pci0/block/{name}")
    mount(tmp_path, tmp_path, "virtual/block/dm-0")
    assert disk_of(tmp_path, root=tmp_path) is Disk.HDD


def test_a_network_file_system(tmp_path: Path) -> None:
    tell(
        tmp_path,
        "proc/self/mountinfo",
        f"30 20 0:50 / / rw - ext4 /dev/sda1 rw\n"
        f"31 20 0:51 / {tmp_path.resolve()} rw,relatime shared:1 - nfs4 box:/pg rw",
    )
    assert disk_of(tmp_path, root=tmp_path) is Disk.NETWORK


def test_what_the_kernel_does_not_say_is_unknown(tmp_path: Path) -> None:
    assert disk_of(tmp_path, root=tmp_path) is None
    assert disk_of(tmp_path / "nowhere", root=tmp_path) is None


def test_the_server_of_this_machine(postgresql: Server) -> None:
    with Session.open(postgresql.url(), 10) as session:
        machine = machine_here(session)
    assert machine is not None
    assert machine.memory_bytes is not None
    assert machine.memory_bytes <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert machine.cpus is not None
    assert 1 <= machine.cpus <= (os.cpu_count() or 1)
    with Session.open(postgresql.url(), 10) as session:
        assert session.skipped == []


def test_through_a_port_only_where_the_servers_folder_is_here() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    settings = {"listen_addresses": "127.0.0.1", "port": port}
    with start(settings=settings, hba="host all all 127.0.0.1/32 trust") as server:
        url = server.url(host="127.0.0.1")
        with Session.open(url, 10) as session:
            assert machine_here(session) is not None
        # A server that started at another time: the port is a tunnel's.
        file = server.data_directory / "postmaster.pid"
        text = file.read_text()
        lines = text.split("\n")
        file.write_text("\n".join([*lines[:2], str(int(lines[2]) - 3600), *lines[3:]]))
        try:
            with Session.open(url, 10) as session:
                assert machine_here(session) is None
        finally:
            file.write_text(text)
