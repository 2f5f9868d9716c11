"""The type-length-value fields of IS-IS: the walk over them, and those of hello PDUs.

In: a cursor at the first one.  Out: their fields.  What always holds: one that is longer than what is left counts as
malformed and is the last one; a code that no rule here knows keeps its type and length.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.protocols.cursor import Cursor

AREAS, NEIGHBORS, INSTANCE, PADDING, AUTHENTICATION, CHECKSUM, PROTOCOLS, ADDRESSES4 = 1, 6, 7, 8, 10, 12, 129, 132
RESTART, ADDRESSES6, ADJACENCY, TOPOLOGIES, PORT_CAPABILITY = 211, 232, 240, 229, 143
TLV_HEADER = 2
POINT_TO_POINT = 17
"""Type of the PDU in whose TLVs Wireshark 4.4 knows port capabilities."""

HELLO_FIELDS = """
    isis.hello.clv.type                              UINT8
    isis.hello.clv.length                            UINT8
    isis.hello.clv.unknown                           NONE
    isis.hello.short_clv                             NONE
    isis.hello.clv_nlpid.nlpid                       UINT8
    isis.hello.area_address                          BYTES
    isis.hello.is_neighbor                           ETHER
    isis.hello.clv_restart_flags                     UINT8
    isis.hello.clv_restart_flags.sa                  BOOLEAN
    isis.hello.clv_restart_flags.ra                  BOOLEAN
    isis.hello.clv_restart_flags.rr                  BOOLEAN
    isis.hello.clv_restart.remain_time               UINT16
    isis.hello.clv_restart.neighbor                  SYSTEM_ID
    isis.hello.clv_ipv4_int_addr                     IPv4
    isis.hello.clv_ipv6_int_addr                     IPv6
    isis.hello.clv_authentication                    BYTES
    isis.hello.clv_mt                                UINT16
    isis.hello.adjacency_state                       UINT8
    isis.hello.extended_local_circuit_id             UINT32
    isis.hello.neighbor_systemid                     SYSTEM_ID
    isis.hello.neighbor_extended_local_circuit_id    UINT32
    isis.hello.iid                                   UINT16
    isis.hello.supported_itid                        UINT16
    isis.hello.mtid                                  UINT16
    isis.hello.mcid                                  BYTES
    isis.hello.aux_mcid                              BYTES
    isis.hello.digest                                BYTES
    isis.hello.digest.v                              UINT8
    isis.hello.digest.a                              UINT8
    isis.hello.digest.d                              UINT8
