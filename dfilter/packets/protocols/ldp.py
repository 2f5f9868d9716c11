"""LDP (RFC 5036), with the labels of pseudowires (RFC 4447) as far as their group and identifier.

In: datagrams or a stream of port 646.  Out: a layer for each PDU.  What always holds: a message that says it is shorter
than its own header counts as malformed and ends the PDU.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import each_message
from dfilter.packets.view import Layer, View

HEADER_LENGTH, BEFORE_LENGTH = 10, 4
"""Of the header, and of its part that the length leaves out."""
FEC, ADDRESSES, LABEL, STATUS, HELLO, ADDRESS4, SEQUENCE, ADDRESS6, SESSION = (
    0x100, 0x101, 0x200, 0x300, 0x400, 0x401, 0x402, 0x403, 0x500)  # fmt: skip
HOPS, PATH = 0x103, 0x104
WILDCARD, PREFIX, HOST = 1, 2, 3
SIZES = {1: 4, 2: 16}

LDP = Protocol(
    "ldp",
    "LDP",
    fields=(
        header("ldp.hdr.version", T.UINT16, 0),
        header("ldp.hdr.pdu_len", T.UINT16, 2),
        header("ldp.hdr.ldpid.lsr", T.IPv4, 4),
        header("ldp.hdr.ldpid.lsid", T.UINT16, 8),
        *computed_table("""
            ldp.msg.ubit                 BOOLEAN
            ldp.msg.type                 UINT16
            ldp.msg.len                  UINT16
            ldp.msg.id                   UINT32
            ldp.msg.tlv.unknown          UINT8
            ldp.msg.tlv.type             UINT16
            ldp.msg.tlv.len              UINT16
            ldp.msg.tlv.value            BYTES
            ldp.msg.tlv.hello.hold       UINT16
            ldp.msg.tlv.hello.targeted   BOOLEAN
            ldp.msg.tlv.hello.requested  BOOLEAN
            ldp.msg.tlv.hello.gtsm       BOOLEAN
            ldp.msg.tlv.hello.res        UINT16
            ldp.msg.tlv.hello.cnf_seqno  UINT32
            ldp.msg.tlv.ipv4.taddr       IPv4
            ldp.msg.tlv.ipv6.taddr       IPv6
            ldp.msg.tlv.sess.ver         UINT16
            ldp.msg.tlv.sess.ka          UINT16
            ldp.msg.tlv.sess.advbit      BOOLEAN
            ldp.msg.tlv.sess.ldetbit     BOOLEAN
            ldp.msg.tlv.sess.pvlim       UINT8
            ldp.msg.tlv.sess.mxpdu       UINT16
            ldp.msg.tlv.sess.rxlsr       IPv4
            ldp.msg.tlv.sess.rxls        UINT16
            ldp.msg.tlv.status.ebit      BOOLEAN
            ldp.msg.tlv.status.fbit      BOOLEAN
            ldp.msg.tlv.status.data      UINT32
            ldp.msg.tlv.status.msg.id    UINT32
            ldp.msg.tlv.status.msg.type  UINT16
            ldp.msg.tlv.addrl.addr_family UINT16
            ldp.msg.tlv.addrl.addr       STRING
            ldp.msg.tlv.generic.label    UINT32
            ldp.msg.tlv.hc.value         UINT8
            ldp.msg.tlv.pv.lsrid         IPv4
            ldp.msg.tlv.fec.type      UINT8
            ldp.msg.tlv.fec.af           UINT16
            ldp.msg.tlv.fec.len          UINT8
            ldp.msg.tlv.fec.pfval        STRING
        """),
    ),
    over={"udp.port": (646,), "tcp.port": (646,)},
)


@LDP.dissector
def dissect_ldp(view: View, region: Region) -> bool:
    if region.length >= 2 and region.u16(0) != 1:
        return False
    if view.stream is not None:
        return each_message(region, BEFORE_LENGTH, _length, lambda message: view.push(LDP, message))
    if region.length:
        view.push(LDP, region.clipped(0, _length(region)))
    return True


def _length(rest: Region) -> int:
    return BEFORE_LENGTH + rest.u16(2)


@LDP.filler
def fill_ldp(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region, HEADER_LENGTH, big=True)
    while cursor.left > 0:
        length = cursor.peek(2, skip=2)
        if length < BEFORE_LENGTH:
            cursor.wrong("a message shorter than its header")
            return
        cursor.parts(2, (("ldp.msg.type", 0x7FFF),), (("ldp.msg.ubit", 0x8000),))
        cursor.u16("ldp.msg.len")
        stop = cursor.at + length
        cursor.u32("ldp.msg.id")
        while cursor.at < stop:
            _fill_tlv(cursor, stop)
        cursor.at = stop


def _fill_tlv(cursor: Cursor, stop: int) -> None:
    kind, length = cursor.peek(2) & 0x3FFF, cursor.peek(2, skip=2)
    cursor.layer.add("ldp.msg.tlv.unknown", cursor.peek(1) >> 6, cursor.absolute, 1)
    cursor.parts(2, (("ldp.msg.tlv.type", 0x3FFF),))
    cursor.u16("ldp.msg.tlv.len")
    end = cursor.at + length
    if end > stop:
        raise Malformed("a TLV longer than its message")
    if kind == HELLO:
        cursor.u16("ldp.msg.tlv.hello.hold")
        cursor.parts(2, (("ldp.msg.tlv.hello.res", 0x1FFF),),
                     (("ldp.msg.tlv.hello.targeted", 0x8000), ("ldp.msg.tlv.hello.requested", 0x4000),
                      ("ldp.msg.tlv.hello.gtsm", 0x2000)))  # fmt: skip
    elif kind in (ADDRESS4, ADDRESS6):
        cursor.raw("ldp.msg.tlv.ipv4.taddr" if kind == ADDRESS4 else "ldp.msg.tlv.ipv6.taddr", length)
    elif kind == SEQUENCE:
        cursor.u32("ldp.msg.tlv.hello.cnf_seqno")
    elif kind == SESSION:
        _fill_session(cursor)
    elif kind == STATUS:
        cursor.parts(4, (("ldp.msg.tlv.status.data", 0x3FFFFFFF),),
                     (("ldp.msg.tlv.status.ebit", 0x80000000), ("ldp.msg.tlv.status.fbit", 0x40000000)))  # fmt: skip
        cursor.u32("ldp.msg.tlv.status.msg.id")
        cursor.u16("ldp.msg.tlv.status.msg.type")
    elif kind == LABEL:
        cursor.parts(4, (("ldp.msg.tlv.generic.label", 0xFFFFF),))
    elif kind == ADDRESSES:
        _fill_addresses(cursor, end)
    elif kind == FEC:
        while cursor.at < end:
            if not _fill_element(cursor):
                break
    elif kind == HOPS:
        cursor.u8("ldp.msg.tlv.hc.value")
    elif kind == PATH:
        while cursor.at < end:
            cursor.raw("ldp.msg.tlv.pv.lsrid", 4)
    elif length:
        cursor.raw("ldp.msg.tlv.value", length)
    cursor.at = end


def _fill_session(cursor: Cursor) -> None:
    prefix = "ldp.msg.tlv.sess."
    cursor.u16(prefix + "ver")
    cursor.u16(prefix + "ka")
    cursor.parts(1, (), ((prefix + "advbit", 0x80), (prefix + "ldetbit", 0x40)))
    cursor.u8(prefix + "pvlim")
    cursor.u16(prefix + "mxpdu")
    cursor.raw(prefix + "rxlsr", 4)
    cursor.u16(prefix + "rxls")


def _address(data: bytes) -> str:
    import ipaddress

    return str(ipaddress.ip_address(data))


def _fill_addresses(cursor: Cursor, end: int) -> None:
    size = SIZES.get(cursor.u16("ldp.msg.tlv.addrl.addr_family"))
    while size and cursor.at < end:
        cursor.mark("ldp.msg.tlv.addrl.addr", size, _address(cursor.region.bytes(cursor.at, size)))
        cursor.skip(size)


def _fill_element(cursor: Cursor) -> bool:
    """One forwarding equivalence class; False where its kind is none that is read here."""
    kind = cursor.u8("ldp.msg.tlv.fec.type")
    if kind == WILDCARD:
        return True
    if kind not in (PREFIX, HOST):
        return False
    size = SIZES.get(cursor.u16("ldp.msg.tlv.fec.af"))
    bits = cursor.u8("ldp.msg.tlv.fec.len")
    taken = (bits + 7) // 8 if kind == PREFIX else bits
    if size is None or taken > size:
        return False
    data = cursor.region.bytes(cursor.at, taken)
    cursor.mark("ldp.msg.tlv.fec.pfval", taken, _address(data.ljust(size, b"\0")))
    cursor.skip(taken)
    return True
