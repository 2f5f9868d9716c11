"""The address blocks behind `ip_special_name`, `ip_special_mask`, `ip_linklocal`, `ip_multicast`,
`ip_rfc1918` and `ip_ula`.

In: addresses as 4 or 16 octets.  Out: names, masks, truth.  What always holds: only the most specific
blocks of the IANA special-purpose address registries (RFC 6890) that Wireshark 4.4 and 4.6 know have a
name. Mask bits: 16 source, 8 destination, 4 forwardable, 2 globally reachable, 1 reserved by protocol.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_network

_BLOCKS = """
0.0.0.0/32          17  "This host on this network"
10.0.0.0/8          28  Private-Use
100.64.0.0/10       28  Shared Address Space
127.0.0.0/8          1  Loopback
169.254.0.0/16      25  Link Local
172.16.0.0/12       28  Private-Use
192.0.0.0/29        28  IPv4 Service Continuity Prefix
192.0.0.8/32        16  IPv4 dummy address
192.0.0.9/32        30  Port Control Protocol Anycast
192.0.0.10/32       30  Traversal Using Relays around NAT Anycast
192.0.0.170/32       1  NAT64/DNS64 Discovery
192.0.0.171/32       1  NAT64/DNS64 Discovery
192.0.2.0/24         0  Documentation (TEST-NET-1)
192.31.196.0/24     30  AS112-v4
192.52.193.0/24     30  AMT
192.88.99.2/32      30  6a44-relay anycast address
192.168.0.0/16      28  Private-Use
192.175.48.0/24     30  Direct Delegation AS112 Service
198.18.0.0/15       28  Benchmarking
198.51.100.0/24      0  Documentation (TEST-NET-2)
203.0.113.0/24       0  Documentation (TEST-NET-3)
240.0.0.0/4          1  Reserved
255.255.255.255/32   9  Limited Broadcast
::1/128              1  Loopback Address
::/128              17  Unspecified Address
::ffff:0:0/96        1  IPv4-mapped Address
64:ff9b::/96        30  IPv4-IPv6 Translat.
64:ff9b:1::/48      28  IPv4-IPv6 Translat.
100::/64            28  Discard-Only Address Block
100:0:0:1::/64      16  Dummy IPv6 Prefix
2001::/32           28  TEREDO
2001:1::1/128       30  Port Control Protocol Anycast
2001:1::2/128       30  Traversal Using Relays around NAT Anycast
2001:1::3/128       30  DNS-SD Service Registration Protocol Anycast
2001:2::/48         28  Benchmarking
2001:3::/32         30  AMT
2001:4:112::/48     30  AS112-v6
2001:20::/28        30  ORCHIDv2
2001:30::/28        30  Drone Remote ID Protocol Entity Tags (DETs) Prefix
2001:db8::/32        0  Documentation
2002::/16           28  6to4
2620:4f:8000::/48   30  Direct Delegation AS112 Service
3fff::/20            0  Documentation
5f00::/16           28  Segment Routing (SRv6) SIDs
fc00::/7            28  Unique-Local
fe80::/10           25  Link-Local Unicast
"""


def _network(text: str) -> tuple[int, int, int]:
    """(size in octets, shift, the bits above the shift)."""
    network = ip_network(text)
    shift = network.max_prefixlen - network.prefixlen
    return network.max_prefixlen // 8, shift, int(network.network_address) >> shift


def _table() -> list[tuple[int, int, int, str, int]]:
    """(size, shift, bits, name, mask), the longest prefixes first."""
    rows = []
    for line in _BLOCKS.strip().splitlines():
        network, mask, name = line.split(None, 2)
        rows.append((*_network(network), name, int(mask)))
    return sorted(rows, key=lambda row: row[1])


@lru_cache(maxsize=1)
def _special_blocks() -> list[tuple[int, int, int, str, int]]:
    return _table()


@lru_cache(maxsize=4096)
def special_block(address: bytes) -> tuple[str, int] | None:
    """Name and mask of the block that holds `address`, None outside all blocks."""
    number, size = int.from_bytes(address, "big"), len(address)
    for octets, shift, bits, name, mask in _special_blocks():
        if octets == size and number >> shift == bits:
            return name, mask
    return None


def is_link_local(address: bytes) -> bool:
    """169.254.0.0/16, fe80::/10 (RFC 3927, RFC 4291)."""
    return _within(address, _LINK_LOCAL)


def is_multicast(address: bytes) -> bool:
    """224.0.0.0/4, ff00::/8 (RFC 5771, RFC 4291)."""
    return _within(address, _MULTICAST)


def is_rfc1918(address: bytes) -> bool:
    """10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918)."""
    return _within(address, _PRIVATE)


def is_unique_local(address: bytes) -> bool:
    """fc00::/7 (RFC 4193)."""
    return _within(address, _UNIQUE_LOCAL)


def _within(address: bytes, networks: Iterable[tuple[int, int, int]]) -> bool:
    number, size = int.from_bytes(address, "big"), len(address)
    return any(octets == size and number >> shift == bits for octets, shift, bits in networks)


_LINK_LOCAL = (_network("169.254.0.0/16"), _network("fe80::/10"))
_MULTICAST = (_network("224.0.0.0/4"), _network("ff00::/8"))
_PRIVATE = (_network("10.0.0.0/8"), _network("172.16.0.0/12"), _network("192.168.0.0/16"))
_UNIQUE_LOCAL = (_network("fc00::/7"),)