"""

RESTART_FLAGS = (("isis.hello.clv_restart_flags.sa", 4), ("isis.hello.clv_restart_flags.ra", 2),
                 ("isis.hello.clv_restart_flags.rr", 1))  # fmt: skip


def fill_tlvs(cursor: Cursor, stop: int, kind: str, fill: Callable[[Cursor, int, int], bool | None]) -> None:
    """Each TLV up to `stop`; `fill` is given the cursor at the value, the code and where the value ends, and returns
    False for a code that Wireshark 4.4 does not know. An empty TLV that nothing follows is not shown."""
    while stop - cursor.at > TLV_HEADER:
        code, length = cursor.peek(1), cursor.peek(1, skip=1)
        if length > stop - cursor.at - TLV_HEADER:
            cursor.mark(f"isis.{kind}.short_clv", TLV_HEADER)
            cursor.wrong("a TLV longer than what is left")
            return
        cursor.u8(f"isis.{kind}.clv.type")
        cursor.u8(f"isis.{kind}.clv.length")
        end = cursor.at + length
        if fill(cursor, code, end) is False:
            cursor.mark(f"isis.{kind}.clv.unknown", length)
        cursor.at = end


def fill_common(cursor: Cursor, code: int, end: int, kind: str) -> bool:
    """The TLVs that hello and link state PDUs share; False for others."""
    prefix = f"isis.{kind}."
    if code == AREAS:
        _fill_areas(cursor, end, prefix + "area_address")
    elif code == PROTOCOLS:
        while cursor.at < end:
            cursor.u8(prefix + "clv_nlpid.nlpid")
    elif code in (ADDRESSES4, ADDRESSES6):
        name, size = ("clv_ipv4_int_addr", 4) if code == ADDRESSES4 else ("clv_ipv6_int_addr", 16)
        while cursor.at < end:
            if end - cursor.at < size:
                cursor.wrong("a part of an address")
                return True
            cursor.raw(prefix + name, size)
    elif code == INSTANCE:
        if not end - cursor.at:
            cursor.wrong("an instance identifier without contents")
            return True
        cursor.u16(prefix + "iid")
        while end - cursor.at >= 2:
            cursor.u16(prefix + "supported_itid")
    elif code == TOPOLOGIES:
        while end - cursor.at >= 2:
            cursor.mark(prefix + "clv_mt", 2, cursor.peek(2))
            cursor.skip(2)
    else:
        return False
    return True


def _fill_areas(cursor: Cursor, end: int, name: str) -> None:
    while cursor.at < end:
        length = cursor.peek(1)
        if length + 1 > end - cursor.at:
            cursor.wrong("an area address longer than what is left")
            return
        cursor.raw(name, length + 1)


def fill_hello_tlv(cursor: Cursor, code: int, end: int) -> bool:
    """A TLV of a hello PDU; False for a code that no rule here knows."""
    if fill_common(cursor, code, end, "hello"):
        return True
    if code == NEIGHBORS:
        _fill_neighbors(cursor, end)
    elif code == RESTART:
        _fill_restart(cursor, end)
    elif code == AUTHENTICATION:
        if cursor.at < end:
            cursor.skip(1)
            cursor.raw("isis.hello.clv_authentication", end - cursor.at)
    elif code == PORT_CAPABILITY and cursor.layer.state[0] == POINT_TO_POINT:
        _fill_port_capability(cursor, end)
    elif code == ADJACENCY:
        _fill_adjacency(cursor, end)
    else:
        return code in (PADDING, CHECKSUM)
    return True


def _fill_neighbors(cursor: Cursor, end: int) -> None:
    while cursor.at < end:
        if end - cursor.at < 6:
            cursor.wrong("a part of a neighbour's address")
            return
        cursor.raw("isis.hello.is_neighbor", 6)


def _fill_restart(cursor: Cursor, end: int) -> None:
    if cursor.at >= end:
        return
    cursor.flags("isis.hello.clv_restart_flags", 1, RESTART_FLAGS)
    if end - cursor.at >= 2 and cursor.peek(2):
        cursor.u16("isis.hello.clv_restart.remain_time")
        if end - cursor.at >= 6:
            cursor.raw("isis.hello.clv_restart.neighbor", 6)


def _fill_adjacency(cursor: Cursor, end: int) -> None:
    if cursor.at >= end:
        return
    cursor.u8("isis.hello.adjacency_state")
    if end - cursor.at >= 4:
        cursor.u32("isis.hello.extended_local_circuit_id")
    if end - cursor.at >= 6:
        cursor.raw("isis.hello.neighbor_systemid", 6)
    if end - cursor.at >= 4:
        cursor.u32("isis.hello.neighbor_extended_local_circuit_id")


def _fill_port_capability(cursor: Cursor, end: int) -> None:
    """Shortest path bridging (RFC 6329)."""
    cursor.parts(2, (("isis.hello.mtid", 0x0FFF),))
    while end - cursor.at >= 2:
        kind, length = cursor.peek(1), cursor.peek(1, skip=1)
        cursor.skip(2)
        stop = cursor.at + length
        if stop > end:
            cursor.layer.add("isis.hello.short_clv", None, cursor.absolute - TLV_HEADER, TLV_HEADER)
            cursor.wrong("a part longer than the TLV that holds it")
            return
        if kind == 4 and length >= 102:
            cursor.raw("isis.hello.mcid", 51)
            cursor.raw("isis.hello.aux_mcid", 51)
        elif kind == 5 and length >= 33:
            cursor.parts(1, (("isis.hello.digest.v", 0x10), ("isis.hello.digest.a", 0x0C), ("isis.hello.digest.d", 3)))
            cursor.raw("isis.hello.digest", 32)
        cursor.at = stop
