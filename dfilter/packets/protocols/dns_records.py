"""The data of DNS resource records, by type.

Sources: RFC 1035 section 3.3, 3596 (AAAA), 2782 (SRV), 2915 (NAPTR), 6891 (OPT), 4034 (DNSSEC), 4255 (SSHFP),
8659 (CAA), 6698 (TLSA), 5155 (NSEC3).  Each function gets the layer, the message's start, the offset
and length of the data, and adds the fields that Wireshark 4.4 shows.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.protocols.dns_names import read_name
from dfilter.packets.region import Region
from dfilter.packets.view import Layer

RECORD_FIELDS = """
    dns.a IPv4
    dns.aaaa IPv6
    dns.ns STRING
    dns.cname STRING
    dns.dname STRING
    dns.ptr.domain_name STRING
    dns.md STRING
    dns.mf STRING
    dns.mb STRING
    dns.mg STRING
    dns.mr STRING
    dns.null BYTES
    dns.soa.mname STRING
    dns.soa.rname STRING
    dns.soa.serial_number UINT32
    dns.soa.refresh_interval UINT32
    dns.soa.retry_interval UINT32
    dns.soa.expire_limit UINT32
    dns.soa.minimum_ttl UINT32
    dns.hinfo.cpu_length UINT8
    dns.hinfo.cpu STRING
    dns.hinfo.os_length UINT8
    dns.hinfo.os STRING
    dns.minfo.r STRING
    dns.minfo.e STRING
    dns.mx.preference UINT16
    dns.mx.mail_exchange STRING
    dns.txt.length UINT8
    dns.txt STRING
    dns.spf.length UINT8
    dns.spf STRING
    dns.rp.mailbox STRING
    dns.rp.txt_rr STRING
    dns.afsdb.subtype UINT16
    dns.afsdb.hostname STRING
    dns.srv.instance STRING
    dns.srv.service STRING
    dns.srv.proto STRING
    dns.srv.name STRING
    dns.srv.priority UINT16
    dns.srv.weight UINT16
    dns.srv.port UINT16
    dns.srv.target STRING
    dns.naptr.order UINT16
    dns.naptr.preference UINT16
    dns.naptr.flags_length UINT8
    dns.naptr.flags STRING
    dns.naptr.service_length UINT8
    dns.naptr.service STRING
    dns.naptr.regex_length UINT8
    dns.naptr.regex STRING
    dns.naptr.replacement_length UINT8
    dns.naptr.replacement STRING
    dns.sshfp.algorithm UINT8
    dns.sshfp.fingerprint.type UINT8
    dns.sshfp.fingerprint BYTES
    dns.ds.key_id UINT16
    dns.ds.algorithm UINT8
    dns.ds.digest_type UINT8
    dns.ds.digest BYTES
    dns.dnskey.flags UINT16
    dns.dnskey.flags.zone_key BOOLEAN
    dns.dnskey.flags.key_revoked BOOLEAN
    dns.dnskey.flags.secure_entry_point BOOLEAN
    dns.dnskey.flags.reserved UINT16
    dns.dnskey.protocol UINT8
    dns.dnskey.algorithm UINT8
    dns.dnskey.key_id UINT16
    dns.dnskey.public_key BYTES
    dns.rrsig.type_covered UINT16
    dns.rrsig.algorithm UINT8
    dns.rrsig.labels UINT8
    dns.rrsig.original_ttl UINT32
    dns.rrsig.signature_expiration ABSOLUTE_TIME
    dns.rrsig.signature_inception ABSOLUTE_TIME
    dns.rrsig.key_tag UINT16
    dns.rrsig.signers_name STRING
    dns.rrsig.signature BYTES
    dns.nsec.next_domain_name STRING
    dns.nsec3.algo UINT8
    dns.nsec3.flags UINT8
    dns.nsec3.flags.opt_out BOOLEAN
    dns.nsec3.iterations UINT16
    dns.nsec3.salt_length UINT8
    dns.nsec3.salt_value BYTES
    dns.nsec3.hash_length UINT8
    dns.nsec3.hash_value STRING
    dns.tlsa.certificate_usage UINT8
    dns.tlsa.selector UINT8
    dns.tlsa.matching_type UINT8
    dns.tlsa.certificate_association_data BYTES
    dns.caa.flags UINT8
    dns.caa.flags.issuer_critical BOOLEAN
    dns.caa.tag_length UINT8
    dns.caa.tag STRING
    dns.caa.value STRING
    dns.caa.issue STRING
    dns.caa.issuewild STRING
    dns.caa.iodef STRING
    dns.data BYTES
    dns.undecoded.type NONE
    dns.caa.unknown STRING
