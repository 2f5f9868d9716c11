"""What an IPv6 address tells of itself: its registered block, multicast flags, the addresses embedded in it.

In: the two addresses of a packet.  Out: the fields that Wireshark 4.4 shows below `ipv6.src` and `ipv6.dst`.
Sources: IANA's registry of special-purpose addresses (RFC 6890), RFC 4291, RFC 3056 (6to4), RFC 4380 (Teredo),
RFC 5214 (ISATAP), RFC 6052 (translation).  What counts as "Global Unicast" is the reference's own rule.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from dfilter.fields.types import FieldType as T
from dfilter.packets.view import Layer

_KINDS = (
    ("addr_space", T.STRING),
    ("special_purpose", T.STRING),
    ("special_purpose_source", T.BOOLEAN),
    ("special_purpose_destination", T.BOOLEAN),
    ("special_purpose_forwardable", T.BOOLEAN),
    ("special_purpose_global", T.BOOLEAN),
    ("special_purpose_reserved", T.BOOLEAN),
    ("multicast_flags", T.UINT16),
    ("multicast_flags.reserved", T.UINT16),
    ("multicast_flags.embed_rp", T.BOOLEAN),
    ("multicast_flags.network_prefix", T.BOOLEAN),
    ("multicast_flags.transient", T.BOOLEAN),
    ("multicast_scope", T.UINT16),
    ("slaac_mac", T.ETHER),
    ("isatap_ipv4", T.IPv4),
    ("6to4_gw_ipv4", T.IPv4),
    ("6to4_sla_id", T.UINT16),
    ("ts_ipv4", T.IPv4),
    ("tc_port", T.UINT16),
    ("tc_ipv4", T.IPv4),
    ("embed_ipv4", T.IPv4),
)

ADDRESS_FIELDS = "\n".join(f"ipv6.{side}_{name} {type_.name}" for side in ("src", "dst") for name, type_ in _KINDS)


def _both_name(name: str) -> str:
    return f"ipv6.addr_{name}" if name.startswith("special") else f"ipv6.{name}"


ADDRESS_UNIONS = tuple((_both_name(name), type_, (f"ipv6.src_{name}", f"ipv6.dst_{name}")) for name, type_ in _KINDS)
"""Both addresses' fields under one name."""

_BLOCKS = """
    ::1/128            FFFFT Loopback Address
    ::/128             TFFFT Unspecified Address
    ::ffff:0:0/96      FFFFT IPv4-mapped Address
    64:ff9b::/96       TTTTF IPv4-IPv6 Translat.
    64:ff9b:1::/48     TTTFF IPv4-IPv6 Translat.
    100::/64           TTTFF Discard-Only Address Block
    100:0:0:1::/64     TFFFF Dummy IPv6 Prefix
    3fff::/20          FFFFF Documentation
    2001::/32          TTT-F TEREDO
    2001:1::1/128      TTTTF Port Control Protocol Anycast
    2001:1::2/128      TTTTF Traversal Using Relays around NAT Anycast
    2001:1::3/128      TTTTF DNS-SD Service Registration Protocol Anycast
    2001:2::/48        TTTFF Benchmarking
    2001:3::/32        TTTTF AMT
    2001:4:112::/48    TTTTF AS112-v6
    2001:20::/28       TTTTF ORCHIDv2
    2001:30::/28       TTTTF Drone Remote ID Protocol Entity Tags (DETs) Prefix
    2001:db8::/32      FFFFF Documentation
    2002::/16          TTT-F 6to4
    2620:4f:8000::/48  TTTTF Direct Delegation AS112 Service
    fc00::/7           TTT-F Unique-Local
    fe80::/10          TTFFT Link-Local Unicast
"""
_SPECIAL = [(ipaddress.IPv6Network(row.split()[0]), row.split()[1], row.split(None, 2)[2].strip())
            for row in _BLOCKS.strip().splitlines()]  # fmt: skip
_TRAITS = ("source", "destination", "forwardable", "global", "reserved")


@lru_cache(maxsize=4096)
def _facts(packed: bytes) -> tuple[str, tuple[str, str] | None]:
    """The text of an address, and (traits, name) of its special-purpose block."""
    address = ipaddress.IPv6Address(packed)
    special = next(((traits, name) for block, traits, name in _SPECIAL if address in block), None)
    return str(address), special


def address_space(address: bytes) -> str:
    """The address space by its first bits, as the reference tells it."""
    first = address[0]
    if first == 0xFF:
        return "Multicast"
    if first == 0xFE and address[1] >> 6 == 2:
        return "Link-Local Unicast"
    if first & 0xFE == 0xFC:
        return "Unique Local Unicast"
    return "Global Unicast" if first & 0x30 == 0x20 else "Reserved by IETF"


def fill_addresses(layer: Layer, source: bytes, target: bytes) -> None:
    for side, address, offset in (("src", source, 8), ("dst", target, 24)):
        at, prefix = layer.start + offset, f"ipv6.{side}_"
        text, special = _facts(address)
        layer.add(prefix + "host", text, at, 16)
        layer.add(prefix + "addr_space", address_space(address), at, 1 if address[0] == 0xFF else 2)
        if special is not None:
            _fill_special(layer, prefix, at, *special)
        if address[0] == 0xFF:
            _fill_multicast(layer, prefix, at, address)
        else:
            _fill_embedded(layer, prefix, at, address)


def _fill_special(layer: Layer, prefix: str, at: int, traits: str, name: str) -> None:
    layer.add(prefix + "special_purpose", name, at, 16)
    for trait, letter in zip(_TRAITS, traits, strict=True):
        if letter != "-":
            layer.add(f"{prefix}special_purpose_{trait}", letter == "T", at, 16)


def _fill_multicast(layer: Layer, prefix: str, at: int, address: bytes) -> None:
    flags = address[1] >> 4
    layer.add(prefix + "multicast_flags", flags, at, 2)
    layer.add(prefix + "multicast_flags.reserved", flags >> 3, at, 2)
    for name, bit in (("embed_rp", 4), ("network_prefix", 2), ("transient", 1)):
        layer.add(f"{prefix}multicast_flags.{name}", bool(flags & bit), at, 2)
    layer.add(prefix + "multicast_scope", address[1] & 15, at, 2)


def _fill_embedded(layer: Layer, prefix: str, at: int, address: bytes) -> None:
    """IPv4 and MAC addresses inside the IPv6 address."""
    add = layer.add
    if address[11:13] == b"\xff\xfe" and address[8] & 2:
        add(prefix + "slaac_mac", bytes([address[8] ^ 2]) + address[9:11] + address[13:16], at + 8, 8)
    if address[8:12] in (b"\0\0\x5e\xfe", b"\2\0\x5e\xfe"):
        add(prefix + "isatap_ipv4", address[12:], at + 12, 4)
    if address[:2] == b"\x20\x02":
        add(prefix + "6to4_gw_ipv4", address[2:6], at + 2, 4)
        add(prefix + "6to4_sla_id", int.from_bytes(address[6:8], "big"), at + 6, 2)
    elif address[:4] == b"\x20\x01\0\0":
        add(prefix + "ts_ipv4", address[4:8], at + 4, 4)
        add(prefix + "tc_port", int.from_bytes(address[10:12], "big") ^ 0xFFFF, at + 10, 2)
        add(prefix + "tc_ipv4", bytes(byte ^ 0xFF for byte in address[12:]), at + 12, 4)
    elif address[:12] == b"\0\x64\xff\x9b" + bytes(8):
        add(prefix + "embed_ipv4", address[12:], at + 12, 4)
