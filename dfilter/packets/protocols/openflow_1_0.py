"""The messages of OpenFlow 1.0 (Open Networking Foundation, version 1.0.0, section 5).

In: a message behind its header.  Out: the fields of its layer.  What always holds, as in Wireshark 4.4: a flow change
shows its first action alone; the kinds of messages and actions that it does not show get a remark.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import Cursor, mask_table
from dfilter.packets.region import Malformed
from dfilter.packets.view import Layer

HEADER_LENGTH = 8
ERROR, VENDOR, FEATURES_REPLY, CONFIG_REPLY, SET_CONFIG = 1, 4, 6, 8, 9
PACKET_IN, FLOW_REMOVED, PORT_STATUS, PACKET_OUT, FLOW_MOD, PORT_MOD = 10, 11, 12, 13, 14, 15
STATS_REQUEST, STATS_REPLY, QUEUE_REQUEST, QUEUE_REPLY = 16, 17, 20, 21
NOT_SHOWN = frozenset({ERROR, VENDOR, PORT_MOD, QUEUE_REQUEST, QUEUE_REPLY})
DESCRIPTION, FLOW = 0, 1
"""Kinds of statistics."""
OUTPUT = 0
PORT_LENGTH = 48

_CAPABILITIES = mask_table("""
    openflow.flow_stats    0x01
    openflow.table_stats   0x02
    openflow.port_stats    0x04
    openflow.group_stats   0x08
    openflow.ip_reasm      0x20
    openflow.queue_stats   0x40
    openflow.port_blocked  0x100
""")
_ACTIONS = mask_table("""
    openflow.output        0x001
    openflow.set_vlan_vid  0x002
    openflow.set_vlan_pcp  0x004
    openflow.strip_vlan    0x008
    openflow.set_dl_src    0x010
    openflow.set_dl_ds     0x020
    openflow.set_nw_src    0x040
    openflow.set_nw_ds     0x080
    openflow.set_nw_tos    0x100
    openflow.set_tp_src    0x200
    openflow.set_tp_dst    0x400
    openflow.enqueue       0x800
""")
_PORT_CONFIG = mask_table("""
    openflow.port_down     0x01
    openflow.no_stp        0x02
    openflow.no_recv       0x04
    openflow.no_recv_stp   0x08
    openflow.no_flood      0x10
    openflow.no_fwd        0x20
    openflow.no_packet_in  0x40
""")
_PORT_STATE = mask_table("openflow.link_down 0x01")
_PORT_FEATURES = mask_table("""
    openflow.10mb_hd       0x001
    openflow.10mb_fd       0x002
    openflow.100mb_hd      0x004
    openflow.100mb_0fd     0x008
    openflow.1gb_hd        0x010
    openflow.1gb_fd        0x020
    openflow.10gb_fd       0x040
    openflow.copper        0x080
    openflow.fiber         0x100
    openflow.autoneg       0x200
    openflow.pause         0x400
    openflow.pause_asym    0x800
