"""IPv4 and IPv6 literals.

In: the text of an unquoted literal.  Out: address bytes in network order and the prefix length, None for a
whole address.  Strict forms only (RFC 4291 for IPv6, four decimal parts for IPv4), as Wireshark reads them
with name resolution off.
"""

from __future__ import annotations

import re

from dfilter.check.convert.errors import BAD_ADDRESS, ConversionError, quoted
from dfilter.fields.types import FieldType

_PART = r"(0|[1-9][0-9]{0,2})"
_DOTTED_QUAD = re.compile(rf"{_PART}\.{_PART}\.{_PART}\.{_PART}")
_DIGITS = r"[0-9]{1,9}"
_MAX_TEXT = 64
"""No address is longer; longer texts are refused before they are taken apart."""


def ipv4_literal(text: str) -> tuple[bytes, int | None]:
    """`a.b.c.d` or `a.b.c.d/n`."""
    address, slash, mask = text.partition("/")
    value = parse_ipv4(address)
    if value is None:
        from dfilter.check.convert.hints import hints  # for errors only

        message = f"{quoted(text)} is not a valid hostname or IPv4 address"
        raise ConversionError(BAD_ADDRESS, message, hints(text, FieldType.IPv4))
    return value, _prefix(mask, 32, "Netmask bits in a CIDR IPv4") if slash else None


def ipv6_literal(text: str) -> tuple[bytes, int | None]:
    """RFC 4291 text, optionally with `/n`; no zone, no brackets."""
    address, slash, mask = text.partition("/")
    value = parse_ipv6(address)
    if value is None:
        raise ConversionError(BAD_ADDRESS, f"{quoted(text)} is not a valid hostname or IPv6 address")
    return value, _prefix(mask, 128, "Prefix in a IPv6") if slash else None


def parse_ipv4(text: str) -> bytes | None:
    """Four decimal numbers up to 255 without leading zeros."""
    found = _DOTTED_QUAD.fullmatch(text)
    if found is None:
        return None
    numbers = [int(part) for part in found.groups()]
    return bytes(numbers) if max(numbers) <= 255 else None


def parse_ipv6(text: str) -> bytes | None:
    """Eight groups of up to four hexadecimal digits, `::` once, a dotted quad at the end (RFC 4291, 2.2)."""
    if len(text) > _MAX_TEXT:
        return None
    head, gap, tail = text.partition("::")
    if "::" in tail:
        return None
    front, back = _groups(head, last=not gap), _groups(tail, last=True)
    if front is None or back is None:
        return None
    missing = 16 - len(front) - len(back)
    if (missing < 1 if gap else missing != 0) or (gap and missing < 2):
        return None
    return front + bytes(missing) + back


def _groups(text: str, *, last: bool) -> bytes | None:
    """The bytes of colon-separated groups; `last`: the final one may be a dotted quad."""
    if not text:
        return b""
    groups = text.split(":")
    out = bytearray()
    for index, group in enumerate(groups):
        if "." in group and last and index == len(groups) - 1:
            quad = parse_ipv4(group)
            if quad is None:
                return None
            out += quad
        elif re.fullmatch(r"[0-9A-Fa-f]{1,4}", group):
            out += int(group, 16).to_bytes(2, "big")
        else:
            return None
    return bytes(out)


def _prefix(mask: str, limit: int, what: str) -> int:
    if not re.fullmatch(_DIGITS, mask):
        raise ConversionError(BAD_ADDRESS, f"{quoted(mask)} is not a valid mask: write a number of bits, /24")
    bits = int(mask)
    if bits > limit:
        raise ConversionError(BAD_ADDRESS, f"{what} address should be <= {limit}, not {bits}")
    return bits
