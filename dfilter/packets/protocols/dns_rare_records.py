"""The data of DNS resource record types that are seen seldom.

Sources: RFC 1035 (WKS), 1183 (X25, RT), 1706 (NSAP), 2163 (PX), 1712 (GPOS), 1876 (LOC), 2535 (KEY, NXT), 2230 (KX),
4398 (CERT), 2874 (A6), 3123 (APL), 4025 (IPSECKEY), 4701 (DHCID), 8005 (HIP), 7929 (OPENPGPKEY), 7477 (CSYNC), 8976
(ZONEMD), 6742 (ILNP), 7043 (EUI48, EUI64), 2930 (TKEY), 8945 (TSIG), 7553 (URI), Microsoft's MS-DNSP (WINS).  Each
function is like those of `dns_records`.
"""

from __future__ import annotations

from dfilter.packets.protocols.dns_records import (
    READERS,
    RecordReader,
    add_bytes,
    add_counted_text,
    add_dnskey,
    add_name,
    add_number,
    add_type_bitmap,
    reads,
    text_of,
)
from dfilter.packets.view import Layer

RARE_FIELDS = """
    dns.wks.address IPv4
    dns.wks.protocol UINT8
    dns.wks.bits UINT8
    dns.x25.length UINT8
    dns.x25.psdn_address STRING
    dns.idsn.length UINT8
    dns.idsn.address STRING
    dns.idsn.sa.length UINT8
    dns.idsn.sa.address STRING
    dns.rt.subtype UINT16
    dns.rt.intermediate_host STRING
    dns.nsap.rdata BYTES
    dns.nsap_ptr.owner STRING
    dns.key.flags UINT16
    dns.key.flags.authentication BOOLEAN
    dns.key.flags.confidentiality BOOLEAN
    dns.key.flags.required BOOLEAN
    dns.key.flags.associated_user BOOLEAN
    dns.key.flags.associated_named_entity BOOLEAN
    dns.key.flags.ipsec BOOLEAN
    dns.key.flags.mime BOOLEAN
    dns.key.flags.signatory UINT16
    dns.key.protocol UINT8
    dns.key.algorithm UINT8
    dns.key.key_id UINT16
    dns.key.public_key BYTES
    dns.px.preference UINT16
    dns.px.map822 STRING
    dns.px.map400 STRING
    dns.gpos.longitude_length UINT8
    dns.gpos.longitude STRING
    dns.gpos.latitude_length UINT8
    dns.gpos.latitude STRING
    dns.gpos.altitude_length UINT8
    dns.gpos.altitude STRING
    dns.loc.version UINT8
    dns.loc.size UINT8
    dns.loc.horizontal_precision UINT8
    dns.loc.vertical_precision UINT8
    dns.loc.latitude UINT32
    dns.loc.longitude UINT32
    dns.loc.altitude UINT32
    dns.loc.unknown_data BYTES
    dns.nxt.next_domain_name STRING
    dns.kx.preference UINT16
    dns.kx.key_exchange STRING
    dns.cert.type UINT16
    dns.cert.key_tag UINT16
    dns.cert.algorithm UINT8
    dns.cert.certificate BYTES
    dns.a6.prefix_len UINT8
    dns.a6.address_suffix IPv6
    dns.a6.prefix_name STRING
    dns.apl.address_family UINT16
    dns.apl.coded_prefix UINT8
    dns.apl.negation BOOLEAN
    dns.apl.afdlength UINT8
    dns.apl.afdpart.ipv4 IPv4
    dns.apl.afdpart.ipv6 IPv6
    dns.apl.afdpart.data BYTES
    dns.ipseckey.gateway_precedence UINT8
    dns.ipseckey.gateway_type UINT8
    dns.ipseckey.gateway_algorithm UINT8
    dns.ipseckey.gateway_ipv4 IPv4
    dns.ipseckey.gateway_ipv6 IPv6
    dns.ipseckey.gateway_dns STRING
    dns.ipseckey.public_key BYTES
    dns.dhcid.rdata BYTES
    dns.hip.hit.length UINT8
    dns.hip.hit.pk.algo UINT8
    dns.hip.pk.length UINT16
    dns.hip.hit BYTES
    dns.hip.pk BYTES
    dns.hip.rendezvous_server STRING
    dns.openpgpkey STRING
    dns.csync.soa UINT32
    dns.csync.flags UINT16
    dns.csync.flags.immediate BOOLEAN
    dns.csync.flags.soaminimum BOOLEAN
    dns.csync.type_bitmap BYTES
    dns.zonemd.serial UINT32
    dns.zonemd.scheme UINT8
    dns.zonemd.hash_algo UINT8
    dns.zonemd.digest BYTES
    dns.ilnp.nid.preference UINT16
    dns.ilnp.nid BYTES
    dns.ilnp.l32.preference UINT16
    dns.ilnp.l32 IPv4
    dns.ilnp.l64.preference UINT16
    dns.ilnp.l64 BYTES
    dns.ilnp.lp.preference UINT16
    dns.ilnp.lp STRING
    dns.eui48 ETHER
    dns.eui64 EUI64
    dns.tkey.algo_name STRING
    dns.tkey.signature_inception ABSOLUTE_TIME
    dns.tkey.signature_expiration ABSOLUTE_TIME
    dns.tkey.mode UINT16
    dns.tkey.error UINT16
    dns.tkey.key_size UINT16
    dns.tkey.key_data BYTES
    dns.tkey.other_size UINT16
    dns.tkey.other_data BYTES
    dns.tsig.algorithm_name STRING
    dns.tsig.time_signed ABSOLUTE_TIME
    dns.tsig.fudge UINT16
    dns.tsig.mac_size UINT16
    dns.tsig.mac NONE
    dns.tsig.noalg NONE
    dns.tsig.original_id UINT16
    dns.tsig.error UINT16
    dns.tsig.other_len UINT16
    dns.tsig.other_data BYTES
    dns.wins.local_flag BOOLEAN
    dns.wins.lookup_timeout UINT32
    dns.wins.cache_timeout UINT32
    dns.wins.nb_wins_servers UINT32
    dns.wins.wins_server IPv4
    dns.winsr.local_flag BOOLEAN
    dns.winsr.lookup_timeout UINT32
    dns.winsr.cache_timeout UINT32
    dns.winsr.name_result_domain STRING
"""


