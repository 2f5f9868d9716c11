"""EIGRP (RFC 7868): the header, parameters, and routes with classic metrics."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.sums import fill_checksum
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View

HEADER_LENGTH = 20
PARAMETERS, AUTHENTICATION, SEQUENCE, VERSION, MULTICAST_SEQUENCE, PEER_STUB = range(1, 7)
INTERNAL_4, EXTERNAL_4, INTERNAL_6, EXTERNAL_6 = 0x0102, 0x0103, 0x0402, 0x0403

EIGRP = Protocol(
    "eigrp",
    "EIGRP",
    fields=(
        header("eigrp.version", T.UINT8, 0),
        header("eigrp.opcode", T.UINT8, 1),
        header("eigrp.flags", T.UINT32, 4),
        *bits((("eigrp.flags.init", 1), ("eigrp.flags.condrecv", 2), ("eigrp.flags.restart", 4),
               ("eigrp.flags.eot", 8)), at=4, size=4),
        header("eigrp.seq", T.UINT32, 8),
        header("eigrp.ack", T.UINT32, 12),
        header("eigrp.vrid", T.UINT16, 16),
        header("eigrp.as", T.UINT16, 18),
        *computed_table("""
            eigrp.checksum            UINT16
            eigrp.checksum.status     UINT8
            eigrp.tlv_type            UINT16
            eigrp.tlv.len             UINT16
            eigrp.par.k1              UINT8
            eigrp.par.k2              UINT8
            eigrp.par.k3              UINT8
            eigrp.par.k4              UINT8
            eigrp.par.k5              UINT8
            eigrp.par.k6              UINT8
            eigrp.par.holdtime        UINT16
            eigrp.release_version     UINT16
            eigrp.tlv_version         UINT16
            eigrp.seq.addrlen         UINT8
            eigrp.seq.ipv4addr        IPv4
            eigrp.next_mcast_seq      UINT32
            eigrp.ipv4.nexthop        IPv4
            eigrp.ipv4.prefixlen      UINT8
            eigrp.ipv4.destination    IPv4
            eigrp.ipv6.nexthop        IPv6
            eigrp.ipv6.prefixlen      UINT8
            eigrp.ipv6.destination    IPv6
            eigrp.old_metric.delay    UINT32
            eigrp.old_metric.bw       UINT32
            eigrp.old_metric.mtu      UINT24
            eigrp.old_metric.hopcount UINT8
            eigrp.old_metric.rel      UINT8
            eigrp.old_metric.load     UINT8
            eigrp.old_metric.intag    UINT8
            eigrp.metric.flags.srcwd  BOOLEAN
            eigrp.metric.flags.cd     BOOLEAN
            eigrp.metric.flags.active BOOLEAN
            eigrp.metric.flags.repl   BOOLEAN
            eigrp.extdata.origrid     IPv4
            eigrp.extdata.as          UINT32
            eigrp.extdata.tag         UINT32
            eigrp.extdata.metric      UINT32
        """),
    ),
    over={"ip.proto": (88,)},
)  # fmt: skip
METRIC_FLAGS = (("eigrp.metric.flags.srcwd", 1), ("eigrp.metric.flags.cd", 2), ("eigrp.metric.flags.active", 4),
                ("eigrp.metric.flags.repl", 8))  # fmt: skip


@EIGRP.dissector
def dissect_eigrp(view: View, region: Region) -> None:
    region.need(0, HEADER_LENGTH)
    view.push(EIGRP, region)


@EIGRP.filler
def fill_eigrp(layer: Layer) -> None:
    fill_checksum(Cursor(layer, layer.region, 2, big=True), "eigrp.checksum")
    cursor = Cursor(layer, layer.region, HEADER_LENGTH, big=True)
    while cursor.left > 0:
        start = cursor.at
        kind, length = cursor.u16("eigrp.tlv_type"), cursor.u16("eigrp.tlv.len")
        if length < 4:
            cursor.wrong("a TLV shorter than its header")
            return
        inside = Cursor(layer, cursor.region.sub(0, start + length), cursor.at, big=True)
        _fill_tlv(inside, kind)
        cursor.at = start + length


def _fill_tlv(cursor: Cursor, kind: int) -> None:
    if kind == PARAMETERS:
        for number in range(1, 7):
            cursor.u8(f"eigrp.par.k{number}")
        cursor.u16("eigrp.par.holdtime")
    elif kind == VERSION:
        cursor.u16("eigrp.release_version")
        cursor.u16("eigrp.tlv_version")
    elif kind == SEQUENCE:
        while cursor.left > 0:
            size = cursor.u8("eigrp.seq.addrlen")
            if not size:
                raise Malformed("an address without a length")
            if size == 4:
                cursor.raw("eigrp.seq.ipv4addr", 4)
            else:
                cursor.skip(size)
    elif kind == MULTICAST_SEQUENCE:
        cursor.u32("eigrp.next_mcast_seq")
    elif kind in (INTERNAL_4, EXTERNAL_4):
        cursor.raw("eigrp.ipv4.nexthop", 4)
        _fill_route(cursor, 4, kind == EXTERNAL_4)
    elif kind in (INTERNAL_6, EXTERNAL_6):
        cursor.raw("eigrp.ipv6.nexthop", 16)
        _fill_route(cursor, 16, kind == EXTERNAL_6)


def _fill_route(cursor: Cursor, size: int, external: bool) -> None:
    if external:
        cursor.raw("eigrp.extdata.origrid", 4)
        for name in ("as", "tag", "metric"):
            cursor.u32("eigrp.extdata." + name)
        cursor.skip(4)
    cursor.integers((("eigrp.old_metric.delay", 4), ("eigrp.old_metric.bw", 4), ("eigrp.old_metric.mtu", 3),
                     ("eigrp.old_metric.hopcount", 1), ("eigrp.old_metric.rel", 1), ("eigrp.old_metric.load", 1),
                     ("eigrp.old_metric.intag", 1)))  # fmt: skip
    cursor.parts(1, (), METRIC_FLAGS)
    family = "ipv4" if size == 4 else "ipv6"
    while cursor.left > 0:
        count = cursor.u8(f"eigrp.{family}.prefixlen")
        taken = min((count + 7) // 8, size)
        value = cursor.region.bytes(cursor.at, taken)
        cursor.mark(f"eigrp.{family}.destination", taken, value.ljust(size, b"\0"))
        cursor.skip(taken)
