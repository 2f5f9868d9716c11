"""The OSI network layer (ISO/IEC TR 9577): CLNP (ISO 8473) and ES-IS (ISO 9542), and which of them follows.

In: the bytes behind LLC, GRE or Frame Relay, the first of which says the protocol.  Out: its layers.  What always
holds: segments of CLNP are shown by themselves, not put together.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

CLNP_ID, ESIS_ID, INACTIVE = 0x81, 0x82, 0x00
SEGMENTATION = 0x80
DATA_UNIT = 0x1C
FIXED_LENGTH = 9
END_HELLO, INTERMEDIATE_HELLO, REDIRECT = 2, 4, 6

OSI = Protocol("osi", "OSI", over={"llc.dsap": (0xFE,), "gre.proto": (0x00FE,)}, carries=("osi.nlpid", "data"))

CLNP = Protocol(
    "clnp",
    "CLNP",
    fields=(
        header("clnp.nlpi", T.UINT8, 0),
        *computed_table("""
            clnp.len                  UINT8
            clnp.version              UINT8
            clnp.ttl                  UINT8
            clnp.cnf.type             UINT8
            clnp.cnf.segmentation     BOOLEAN
            clnp.cnf.more_segments    BOOLEAN
            clnp.cnf.report_error     BOOLEAN
            clnp.pdu.len              UINT16
            clnp.checksum             UINT16
            clnp.dsap.len             UINT8
            clnp.dsap                 BYTES
            clnp.ssap.len             UINT8
            clnp.ssap                 BYTES
            clnp.data_unit_identifier UINT16
            clnp.segment_offset       UINT16
            clnp.total_length         UINT16
        """),
    ),
    over={"osi.nlpid": (CLNP_ID, INACTIVE)},
    carries=("cotp", "data"),
)

ESIS = Protocol(
    "esis",
    "ESIS",
    fields=(
        header("esis.nlpi", T.UINT8, 0),
        header("esis.length", T.UINT8, 1),
        header("esis.ver", T.UINT8, 2),
        header("esis.res", T.UINT8, 3),
        header("esis.type", T.UINT8, 4, mask=0x1F),
        header("esis.htime", T.UINT16, 5),
        header("esis.chksum", T.UINT16, 7),
        *computed_table("""
            esis.number_of_source_addresses UINT8
            esis.sal                        UINT8
            esis.netl                       UINT8
            esis.dal                        UINT8
            esis.bsnpal                     UINT8
            esis.bsnpa                      SYSTEM_ID
        """),
    ),
    over={"osi.nlpid": (ESIS_ID,)},
)


@OSI.dissector
def dissect_osi(view: View, region: Region) -> None:
    first = region.u8(0)
    view.mention(OSI, region)
    protocol = view.lookup("osi.nlpid", first)
    if protocol is None or view.call(protocol, region) is False:
        view.call_data(region)


@CLNP.dissector
def dissect_clnp(view: View, region: Region) -> None:
    if region.u8(0) == INACTIVE:
        view.push(CLNP, region, 1)
        if region.reported_length > 1:
            call_name(view, "cotp", region.sub(1))
        return
    length = region.u8(1)
    layer = view.push(CLNP, region, length)
    if length < FIXED_LENGTH:
        return
    kind, stop = region.u8(4), region.u16(5)
    region.trim(stop)
    at = FIXED_LENGTH
    for _ in range(2):
        at += 1 + region.u8(at)
    layer.state = at
    offset = region.u16(at + 2) if kind & SEGMENTATION else 0
    payload = region.sub(min(length, region.reported_length))
    if payload.reported_length <= 0:
        return
    if kind & 0x1F == DATA_UNIT and not offset and payload.u8(0) and payload.u8(0) + 1 <= payload.reported_length:
        call_name(view, "cotp", payload)
    else:
        view.call_data(payload)


@CLNP.filler
def fill_clnp(layer: Layer) -> None:
    if layer.region.u8(0) == INACTIVE:
        return
    cursor = Cursor(layer, layer.region, 1, big=True)
    cursor.integers((("clnp.len", 1), ("clnp.version", 1), ("clnp.ttl", 1)))
    flags = (("clnp.cnf.segmentation", SEGMENTATION), ("clnp.cnf.more_segments", 0x40), ("clnp.cnf.report_error", 0x20))
    kind = cursor.parts(1, (("clnp.cnf.type", 0x1F),), flags)
    cursor.u16("clnp.pdu.len")
    cursor.u16("clnp.checksum")
    cursor.raw("clnp.dsap", cursor.u8("clnp.dsap.len"))
    cursor.raw("clnp.ssap", cursor.u8("clnp.ssap.len"))
    if kind & SEGMENTATION:
        cursor.u16("clnp.data_unit_identifier")
        cursor.u16("clnp.segment_offset")
        cursor.u16("clnp.total_length")


@ESIS.dissector
def dissect_esis(view: View, region: Region) -> None:
    view.push(ESIS, region)


@ESIS.filler
def fill_esis(layer: Layer) -> None:
    cursor, kind = Cursor(layer, layer.region, FIXED_LENGTH, big=True), layer.region.u8(4) & 0x1F
    if kind == END_HELLO:
        for _ in range(cursor.u8("esis.number_of_source_addresses")):
            length = cursor.u8("esis.sal")
            cursor.region.bytes(cursor.at, length)
            cursor.skip(length)
    elif kind == INTERMEDIATE_HELLO:
        length = cursor.u8("esis.netl")
        cursor.region.bytes(cursor.at, length)
    elif kind == REDIRECT:
        length = cursor.u8("esis.dal")
        cursor.region.bytes(cursor.at, length)
        cursor.skip(length)
        cursor.raw("esis.bsnpa", cursor.u8("esis.bsnpal"))