@reads(11)
def _wks(layer: Layer, base: int, offset: int, length: int) -> None:
    add_bytes(layer, "dns.wks.address", offset, 4)
    add_number(layer, "dns.wks.protocol", offset + 4, 1)
    for at in range(offset + 5, offset + length):
        if layer.region.u8(at):
            add_number(layer, "dns.wks.bits", at, 1)


@reads(19)
def _x25(layer: Layer, base: int, offset: int, length: int) -> None:
    add_counted_text(layer, "dns.x25.psdn_address", "dns.x25.length", offset)


def _preference_and_name(preference: str, *names: str) -> RecordReader:
    def read(layer: Layer, base: int, offset: int, length: int) -> None:
        add_number(layer, preference, offset, 2)
        offset += 2
        for name in names:
            offset = add_name(layer, name, offset, base)

    return read


READERS |= {
    21: _preference_and_name("dns.rt.subtype", "dns.rt.intermediate_host"),
    26: _preference_and_name("dns.px.preference", "dns.px.map822", "dns.px.map400"),
    36: _preference_and_name("dns.kx.preference", "dns.kx.key_exchange"),
    107: _preference_and_name("dns.ilnp.lp.preference", "dns.ilnp.lp"),
}


def _all_bytes(name: str) -> RecordReader:
    return lambda layer, base, offset, length: add_bytes(layer, name, offset, length)


READERS |= {22: _all_bytes("dns.nsap.rdata"), 49: _all_bytes("dns.dhcid.rdata")}


@reads(20)
def _isdn(layer: Layer, base: int, offset: int, length: int) -> None:
    size = add_number(layer, "dns.idsn.length", offset, 1)
    layer.add("dns.idsn.address", text_of(layer.region, offset + 1, size), layer.start + offset + 1, size)
    end, offset = offset + length, offset + 1 + size
    if offset < end:
        size = add_number(layer, "dns.idsn.sa.length", offset, 1)
        layer.add("dns.idsn.sa.address", text_of(layer.region, offset + 1, size), layer.start + offset + 1, size)


@reads(23)
def _nsap_ptr(layer: Layer, base: int, offset: int, length: int) -> None:
    add_name(layer, "dns.nsap_ptr.owner", offset, base)


_KEY_FLAGS = (("authentication", 0x8000), ("confidentiality", 0x4000), ("required", 0x2000),
              ("associated_user", 0x0400), ("associated_named_entity", 0x0200), ("ipsec", 0x0080),
              ("mime", 0x0040))  # fmt: skip


@reads(25)
def _key(layer: Layer, base: int, offset: int, length: int) -> None:
    flags = add_dnskey(layer, "dns.key", offset, length)
    for name, mask in _KEY_FLAGS:
        layer.add("dns.key.flags." + name, flags & mask != 0, layer.start + offset, 2)
    layer.add("dns.key.flags.signatory", flags & 15, layer.start + offset, 2)


@reads(27)
def _gpos(layer: Layer, base: int, offset: int, length: int) -> None:
    for name in ("longitude", "latitude", "altitude"):
        offset = add_counted_text(layer, "dns.gpos." + name, f"dns.gpos.{name}_length", offset)


