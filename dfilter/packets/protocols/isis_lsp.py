"""IS-IS link state PDUs and sequence number PDUs (ISO/IEC 10589, RFC 1195, 5305, 5308).

In: a cursor at the PDU's own header.  Out: its fields and those of its TLVs.  What always holds: as in `isis_tlvs`.
"""

from __future__ import annotations

import struct

from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.isis_tlvs import INSTANCE, fill_common, fill_tlvs

HOST_NAME, ROUTER_ID, BUFFER_SIZE, PURGE, AUTHENTICATION, ENTRIES, CHECKSUM = 137, 134, 14, 13, 10, 9, 12
NEIGHBORS, INTERNAL, EXTERNAL, EXTENDED_NEIGHBORS, EXTENDED_IP, IPV6 = 2, 128, 130, 22, 135, 236
TOPOLOGY_NEIGHBORS, TOPOLOGY_IP, TOPOLOGY_IPV6, CAPABILITY = 222, 235, 237, 242
METRICS = ("default", "delay", "expense", "error")

LSP_FIELDS = "\n".join((
    """
    isis.lsp.pdu_length                                   UINT16
    isis.lsp.remaining_life                               UINT16
    isis.lsp.lsp_id                                       SYSTEM_ID
    isis.lsp.sequence_number                              UINT32
    isis.lsp.checksum                                     UINT16
    isis.lsp.partition_repair                             BOOLEAN
    isis.lsp.att                                          UINT8
    isis.lsp.error_metric                                 BOOLEAN
    isis.lsp.expense_metric                               BOOLEAN
    isis.lsp.delay_metric                                 BOOLEAN
    isis.lsp.default_metric                               BOOLEAN
    isis.lsp.overload                                     BOOLEAN
    isis.lsp.is_type                                      UINT8
    isis.lsp.clv.type                                     UINT8
    isis.lsp.clv.length                                   UINT8
    isis.lsp.short_clv                                    NONE
    isis.lsp.area_address                                 BYTES
    isis.lsp.clv_nlpid.nlpid                              UINT8
    isis.lsp.clv_ipv4_int_addr                            IPv4
    isis.lsp.clv_ipv6_int_addr                            IPv6
    isis.lsp.clv_mt                                       UINT16
    isis.lsp.iid                                          UINT16
    isis.lsp.supported_itid                               UINT16
    isis.lsp.hostname                                     STRING
    isis.lsp.clv_te_router_id                             IPv4
    isis.lsp.originating_lsp_buffer_size                  UINT16
    isis.lsp.purge_originator_id.num                      UINT8
    isis.lsp.purge_originator_id.system_id                SYSTEM_ID
    isis.lsp.authentication                               BYTES
    isis.lsp.is_virtual                                   BOOLEAN
    isis.lsp.eis_neighbors.is_neighbor                    SYSTEM_ID
    isis.lsp.ip_reachability.ipv4_prefix                  IPv4
    isis.lsp.ip_reachability.distribution                 BOOLEAN
    isis.lsp.mtid                                         UINT16
    isis.lsp.ext_is_reachability.is_neighbor_id           SYSTEM_ID
    isis.lsp.ext_is_reachability.metric                   UINT24
    isis.lsp.ext_is_reachability.subclvs_length           UINT8
    isis.lsp.ext_is_reachability.code                     UINT8
    isis.lsp.ext_is_reachability.length                   UINT8
    isis.lsp.ext_is_reachability.ipv4_interface_address   IPv4
    isis.lsp.ext_is_reachability.ipv4_neighbor_address    IPv4
    isis.lsp.ext_is_reachability.link_local_identifier    UINT32
    isis.lsp.ext_is_reachability.link_remote_identifier   UINT32
    isis.lsp.maximum_link_bandwidth                       FLOAT
    isis.lsp.reservable_link_bandwidth                    FLOAT
    isis.lsp.unrsv_bw.priority_level                      FLOAT
    isis.lsp.ext_ip_reachability.metric                   UINT32
    isis.lsp.ext_ip_reachability.distribution             BOOLEAN
    isis.lsp.ext_ip_reachability.subtlv                   BOOLEAN
    isis.lsp.ext_ip_reachability.prefix_length            UINT8
    isis.lsp.ext_ip_reachability.ipv4_prefix              IPv4
    isis.lsp.ext_ip_reachability.subclvs_length           UINT8
    isis.lsp.ext_ip_reachability.code                     UINT8
    isis.lsp.ext_ip_reachability.length                   UINT8
    isis.lsp.ipv6_reachability.metric                     UINT32
    isis.lsp.ipv6_reachability.distribution               BOOLEAN
    isis.lsp.ipv6_reachability.distribution_internal      BOOLEAN
    isis.lsp.ipv6_reachability.subtlv                     BOOLEAN
    isis.lsp.ipv6_reachability.reserved_bits              UINT8
    isis.lsp.ipv6_reachability.prefix_length              UINT8
    isis.lsp.ipv6_reachability.ipv6_prefix                IPv6
    isis.lsp.ipv6_reachability.subclvs_length             UINT8
    isis.lsp.rt_capable.router_id                         UINT32
    isis.lsp.rt_capable.flag_s                            BOOLEAN
    isis.lsp.rt_capable.flag_d                            BOOLEAN
    isis.lsp.eis_neighbors_delay_metric.supported         BOOLEAN
    """,
    *(f"isis.lsp.{place}.{metric}_metric{part}"
      for metric in METRICS
      for place in ("eis_neighbors", "ip_reachability")
      for part in (" UINT8", "_ie BOOLEAN")),
    *(f"isis.lsp.eis_neighbors.{metric}_metric_supported BOOLEAN" for metric in METRICS[2:]),
    *(f"isis.lsp.ip_reachability.{metric}_metric_support BOOLEAN" for metric in METRICS[1:]),
))  # fmt: skip