""")

FIELDS = """
    openflow_1_0.type.undecoded    NONE
    openflow.action_typ.undecoded  NONE
    openflow.buffer_id             UINT32
    openflow.total_len             UINT16
    openflow.in_port               UINT16
    openflow.reason                UINT8
    openflow.pkt_in.pad            BYTES
    openflow.actions_len           UINT16
    openflow.action_typ            UINT16
    openflow.action_len            UINT16
    openflow.output_port           UINT16
    openflow.max_len               UINT16
    openflow.wildcards             UINT32
    openflow.eth_src               ETHER
    openflow.eth_dst               ETHER
    openflow.dl_vlan               UINT16
    openflow.dl_vlan_pcp           UINT8
    openflow.ofp_match.pad         BYTES
    openflow.ofp_match.dl_type     UINT16
    openflow.ofp_match.tos         UINT8
    openflow.ofp_match.nw_proto    UINT8
    openflow.ofp_match.source_addr IPv4
    openflow.ofp_match.dest_addr   IPv4
    openflow.ofp_match.source_port UINT16
    openflow.ofp_match.dest_port   UINT16
    openflow.cookie                UINT64
    openflow.command               UINT16
    openflow.idle_timeout          UINT16
    openflow.hard_timeout          UINT16
    openflow.priority              UINT16
    openflow.out_port              UINT32
    openflow.flags                 UINT16
    openflow.config_flags          UINT16
    openflow.miss_send_len         UINT16
    openflow.stats.type            UINT16
    openflow.table_id              UINT8
    openflow.stats.request_pad     UINT8
    openflow.datapath_id           UINT64
    openflow.datapath_imp          UINT16
    openflow.datapath_mac          ETHER
    openflow.n_buffers             UINT32
    openflow.n_tables              UINT8
    openflow.features_reply.pad    BYTES
    openflow.capabilities          UINT32
    openflow.actions               UINT32
    openflow.port_no               UINT16
    openflow.hw_add                ETHER
    openflow.port_name             STRING
    openflow.port_config           UINT32
    openflow.port_state            UINT32
    openflow.port_curr             UINT32
    openflow.port_advertised       UINT32
    openflow.port_supported        UINT32
    openflow.port_peer             UINT32
    openflow.flow_removed.cookie        UINT64
    openflow.flow_removed.priority      UINT16
    openflow.flow_removed.reason        UINT8
    openflow.flow_removed.pad1          UINT8
    openflow.flow_removed.duration_sec  UINT32
    openflow.flow_removed.duration_nsec UINT32
    openflow.flow_removed.idle_timeout  UINT16
    openflow.flow_removed.pad2          UINT16
    openflow.flow_removed.packet_count  UINT64
    openflow.flow_removed.byte_count    UINT64