@reads(29)
def _loc(layer: Layer, base: int, offset: int, length: int) -> None:
    if add_number(layer, "dns.loc.version", offset, 1):
        add_bytes(layer, "dns.loc.unknown_data", offset + 1, length - 1)
        return
    for index, name in enumerate(("size", "horizontal_precision", "vertical_precision")):
        add_number(layer, "dns.loc." + name, offset + 1 + index, 1)
    for index, name in enumerate(("latitude", "longitude", "altitude")):
        add_number(layer, "dns.loc." + name, offset + 4 + 4 * index, 4)


@reads(30)
def _nxt(layer: Layer, base: int, offset: int, length: int) -> None:
    end = offset + length
    offset = add_name(layer, "dns.nxt.next_domain_name", offset, base)
    add_type_bitmap(layer, offset, end - offset, 0)


@reads(37)
def _cert(layer: Layer, base: int, offset: int, length: int) -> None:
    add_number(layer, "dns.cert.type", offset, 2)
    add_number(layer, "dns.cert.key_tag", offset + 2, 2)
    add_number(layer, "dns.cert.algorithm", offset + 4, 1)
    add_bytes(layer, "dns.cert.certificate", offset + 5, length - 5)


@reads(38)
def _a6(layer: Layer, base: int, offset: int, length: int) -> None:
    prefix = add_number(layer, "dns.a6.prefix_len", offset, 1)
    size = max(16 - prefix // 8, 0)
    suffix = layer.region.bytes(offset + 1, size).rjust(16, b"\0")
    layer.add("dns.a6.address_suffix", suffix, layer.start + offset + 1, size)
    if prefix:
        add_name(layer, "dns.a6.prefix_name", offset + 1 + size, base)


@reads(42)
def _apl(layer: Layer, base: int, offset: int, length: int) -> None:
    end = offset + length
    while offset < end:
        family = add_number(layer, "dns.apl.address_family", offset, 2)
        add_number(layer, "dns.apl.coded_prefix", offset + 2, 1)
        last = layer.region.u8(offset + 3)
        at = layer.start + offset + 3
        layer.add("dns.apl.negation", last & 0x80 != 0, at, 1)
        size = last & 0x7F
        layer.add("dns.apl.afdlength", size, at, 1)
        name, full = {1: ("ipv4", 4), 2: ("ipv6", 16)}.get(family, ("data", size))
        value = layer.region.bytes(offset + 4, size)
        if size <= full:
            layer.add("dns.apl.afdpart." + name, value.ljust(full, b"\0"), at + 1, size)
        offset += 4 + size


@reads(45)
def _ipseckey(layer: Layer, base: int, offset: int, length: int) -> None:
    end = offset + length
    add_number(layer, "dns.ipseckey.gateway_precedence", offset, 1)
    kind = add_number(layer, "dns.ipseckey.gateway_type", offset + 1, 1)
    add_number(layer, "dns.ipseckey.gateway_algorithm", offset + 2, 1)
    offset += 3
    if kind in (1, 2):
        size = 4 if kind == 1 else 16
        add_bytes(layer, "dns.ipseckey.gateway_ipv" + "46"[kind - 1], offset, size)
        offset += size
    elif kind == 3:
        offset = add_name(layer, "dns.ipseckey.gateway_dns", offset, base)
    add_bytes(layer, "dns.ipseckey.public_key", offset, end - offset)


@reads(55)
def _hip(layer: Layer, base: int, offset: int, length: int) -> None:
    end = offset + length
    tag = add_number(layer, "dns.hip.hit.length", offset, 1)
    add_number(layer, "dns.hip.hit.pk.algo", offset + 1, 1)
    key = add_number(layer, "dns.hip.pk.length", offset + 2, 2)
    layer.add("dns.hip.hit", layer.region.bytes(offset + 4, tag), layer.start + offset + 4, tag)
    add_bytes(layer, "dns.hip.pk", offset + 4 + tag, key)
    offset += 4 + tag + key
    while offset < end:
        offset = add_name(layer, "dns.hip.rendezvous_server", offset, base)


@reads(61)
def _openpgpkey(layer: Layer, base: int, offset: int, length: int) -> None:
    text = text_of(layer.region, offset, length).split("\0", 1)[0]
    layer.add("dns.openpgpkey", text, layer.start + offset, length)


@reads(62)
def _csync(layer: Layer, base: int, offset: int, length: int) -> None:
    add_number(layer, "dns.csync.soa", offset, 4)
    flags = add_number(layer, "dns.csync.flags", offset + 4, 2)
    for name, mask in (("immediate", 1), ("soaminimum", 2)):
        layer.add("dns.csync.flags." + name, flags & mask != 0, layer.start + offset + 4, 2)
    add_bytes(layer, "dns.csync.type_bitmap", offset + 6, length - 6)
    add_type_bitmap(layer, offset + 6, length - 6)


@reads(63)
def _zonemd(layer: Layer, base: int, offset: int, length: int) -> None:
    add_number(layer, "dns.zonemd.serial", offset, 4)
    add_number(layer, "dns.zonemd.scheme", offset + 4, 1)
    add_number(layer, "dns.zonemd.hash_algo", offset + 5, 1)
    add_bytes(layer, "dns.zonemd.digest", offset + 6, length - 6)


def _locator(name: str, size: int) -> RecordReader:
    def read(layer: Layer, base: int, offset: int, length: int) -> None:
        add_number(layer, name + ".preference", offset, 2)
        add_bytes(layer, name, offset + 2, size)

    return read


READERS |= {104: _locator("dns.ilnp.nid", 8), 105: _locator("dns.ilnp.l32", 4), 106: _locator("dns.ilnp.l64", 8)}
READERS |= {
    108: lambda layer, base, offset, length: add_bytes(layer, "dns.eui48", offset, 6),
    109: lambda layer, base, offset, length: add_bytes(layer, "dns.eui64", offset, 8),
}


@reads(249)
def _tkey(layer: Layer, base: int, offset: int, length: int) -> None:
    offset = add_name(layer, "dns.tkey.algo_name", offset, base)
    for name in ("inception", "expiration"):
        layer.add("dns.tkey.signature_" + name, layer.region.u32(offset) * 10**9, layer.start + offset, 4)
        offset += 4
    add_number(layer, "dns.tkey.mode", offset, 2)
    add_number(layer, "dns.tkey.error", offset + 2, 2)
    size = add_number(layer, "dns.tkey.key_size", offset + 4, 2)
    add_bytes(layer, "dns.tkey.key_data", offset + 6, size)
    offset += 6 + size
    size = add_number(layer, "dns.tkey.other_size", offset, 2)
    add_bytes(layer, "dns.tkey.other_data", offset + 2, size)


@reads(250)
def _tsig(layer: Layer, base: int, offset: int, length: int) -> None:
    region = layer.region
    offset = add_name(layer, "dns.tsig.algorithm_name", offset, base)
    layer.add("dns.tsig.time_signed", region.u48(offset) * 10**9, layer.start + offset, 6)
    add_number(layer, "dns.tsig.fudge", offset + 6, 2)
    size = add_number(layer, "dns.tsig.mac_size", offset + 8, 2)
    if size:
        region.bytes(offset + 10, size)
        layer.add("dns.tsig.mac", None, layer.start + offset + 10, size)
        if layer.computed("dns.tsig.algorithm_name")[-1] not in _SIGNED_BY_NEGOTIATION:
            layer.add("dns.tsig.noalg", None)
    offset += 10 + size
    add_number(layer, "dns.tsig.original_id", offset, 2)
    add_number(layer, "dns.tsig.error", offset + 2, 2)
    size = add_number(layer, "dns.tsig.other_len", offset + 4, 2)
    add_bytes(layer, "dns.tsig.other_data", offset + 6, size)


_SIGNED_BY_NEGOTIATION = ("gss-tsig", "gss.microsoft.com")
"""TSIG algorithms whose MAC Wireshark 4.4 dissects further."""


@reads(256)
def _uri(layer: Layer, base: int, offset: int, length: int) -> None:
    add_number(layer, "dns.srv.priority", offset, 2)
    add_number(layer, "dns.srv.weight", offset + 2, 2)
    size = max(length - 4, 0)
    layer.add("dns.srv.target", text_of(layer.region, offset + 4, size), layer.start + offset + 4, size)


@reads(65281)
def _wins(layer: Layer, base: int, offset: int, length: int) -> None:
    _wins_head(layer, "dns.wins.", offset)
    count = add_number(layer, "dns.wins.nb_wins_servers", offset + 12, 4)
    for at in range(offset + 16, min(offset + 16 + 4 * count, offset + length), 4):
        add_bytes(layer, "dns.wins.wins_server", at, 4)


@reads(65282)
def _winsr(layer: Layer, base: int, offset: int, length: int) -> None:
    _wins_head(layer, "dns.winsr.", offset)
    add_name(layer, "dns.winsr.name_result_domain", offset + 12, base)


def _wins_head(layer: Layer, prefix: str, offset: int) -> None:
    layer.add(prefix + "local_flag", layer.region.u32(offset) & 1 != 0, layer.start + offset, 4)
    add_number(layer, prefix + "lookup_timeout", offset + 4, 4)
    add_number(layer, prefix + "cache_timeout", offset + 8, 4)