"""

RecordReader = Callable[[Layer, int, int, int], None]
READERS: dict[int, RecordReader] = {}
"""Record type -> function (layer, message start, data offset, data length); offsets within the layer's region."""


def reads(*types: int) -> Callable[[RecordReader], RecordReader]:
    """Decorator: the function reads the data of these record types."""

    def register(function: RecordReader) -> RecordReader:
        for type_ in types:
            READERS[type_] = function
        return function

    return register


def add_number(layer: Layer, name: str, offset: int, size: int) -> int:
    """An unsigned big-endian field."""
    value = int.from_bytes(layer.region.bytes(offset, size), "big")
    layer.add(name, value, layer.start + offset, size)
    return value


def add_bytes(layer: Layer, name: str, offset: int, size: int) -> None:
    if size > 0:
        layer.add(name, layer.region.bytes(offset, size), layer.start + offset, size)


def add_name(layer: Layer, name: str, offset: int, base: int) -> int:
    """A domain name; the offset after it."""
    found = read_name(layer.region, offset, base)
    layer.add(name, found.text, layer.start + offset, found.end - offset)
    return found.end


def text_of(region: Region, offset: int, size: int) -> str:
    return region.bytes(offset, size).decode("utf-8", "replace")


def add_counted_text(layer: Layer, name: str, length_name: str, offset: int) -> int:
    """A character string after its length byte; the offset after it."""
    size = add_number(layer, length_name, offset, 1)
    layer.add(name, text_of(layer.region, offset + 1, size), layer.start + offset + 1, size)
    return offset + 1 + size


@reads(1)
def _a(layer: Layer, base: int, offset: int, length: int) -> None:
    add_bytes(layer, "dns.a", offset, 4)


@reads(28)
def _aaaa(layer: Layer, base: int, offset: int, length: int) -> None:
    add_bytes(layer, "dns.aaaa", offset, 16)


def _single_name(name: str) -> RecordReader:
    def read(layer: Layer, base: int, offset: int, length: int) -> None:
        add_name(layer, name, offset, base)

    return read


for _type, _name in ((2, "dns.ns"), (3, "dns.md"), (4, "dns.mf"), (5, "dns.cname"), (7, "dns.mb"), (8, "dns.mg"),
                     (9, "dns.mr"), (12, "dns.ptr.domain_name"), (39, "dns.dname")):  # fmt: skip
    READERS[_type] = _single_name(_name)


@reads(10)
def _null(layer: Layer, base: int, offset: int, length: int) -> None:
    add_bytes(layer, "dns.null", offset, length)


@reads(6)
def _soa(layer: Layer, base: int, offset: int, length: int) -> None:
    offset = add_name(layer, "dns.soa.mname", offset, base)
    offset = add_name(layer, "dns.soa.rname", offset, base)
    for name in ("serial_number", "refresh_interval", "retry_interval", "expire_limit", "minimum_ttl"):
        add_number(layer, "dns.soa." + name, offset, 4)
        offset += 4


@reads(13)
def _hinfo(layer: Layer, base: int, offset: int, length: int) -> None:
    offset = add_counted_text(layer, "dns.hinfo.cpu", "dns.hinfo.cpu_length", offset)
    add_counted_text(layer, "dns.hinfo.os", "dns.hinfo.os_length", offset)


@reads(14)
def _minfo(layer: Layer, base: int, offset: int, length: int) -> None:
    add_name(layer, "dns.minfo.e", add_name(layer, "dns.minfo.r", offset, base), base)


