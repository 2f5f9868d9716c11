"""WireGuard messages (the protocol's white paper, section 5.4), recognised by type and length on any UDP port.

What is inside a transport message cannot be read without keys.
"""

from __future__ import annotations

from base64 import b64encode

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

INITIATION, RESPONSE, COOKIE, TRANSPORT = 1, 2, 3, 4
LENGTHS = {INITIATION: 148, RESPONSE: 92, COOKIE: 64}
SHORTEST_TRANSPORT = 32

WG = Protocol(
    "wg",
    "WireGuard",
    fields=(
        header("wg.type", T.UINT8, 0),
        header("wg.reserved", T.BYTES, 1, 3),
        *computed_table("""
            wg.sender              UINT32
            wg.receiver            UINT32
            wg.ephemeral           STRING
            wg.encrypted_static    NONE
            wg.encrypted_timestamp NONE
            wg.encrypted_empty     NONE
            wg.mac1                BYTES
            wg.mac2                BYTES
            wg.nonce               BYTES
            wg.encrypted_cookie    BYTES
            wg.counter             UINT64
            wg.encrypted_packet    NONE
        """),
    ),
    heuristics={"udp": lambda view, region: _is_wireguard(region)},
)

_PARTS = {
    INITIATION: (("wg.sender", 4), ("wg.ephemeral", 32), ("wg.encrypted_static", 48), ("wg.encrypted_timestamp", 28),
                 ("wg.mac1", 16), ("wg.mac2", 16)),
    RESPONSE: (("wg.sender", 4), ("wg.receiver", 4), ("wg.ephemeral", 32), ("wg.encrypted_empty", 16),
               ("wg.mac1", 16), ("wg.mac2", 16)),
    COOKIE: (("wg.receiver", 4), ("wg.nonce", 24), ("wg.encrypted_cookie", 32)),
    TRANSPORT: (("wg.receiver", 4), ("wg.counter", 8)),
}  # fmt: skip
_NUMBERS = frozenset({"wg.sender", "wg.receiver", "wg.counter"})


def _is_wireguard(region: Region) -> bool:
    if region.length < SHORTEST_TRANSPORT or region.u24(1):
        return False
    kind = region.u8(0)
    return kind == TRANSPORT or LENGTHS.get(kind) == region.reported_length


@WG.dissector
def dissect_wg(view: View, region: Region) -> bool:
    if not _is_wireguard(region):
        return False
    view.push(WG, region)
    return True


@WG.filler
def fill_wg(layer: Layer) -> None:
    region, start, at = layer.region, layer.start, 4
    kind = region.u8(0)
    for name, length in _PARTS[kind]:
        value = region.bytes(at, length)
        layer.add(name, _value_of(name, value), start + at, length)
        at += length
    if kind == TRANSPORT:
        layer.add("wg.encrypted_packet", None, start + at, region.length - at)


def _value_of(name: str, value: bytes) -> int | str | bytes | None:
    """Keys are shown in base64, what is encrypted not at all."""
    if name in _NUMBERS:
        return int.from_bytes(value, "little")
    if name == "wg.ephemeral":
        return b64encode(value).decode("ascii")
    return None if name.startswith("wg.encrypted") and name != "wg.encrypted_cookie" else value
