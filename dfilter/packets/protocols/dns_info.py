"""The packet list's line of a DNS message: what is asked, and what the records say.

In: a layer.  Out: the line.  Source: what Wireshark 4.4 shows.  What always holds: the message is walked as far as
it can be read, and no further than a line is useful.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from dfilter.fields.text import value_text
from dfilter.fields.types import FieldType
from dfilter.packets.protocols.dns_names import read_name
from dfilter.packets.protocols.label_texts import label_of
from dfilter.packets.region import DissectionError, Region
from dfilter.packets.view import Layer

_OPERATIONS = {0: "Standard query", 1: "Inverse query", 2: "Server status request", 4: "Zone change notification",
               5: "Dynamic update", 6: "DNS Stateful operations"}  # fmt: skip
_FIRST_TYPES = (
    "A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP NSAP-PTR SIG KEY PX "
    "GPOS AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY "
    "DHCID NSEC3 NSEC3PARAM TLSA SMIMEA"
)
_TYPES = dict(enumerate(_FIRST_TYPES.split(), 1)) | {
    55: "HIP", 56: "NINFO", 57: "RKEY", 58: "TALINK", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC",
    63: "ZONEMD", 64: "SVCB", 65: "HTTPS", 99: "SPF", 100: "UINFO", 101: "UID", 102: "GID", 103: "UNSPEC",
    104: "NID", 105: "L32", 106: "L64", 107: "LP", 108: "EUI48", 109: "EUI64", 249: "TKEY", 250: "TSIG",
    251: "IXFR", 252: "AXFR", 253: "MAILB", 254: "MAILA", 255: "ANY", 256: "URI", 257: "CAA", 32768: "TA",
    32769: "DLV",
}  # fmt: skip
"""RFC 1035 section 3.2.2 and the IANA registry of resource record types."""
_MAX_TEXT = 4096
"""Characters after which no record is added."""


def message_line(layer: Layer) -> str:
    """The operation, the identifier, the questions, the records."""
    base = 2 if layer.computed("dns.length") else 0
    region = layer.region
    flags = region.u16(base + 2)
    multicast = layer.protocol.name == "mdns"
    words = [_OPERATIONS.get(flags >> 11 & 15, "Unknown operation")]
    if flags & 0x8000:
        words[0] += " response"
    words.append(f"0x{region.u16(base):04x}")
    if flags & 0x8000 and flags & 15:
        words.append(label_of("dns.flags.rcode", flags & 15, "Unknown error"))
    with suppress(DissectionError):  # damage has a text of its own
        _add_sections(region, base, words, multicast)
    return " ".join(words)


def _add_sections(region: Region, base: int, words: list[str], multicast: bool) -> None:
    counts = [region.u16(base + at) for at in (4, 6, 8, 10)]
    offset, size = base + 12, 0
    for _ in range(counts[0]):
        name = read_name(region, offset, base)
        kind, class_ = region.u16(name.end), region.u16(name.end + 2)
        offset = name.end + 4
        question = f', "{"QU" if class_ & 0x8000 else "QM"}" question' if multicast else ""
        words.append(f"{_type_name(kind)} {name.text}{question}")
    for _ in range(sum(counts[1:])):
        name = read_name(region, offset, base)
        kind, class_, length = region.u16(name.end), region.u16(name.end + 2), region.u16(name.end + 8)
        at = name.end + 10
        offset = at + length
        if size > _MAX_TEXT:
            return
        read = _TEXTS.get(kind)
        flush = ", cache flush" if multicast and class_ & 0x8000 and kind != _OPT else ""
        words.append(_type_name(kind) + flush)
        text = read(region, at, length, base) if read is not None and length else ""
        if text:
            words.append(text)
        size += len(words[-1])


def _type_name(kind: int) -> str:
    return _TYPES.get(kind, f"Unknown ({kind})")


def _address(type_: FieldType, size: int) -> Callable[[Region, int, int, int], str]:
    return lambda region, at, length, base: value_text(region.bytes(at, size), type_)


def _name(skip: int = 0) -> Callable[[Region, int, int, int], str]:
    return lambda region, at, length, base: read_name(region, at + skip, base).text


def _numbers_and_name(count: int) -> Callable[[Region, int, int, int], str]:
    """Numbers of two bytes before a name: MX, SRV."""

    def read(region: Region, at: int, length: int, base: int) -> str:
        numbers = [str(region.u16(at + 2 * index)) for index in range(count)]
        return " ".join((*numbers, read_name(region, at + 2 * count, base).text))

    return read


_OPT = 41
_TEXTS: dict[int, Callable[[Region, int, int, int], str]] = {
    1: _address(FieldType.IPv4, 4),
    28: _address(FieldType.IPv6, 16),
    **{kind: _name() for kind in (2, 3, 4, 5, 6, 7, 8, 9, 12, 39, 47)},
    15: _numbers_and_name(1),
    33: _numbers_and_name(3),
    18: _name(2),
}