@reads(15)
def _mx(layer: Layer, base: int, offset: int, length: int) -> None:
    add_number(layer, "dns.mx.preference", offset, 2)
    add_name(layer, "dns.mx.mail_exchange", offset + 2, base)


def _texts(name: str) -> RecordReader:
    def read(layer: Layer, base: int, offset: int, length: int) -> None:
        end = offset + length
        while offset < end:
            offset = add_counted_text(layer, name, name + ".length", offset)

    return read


READERS[16] = _texts("dns.txt")
READERS[99] = _texts("dns.spf")


@reads(17)
def _rp(layer: Layer, base: int, offset: int, length: int) -> None:
    add_name(layer, "dns.rp.txt_rr", add_name(layer, "dns.rp.mailbox", offset, base), base)


@reads(18)
def _afsdb(layer: Layer, base: int, offset: int, length: int) -> None:
    add_number(layer, "dns.afsdb.subtype", offset, 2)
    add_name(layer, "dns.afsdb.hostname", offset + 2, base)


@reads(33)
def _srv(layer: Layer, base: int, offset: int, length: int) -> None:
    for name in ("priority", "weight", "port"):
        add_number(layer, "dns.srv." + name, offset, 2)
        offset += 2
    add_name(layer, "dns.srv.target", offset, base)


@reads(35)
def _naptr(layer: Layer, base: int, offset: int, length: int) -> None:
    add_number(layer, "dns.naptr.order", offset, 2)
    add_number(layer, "dns.naptr.preference", offset + 2, 2)
    offset += 4
    for name in ("flags", "service", "regex"):
        offset = add_counted_text(layer, "dns.naptr." + name, f"dns.naptr.{name}_length", offset)
    found = read_name(layer.region, offset, base)
    layer.add("dns.naptr.replacement_length", found.length, layer.start + offset, found.end - offset)
    layer.add("dns.naptr.replacement", found.text, layer.start + offset, found.end - offset)


@reads(44)
def _sshfp(layer: Layer, base: int, offset: int, length: int) -> None:
    add_number(layer, "dns.sshfp.algorithm", offset, 1)
    add_number(layer, "dns.sshfp.fingerprint.type", offset + 1, 1)
    add_bytes(layer, "dns.sshfp.fingerprint", offset + 2, length - 2)


@reads(43, 59, 32769)
def _ds(layer: Layer, base: int, offset: int, length: int) -> None:
    add_number(layer, "dns.ds.key_id", offset, 2)
    add_number(layer, "dns.ds.algorithm", offset + 2, 1)
    add_number(layer, "dns.ds.digest_type", offset + 3, 1)
    add_bytes(layer, "dns.ds.digest", offset + 4, length - 4)


@reads(48, 60)
def _dnskey(layer: Layer, base: int, offset: int, length: int) -> None:
    flags = add_dnskey(layer, "dns.dnskey", offset, length)
    at = layer.start + offset
    for name, mask in (("zone_key", 0x0100), ("key_revoked", 0x0080), ("secure_entry_point", 0x0001)):
        layer.add("dns.dnskey.flags." + name, flags & mask != 0, at, 2)
    layer.add("dns.dnskey.flags.reserved", flags & 0xFE7E, at, 2)


def add_dnskey(layer: Layer, prefix: str, offset: int, length: int) -> int:
    """What KEY and DNSKEY records have in common; the flags."""
    flags = add_number(layer, prefix + ".flags", offset, 2)
    add_number(layer, prefix + ".protocol", offset + 2, 1)
    add_number(layer, prefix + ".algorithm", offset + 3, 1)
    layer.add(prefix + ".key_id", _key_tag(layer.region.bytes(offset, length)), layer.start + offset, length)
    add_bytes(layer, prefix + ".public_key", offset + 4, length - 4)
    return flags


def _key_tag(rdata: bytes) -> int:
    """RFC 4034 appendix B."""
    total = sum(byte << 8 if i % 2 == 0 else byte for i, byte in enumerate(rdata))
    return (total + (total >> 16)) & 0xFFFF


