"""EDNS(0): the OPT pseudo record and its options (RFC 6891, 7871, 7873, 7830, 8914)."""

from __future__ import annotations

from dfilter.packets.protocols.dns_records import add_bytes, add_number, text_of
from dfilter.packets.view import Layer

OPT_FIELDS = """
    dns.rr.udp_payload_size UINT16
    dns.resp.ext_rcode UINT8
    dns.resp.edns0_version UINT8
    dns.resp.z UINT16
    dns.resp.z.do BOOLEAN
    dns.resp.z.reserved UINT16
    dns.opt NONE
    dns.opt.code UINT16
    dns.opt.len UINT16
    dns.opt.data BYTES
    dns.opt.padding BYTES
    dns.opt.cookie.client BYTES
    dns.opt.cookie.server BYTES
    dns.opt.client.family UINT16
    dns.opt.client.netmask UINT8
    dns.opt.client.scope UINT8
    dns.opt.client.addr BYTES
    dns.opt.client.addr4 IPv4
    dns.opt.client.addr6 IPv6
    dns.opt.ext_error.info_code UINT16
    dns.opt.ext_error.extra_text STRING
"""

CLIENT_SUBNET, COOKIE, PADDING, EXTENDED_ERROR = 8, 10, 12, 15


def fill_opt(layer: Layer, at: int, length: int) -> None:
    """Add the fields of an OPT record whose type is at offset `at` and whose data has `length` bytes."""
    region = layer.region
    add_number(layer, "dns.rr.udp_payload_size", at + 2, 2)
    add_number(layer, "dns.resp.ext_rcode", at + 4, 1)
    add_number(layer, "dns.resp.edns0_version", at + 5, 1)
    flags = add_number(layer, "dns.resp.z", at + 6, 2)
    layer.add("dns.resp.z.do", flags & 0x8000 != 0, layer.start + at + 6, 2)
    layer.add("dns.resp.z.reserved", flags & 0x7FFF, layer.start + at + 6, 2)
    layer.add("dns.resp.len", length, layer.start + at + 8, 2)
    offset, end = at + 10, at + 10 + length
    while offset + 4 <= end:
        layer.add("dns.opt", None, layer.start + offset)
        code, size = region.u16(offset), region.u16(offset + 2)
        add_number(layer, "dns.opt.code", offset, 2)
        add_number(layer, "dns.opt.len", offset + 2, 2)
        _fill_option(layer, code, offset + 4, size)
        offset += 4 + size


def _fill_option(layer: Layer, code: int, offset: int, size: int) -> None:
    add_bytes(layer, "dns.opt.data", offset, size)
    if code == CLIENT_SUBNET and size >= 4:
        family = add_number(layer, "dns.opt.client.family", offset, 2)
        add_number(layer, "dns.opt.client.netmask", offset + 2, 1)
        add_number(layer, "dns.opt.client.scope", offset + 3, 1)
        _fill_address(layer, family, offset + 4, size - 4)
    elif code == COOKIE and size >= 8:
        add_bytes(layer, "dns.opt.cookie.client", offset, 8)
        add_bytes(layer, "dns.opt.cookie.server", offset + 8, size - 8)
    elif code == PADDING:
        add_bytes(layer, "dns.opt.padding", offset, size)
    elif code == EXTENDED_ERROR and size >= 2:
        add_number(layer, "dns.opt.ext_error.info_code", offset, 2)
        if size > 2:
            text = text_of(layer.region, offset + 2, size - 2)
            layer.add("dns.opt.ext_error.extra_text", text, layer.start + offset + 2, size - 2)


def _fill_address(layer: Layer, family: int, offset: int, size: int) -> None:
    """The client's network, cut to its prefix on the wire (RFC 7871 section 6)."""
    value = layer.region.bytes(offset, size)
    full = {1: ("dns.opt.client.addr4", 4), 2: ("dns.opt.client.addr6", 16)}.get(family)
    if full is not None and size <= full[1]:
        layer.add(full[0], value.ljust(full[1], b"\0"), layer.start + offset, size)
    else:
        add_bytes(layer, "dns.opt.client.addr", offset, size)
