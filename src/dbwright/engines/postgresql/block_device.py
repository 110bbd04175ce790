"""What kind of disk a folder of this machine is on, as the Linux kernel knows it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dbwright.model.machine import Disk

__all__ = ["disk_of"]

NETWORK_FILE_SYSTEMS = ("9p", "afs", "ceph", "cifs", "fuse.", "glusterfs", "lustre", "nfs", "smb")
"""How their names begin."""
NETWORK_DEVICES = ("drbd", "nbd", "rbd")
NETWORK_MODELS = ("amazon elastic block store", "persistentdisk", "msft virtual disk", "nvme-of")
"""Volumes of Amazon, Google and Azure, by what the device calls itself."""
NETWORK_PATHS = ("/session", "nvme-fabrics")
"""Parts of a device's place in /sys: iSCSI, and NVMe over a network."""
VIRTUAL_DEVICES = ("vd", "xvd")
"""Of a virtual machine: they say that they rotate, whatever is beneath."""


def disk_of(folder: Path, *, root: Path = Path("/")) -> Disk | None:
    """None where the kernel does not say: no Linux, memory, an overlay, a virtual disk."""
    try:
        number = folder.stat().st_dev
    except OSError:
        return None
    kind, source = _mounted(folder, root)
    if kind.startswith(NETWORK_FILE_SYSTEMS):
        return Disk.NETWORK
    device = _device(os.major(number), os.minor(number), root)
    if device is None and source.startswith("/dev/"):
        # btrfs and the like have a number of their own.
        name = Path(source).name
        device = _existing(root / f"sys/class/block/{name}")
    if device is None:
        return None
    kinds = {_kind(below) for below in _physical(device)}
    for found in (Disk.NETWORK, None, Disk.HDD, Disk.SSD):
        if found in kinds:
            return found  # of several the slowest counts
    return None


def _kind(device: Path) -> Disk | None:
    """Of a whole disk, not of a partition."""
    name = device.name
    place = str(device)
    model = " ".join(_word(device / f"device/{file}") for file in ("vendor", "model")).lower()
    if name.startswith(NETWORK_DEVICES) or any(part in place for part in NETWORK_PATHS):
        return Disk.NETWORK
    if any(known in model for known in NETWORK_MODELS):
        return Disk.NETWORK
    rotates = _word(device / "queue/rotational")
    if rotates == "0":
        return Disk.SSD
    if rotates == "1" and not name.startswith(VIRTUAL_DEVICES):
        return Disk.HDD
    return None


def _physical(device: Path) -> Iterator[Path]:
    """The disks beneath a device: of a partition its disk, of a volume those that it is made of."""
    slaves = device / "slaves"
    below = sorted(slaves.iterdir()) if slaves.is_dir() else []
    if below:
        for one in below:
            yield from _physical(one.resolve())
    elif (device / "partition").exists():
        yield from _physical(device.parent)
    else:
        yield device


def _device(major: int, minor: int, root: Path) -> Path | None:
    return _existing(root / f"sys/dev/block/{major}:{minor}")


def _existing(path: Path) -> Path | None:
    return path.resolve() if path.exists() else None


def _mounted(folder: Path, root: Path) -> tuple[str, str]:
    """The type and the source of the file system: of the longest mount point that the folder is
    in. Lines are `… mount-point options - type source …`."""
    best, found = -1, ("", "")
    try:
        text = (root / "proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return found
    real = folder.resolve()
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields, types = left.split(), right.split()
        if len(fields) < 5 or len(types) < 2:
            continue
        point = fields[4].replace("\\040", " ")
        if real.is_relative_to(point) and len(point) >= best:
            best, found = len(point), (types[0], types[1])
    return found


def _word(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""  # the device doesn't say
