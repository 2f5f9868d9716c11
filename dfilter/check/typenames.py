"""How a type is called in messages.

In: a `FieldType`.  Out: the words that Wireshark 4.4 and 4.6 use for it (section B of the language notes), so
that a message can be searched for, whichever program said it.
"""

from __future__ import annotations

from dfilter.fields.types import SIGNED, STRINGS, WIDTH_BITS, FieldType

_T = FieldType

_NAMES = {
    _T.NONE: "Label",
    _T.PROTOCOL: "Protocol",
    _T.BOOLEAN: "Boolean",
    _T.CHAR: "Character (8 bits)",
    _T.IEEE_11073_SFLOAT: "IEEE-11073 floating point (16-bit)",
    _T.IEEE_11073_FLOAT: "IEEE-11073 Floating point (32-bit)",
    _T.FLOAT: "Floating point (single-precision)",
    _T.DOUBLE: "Floating point (double-precision)",
    _T.ABSOLUTE_TIME: "Date and time",
    _T.RELATIVE_TIME: "Time offset",
    _T.ETHER: "Ethernet or other MAC address",
    _T.BYTES: "Byte sequence",
    _T.UINT_BYTES: "Byte sequence",
    _T.IPv4: "IPv4 address",
    _T.IPv6: "IPv6 address",
    _T.IPXNET: "IPX network number",
    _T.FRAMENUM: "Frame number",
    _T.GUID: "Globally Unique Identifier",
    _T.OID: "ASN.1 object identifier",
    _T.REL_OID: "ASN.1 relative object identifier",
    _T.EUI64: "EUI64 address",
    _T.AX25: "AX.25 address",
    _T.VINES: "VINES address",
    _T.SYSTEM_ID: "OSI System-ID",
    _T.FCWWN: "Fibre Channel WWN",
}


def type_name(kind: FieldType) -> str:
    """The name of a type in a sentence: ``Unsigned integer (16 bits)``."""
    name = _NAMES.get(kind)
    if name is not None:
        return name
    if kind in STRINGS:
        return "Character string"
    sign = "Signed" if kind in SIGNED else "Unsigned"
    return f"{sign} integer ({WIDTH_BITS[kind]} bits)"
