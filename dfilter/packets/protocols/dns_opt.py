"""EDNS(0): the OPT pseudo record and its options (RFC 6891, 6975, 7828, 7830, 7871, 7873, 7901, 8914, 9660)."""

from __future__ import annotations

from dfilter.packets.protocols.dns_names import read_name
from dfilter.packets.protocols.dns_records import add_number, text_of
from dfilter.packets.region import Malformed
from dfilter.packets.view import Layer

OPT_FIELDS = """
    dns.rr.udp_payload_size UINT16
    dns.resp.ext_rcode UINT8
    dns.resp.edns0_version UINT8
    dns.resp.z UINT16
    dns.resp.z.do BOOLEAN
    dns.resp.z.reserved UINT16
    dns.rr.opt.bad_length NONE
    dns.opt NONE
    dns.opt.code UINT16
    dns.opt.len UINT16
    dns.opt.data BYTES
    dns.opt.padding BYTES
    dns.opt.dau UINT8
    dns.opt.dhu UINT8
    dns.opt.n3u UINT8
    dns.opt.edns_tcp_keepalive.timeout UINT16
    dns.opt.chain.fqdn STRING
    dns.opt.agent_domain STRING
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
    dns.opt.zoneversion.labelcount UINT8
    dns.opt.zoneversion.type UINT8
    dns.opt.zoneversion.soa UINT32
    dns.opt.zoneversion.version BYTES
"""

CLIENT_SUBNET, COOKIE, KEEPALIVE, PADDING, CHAIN, EXTENDED_ERROR, REPORT_CHANNEL, ZONE_VERSION = (
    8, 10, 11, 12, 13, 15, 18, 19)  # fmt: skip
LEAST_SUBNET = 4
"""Bytes of a client subnet option before its address; a shorter one is damage."""

_ALGORITHMS = {5: "dns.opt.dau", 6: "dns.opt.dhu", 7: "dns.opt.n3u"}


def fill_opt(layer: Layer, base: int, at: int, length: int) -> None:
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
        _raw(layer, "dns.opt.data", offset + 4, size)
        _fill_option(layer, base, code, offset + 4, size)
        offset += 4 + size


def _raw(layer: Layer, name: str, offset: int, size: int) -> None:
    """Bytes, of which there can be none."""
    layer.add(name, layer.region.bytes(offset, size), layer.start + offset, size)


def _fill_option(layer: Layer, base: int, code: int, offset: int, size: int) -> None:
    if code == CLIENT_SUBNET:
        family = add_number(layer, "dns.opt.client.family", offset, 2)
        add_number(layer, "dns.opt.client.netmask", offset + 2, 1)
        add_number(layer, "dns.opt.client.scope", offset + 3, 1)
        if size < LEAST_SUBNET:
            layer.add("dns.rr.opt.bad_length", None)
            raise Malformed("a client subnet without room for its head")
        _fill_address(layer, family, offset + 4, size - 4)
    elif code == COOKIE:
        _raw(layer, "dns.opt.cookie.client", offset, 8)
        _raw(layer, "dns.opt.cookie.server", offset + 8, size - 8)
    elif code == KEEPALIVE:
        if size == 2:
            add_number(layer, "dns.opt.edns_tcp_keepalive.timeout", offset, 2)
    elif code == PADDING:
        _raw(layer, "dns.opt.padding", offset, size)
    elif code in _ALGORITHMS:
        for at in range(offset, offset + size):
            add_number(layer, _ALGORITHMS[code], at, 1)
    elif code in (CHAIN, REPORT_CHANNEL):
        _fill_domain(layer, base, code, offset, size)
    elif code == EXTENDED_ERROR:
        add_number(layer, "dns.opt.ext_error.info_code", offset, 2)
        if size > 2:
            text = text_of(layer.region, offset + 2, size - 2)
            layer.add("dns.opt.ext_error.extra_text", text, layer.start + offset + 2, size - 2)
    elif code == ZONE_VERSION and size >= 2:
        _fill_zone_version(layer, offset, size)


def _fill_domain(layer: Layer, base: int, code: int, offset: int, size: int) -> None:
    """Wireshark 4.4 shows the chain's closest trust point as the bytes on the wire, not as a name."""
    if code == CHAIN:
        text = text_of(layer.region, offset, size).split("\0", 1)[0]
        layer.add("dns.opt.chain.fqdn", text, layer.start + offset, size)
        return
    found = read_name(layer.region, offset, base)
    layer.add("dns.opt.agent_domain", found.text, layer.start + offset, found.end - offset)


def _fill_zone_version(layer: Layer, offset: int, size: int) -> None:
    """RFC 9660 section 2."""
    add_number(layer, "dns.opt.zoneversion.labelcount", offset, 1)
    kind = add_number(layer, "dns.opt.zoneversion.type", offset + 1, 1)
    if kind == 0 and size == 6:
        add_number(layer, "dns.opt.zoneversion.soa", offset + 2, 4)
    else:
        _raw(layer, "dns.opt.zoneversion.version", offset + 2, size - 2)


def _fill_address(layer: Layer, family: int, offset: int, size: int) -> None:
    """The client's network, cut to its prefix on the wire (RFC 7871 section 6)."""
    value = layer.region.bytes(offset, size)
    full = {1: ("dns.opt.client.addr4", 4), 2: ("dns.opt.client.addr6", 16)}.get(family)
    if full is not None and size <= full[1]:
        layer.add(full[0], value.ljust(full[1], b"\0"), layer.start + offset, size)
    else:
        _raw(layer, "dns.opt.client.addr", offset, size)
