"""Object identifiers and GUIDs.

In: the text of an unquoted literal.  Out: the BER content octets of an OID (X.690, 8.19), the 16 bytes of
a GUID in the order in which its text shows them (RFC 9562).
"""

from __future__ import annotations

import re

from dfilter.check.convert.errors import NOT_CONVERTIBLE, ConversionError, quoted

_OID = re.compile(r"[0-9]{1,10}(\.[0-9]{1,10})*")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_MAX_ARC = 2**32 - 1


def oid_literal(text: str, *, relative: bool) -> bytes:
    """Dotted decimal; the first two arcs of an absolute identifier share an octet."""
    if not _OID.fullmatch(text):
        raise _not_an_oid(text)
    arcs = [int(arc) for arc in text.split(".")]
    if max(arcs) > _MAX_ARC:
        raise _not_an_oid(text)
    if not relative:
        if len(arcs) < 2 or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] > 39):
            raise _not_an_oid(text)
        arcs[:2] = [arcs[0] * 40 + arcs[1]]
    return b"".join(_base_128(arc) for arc in arcs)


def _not_an_oid(text: str) -> ConversionError:
    return ConversionError(NOT_CONVERTIBLE, f"{quoted(text)} is not a valid OBJECT IDENTIFIER")


def _base_128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(arc & 0x7F | 0x80)
    return bytes(reversed(octets))


def guid_literal(text: str) -> bytes:
    """`8-4-4-4-12` hexadecimal digits."""
    if not _GUID.fullmatch(text):
        raise ConversionError(NOT_CONVERTIBLE, f"{quoted(text)} is not a valid GUID")
    return bytes.fromhex(text.replace("-", ""))