"""
_FLAG_TABLES = (_CAPABILITIES, _ACTIONS, _PORT_CONFIG, _PORT_STATE, _PORT_FEATURES)
FIELDS += "\n".join(f"{name} BOOLEAN" for table in _FLAG_TABLES for name, _ in table)

_REMOVED = (("cookie", 8), ("priority", 2), ("reason", 1), ("pad1", 1), ("duration_sec", 4), ("duration_nsec", 4),
            ("idle_timeout", 2), ("pad2", 2), ("packet_count", 8), ("byte_count", 8))  # fmt: skip


def fill_message(layer: Layer) -> None:
    """The fields behind the header of the message that is `layer`."""
    cursor, kind = Cursor(layer, layer.region, HEADER_LENGTH, big=True), layer.region.u8(1)
    if kind in NOT_SHOWN:
        layer.add("openflow_1_0.type.undecoded", None, layer.start + 1, 1)
    elif kind in (PACKET_IN, PACKET_OUT):
        _fill_packet(cursor, kind)
    elif kind == FLOW_MOD:
        _fill_flow_change(cursor)
    elif kind == FLOW_REMOVED:
        _fill_match(cursor)
        cursor.integers(("openflow.flow_removed." + name, size) for name, size in _REMOVED)
    elif kind in (STATS_REQUEST, STATS_REPLY):
        _fill_statistics(cursor, kind)
    elif kind in (CONFIG_REPLY, SET_CONFIG):
        cursor.integers((("openflow.config_flags", 2), ("openflow.miss_send_len", 2)))
    elif kind == FEATURES_REPLY:
        _fill_features(cursor)
    elif kind == PORT_STATUS:
        cursor.u8("openflow.reason")
        cursor.raw("openflow.pkt_in.pad", 7)
        _fill_port(cursor)


def _fill_packet(cursor: Cursor, kind: int) -> None:
    cursor.u32("openflow.buffer_id")
    if kind == PACKET_IN:
        cursor.integers((("openflow.total_len", 2), ("openflow.in_port", 2), ("openflow.reason", 1)))
        cursor.raw("openflow.pkt_in.pad", 1)
        return
    cursor.u16("openflow.in_port")
    stop = cursor.u16("openflow.actions_len") + cursor.at
    while cursor.at < stop:
        _fill_action(cursor)


def _fill_flow_change(cursor: Cursor) -> None:
    _fill_match(cursor)
    cursor.integers((("openflow.cookie", 8), ("openflow.command", 2), ("openflow.idle_timeout", 2),
                     ("openflow.hard_timeout", 2), ("openflow.priority", 2), ("openflow.buffer_id", 4),
                     ("openflow.out_port", 2), ("openflow.flags", 2)))  # fmt: skip
    _fill_action(cursor)  # a change without actions is malformed


def _fill_statistics(cursor: Cursor, kind: int) -> None:
    """Of what messages hold beside their kind, requests for flows alone are shown."""
    at, what = cursor.absolute, cursor.u16("openflow.stats.type")
    request = kind == STATS_REQUEST
    if what != DESCRIPTION and not (request and what == FLOW) and (request or cursor.left > 2):
        cursor.layer.add("openflow_1_0.type.undecoded", None, at, 2)
    cursor.u16("openflow.flags")
    if request and what == FLOW:
        _fill_match(cursor)
        cursor.integers((("openflow.table_id", 1), ("openflow.stats.request_pad", 1), ("openflow.out_port", 2)))


def _fill_features(cursor: Cursor) -> None:
    cursor.mark("openflow.datapath_id", 8, cursor.peek(8))
    cursor.u16("openflow.datapath_imp")
    cursor.raw("openflow.datapath_mac", 6)
    cursor.integers((("openflow.n_buffers", 4), ("openflow.n_tables", 1)))
    cursor.raw("openflow.features_reply.pad", 3)
    cursor.flags("openflow.capabilities", 4, _CAPABILITIES)
    cursor.flags("openflow.actions", 4, _ACTIONS)
    while cursor.left >= PORT_LENGTH:
        _fill_port(cursor)


def _fill_port(cursor: Cursor) -> None:
    cursor.u16("openflow.port_no")
    cursor.raw("openflow.hw_add", 6)
    cursor.text("openflow.port_name", 16)
    cursor.flags("openflow.port_config", 4, _PORT_CONFIG)
    cursor.flags("openflow.port_state", 4, _PORT_STATE)
    cursor.flags("openflow.port_curr", 4, _PORT_FEATURES)
    cursor.integers((("openflow.port_advertised", 4), ("openflow.port_supported", 4), ("openflow.port_peer", 4)))


def _fill_match(cursor: Cursor) -> None:
    cursor.u32("openflow.wildcards")
    cursor.u16("openflow.in_port")
    cursor.raw("openflow.eth_src", 6)
    cursor.raw("openflow.eth_dst", 6)
    cursor.u16("openflow.dl_vlan")
    cursor.u8("openflow.dl_vlan_pcp")
    cursor.raw("openflow.ofp_match.pad", 1)
    cursor.u16("openflow.ofp_match.dl_type")
    cursor.u8("openflow.ofp_match.tos")
    cursor.u8("openflow.ofp_match.nw_proto")
    cursor.raw("openflow.ofp_match.pad", 2)
    cursor.raw("openflow.ofp_match.source_addr", 4)
    cursor.raw("openflow.ofp_match.dest_addr", 4)
    cursor.u16("openflow.ofp_match.source_port")
    cursor.u16("openflow.ofp_match.dest_port")


def _fill_action(cursor: Cursor) -> None:
    start, at = cursor.at, cursor.absolute
    kind = cursor.u16("openflow.action_typ")
    if kind != OUTPUT:
        cursor.layer.add("openflow.action_typ.undecoded", None, at, 2)
    length = cursor.u16("openflow.action_len")
    if length < HEADER_LENGTH:
        raise Malformed("an action shorter than any")
    if kind == OUTPUT:
        cursor.u16("openflow.output_port")
        cursor.u16("openflow.max_len")
    cursor.at = start + length