@reads(24, 46)
def _rrsig(layer: Layer, base: int, offset: int, length: int) -> None:
    end = offset + length
    add_number(layer, "dns.rrsig.type_covered", offset, 2)
    add_number(layer, "dns.rrsig.algorithm", offset + 2, 1)
    add_number(layer, "dns.rrsig.labels", offset + 3, 1)
    add_number(layer, "dns.rrsig.original_ttl", offset + 4, 4)
    for name, at in (("expiration", offset + 8), ("inception", offset + 12)):
        layer.add("dns.rrsig.signature_" + name, layer.region.u32(at) * 10**9, layer.start + at, 4)
    add_number(layer, "dns.rrsig.key_tag", offset + 16, 2)
    offset = add_name(layer, "dns.rrsig.signers_name", offset + 18, base)
    add_bytes(layer, "dns.rrsig.signature", offset, end - offset)


@reads(47)
def _nsec(layer: Layer, base: int, offset: int, length: int) -> None:
    end = offset + length
    offset = add_name(layer, "dns.nsec.next_domain_name", offset, base)
    add_type_bitmap(layer, offset, end - offset)


def add_type_bitmap(layer: Layer, offset: int, length: int, window: int | None = None) -> None:
    """The record types that a bitmap names (RFC 4034 section 4.1.2), or one bare `window` of it (RFC 2535)."""
    region, end = layer.region, offset + length
    while offset < end:
        if window is None:
            base, size = region.u8(offset) << 8, region.u8(offset + 1)
            offset += 2
        else:
            base, size = window << 8, length
        for index, byte in enumerate(region.bytes(offset, size)):
            for bit in range(8) if byte else ():
                if byte & 0x80 >> bit:
                    layer.add("dns.resp.type", base + 8 * index + bit, layer.start + offset + index, 1)
        offset += size


@reads(50, 51)
def _nsec3(layer: Layer, base: int, offset: int, length: int) -> None:
    end = offset + length
    add_number(layer, "dns.nsec3.algo", offset, 1)
    flags = add_number(layer, "dns.nsec3.flags", offset + 1, 1)
    layer.add("dns.nsec3.flags.opt_out", flags & 1 != 0, layer.start + offset + 1, 1)
    add_number(layer, "dns.nsec3.iterations", offset + 2, 2)
    salt = add_number(layer, "dns.nsec3.salt_length", offset + 4, 1)
    offset += 5
    add_bytes(layer, "dns.nsec3.salt_value", offset, salt)
    offset += salt
    if offset < end:
        size = add_number(layer, "dns.nsec3.hash_length", offset, 1)
        value = _base32hex(layer.region.bytes(offset + 1, size))
        layer.add("dns.nsec3.hash_value", value, layer.start + offset + 1, size)
        add_type_bitmap(layer, offset + 1 + size, end - offset - 1 - size)


def _base32hex(data: bytes) -> str:
    from base64 import b32hexencode

    return b32hexencode(data).decode("ascii").lower().rstrip("=")


@reads(52)
def _tlsa(layer: Layer, base: int, offset: int, length: int) -> None:
    for index, name in enumerate(("certificate_usage", "selector", "matching_type")):
        add_number(layer, "dns.tlsa." + name, offset + index, 1)
    add_bytes(layer, "dns.tlsa.certificate_association_data", offset + 3, length - 3)


@reads(257)
def _caa(layer: Layer, base: int, offset: int, length: int) -> None:
    end = offset + length
    flags = add_number(layer, "dns.caa.flags", offset, 1)
    layer.add("dns.caa.flags.issuer_critical", flags & 0x80 != 0, layer.start + offset, 1)
    size = add_number(layer, "dns.caa.tag_length", offset + 1, 1)
    tag = text_of(layer.region, offset + 2, size)
    at = offset + 2 + size
    value = text_of(layer.region, at, max(end - at, 0))
    name = tag if tag in ("issue", "issuewild", "iodef") else "unknown"
    layer.add("dns.caa." + name, value, layer.start + offset + 1, end - offset - 1)
    layer.add("dns.caa.tag", tag, layer.start + offset + 2, size)
    layer.add("dns.caa.value", value, layer.start + at, end - at)
