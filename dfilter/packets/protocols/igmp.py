"""IGMP versions 1, 2 and 3 (RFC 1112, RFC 2236, RFC 3376), and the traceroute of multicast that uses its number."""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.fields.types import FieldType as T
from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.ip import dotted
from dfilter.packets.protocols.quotes import internet_checksum_ok
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

QUERY, REPORT_V1, REPORT_V2, LEAVE, REPORT_V3 = 0x11, 0x12, 0x16, 0x17, 0x22
TRACE_RESPONSE, TRACE = 0x1E, 0x1F
TRACE_BLOCK = 32
"""Length of what one router says."""
V3_QUERY_LENGTH = 12
DISSECTED = frozenset({QUERY, REPORT_V1, REPORT_V2, LEAVE, REPORT_V3, TRACE_RESPONSE, TRACE})
OTHERS = {0x13: Protocol("dvmrp"), 0x14: Protocol("pim", "PIM")}
"""Types of other protocols that share IGMP's number."""

IGMP = Protocol(
    "igmp",
    "IGMP",
    fields=(
        header("igmp.type", T.UINT8, 0),
        *computed_table("""
            igmp.version          UINT8
            igmp.max_resp         UINT8
            igmp.max_resp.exp     UINT8
            igmp.max_resp.mant    UINT8
            igmp.checksum         UINT16
            igmp.checksum.status  UINT8
            igmp.bad_checksum     NONE
            igmp.reserved         BYTES
            igmp.maddr            IPv4
            igmp.s                BOOLEAN
            igmp.qrv              UINT8
            igmp.qqic             UINT8
            igmp.num_src          UINT16
            igmp.saddr            IPv4
            igmp.num_grp_recs     UINT16
            igmp.record_type      UINT8
            igmp.aux_data_len     UINT8
            igmp.aux_data         BYTES
            igmp.data             BYTES
            igmp.mtrace.max_hops    UINT8
            igmp.mtrace.saddr       IPv4
            igmp.mtrace.raddr       IPv4
            igmp.mtrace.rspaddr     IPv4
            igmp.mtrace.resp_ttl    UINT8
            igmp.mtrace.q_id        UINT24
            igmp.mtrace.q_arrival   UINT32
            igmp.mtrace.q_inaddr    IPv4
            igmp.mtrace.q_outaddr   IPv4
            igmp.mtrace.q_prevrtr   IPv4
            igmp.mtrace.q_inpkt     UINT32
            igmp.mtrace.q_outpkt    UINT32
            igmp.mtrace.q_total     UINT32
            igmp.mtrace.q_rtg_proto UINT8
            igmp.mtrace.q_fwd_ttl   UINT8
            igmp.mtrace.q_mbz       UINT8
            igmp.mtrace.q_s         UINT8
            igmp.mtrace.q_src_mask  UINT8
            igmp.mtrace.q_fwd_code  UINT8
        """),
    ),
    over={"ip.proto": (2,)},
)


@IGMP.dissector
def dissect_igmp(view: View, region: Region) -> None:
    kind = region.u8(0)
    if kind in OTHERS:
        view.mention(IGMP, region)
        view.mention(OTHERS[kind], region)
        return
    view.push(IGMP, region)
    if kind in DISSECTED:
        view.mention(IGMP, region)  # the reference lists the protocol twice: as itself and as its type's


@IGMP.filler
def fill_igmp(layer: Layer) -> None:
    region, start, kind = layer.region, layer.start, layer.region.u8(0)
    if kind == QUERY:
        _fill_query(layer)
    elif kind in (REPORT_V1, REPORT_V2, LEAVE):
        layer.add("igmp.version", 1 if kind == REPORT_V1 else 2, start)
        if kind == REPORT_V1:
            layer.add("igmp.reserved", region.bytes(1, 1), start + 1, 1)
        else:
            layer.add("igmp.max_resp", region.u8(1), start + 1, 1)
        _fill_checksum(layer)
        layer.add("igmp.maddr", region.bytes(4, 4), start + 4, 4)
    elif kind == REPORT_V3:
        _fill_report(layer)
    elif kind in (TRACE_RESPONSE, TRACE):
        _fill_trace(layer)
    elif region.length > 1:
        layer.add("igmp.data", region.rest(1), start + 1, region.length - 1)


def _fill_checksum(layer: Layer) -> None:
    region, at = layer.region, layer.start + 2
    layer.add("igmp.checksum", region.u16(2), at, 2)
    if region.end < region.reported_end:
        layer.add("igmp.checksum.status", 2, at)
        return
    good = internet_checksum_ok(region.rest())
    layer.add("igmp.checksum.status", int(good), at)
    if not good:
        layer.add("igmp.bad_checksum", None)


