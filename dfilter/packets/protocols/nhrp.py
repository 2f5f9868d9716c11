"""The next hop resolution protocol (RFC 2332): who answers for an address across a network without broadcasts.

In: a packet of GRE, IP or LLC.  Out: its layer, and those of the packet that an indication quotes.  What always holds:
entries and extensions take bytes of the packet, so that lists of them end.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor, mask_table
from dfilter.packets.protocols.quotes import quote
from dfilter.packets.protocols.sums import UNVERIFIED, fill_checksum
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

HEADER_LENGTH, CODES_LENGTH = 20, 8
RESOLUTION_REQUEST, RESOLUTION_REPLY, REGISTRATION_REQUEST, REGISTRATION_REPLY, PURGE_REQUEST, PURGE_REPLY, ERROR, (
    INDICATION) = range(1, 9)  # fmt: skip
REPLIES = (RESOLUTION_REPLY, REGISTRATION_REPLY)
SNAP = 0x80
"""The protocol type whose long form is a SNAP header."""
END, AUTHENTICATION, VENDOR = 0, 7, 8
WITH_ENTRIES = (3, 4, 5, 9)
"""Extensions whose content is entries of clients."""
NAMES = {RESOLUTION_REQUEST: "Resolution Request", RESOLUTION_REPLY: "Resolution Reply",
         REGISTRATION_REQUEST: "Registration Request", REGISTRATION_REPLY: "Registration Reply",
         PURGE_REQUEST: "Purge Request", PURGE_REPLY: "Purge Reply", ERROR: "Error Indication",
         INDICATION: "Traffic Indication"}  # fmt: skip
CODES = {0: "Success", 4: "Administratively Prohibited", 5: "Insufficient Resources",
         12: "No Interworking Layer Address to NBMA Address Binding Exists", 13: "Binding Exists But Is Not Unique",
         14: "Unique Internetworking Layer Address Already Registered"}  # fmt: skip
RESOLUTION_FLAGS = mask_table("""
    nhrp.flag.q    0x8000
    nhrp.flag.a    0x4000
    nhrp.flag.d    0x2000
    nhrp.flag.u    0x1000
    nhrp.flag.s    0x0800
    nhrp.flag.nat  0x0002
