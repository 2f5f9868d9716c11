"""Service bindings: SVCB and HTTPS records and their parameters (RFC 9460, 9461)."""

from __future__ import annotations

from dfilter.packets.protocols.dns_records import add_bytes, add_name, add_number, reads, text_of
from dfilter.packets.view import Layer

SVCB_FIELDS = """
    dns.svcb.svcpriority UINT16
    dns.svcb.targetname STRING
    dns.svcb.svcparam NONE
    dns.svcb.svcparam.key UINT16
    dns.svcb.svcparam.value.length UINT16
    dns.svcb.svcparam.value BYTES
    dns.svcb.svcparam.mandatory.key UINT16
    dns.svcb.svcparam.alpn.length UINT8
    dns.svcb.svcparam.alpn STRING
    dns.svcb.svcparam.port UINT16
    dns.svcb.svcparam.ipv4hint.ip IPv4
    dns.svcb.svcparam.ipv6hint.ip IPv6
    dns.svcb.svcparam.dohpath STRING
    dns.svcb.svcparam.odohconfig BYTES
"""

MANDATORY, ALPN, NO_DEFAULT_ALPN, PORT, IPV4_HINT, ECH, IPV6_HINT, DOH_PATH = range(8)
ODOH_CONFIG = 32769


@reads(64, 65)
def _service_binding(layer: Layer, base: int, offset: int, length: int) -> None:
    end = offset + length
    add_number(layer, "dns.svcb.svcpriority", offset, 2)
    offset = add_name(layer, "dns.svcb.targetname", offset + 2, base)
    while offset < end:
        size = layer.region.u16(offset + 2)
        layer.add("dns.svcb.svcparam", None, layer.start + offset, 4 + size)
        key = add_number(layer, "dns.svcb.svcparam.key", offset, 2)
        add_number(layer, "dns.svcb.svcparam.value.length", offset + 2, 2)
        _fill_value(layer, key, offset + 4, size)
        offset += 4 + size


def _fill_value(layer: Layer, key: int, offset: int, size: int) -> None:
    prefix, end = "dns.svcb.svcparam.", offset + size
    if key == MANDATORY:
        for at in range(offset, end, 2):
            add_number(layer, prefix + "mandatory.key", at, 2)
    elif key == ALPN:
        while offset < end:
            count = add_number(layer, prefix + "alpn.length", offset, 1)
            layer.add(prefix + "alpn", text_of(layer.region, offset + 1, count), layer.start + offset + 1, count)
            offset += 1 + count
    elif key == PORT:
        add_number(layer, prefix + "port", offset, 2)
    elif key in (IPV4_HINT, IPV6_HINT):
        width = 4 if key == IPV4_HINT else 16
        for at in range(offset, end, width):
            add_bytes(layer, f"{prefix}ipv{'4' if width == 4 else '6'}hint.ip", at, width)
    elif key == DOH_PATH:
        layer.add(prefix + "dohpath", text_of(layer.region, offset, size), layer.start + offset, size)
    elif key == ODOH_CONFIG:
        add_bytes(layer, prefix + "odohconfig", offset, size)
    elif key not in (NO_DEFAULT_ALPN, ECH):
        add_bytes(layer, prefix + "value", offset, size)