def _fill_query(layer: Layer) -> None:
    """The version shows in the length and in whether there is a response time."""
    region, start, add = layer.region, layer.start, layer.add
    third = region.reported_length >= V3_QUERY_LENGTH
    response = region.u8(1)
    if not third and not response:
        add("igmp.version", 1, start)
        add("igmp.reserved", region.bytes(1, 1), start + 1, 1)
    else:
        add("igmp.version", 3 if third else 2, start)
        value = response
        if third and response & 0x80:
            value = ((response & 0x0F) | 0x10) << ((response >> 4 & 7) + 3)
            add("igmp.max_resp.exp", response >> 4 & 7, start + 1, 1)
            add("igmp.max_resp.mant", response & 0x0F, start + 1, 1)
        add("igmp.max_resp", value & 0xFF if value > 0xFFFF else value, start + 1, 1)
    _fill_checksum(layer)
    add("igmp.maddr", region.bytes(4, 4), start + 4, 4)
    if not third:
        return
    add("igmp.s", bool(region.u8(8) & 8), start + 8, 1)
    add("igmp.qrv", region.u8(8) & 7, start + 8, 1)
    add("igmp.qqic", region.u8(9), start + 9, 1)
    count = region.u16(10)
    add("igmp.num_src", count, start + 10, 2)
    _fill_sources(layer, 12, count)


def _fill_sources(layer: Layer, offset: int, count: int) -> int:
    for _ in range(count):
        layer.add("igmp.saddr", layer.region.bytes(offset, 4), layer.start + offset, 4)
        offset += 4
    return offset


def _fill_report(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    add("igmp.version", 3, start)
    add("igmp.reserved", region.bytes(1, 1), start + 1, 1)
    _fill_checksum(layer)
    add("igmp.reserved", region.bytes(4, 2), start + 4, 2)
    count = region.u16(6)
    add("igmp.num_grp_recs", count, start + 6, 2)
    offset = 8
    for _ in range(count):
        auxiliary, sources = region.u8(offset + 1), region.u16(offset + 2)
        add("igmp.record_type", region.u8(offset), start + offset, 1)
        add("igmp.aux_data_len", auxiliary, start + offset + 1, 1)
        add("igmp.num_src", sources, start + offset + 2, 2)
        add("igmp.maddr", region.bytes(offset + 4, 4), start + offset + 4, 4)
        offset = _fill_sources(layer, offset + 8, sources)
        if auxiliary:
            add("igmp.aux_data", region.bytes(offset, auxiliary * 4), start + offset, auxiliary * 4)
            offset += auxiliary * 4


def _fill_trace(layer: Layer) -> None:
    """Multicast traceroute: who asks for what, then a block for each router on the way."""
    prefix, start = "igmp.mtrace.", layer.start
    layer.add(prefix + "max_hops", layer.region.u8(1), start + 1, 1)
    _fill_checksum(layer)
    cursor = Cursor(layer, layer.region, 4, big=True)
    for name in ("igmp.maddr", prefix + "saddr", prefix + "raddr", prefix + "rspaddr"):
        cursor.raw(name, 4)
    cursor.integers(((prefix + "resp_ttl", 1), (prefix + "q_id", 3)))
    while cursor.left >= TRACE_BLOCK:
        cursor.u32(prefix + "q_arrival")
        for name in ("q_inaddr", "q_outaddr", "q_prevrtr"):
            cursor.raw(prefix + name, 4)
        cursor.integers((prefix + name, 4) for name in ("q_inpkt", "q_outpkt", "q_total"))
        cursor.integers(((prefix + "q_rtg_proto", 1), (prefix + "q_fwd_ttl", 1)))
        cursor.parts(1, ((prefix + "q_mbz", 0x80), (prefix + "q_s", 0x40), (prefix + "q_src_mask", 0x3F)))
        cursor.u8(prefix + "q_fwd_code")


@IGMP.column_writer
def write_igmp(layer: Layer, columns: Columns) -> None:
    """The version is part of the name; a version 3 report says who joins and who leaves."""
    versions = layer.computed("igmp.version")
    columns.protocol = f"IGMPv{versions[0]}" if versions else "IGMP"
    kind = layer.region.u8(0)
    version = versions[0] if versions else 0
    groups = [dotted(group) for group in layer.computed("igmp.maddr")]
    if kind == QUERY and version > 1 and groups:
        general = groups[0] == "0.0.0.0"
        columns.set("Membership Query, general" if general else f"Membership Query, specific for group {groups[0]}")
    elif kind == REPORT_V3:
        columns.set("Membership Report" + "".join(" / " + text for text in _changes(layer.region)))
    else:
        names = {QUERY: "Membership Query", REPORT_V1: "Membership Report", REPORT_V2: "Membership Report group",
                 LEAVE: "Leave Group", TRACE_RESPONSE: "Traceroute Response", TRACE: "Traceroute Query"}  # fmt: skip
        columns.set(" ".join([names.get(kind, ""), *(groups[:1] if kind in (REPORT_V2, LEAVE) else ())]))


def _changes(region: Region) -> Iterator[str]:
    """What each record of a version 3 report (RFC 3376 section 4.2.12) asks for."""
    offset = 8
    for _ in range(region.u16(6)):
        kind, count = region.u8(offset), region.u16(offset + 2)
        group = dotted(region.bytes(offset + 4, 4))
        sources = ", ".join(dotted(region.bytes(offset + 8 + 4 * index, 4)) for index in range(count))
        if kind in (1, 3):
            yield f"Join group {group} for source {{{sources}}}" if count else f"Leave group {group}"
        elif kind in (2, 4):
            scope = f", not for source {{{sources}}}" if count else " for any sources"
            yield f"Join group {group}{scope}"
        elif kind in (5, 6):
            yield f"Group {group}, {'new' if kind == 5 else 'block'} source{'s' if count > 1 else ''} {{{sources}}}"
        offset += 8 + 4 * count + 4 * region.u8(offset + 1)
