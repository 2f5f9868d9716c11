"""Extensions of ICMP error messages (RFC 4884): MPLS label stacks (RFC 4950), interface information (RFC 5837).

In: the bytes behind the quoted packet.  Out: fields on the `icmp` layer.
"""

from __future__ import annotations

from dfilter.packets.protocols.quotes import internet_checksum_ok
from dfilter.packets.region import Region
from dfilter.packets.view import Layer

EXTENSION_FIELDS = """
    icmp.ext                     NONE
    icmp.ext.version             UINT8
    icmp.ext.res                 UINT16
    icmp.ext.checksum            UINT16
    icmp.ext.checksum.status     UINT8
    icmp.ext.length              UINT16
    icmp.ext.class               UINT8
    icmp.ext.ctype               UINT8
    icmp.ext.data                BYTES
    icmp.ext.echo.seq            UINT8
    icmp.ext.echo.req.res        UINT8
    icmp.ext.echo.req.local      BOOLEAN
    icmp.ext.echo.rsp.state      UINT8
    icmp.ext.echo.rsp.res        UINT8
    icmp.ext.echo.rsp.active     BOOLEAN
    icmp.ext.echo.rsp.ipv4       BOOLEAN
    icmp.ext.echo.rsp.ipv6       BOOLEAN
    icmp.int_ident.name          STRING
    icmp.mpls.label              UINT24
    icmp.mpls.exp                UINT24
    icmp.mpls.s                  BOOLEAN
    icmp.mpls.ttl                UINT8
"""

MPLS_CLASS, IDENTIFICATION_CLASS = 1, 3


def fill_extensions(layer: Layer, region: Region) -> None:
    """Add the extension structure's fields; whatever version it claims."""
    if region.length < 4:
        return
    at, add = region.start, layer.add
    add("icmp.ext", None, at, region.length)
    add("icmp.ext.version", region.u8(0) >> 4, at, 1)
    add("icmp.ext.res", region.u16(0) & 0x0FFF, at, 2)
    add("icmp.ext.checksum", region.u16(2), at + 2, 2)
    if region.u16(2) == 0:
        add("icmp.ext.checksum.status", 3, at + 2)
    else:
        add("icmp.ext.checksum.status", int(internet_checksum_ok(region.rest())), at + 2)
    offset = 4
    while offset + 4 <= region.length:
        length = region.u16(offset)
        _fill_object(layer, region, offset, length)
        if length < 4:
            break
        offset += length


def _fill_object(layer: Layer, region: Region, offset: int, length: int) -> None:
    at, add = region.start + offset, layer.add
    kind = region.u8(offset + 2)
    add("icmp.ext.length", length, at, 2)
    add("icmp.ext.class", kind, at + 2, 1)
    add("icmp.ext.ctype", region.u8(offset + 3), at + 3, 1)
    body = region.clipped(offset + 4, length - 4)
    if kind == MPLS_CLASS and region.u8(offset + 3) == 1:
        for position in range(0, body.length - 3, 4):
            _fill_label(layer, body, position)
    elif kind == IDENTIFICATION_CLASS and region.u8(offset + 3) == 1:
        add("icmp.int_ident.name", body.rest().split(b"\0", 1)[0].decode("utf-8", "replace"), body.start, body.length)
    elif body.length:
        add("icmp.ext.data", body.rest(), body.start, body.length)


def _fill_label(layer: Layer, body: Region, position: int) -> None:
    at, word, add = body.start + position, body.u32(position), layer.add
    add("icmp.mpls.label", word >> 12, at, 3)
    add("icmp.mpls.exp", word >> 9 & 7, at + 2, 1)
    add("icmp.mpls.s", bool(word & 0x100), at + 2, 1)
    add("icmp.mpls.ttl", word & 0xFF, at + 3, 1)
