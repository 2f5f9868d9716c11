"""IEC 60870-5-104: control information of telecontrol stations over TCP, and the header of the units it carries."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import each_message
from dfilter.packets.view import Layer, View

START = 0x68
HEADER_LENGTH, BEFORE_LENGTH = 6, 2
INFORMATION, SUPERVISORY, UNNUMBERED = 0, 1, 3

APCI = Protocol(
    "iec60870_104",
    "IEC 60870-5 104",
    fields=(
        header("iec60870_104.apdulen", T.UINT8, 1),
        *computed_table("""
            iec60870_104.type  UINT32
            iec60870_104.tx    UINT32
            iec60870_104.rx    UINT32
            iec60870_104.utype UINT32
        """),
    ),
    over={"tcp.port": (2404,)},
    carries=("iec60870_asdu",),
)
ASDU = Protocol(
    "iec60870_asdu",
    "IEC 60870-5 ASDU",
    fields=(
        header("iec60870_asdu.typeid", T.UINT8, 0),
        header("iec60870_asdu.sq", T.BOOLEAN, 1, 1, 0x80),
        header("iec60870_asdu.numix", T.UINT8, 1, mask=0x7F),
        header("iec60870_asdu.causetx", T.UINT8, 2, mask=0x3F),
        header("iec60870_asdu.nega", T.BOOLEAN, 2, 1, 0x40),
        header("iec60870_asdu.test", T.BOOLEAN, 2, 1, 0x80),
        header("iec60870_asdu.oa", T.UINT8, 3),
        header("iec60870_asdu.addr", T.UINT16, 4, little_endian=True),
        *computed_table("iec60870_asdu.ioa UINT24"),
    ),
)


@APCI.dissector
def dissect_apci(view: View, region: Region) -> bool:
    return each_message(region, 1, _length, lambda message: _dissect_unit(view, message))


def _length(rest: Region) -> int:
    """As long as a unit says it is, or the bytes that say it."""
    if rest.u8(0) != START:
        return 0
    length = BEFORE_LENGTH + (rest.u8(1) if rest.length >= BEFORE_LENGTH else 0)
    return length if length >= HEADER_LENGTH or rest.length < BEFORE_LENGTH else 0


def _dissect_unit(view: View, message: Region) -> None:
    view.push(APCI, message, HEADER_LENGTH)
    if not message.u8(2) & 1 and message.length > HEADER_LENGTH:
        view.call(ASDU, message.sub(HEADER_LENGTH))


@APCI.filler
def fill_apci(layer: Layer) -> None:
    region, start = layer.region, layer.start
    control = region.le32(2)
    kind = control & 3 if control & 1 else INFORMATION
    layer.add("iec60870_104.type", kind, start + 2, 4)
    if kind == UNNUMBERED:
        layer.add("iec60870_104.utype", control >> 2 & 0x3F, start + 2, 4)
        return
    if kind == INFORMATION:
        layer.add("iec60870_104.tx", control >> 1 & 0x7FFF, start + 2, 4)
    layer.add("iec60870_104.rx", control >> 17 & 0x7FFF, start + 2, 4)


@ASDU.dissector
def dissect_asdu(view: View, region: Region) -> None:
    region.need(0, 6)
    view.push(ASDU, region)


@ASDU.filler
def fill_asdu(layer: Layer) -> None:
    if layer.region.reported_length >= 9:
        Cursor(layer, layer.region, 6).integer("iec60870_asdu.ioa", 3)  # of the first information object
