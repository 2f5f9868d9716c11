"""OpenFlow (Open Networking Foundation, versions 1.0 to 1.5): where its messages begin and end."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, header
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View

HEADER_LENGTH = 8
VERSIONS = {1: "openflow_v1", 4: "openflow_v4", 5: "openflow_v5", 6: "openflow_v6"}
_BY_VERSION = {version: Protocol(name) for version, name in VERSIONS.items()}

OPENFLOW = Protocol(
    "openflow",
    "OpenFlow",
    fields=(header("openflow.version", T.UINT8, 0),),
    over={"tcp.port": (6633, 6653)},
)


@OPENFLOW.dissector
def dissect_openflow(view: View, region: Region) -> bool:
    if region.length and region.u8(0) not in VERSIONS:
        return False
    at = 0
    while at < region.length:
        rest = region.sub(at)
        if rest.length < HEADER_LENGTH:
            raise NeedMore(rest.start, HEADER_LENGTH - rest.length)
        length = max(rest.u16(2), HEADER_LENGTH)
        if length > rest.length:
            raise NeedMore(rest.start, length - rest.length)
        view.push(OPENFLOW, rest, length)
        if rest.u8(0) in _BY_VERSION:
            view.mention(_BY_VERSION[rest.u8(0)], rest)
        at += length
    return True


@OPENFLOW.info_line
def openflow_info(layer: Layer) -> str:
    return f"Version {layer.region.u8(0)}"
