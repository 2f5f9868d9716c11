"""DNS over UDP and TCP (RFC 1035), multicast DNS (RFC 6762) and LLMNR (RFC 4795).

A message is walked only when one of its fields is asked for; what links responses to queries is kept in the
session.
"""

from __future__ import annotations

from dfilter.packets.declare import Evidence, Protocol, computed_table
from dfilter.packets.protocols.dns_info import message_line
from dfilter.packets.protocols.dns_names import read_name
from dfilter.packets.protocols.dns_opt import OPT_FIELDS, fill_opt
from dfilter.packets.protocols.dns_plain import PLAIN
from dfilter.packets.protocols.dns_rare_records import RARE_FIELDS
from dfilter.packets.protocols.dns_records import READERS, RECORD_FIELDS, add_bytes
from dfilter.packets.protocols.dns_svcb import SVCB_FIELDS
from dfilter.packets.protocols.dns_transactions import TRANSACTION_FIELDS, link
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import wait_for
from dfilter.packets.view import Layer, View

OPT = 41
SRV = 33
UPDATE = 5
LEAST_QUERY, LEAST_RECORD = 6, 11
"""Bytes: a name of one letter or a pointer, type and class; the root, type, class, TTL and length."""

_HEADER_FIELDS = """
    dns.length UINT16
    dns.id UINT16
    dns.flags UINT16
    dns.flags.response BOOLEAN
    dns.flags.opcode UINT16
    dns.flags.authoritative BOOLEAN
    dns.flags.conflict BOOLEAN
    dns.flags.truncated BOOLEAN
    dns.flags.recdesired BOOLEAN
    dns.flags.tentative BOOLEAN
    dns.flags.recavail BOOLEAN
    dns.flags.z BOOLEAN
    dns.flags.authenticated BOOLEAN
    dns.flags.ad BOOLEAN
    dns.flags.checkdisable BOOLEAN
    dns.flags.rcode UINT16
    dns.count.queries UINT16
    dns.count.zones UINT16
    dns.count.answers UINT16
    dns.count.prerequisites UINT16
    dns.count.auth_rr UINT16
    dns.count.updates UINT16
    dns.count.add_rr UINT16
    dns.count.labels UINT16
    dns.qry.name STRING
    dns.qry.name.len UINT16
    dns.qry.type UINT16
    dns.qry.class UINT16
    dns.qry.qu BOOLEAN
    dns.resp.name STRING
    dns.resp.type UINT16
    dns.resp.class UINT16
    dns.resp.cache_flush BOOLEAN
    dns.resp.ttl UINT32
    dns.ttl.high_bit_set NONE
    dns.resp.len UINT16
    dns.extraneous NONE
    dns.extraneous.data BYTES
    dns.extraneous.length INT32
"""

_EVIDENCE = Evidence(
    starts={"udp": (((2, 0x78, 0), (4, 0xFF, 0), (5, 0xFE, 0)),)},  # an ordinary message with one question at most
    plain=PLAIN,
    alone=True,
)

DNS = Protocol(
    "dns",
    "DNS",
    fields=(
        *computed_table(_HEADER_FIELDS),
        *computed_table(RECORD_FIELDS),
        *computed_table(RARE_FIELDS),
        *computed_table(SVCB_FIELDS),
        *computed_table(OPT_FIELDS),
        *TRANSACTION_FIELDS,
    ),
    over={"udp.port": (53,), "tcp.port": (53, 5353, 5355)},
    evidence=_EVIDENCE,
)
MDNS = Protocol("mdns", "MDNS", over={"udp.port": (5353,)}, shares=("dns",), evidence=_EVIDENCE)
LLMNR = Protocol("llmnr", "LLMNR", over={"udp.port": (5355,)}, shares=("dns",), evidence=_EVIDENCE)


@DNS.dissector
def dissect_dns(view: View, region: Region) -> None:
    if view.stream is None:
        _dissect_message(view, DNS, region, 0)
        return
    at = 0
    while at < region.length:
        if region.length - at < 2:
            wait_for(region, at, 2 - (region.length - at))
        size = region.u16(at)
        missing = at + 2 + size - region.length
        if missing > 0:
            wait_for(region, at, missing)
        _dissect_message(view, DNS, region.clipped(at, 2 + size), 2)
        at += 2 + size


def _looks_like(view: View, region: Region) -> bool:
    """On other ports: an ordinary query of one question, or an answer to at most one."""
    if region.length < 12:
        return False
    flags, queries, answers, authorities, additional = (region.u16(at) for at in range(2, 12, 2))
    if flags >> 11 & 15 or queries > 1:
        return False
    if flags & 0x8000:
        enough = queries + answers + authorities + additional > 0
    else:
        enough = queries == 1 and not answers and not authorities
    least = 12 + LEAST_QUERY * queries + LEAST_RECORD * (answers + authorities + additional)
    return enough and region.reported_length >= least


DNS.heuristics = {"udp": _looks_like}


@MDNS.dissector
def dissect_mdns(view: View, region: Region) -> None:
    _dissect_message(view, MDNS, region, 0)


@LLMNR.dissector
def dissect_llmnr(view: View, region: Region) -> None:
    _dissect_message(view, LLMNR, region, 0)


def _dissect_message(view: View, protocol: Protocol, region: Region, base: int) -> None:
    region.u16(base + 2)  # without identifier and flags it is damage, not DNS
    layer = view.push(protocol, region)
    layer.state = base
    link(layer, base)


