"""IS-IS (ISO/IEC 10589, RFC 1195): the common header, hellos, and the layers of link state and sequence number PDUs.

In: the bytes behind the network layer's identifier.  Out: the layers `isis` and that of the PDU.  What always holds: a
TLV that is longer than what is left counts as malformed and is the last one.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.isis_lsp import LSP_FIELDS, SEQUENCE_FIELDS, fill_lsp, fill_sequence
from dfilter.packets.protocols.isis_tlvs import HELLO_FIELDS, fill_hello_tlv, fill_tlvs
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

DISCRIMINATOR = 0x83
COMMON_LENGTH = 8
LEVEL_1, LEVEL_2, POINT_TO_POINT = 15, 16, 17
LINK_STATE, COMPLETE, PARTIAL = (18, 20), (24, 25), (26, 27)

ISIS = Protocol(
    "isis",
    "IS-IS",
    fields=(
        header("isis.irpd", T.UINT8, 0),
        header("isis.len", T.UINT8, 1),
        header("isis.version", T.UINT8, 2),
        header("isis.sysid_len", T.UINT8, 3),
        header("isis.type.reserved", T.UINT8, 4, mask=0xE0),
        header("isis.type", T.UINT8, 4, mask=0x1F),
        header("isis.version2", T.UINT8, 5),
        header("isis.reserved", T.UINT8, 6),
        header("isis.max_area_adr", T.UINT8, 7),
    ),
    over={"osi.nlpid": (DISCRIMINATOR,)},
    carries=("isis.hello", "isis.lsp", "isis.csnp", "isis.psnp"),
)

HELLO = Protocol(
    "isis.hello",
    "ISIS HELLO",
    fields=(
        header("isis.hello.circuit_type", T.UINT8, 0, mask=0x03),
        header("isis.hello.source_id", T.SYSTEM_ID, 1, 6),
        header("isis.hello.holding_timer", T.UINT16, 7),
        header("isis.hello.pdu_length", T.UINT16, 9),
        computed("isis.hello.reserved", T.UINT8),
        computed("isis.hello.priority", T.UINT8),
        computed("isis.hello.lan_id", T.SYSTEM_ID),
        computed("isis.hello.local_circuit_id", T.UINT8),
        *computed_table(HELLO_FIELDS),
    ),
)
LSP = Protocol("isis.lsp", "ISIS LSP", fields=computed_table(LSP_FIELDS))
CSNP = Protocol("isis.csnp", "ISIS CSNP", fields=computed_table(SEQUENCE_FIELDS["csnp"]))
PSNP = Protocol("isis.psnp", "ISIS PSNP", fields=computed_table(SEQUENCE_FIELDS["psnp"]), shares=("isis.csnp",))

FOLLOWING = {(LEVEL_1, LEVEL_2, POINT_TO_POINT): HELLO, LINK_STATE: LSP, COMPLETE: CSNP, PARTIAL: PSNP}


@ISIS.dissector
def dissect_isis(view: View, region: Region) -> None:
    view.push(ISIS, region, COMMON_LENGTH)
    kind = region.u8(4) & 0x1F
    region.need(0, COMMON_LENGTH)
    for kinds, protocol in FOLLOWING.items():
        if kind in kinds:
            view.call(protocol, region.sub(COMMON_LENGTH))


def _dissect_pdu(protocol: Protocol, length_at: int) -> None:
    """The PDU's layer remembers its type and where its TLVs begin, relative to it, and where they end."""

    @protocol.dissector
    def dissect(view: View, region: Region) -> None:
        layer = view.push(protocol, region)
        common = view.by_name["isis"][-1].region if "isis" in view.by_name else region
        layer.state = (common.u8(4) & 0x1F, common.u8(1), length_at)


for _protocol, _at in ((HELLO, 9), (LSP, 0), (CSNP, 0), (PSNP, 0)):
    _dissect_pdu(_protocol, _at)


def _tlvs(layer: Layer) -> tuple[Cursor, int] | None:
    """A cursor over the PDU and where its TLVs end, by its own length; None if that is less than its header."""
    _, header_length, at = layer.state
    region = layer.region
    cursor = Cursor(layer, region, big=True)
    length = region.u16(at)
    if length < header_length:
        cursor.wrong("a PDU shorter than its header")
        return None
    return cursor, length - COMMON_LENGTH


@HELLO.filler
def fill_hello(layer: Layer) -> None:
    region, at = layer.region, layer.start + 11
    layer.add("isis.hello.reserved", region.u8(0) >> 2, layer.start, 1)
    found = _tlvs(layer)
    if layer.state[0] == POINT_TO_POINT:
        layer.add("isis.hello.local_circuit_id", region.u8(11), at, 1)
        begin = 12
    else:
        layer.add("isis.hello.reserved", region.u8(11) >> 7, at, 1)
        layer.add("isis.hello.priority", region.u8(11) & 0x7F, at, 1)
        layer.add("isis.hello.lan_id", region.bytes(12, 7), at + 1, 7)
        begin = 19
    if found is not None:
        cursor, stop = found
        cursor.at = begin
        fill_tlvs(cursor, stop, "hello", fill_hello_tlv)


@LSP.filler
def fill_link_state(layer: Layer) -> None:
    found = _tlvs(layer)
    fill_lsp(Cursor(layer, layer.region, big=True), found[1] if found else None)


def _fill_numbers(layer: Layer) -> None:
    found = _tlvs(layer)
    fill_sequence(Cursor(layer, layer.region, big=True), found[1] if found else None, layer.protocol.name[5:])


CSNP.fill = PSNP.fill = _fill_numbers
