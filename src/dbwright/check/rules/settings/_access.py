"""What a line of pg_hba.conf lets in, and from where."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from enum import IntEnum

from dbwright.model.catalog import Catalog, HbaRule

__all__ = [
    "Reach",
    "asks_for_certificate",
    "line_text",
    "listens_to_others",
    "reach",
    "usable_lines",
]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

OPEN_PREFIX = {4: 7, 6: 15}
"""Networks with a prefix this short or shorter are most of the Internet."""


class Reach(IntEnum):
    """From where clients of a line come, nearest first."""

    SOCKET = 0
    LOOPBACK = 1
    NETWORK = 2
    ANYWHERE = 3


def usable_lines(catalog: Catalog) -> Iterator[HbaRule]:
    """The lines that can let somebody in: whole, no rejections, not hidden behind an earlier one
    (the first line that fits decides)."""
    earlier: list[HbaRule] = []
    for line in catalog.hba_rules:
        if line.error is not None or line.type is None:
            continue
        if line.method != "reject" and not any(_hides(before, line) for before in earlier):
            yield line
        earlier.append(line)


def reach(line: HbaRule) -> Reach:
    """From where the line lets clients in."""
    if line.type == "local":
        return Reach.SOCKET
    if line.address == "all":
        return Reach.ANYWHERE
    if line.address in ("samehost", "localhost"):
        return Reach.LOOPBACK
    network = _network(line)
    if network is None:
        return Reach.NETWORK
    if network.is_loopback:
        return Reach.LOOPBACK
    return Reach.ANYWHERE if network.prefixlen <= OPEN_PREFIX[network.version] else Reach.NETWORK


def asks_for_certificate(line: HbaRule) -> bool:
    """Does it let in only clients with a certificate that the server trusts?"""
    return line.method == "cert" or any(o.startswith("clientcert=") for o in line.options)


def line_text(line: HbaRule, method: str | None = None) -> str:
    """The line as it stands in the file, or with another method (then without its options)."""
    network = _network(line)
    words = [line.type or "", ",".join(line.databases), ",".join(line.users)]
    words.append(str(network) if network is not None else line.address or "")
    words += [method] if method else [line.method or "", *line.options]
    return " ".join(filter(None, words))


def listens_to_others(catalog: Catalog) -> bool:
    """Does the server listen on more than sockets and loopback? True where that is not known."""
    setting = catalog.setting("listen_addresses")
    if setting is None:
        return True
    addresses = [address.strip() for address in setting.value.split(",") if address.strip()]
    return any(not _is_loopback(address) for address in addresses)


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _network(line: HbaRule) -> Network | None:
    """None for a name, and for the words `all`, `samehost` and `samenet`."""
    if not line.address:
        return None
    try:
        address = ipaddress.ip_address(line.address)
        mask = ipaddress.ip_address(line.netmask) if line.netmask else None
    except ValueError:
        return None
    prefix = int(mask).bit_count() if mask is not None else address.max_prefixlen
    return ipaddress.ip_network(f"{address}/{prefix}", strict=False)


def _hides(earlier: HbaRule, later: HbaRule) -> bool:
    """Does everybody who fits the later line fit the earlier one?"""
    same_type = earlier.type == later.type
    if not same_type and (earlier.type != "host" or later.type == "local"):
        return False
    return (
        _covers(earlier.databases, later.databases, not_in_all="replication")
        and _covers(earlier.users, later.users)
        and (later.type == "local" or _covers_address(earlier, later))
    )


def _covers(
    earlier: tuple[str, ...], later: tuple[str, ...], *, not_in_all: str | None = None
) -> bool:
    if not later:
        return False
    return all(name in earlier or ("all" in earlier and name != not_in_all) for name in later)


def _covers_address(earlier: HbaRule, later: HbaRule) -> bool:
    if earlier.address == "all":
        return True
    wide, narrow = _network(earlier), _network(later)
    if wide is None or narrow is None:
        return earlier.address == later.address and earlier.netmask == later.netmask
    if isinstance(wide, ipaddress.IPv4Network) and isinstance(narrow, ipaddress.IPv4Network):
        return narrow.subnet_of(wide)
    if isinstance(wide, ipaddress.IPv6Network) and isinstance(narrow, ipaddress.IPv6Network):
        return narrow.subnet_of(wide)
    return False