def fill_message(layer: Layer) -> None:
    """Add the fields of a whole message."""
    region, base = layer.region, layer.state
    if base:
        layer.add("dns.length", region.u16(0), layer.start, 2)
    layer.add("dns.id", region.u16(base), layer.start + base, 2)
    flags = region.u16(base + 2)
    _fill_flags(layer, flags, base)
    update = flags >> 11 & 15 == UPDATE
    names = ("zones", "prerequisites", "updates", "add_rr") if update else ("queries", "answers", "auth_rr", "add_rr")
    counts = []
    for index, name in enumerate(names):
        at = base + 4 + 2 * index
        counts.append(region.u16(at))
        layer.add("dns.count." + name, counts[index], layer.start + at, 2)
    offset = base + 12
    for _ in range(counts[0]):
        offset = _fill_query(layer, offset, base)
    for count in counts[1:]:
        for _ in range(count):
            offset = _fill_record(layer, offset, base)
    extra = region.reported_length - offset
    if extra > 0:
        add_bytes(layer, "dns.extraneous.data", offset, extra)
        layer.add("dns.extraneous.length", extra, layer.start + offset, extra)
        layer.add("dns.extraneous", None)
    layer.state = None


DNS.fill = MDNS.fill = LLMNR.fill = fill_message


def _fill_flags(layer: Layer, flags: int, base: int) -> None:
    at = layer.start + base + 2
    response = flags & 0x8000 != 0
    llmnr = layer.protocol is LLMNR

    def add(name: str, value: int | bool) -> None:
        layer.add("dns.flags." + name, value, at, 2)

    layer.add("dns.flags", flags, at, 2)
    add("response", response)
    add("opcode", flags >> 11 & 15)
    if llmnr:
        add("conflict", flags & 0x0400 != 0)
    elif response:
        add("authoritative", flags & 0x0400 != 0)
    add("truncated", flags & 0x0200 != 0)
    if llmnr:
        add("tentative", flags & 0x0100 != 0)
    else:
        add("recdesired", flags & 0x0100 != 0)
        if response:
            add("recavail", flags & 0x0080 != 0)
        add("z", flags & 0x0040 != 0)
        if response:
            add("authenticated", flags & 0x0020 != 0)
        elif flags & 0x0020:
            add("ad", True)
        add("checkdisable", flags & 0x0010 != 0)
    if response:
        add("rcode", flags & 15)


def _fill_query(layer: Layer, offset: int, base: int) -> int:
    region = layer.region
    name = read_name(region, offset, base)
    at, size = layer.start + offset, name.end - offset
    kind, class_ = region.u16(name.end), region.u16(name.end + 2)
    layer.add("dns.qry.name", name.text, at, size)
    layer.add("dns.qry.name.len", name.length, at, size)
    layer.add("dns.count.labels", name.labels, at, size)
    layer.add("dns.qry.type", kind, layer.start + name.end, 2)
    if layer.protocol is MDNS:
        layer.add("dns.qry.class", class_ & 0x7FFF, layer.start + name.end + 2, 2)
        layer.add("dns.qry.qu", class_ & 0x8000 != 0, layer.start + name.end + 2, 2)
    else:
        layer.add("dns.qry.class", class_, layer.start + name.end + 2, 2)
    return name.end + 4


def _fill_record(layer: Layer, offset: int, base: int) -> int:
    region = layer.region
    name = read_name(region, offset, base)
    at = name.end
    kind, class_ = region.u16(at), region.u16(at + 2)
    length = region.u16(at + 8)
    if kind == SRV:
        _fill_service(layer, name.text, offset, name.end - offset)
    else:
        layer.add("dns.resp.name", name.text, layer.start + offset, name.end - offset)
    layer.add("dns.resp.type", kind, layer.start + at, 2)
    if kind == OPT:
        fill_opt(layer, base, at, length)
        return at + 10 + length
    if layer.protocol is MDNS:
        layer.add("dns.resp.class", class_ & 0x7FFF, layer.start + at + 2, 2)
        layer.add("dns.resp.cache_flush", class_ & 0x8000 != 0, layer.start + at + 2, 2)
    else:
        layer.add("dns.resp.class", class_, layer.start + at + 2, 2)
    ttl = region.u32(at + 4)
    layer.add("dns.resp.ttl", ttl, layer.start + at + 4, 4)
    if ttl & 0x80000000:  # RFC 2181 section 8
        layer.add("dns.ttl.high_bit_set", None)
    layer.add("dns.resp.len", length, layer.start + at + 8, 2)
    if length:
        read = READERS.get(kind)
        if read is None:
            layer.add("dns.undecoded.type", None)
            add_bytes(layer, "dns.data", at + 10, length)
        else:
            read(layer, base, at + 10, length)
    return at + 10 + length


def _fill_service(layer: Layer, text: str, offset: int, size: int) -> None:
    """`_service._proto.name` (RFC 2782), before it perhaps an instance (RFC 6763 section 4.1), in their parts."""
    parts = text.split(".")
    names = ["service", "proto", "name"]
    if len(parts) > 2 and parts[2].startswith("_"):
        names.insert(0, "instance")
    for name, part in zip(names, text.split(".", len(names) - 1), strict=False):
        layer.add("dns.srv." + name, part, layer.start + offset, size)


DNS.info = MDNS.info = LLMNR.info = message_line
