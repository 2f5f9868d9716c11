"""Wake-on-LAN's magic packets: six bytes FF, then sixteen times the address of who shall wake, then a password or none.

In: frames of its Ethernet type, UDP payloads that look like it.  Out: one layer.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Evidence, Protocol, computed, header
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

SYNC = b"\xff" * 6
REPETITIONS = 16
MAGIC_BYTES = 6 + 6 * REPETITIONS
PASSWORDS = (6, 4)
"""How long a password may be, bytes."""

WOL = Protocol(
    "wol",
    "WOL",
    fields=(
        header("wol.sync", T.BYTES, 0, 6),
        computed("wol.mac", T.ETHER),
        computed("wol.passwd", T.BYTES),
    ),
    over={"ethertype": (0x0842,)},
    heuristics={"udp": lambda view, region: _is_magic(region)},
    evidence=Evidence(starts={"udp": (((0, 0xFF, 0xFF), (1, 0xFF, 0xFF), (5, 0xFF, 0xFF)),)}),
)


def _is_magic(region: Region) -> bool:
    data = region.rest()
    return data.startswith(SYNC) and data[6:MAGIC_BYTES] == data[6:12] * REPETITIONS and len(data) >= MAGIC_BYTES


@WOL.dissector
def dissect_wol(view: View, region: Region) -> bool:
    if not _is_magic(region):
        return False
    view.push(WOL, region, MAGIC_BYTES + _password_size(region))
    return True


def _password_size(region: Region) -> int:
    return next((size for size in PASSWORDS if size <= region.length - MAGIC_BYTES), 0)


def _password_text(layer: Layer) -> str:
    password = layer.item_bytes()[MAGIC_BYTES:]
    return ".".join(map(str, password)) if len(password) == 4 else password.hex(":")


@WOL.filler
def fill_wol(layer: Layer) -> None:
    address, start = layer.region.bytes(6, 6), layer.start
    for at in range(6, MAGIC_BYTES, 6):
        layer.add("wol.mac", address, start + at, 6)
    size = layer.end - start - MAGIC_BYTES
    if size:  # in Wireshark 4.4 the value is as many bytes of the text
        layer.add("wol.passwd", _password_text(layer).encode()[:size], start + MAGIC_BYTES, size)


@WOL.info_line
def wol_info(layer: Layer) -> str:
    text, password = f"MagicPacket for {layer.region.bytes(6, 6).hex(':')}", _password_text(layer)
    return f"{text}, password {password}" if password else text