SEQUENCE_FIELDS = {
    "csnp": """
        isis.csnp.pdu_length      UINT16
        isis.csnp.source_id       SYSTEM_ID
        isis.csnp.source_circuit  BYTES
        isis.csnp.start_lsp_id    SYSTEM_ID
        isis.csnp.end_lsp_id      SYSTEM_ID
        isis.csnp.clv.type        UINT8
        isis.csnp.clv.length      UINT8
        isis.csnp.short_clv        NONE
        isis.csnp.lsp_seq_num     UINT32
        isis.csnp.lsp_remain_life UINT16
        isis.csnp.lsp_checksum    UINT16
        isis.csnp.lsp_id          SYSTEM_ID
        isis.csnp.iid             UINT16
        isis.csnp.supported_itid  UINT16
        isis.csnp.checksum        UINT16
        isis.csnp.authentication  BYTES
    """,
    "psnp": """
        isis.psnp.pdu_length      UINT16
        isis.psnp.source_id       SYSTEM_ID
        isis.psnp.source_circuit  BYTES
        isis.psnp.clv.type        UINT8
        isis.psnp.clv.length      UINT8
        isis.psnp.short_clv        NONE
    """,
}


def fill_lsp(cursor: Cursor, stop: int | None) -> None:
    """A link state PDU; `stop`: where its TLVs end, None if its length is impossible."""
    cursor.u16("isis.lsp.pdu_length")
    cursor.u16("isis.lsp.remaining_life")
    cursor.raw("isis.lsp.lsp_id", 8)
    cursor.u32("isis.lsp.sequence_number")
    cursor.u16("isis.lsp.checksum")
    cursor.parts(1, (("isis.lsp.att", 0x78), ("isis.lsp.is_type", 0x03)),
                 (("isis.lsp.partition_repair", 0x80), ("isis.lsp.error_metric", 0x40),
                  ("isis.lsp.expense_metric", 0x20), ("isis.lsp.delay_metric", 0x10),
                  ("isis.lsp.default_metric", 0x80), ("isis.lsp.overload", 0x04)))  # fmt: skip
    if stop is not None:
        fill_tlvs(cursor, stop, "lsp", _fill_lsp_tlv)


def fill_sequence(cursor: Cursor, stop: int | None, kind: str) -> None:
    """A complete ("csnp") or partial ("psnp") sequence numbers PDU."""
    cursor.u16(f"isis.{kind}.pdu_length")
    cursor.raw(f"isis.{kind}.source_id", 6)
    cursor.raw(f"isis.{kind}.source_circuit", 1)
    if kind == "csnp":
        cursor.raw("isis.csnp.start_lsp_id", 8)
        cursor.raw("isis.csnp.end_lsp_id", 8)
    if stop is not None:
        fill_tlvs(cursor, stop, kind, _fill_entries)


