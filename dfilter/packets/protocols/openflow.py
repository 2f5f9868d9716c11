"""OpenFlow (Open Networking Foundation, versions 1.0 to 1.5): the header that all messages share.

In: the bytes of a stream.  Out: a layer for each message, named by its version as in Wireshark 4.4; what a message
holds behind its header is not dissected.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, header
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View

HEADER_LENGTH = 8


def _version(number: int) -> Protocol:
    """Version 1.0 has its fields under names of its own."""
    name = f"openflow_v{number}"
    first, kind = ("openflow", "openflow_1_0.type") if number == 1 else (name, name + ".type")
    return Protocol(
        name,
        "OpenFlow",
        fields=(
            header(first + ".version", T.UINT8, 0, mask=0x7F if number == 1 else 0),
            header(kind, T.UINT8, 1),
            header(first + ".length", T.UINT16, 2),
            header(first + ".xid", T.UINT32, 4),
        ),
        info=openflow_info,
    )


def openflow_info(layer: Layer) -> str:
    return f"Type {layer.region.u8(1)}"


OPENFLOW_1_0, OPENFLOW_1_3, OPENFLOW_1_4, OPENFLOW_1_5 = (_version(number) for number in (1, 4, 5, 6))
VERSIONS = {1: OPENFLOW_1_0, 4: OPENFLOW_1_3, 5: OPENFLOW_1_4, 6: OPENFLOW_1_5}

OPENFLOW = Protocol(
    "openflow",
    "OpenFlow",
    over={"tcp.port": (6633, 6653)},
    carries=tuple(protocol.name for protocol in VERSIONS.values()),
)


@OPENFLOW.dissector
def dissect_openflow(view: View, region: Region) -> bool:
    if region.length and region.u8(0) not in VERSIONS:
        return False
    at = 0
    view.mention(OPENFLOW, region)
    while at < region.length:
        rest = region.sub(at)
        if rest.length < HEADER_LENGTH:
            raise NeedMore(rest.start, HEADER_LENGTH - rest.length)
        length = max(rest.u16(2), HEADER_LENGTH)
        if length > rest.length:
            raise NeedMore(rest.start, length - rest.length)
        version = VERSIONS.get(rest.u8(0))
        if version is None:
            return True
        view.push(version, rest, length)
        at += length
    return True
