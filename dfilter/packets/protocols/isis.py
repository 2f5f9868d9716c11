"""IS-IS (ISO/IEC 10589): the common header, and the fixed part of hellos."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header
from dfilter.packets.region import Region
from dfilter.packets.view import View

DISCRIMINATOR = 0x83
COMMON_LENGTH = 8
LEVEL_1, LEVEL_2, POINT_TO_POINT = 15, 16, 17
LINK_STATE, COMPLETE, PARTIAL = (18, 20), (24, 25), (26, 27)

OSI = Protocol("osi", "OSI", over={"llc.dsap": (0xFE,), "gre.proto": (0x00FE,)}, carries=("isis",))

ISIS = Protocol(
    "isis",
    "IS-IS",
    fields=(
        header("isis.irpd", T.UINT8, 0),
        header("isis.len", T.UINT8, 1),
        header("isis.version", T.UINT8, 2),
        header("isis.sysid_len", T.UINT8, 3),
        header("isis.type", T.UINT8, 4, mask=0x1F),
        header("isis.version2", T.UINT8, 5),
        header("isis.reserved", T.UINT8, 6),
        header("isis.max_area_adr", T.UINT8, 7),
    ),
    over={"osi.nlpid": (DISCRIMINATOR,)},
    carries=("isis.hello",),
)

HELLO = Protocol(
    "isis.hello",
    "ISIS HELLO",
    fields=(
        header("isis.hello.circuit_type", T.UINT8, 0, mask=0x03),
        header("isis.hello.source_id", T.SYSTEM_ID, 1, 6),
        header("isis.hello.holding_timer", T.UINT16, 7),
        header("isis.hello.pdu_length", T.UINT16, 9),
        computed("isis.hello.priority", T.UINT8),
        computed("isis.hello.lan_id", T.SYSTEM_ID),
        computed("isis.hello.local_circuit_id", T.UINT8),
    ),
)

ELSEWHERE = {LINK_STATE: Protocol("isis.lsp"), COMPLETE: Protocol("isis.csnp"), PARTIAL: Protocol("isis.psnp")}
OTHER_NETWORK_LAYERS = {0x81: Protocol("clnp"), 0x82: Protocol("esis")}


@OSI.dissector
def dissect_osi(view: View, region: Region) -> bool | None:
    """The first byte says which network layer protocol it is (ISO/IEC TR 9577)."""
    first = region.u8(0)
    view.mention(OSI, region)
    if first == DISCRIMINATOR:
        view.call(ISIS, region)
    elif first in OTHER_NETWORK_LAYERS:
        view.mention(OTHER_NETWORK_LAYERS[first], region)
    else:
        view.call_data(region)
    return None


@ISIS.dissector
def dissect_isis(view: View, region: Region) -> None:
    view.push(ISIS, region)
    kind = region.u8(4) & 0x1F
    region.need(0, COMMON_LENGTH)
    if kind in (LEVEL_1, LEVEL_2, POINT_TO_POINT):
        view.call(HELLO, region.sub(COMMON_LENGTH))
        return
    for kinds, protocol in ELSEWHERE.items():
        if kind in kinds:
            view.mention(protocol, region)


@HELLO.dissector
def dissect_hello(view: View, region: Region) -> None:
    layer = view.push(HELLO, region)
    at = region.start + 11
    isis = view.layer("isis")
    if isis is not None and isis.region.u8(4) & 0x1F == POINT_TO_POINT:
        layer.add("isis.hello.local_circuit_id", region.u8(11), at, 1)
        return
    layer.add("isis.hello.priority", region.u8(11) & 0x7F, at, 1)
    layer.add("isis.hello.lan_id", region.bytes(12, 7), at + 1, 7)