def _fill_entries(cursor: Cursor, code: int, end: int) -> None:
    if code == INSTANCE:
        fill_common(cursor, code, end, "csnp")
    elif code == AUTHENTICATION and cursor.at < end:
        cursor.skip(1)
        cursor.raw("isis.csnp.authentication", end - cursor.at)
    elif code == CHECKSUM and end - cursor.at == 2:
        cursor.u16("isis.csnp.checksum")
    elif code == ENTRIES:
        while cursor.at < end:
            if end - cursor.at < 16:
                cursor.wrong("a part of an entry")
                return
            cursor.u16("isis.csnp.lsp_remain_life")
            cursor.raw("isis.csnp.lsp_id", 8)
            cursor.u32("isis.csnp.lsp_seq_num")
            cursor.u16("isis.csnp.lsp_checksum")


def _fill_lsp_tlv(cursor: Cursor, code: int, end: int) -> None:
    if fill_common(cursor, code, end, "lsp"):
        return
    if code == HOST_NAME:
        cursor.text("isis.lsp.hostname", end - cursor.at)
    elif code == ROUTER_ID:
        cursor.raw("isis.lsp.clv_te_router_id", 4)
    elif code == BUFFER_SIZE:
        cursor.u16("isis.lsp.originating_lsp_buffer_size")
    elif code == PURGE:
        for _ in range(cursor.u8("isis.lsp.purge_originator_id.num")):
            cursor.raw("isis.lsp.purge_originator_id.system_id", 6)
    elif code == AUTHENTICATION and cursor.at < end:
        cursor.skip(1)
        cursor.raw("isis.lsp.authentication", end - cursor.at)
    elif code == NEIGHBORS:
        _fill_neighbors(cursor, end)
    elif code in (INTERNAL, EXTERNAL):
        while end - cursor.at >= 12:
            _fill_old_route(cursor)
    elif code in (EXTENDED_NEIGHBORS, TOPOLOGY_NEIGHBORS):
        _fill_topology(cursor, code == TOPOLOGY_NEIGHBORS)
        while cursor.at < end:
            _fill_extended_neighbor(cursor)
    elif code in (EXTENDED_IP, TOPOLOGY_IP):
        _fill_topology(cursor, code == TOPOLOGY_IP)
        while cursor.at < end:
            _fill_route(cursor)
    elif code in (IPV6, TOPOLOGY_IPV6):
        _fill_topology(cursor, code == TOPOLOGY_IPV6)
        while cursor.at < end:
            _fill_route_6(cursor)
    elif code == CAPABILITY and end - cursor.at >= 5:
        cursor.u32("isis.lsp.rt_capable.router_id")
        cursor.parts(1, (), (("isis.lsp.rt_capable.flag_s", 1), ("isis.lsp.rt_capable.flag_d", 2)))


def _fill_topology(cursor: Cursor, present: bool) -> None:
    if present:
        cursor.parts(2, (("isis.lsp.mtid", 0x0FFF),))


def _fill_metrics(cursor: Cursor, place: str) -> None:
    """The four metrics of RFC 1195. As in Wireshark 4.4 those of neighbours all show the first one."""
    prefix, at_start = f"isis.lsp.{place}.", cursor.at
    old = place == "eis_neighbors"
    for metric in METRICS:
        name = f"{prefix}{metric}_metric"
        layer, at, value = cursor.layer, cursor.absolute, cursor.peek(1)
        if metric == "default":
            if not old:
                layer.add("isis.lsp.ip_reachability.distribution", bool(value & 0x80), at, 1)
        elif old:
            known = "isis.lsp.eis_neighbors_delay_metric.supported" if metric == "delay" else name + "_supported"
            layer.add(known, bool(cursor.region.u8(at_start) & 0x80), at, 1)
        else:
            layer.add(name + "_support", bool(value & 0x80), at, 1)
        shown = cursor.region.u8(at_start) if old else value
        layer.add(name, shown & 0x3F, at, 1)
        layer.add(name + "_ie", bool(shown & 0x40), at, 1)
        cursor.skip(1)


