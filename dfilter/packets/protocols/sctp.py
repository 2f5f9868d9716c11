"""SCTP (RFC 9260): the common header, and its chunks; whole user messages go on to the protocol above."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header, union
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

DATA, INIT, INIT_ACK, SACK = 0, 1, 2, 3
WHOLE = 0x03
"""Flags of a chunk that both begins and ends a message."""
MAX_CHUNKS = 1024

SCTP = Protocol(
    "sctp",
    "SCTP",
    fields=(
        header("sctp.srcport", T.UINT16, 0),
        header("sctp.dstport", T.UINT16, 2),
        union("sctp.port", T.UINT16, "sctp.srcport", "sctp.dstport"),
        header("sctp.verification_tag", T.UINT32, 4),
        header("sctp.checksum", T.UINT32, 8),
        *computed_table("""
            sctp.checksum.status          UINT8
            sctp.chunk                    NONE
            sctp.chunk_type               UINT8
            sctp.chunk_flags              UINT8
            sctp.chunk_length             UINT16
            sctp.data_i_bit               BOOLEAN
            sctp.data_u_bit               BOOLEAN
            sctp.data_b_bit               BOOLEAN
            sctp.data_e_bit               BOOLEAN
            sctp.data_tsn_raw             UINT32
            sctp.data_sid                 UINT16
            sctp.data_ssn                 UINT16
            sctp.data_payload_proto_id    UINT32
            sctp.init_initiate_tag        UINT32
            sctp.init_credit              UINT32
            sctp.init_nr_out_streams      UINT16
            sctp.init_nr_in_streams       UINT16
            sctp.init_initial_tsn         UINT32
            sctp.initack_initiate_tag     UINT32
            sctp.initack_credit           UINT32
            sctp.initack_nr_out_streams   UINT16
            sctp.initack_nr_in_streams    UINT16
            sctp.initack_initial_tsn      UINT32
            sctp.sack_cumulative_tsn_ack_raw    UINT32
            sctp.sack_a_rwnd                    UINT32
            sctp.sack_number_of_gap_blocks      UINT16
            sctp.sack_number_of_duplicated_tsns UINT16
        """),
    ),
    over={"ip.proto": (132,), "link": (248,), "udp.port": (9899,)},
    carries=("sctp.port", "sctp.ppid", "data"),
)


@SCTP.dissector
def dissect_sctp(view: View, region: Region) -> None:
    layer = view.push(SCTP, region, 12)
    region.need(0, 12)
    ports = view.ports = (region.u16(0), region.u16(2))
    at, messages = 12, []
    for _ in range(MAX_CHUNKS):
        if at + 4 > region.reported_length:
            break
        kind, flags, length = region.u8(at), region.u8(at + 1), region.u16(at + 2)
        if length < 4:
            break
        is_data = kind == DATA
        layer.set_length(at + (16 if is_data else length))
        if is_data and length > 16:
            messages.append((flags, region.u32(at + 12), region.sub(at).clipped(16, length - 16)))
        at += length + -length % 4
    for flags, payload_protocol, payload in messages:
        if flags & WHOLE == WHOLE:
            _dissect_message(view, payload, payload_protocol, ports)


def _dissect_message(view: View, payload: Region, payload_protocol: int, ports: tuple[int, int]) -> None:
    keys = [("sctp.ppid", payload_protocol)] if payload_protocol else []
    keys += [("sctp.port", port) for port in sorted(ports)]
    for table, key in keys:
        protocol = view.lookup(table, key)
        if protocol is None:
            if view.pass_over(table, key, payload):
                return
        elif view.call(protocol, payload) is not False:
            return
    view.call_data(payload)


@SCTP.filler
def fill_sctp(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    if region.length < 12:
        return
    add("sctp.checksum.status", 2, start + 8)
    at = 12
    for _ in range(MAX_CHUNKS):
        if at + 4 > region.reported_length:
            break
        kind, flags, length = region.u8(at), region.u8(at + 1), region.u16(at + 2)
        here = start + at
        add("sctp.chunk", None, here, length)
        add("sctp.chunk_type", kind, here, 1)
        add("sctp.chunk_flags", flags, here + 1, 1)
        add("sctp.chunk_length", length, here + 2, 2)
        if length < 4:
            break
        _fill_chunk(layer, kind, flags, at)
        at += length + -length % 4


def _fill_chunk(layer: Layer, kind: int, flags: int, at: int) -> None:
    region, here, add = layer.region, layer.start + at, layer.add
    if kind == DATA:
        for name, bit in (("i", 8), ("u", 4), ("b", 2), ("e", 1)):
            add(f"sctp.data_{name}_bit", bool(flags & bit), here + 1, 1)
        add("sctp.data_tsn_raw", region.u32(at + 4), here + 4, 4)
        add("sctp.data_sid", region.u16(at + 8), here + 8, 2)
        add("sctp.data_ssn", region.u16(at + 10), here + 10, 2)
        add("sctp.data_payload_proto_id", region.u32(at + 12), here + 12, 4)
    elif kind in (INIT, INIT_ACK):
        prefix = "sctp.init_" if kind == INIT else "sctp.initack_"
        add(prefix + "initiate_tag", region.u32(at + 4), here + 4, 4)
        add(prefix + "credit", region.u32(at + 8), here + 8, 4)
        add(prefix + "nr_out_streams", region.u16(at + 12), here + 12, 2)
        add(prefix + "nr_in_streams", region.u16(at + 14), here + 14, 2)
        add(prefix + "initial_tsn", region.u32(at + 16), here + 16, 4)
    elif kind == SACK:
        add("sctp.sack_cumulative_tsn_ack_raw", region.u32(at + 4), here + 4, 4)
        add("sctp.sack_a_rwnd", region.u32(at + 8), here + 8, 4)
        add("sctp.sack_number_of_gap_blocks", region.u16(at + 12), here + 12, 2)
        add("sctp.sack_number_of_duplicated_tsns", region.u16(at + 14), here + 14, 2)