""")
REGISTRATION_FLAGS = (("nhrp.flag.u", 0x8000), ("nhrp.flag.nat", 0x0002))
PURGE_FLAGS = (("nhrp.flag.n", 0x8000),)

NHRP = Protocol(
    "nhrp",
    "NHRP",
    fields=(
        *computed_table("""
            nhrp.hdr.afn            UINT16
            nhrp.hdr.pro.type       UINT16
            nhrp.protocol_type      BYTES
            nhrp.hdr.pro.snap.oui   UINT24
            nhrp.hdr.pro.snap.pid   UINT16
            nhrp.hdr.chksum         UINT16
            nhrp.hdr.chksum.status  UINT8
            nhrp.src.prot.len       UINT16
            nhrp.dst.prot.len       UINT16
            nhrp.flags              UINT16
            nhrp.flag.q             BOOLEAN
            nhrp.flag.a             BOOLEAN
            nhrp.flag.d             BOOLEAN
            nhrp.flag.u             BOOLEAN
            nhrp.flag.s             BOOLEAN
            nhrp.flag.n             BOOLEAN
            nhrp.flag.nat           BOOLEAN
            nhrp.reqid              UINT32
            nhrp.err.code           UINT16
            nhrp.err.offset         UINT16
            nhrp.tind.code          UINT16
            nhrp.src.nbma.addr      IPv4
            nhrp.src.nbma.addr.ipv6 IPv6
            nhrp.src.nbma.addr_bytes BYTES
            nhrp.src.nbma.saddr     BYTES
            nhrp.src.prot.addr      IPv4
            nhrp.src.prot.addr.ipv6 IPv6
            nhrp.src.prot.addr_bytes BYTES
            nhrp.dst.prot.addr      IPv4
            nhrp.dst.prot.addr.ipv6 IPv6
            nhrp.dst.prot.addr_byets BYTES
            nhrp.code               UINT8
            nhrp.prefix             UINT8
            nhrp.unused             UINT16
            nhrp.mtu                UINT16
            nhrp.htime              UINT16
            nhrp.cli.addr_tl        UINT8
            nhrp.cli.addr_tl.type   UINT8
            nhrp.cli.addr_tl.len    UINT8
            nhrp.cli.saddr_tl       UINT8
            nhrp.cli.saddr_tl.type  UINT8
            nhrp.cli.saddr_tl.len   UINT8
            nhrp.prot.len           UINT8
            nhrp.pref               UINT8
            nhrp.client.nbma.addr   IPv4
            nhrp.client.nbma.addr.ipv6 IPv6
            nhrp.client.nbma.addr_bytes BYTES
            nhrp.client.nbma.saddr  BYTES
            nhrp.client.prot.addr   IPv4
            nhrp.client.prot.addr.ipv6 IPv6
            nhrp.client.prot.addr_bytes BYTES
            nhrp.ext.c              BOOLEAN
            nhrp.ext.type           UINT16
            nhrp.ext.len            UINT16
            nhrp.auth_ext.reserved  UINT16
            nhrp.auth_ext.spi       UINT16
            nhrp.auth_ext.src_addr  IPv4
            nhrp.auth_ext.src_addr.ipv6 IPv6
            nhrp.auth_ext.src_addr_bytes BYTES
            nhrp.auth_ext.data      BYTES
            nhrp.vendor_ext.id      UINT24
            nhrp.vendor_ext.data    BYTES
            nhrp.unknown_ext.value  BYTES
        """),
        header("nhrp.hdr.hopcnt", T.UINT8, 9),
        header("nhrp.hdr.pktsz", T.UINT16, 10),
        header("nhrp.hdr.extoff", T.UINT16, 14),
        header("nhrp.hdr.version", T.UINT8, 16),
        header("nhrp.hdr.op.type", T.UINT8, 17),
        header("nhrp.hdr.shtl", T.UINT8, 18),
        header("nhrp.hdr.shtl.type", T.UINT8, 18, mask=0x40),
        header("nhrp.hdr.shtl.len", T.UINT8, 18, mask=0x3F),
        header("nhrp.hdr.sstl", T.UINT8, 19),
        header("nhrp.hdr.sstl.type", T.UINT8, 19, mask=0x40),
        header("nhrp.hdr.sstl.len", T.UINT8, 19, mask=0x3F),
    ),
    over={"gre.proto": (0x2001,), "ip.proto": (54,), "llc.snap": ((0x00005E, 0x0003),)},
    carries=("ethertype",),
)


@NHRP.dissector
def dissect_nhrp(view: View, region: Region) -> None:
    layer = view.push(NHRP, region)
    if region.u8(17) not in (ERROR, INDICATION):
        return
    start, stop = _quoted_part(region)
    protocol = view.lookup("ethertype", region.u16(2))
    if protocol is not None and start < stop:
        quote(view, protocol.name, layer.region.clipped(start, stop - start))


def _quoted_part(region: Region) -> tuple[int, int]:
    """The packet that an indication is about, between the addresses and the extensions."""
    lengths = (region.u8(18) & 0x3F, region.u8(19) & 0x3F, region.u8(20), region.u8(21))
    return HEADER_LENGTH + CODES_LENGTH + sum(lengths), region.u16(14) or region.u16(10)


@NHRP.filler
def fill_nhrp(layer: Layer) -> None:
    region = layer.region
    cursor = Cursor(layer, region, big=True)
    cursor.u16("nhrp.hdr.afn")
    if cursor.u16("nhrp.hdr.pro.type") == SNAP:
        cursor.integers((("nhrp.hdr.pro.snap.oui", 3), ("nhrp.hdr.pro.snap.pid", 2)))
    else:
        cursor.raw("nhrp.protocol_type", 5)
    cursor.at, size = 12, region.u16(10)
    if size <= region.reported_length:
        fill_checksum(cursor, "nhrp.hdr.chksum", covered=size)
    else:
        cursor.u16("nhrp.hdr.chksum")
        layer.add("nhrp.hdr.chksum.status", UNVERIFIED, layer.start + 12)
    cursor.at = HEADER_LENGTH
    kind, extensions = region.u8(17), region.u16(14)
    _fill_mandatory(cursor, kind)
    stop = min(extensions or size, region.reported_length)
    if kind in (ERROR, INDICATION):
        cursor.at = max(cursor.at, stop)
    while cursor.at < stop:
        _fill_entry(cursor)
    if extensions:
        _fill_extensions(cursor, region.u8(20))


def _fill_mandatory(cursor: Cursor, kind: int) -> None:
    region = cursor.region
    source, target = cursor.u8("nhrp.src.prot.len"), cursor.u8("nhrp.dst.prot.len")
    if kind == ERROR:
        cursor.skip(2)
        cursor.integers((("nhrp.err.code", 2), ("nhrp.err.offset", 2)))
    elif kind == INDICATION:
        cursor.skip(2)
        cursor.u16("nhrp.tind.code")
        cursor.skip(2)
    else:
        flags = (RESOLUTION_FLAGS if kind in (RESOLUTION_REQUEST, RESOLUTION_REPLY) else
                 PURGE_FLAGS if kind in (PURGE_REQUEST, PURGE_REPLY) else REGISTRATION_FLAGS)  # fmt: skip
        cursor.flags("nhrp.flags", 2, flags)
        cursor.u32("nhrp.reqid")
    _fill_address(cursor, "nhrp.src.nbma.addr", region.u8(18) & 0x3F)
    if region.u8(19) & 0x3F:
        cursor.raw("nhrp.src.nbma.saddr", region.u8(19) & 0x3F)
    _fill_address(cursor, "nhrp.src.prot.addr", source)
    _fill_address(cursor, "nhrp.dst.prot.addr", target, other="nhrp.dst.prot.addr_byets")  # as the reference spells it


def _fill_address(cursor: Cursor, name: str, length: int, other: str = "") -> None:
    if length:
        cursor.raw({4: name, 16: name + ".ipv6"}.get(length, other or name + "_bytes"), length)


def _fill_entry(cursor: Cursor) -> None:
    """A client information entry (RFC 2332 section 5.2.0.1)."""
    cursor.integers((("nhrp.code", 1), ("nhrp.prefix", 1), ("nhrp.unused", 2), ("nhrp.mtu", 2), ("nhrp.htime", 2)))
    lengths = []
    for name in ("nhrp.cli.addr_tl", "nhrp.cli.saddr_tl"):
        cursor.mark(name, 1, cursor.peek(1))
        lengths.append(cursor.parts(1, ((name + ".type", 0x40), (name + ".len", 0x3F))) & 0x3F)
    protocol = cursor.u8("nhrp.prot.len")
    cursor.u8("nhrp.pref")
    _fill_address(cursor, "nhrp.client.nbma.addr", lengths[0])
    if lengths[1]:
        cursor.raw("nhrp.client.nbma.saddr", lengths[1])
    _fill_address(cursor, "nhrp.client.prot.addr", protocol)


def _fill_extensions(cursor: Cursor, source: int) -> None:
    kind = -1
    while kind != END and cursor.left > 0:
        kind = cursor.parts(2, (("nhrp.ext.type", 0x3FFF),), (("nhrp.ext.c", 0x8000),)) & 0x3FFF
        length = cursor.u16("nhrp.ext.len")
        stop = cursor.at + length
        if length and kind in WITH_ENTRIES:
            while cursor.at < stop:
                _fill_entry(cursor)
        elif length >= 8 and kind == AUTHENTICATION:
            cursor.integers((("nhrp.auth_ext.reserved", 2), ("nhrp.auth_ext.spi", 2)))
            _fill_address(cursor, "nhrp.auth_ext.src_addr", source)
            if cursor.at < stop:
                cursor.raw("nhrp.auth_ext.data", stop - cursor.at)
        elif length > 3 and kind == VENDOR:
            cursor.integer("nhrp.vendor_ext.id", 3)
            cursor.raw("nhrp.vendor_ext.data", length - 3)
        elif length:
            cursor.raw("nhrp.unknown_ext.value", length)
        cursor.at = max(cursor.at, stop)


@NHRP.info_line
def nhrp_info(layer: Layer) -> str:
    kind = layer.region.u8(17)
    parts = ["NHRP " + NAMES.get(kind, f"0x{kind:02x} - unknown")]
    parts += [f"ID={number}" for number in layer.computed("nhrp.reqid")]
    if kind in REPLIES:
        parts += [f"Code={CODES.get(code, 'Unknown')}" for code in layer.computed("nhrp.code")[:1]]
    elif kind == INDICATION and 0 in layer.computed("nhrp.tind.code"):
        parts += ["NHRP traffic redirect/indirection"]
    return ", ".join(parts)