def _fill_neighbors(cursor: Cursor, end: int) -> None:
    cursor.parts(1, (), (("isis.lsp.is_virtual", 0xFF),))
    while cursor.at < end:
        if end - cursor.at < 11:
            cursor.wrong("a part of a neighbour")
            return
        _fill_metrics(cursor, "eis_neighbors")
        cursor.raw("isis.lsp.eis_neighbors.is_neighbor", 7)


def _fill_old_route(cursor: Cursor) -> None:
    cursor.mark("isis.lsp.ip_reachability.ipv4_prefix", 12, cursor.region.bytes(cursor.at + 4, 4))
    _fill_metrics(cursor, "ip_reachability")
    cursor.skip(8)


def _fill_extended_neighbor(cursor: Cursor) -> None:
    prefix = "isis.lsp.ext_is_reachability."
    cursor.raw(prefix + "is_neighbor_id", 7)
    cursor.integer(prefix + "metric", 3)
    stop = cursor.u8(prefix + "subclvs_length") + cursor.at
    while cursor.at < stop:
        code, length = cursor.u8(prefix + "code"), cursor.u8(prefix + "length")
        end = cursor.at + length
        if code in (6, 8) and length >= 4:
            cursor.raw(prefix + ("ipv4_interface_address" if code == 6 else "ipv4_neighbor_address"), 4)
        elif code == 4 and length >= 8:
            cursor.u32(prefix + "link_local_identifier")
            cursor.u32(prefix + "link_remote_identifier")
        elif code in (9, 10, 11):
            _fill_bandwidth(cursor, code)
        cursor.at = end


def _fill_bandwidth(cursor: Cursor, code: int) -> None:
    """Megabits per second, of the bytes per second on the wire."""
    name = {9: "maximum_link_bandwidth", 10: "reservable_link_bandwidth", 11: "unrsv_bw.priority_level"}[code]
    for _ in range(8 if code == 11 else 1):
        value = struct.unpack(">f", cursor.region.bytes(cursor.at, 4))[0]
        cursor.mark("isis.lsp." + name, 4, value * 8 / 1_000_000)
        cursor.skip(4)


def _fill_route(cursor: Cursor) -> None:
    prefix = "isis.lsp.ext_ip_reachability."
    cursor.u32(prefix + "metric")
    control = cursor.peek(1)
    bits = control & 0x3F
    if bits > 32:
        cursor.wrong("a prefix longer than an address")
    cursor.parts(1, ((prefix + "prefix_length", 0x3F),), ((prefix + "distribution", 0x80), (prefix + "subtlv", 0x40)))
    size = (min(bits, 32) + 7) // 8
    cursor.mark(prefix + "ipv4_prefix", size, cursor.region.bytes(cursor.at, size).ljust(4, b"\0"))
    cursor.skip(size)
    if not control & 0x40:
        cursor.mark(prefix + "subclvs_length", 0, 0)
        return
    _fill_sub_tlvs(cursor, prefix)


def _fill_sub_tlvs(cursor: Cursor, prefix: str) -> None:
    stop = cursor.u8(prefix + "subclvs_length") + cursor.at
    while cursor.at < stop and prefix.endswith("ip_reachability."):
        cursor.u8(prefix + "code")
        cursor.skip(cursor.u8(prefix + "length"))
    cursor.at = stop


def _fill_route_6(cursor: Cursor) -> None:
    prefix = "isis.lsp.ipv6_reachability."
    cursor.u32(prefix + "metric")
    control = cursor.peek(1)
    cursor.parts(1, ((prefix + "reserved_bits", 0x1F),), ((prefix + "distribution", 0x80),
                 (prefix + "distribution_internal", 0x40), (prefix + "subtlv", 0x20)))  # fmt: skip
    bits = cursor.u8(prefix + "prefix_length")
    size = (min(bits, 128) + 7) // 8
    cursor.mark(prefix + "ipv6_prefix", size, cursor.region.bytes(cursor.at, size).ljust(16, b"\0"))
    cursor.skip(size)
    if control & 0x20:
        cursor.skip(cursor.u8(prefix + "subclvs_length"))
