"""The types a field can have, and how a value of each is held in Python.

In: nothing.  Out: `FieldType`, and the groups of types the language treats alike.

How values are held (every room relies on this table):

=====================================================  =====================================================
type                                                   Python value
=====================================================  =====================================================
UINT8 … UINT64, INT8 … INT64, CHAR, FRAMENUM, IPXNET   int
BOOLEAN                                                bool
FLOAT, DOUBLE, IEEE_11073_SFLOAT, IEEE_11073_FLOAT     float
ABSOLUTE_TIME                                          int, nanoseconds since 1970-01-01 UTC
RELATIVE_TIME                                          int, nanoseconds
STRING, STRINGZ, UINT_STRING, STRINGZPAD,
STRINGZTRUNC, AX25                                     str (undecodable input bytes are already U+FFFD)
BYTES, UINT_BYTES, ETHER, OID, REL_OID, SYSTEM_ID,
VINES, FCWWN, EUI64                                    bytes, as on the wire (OID: the BER content octets)
IPv4, IPv6                                             bytes, 4 or 16, network order (so < is numeric order)
GUID                                                   bytes, 16, in the order in which the text shows them
PROTOCOL                                               `dfilter.packets.view.Layer`, its bytes on demand
NONE                                                   None (it can only be present)
=====================================================  =====================================================
"""

from __future__ import annotations

from enum import Enum


class FieldType(Enum):
    """A field's type, by Wireshark's own name without the leading ``FT_``."""

    __hash__ = object.__hash__  # there is one of each: an enumeration's own takes ten times as long

    NONE = "NONE"
    PROTOCOL = "PROTOCOL"
    BOOLEAN = "BOOLEAN"
    CHAR = "CHAR"
    UINT8 = "UINT8"
    UINT16 = "UINT16"
    UINT24 = "UINT24"
    UINT32 = "UINT32"
    UINT40 = "UINT40"
    UINT48 = "UINT48"
    UINT56 = "UINT56"
    UINT64 = "UINT64"
    INT8 = "INT8"
    INT16 = "INT16"
    INT24 = "INT24"
    INT32 = "INT32"
    INT40 = "INT40"
    INT48 = "INT48"
    INT56 = "INT56"
    INT64 = "INT64"
    IEEE_11073_SFLOAT = "IEEE_11073_SFLOAT"
    IEEE_11073_FLOAT = "IEEE_11073_FLOAT"
    FLOAT = "FLOAT"
    DOUBLE = "DOUBLE"
    ABSOLUTE_TIME = "ABSOLUTE_TIME"
    RELATIVE_TIME = "RELATIVE_TIME"
    STRING = "STRING"
    STRINGZ = "STRINGZ"
    UINT_STRING = "UINT_STRING"
    STRINGZPAD = "STRINGZPAD"
    STRINGZTRUNC = "STRINGZTRUNC"
    ETHER = "ETHER"
    BYTES = "BYTES"
    UINT_BYTES = "UINT_BYTES"
    IPv4 = "IPv4"
    IPv6 = "IPv6"
    IPXNET = "IPXNET"
    FRAMENUM = "FRAMENUM"
    GUID = "GUID"
    OID = "OID"
    REL_OID = "REL_OID"
    EUI64 = "EUI64"
    AX25 = "AX25"
    VINES = "VINES"
    SYSTEM_ID = "SYSTEM_ID"
    FCWWN = "FCWWN"


_T = FieldType

UNSIGNED = frozenset({_T.CHAR, _T.UINT8, _T.UINT16, _T.UINT24, _T.UINT32, _T.UINT40, _T.UINT48, _T.UINT56,
                      _T.UINT64, _T.FRAMENUM, _T.IPXNET})
SIGNED = frozenset({_T.INT8, _T.INT16, _T.INT24, _T.INT32, _T.INT40, _T.INT48, _T.INT56, _T.INT64})
INTEGERS = UNSIGNED | SIGNED
FLOATS = frozenset({_T.FLOAT, _T.DOUBLE, _T.IEEE_11073_SFLOAT, _T.IEEE_11073_FLOAT})
TIMES = frozenset({_T.ABSOLUTE_TIME, _T.RELATIVE_TIME})
STRINGS = frozenset({_T.STRING, _T.STRINGZ, _T.UINT_STRING, _T.STRINGZPAD, _T.STRINGZTRUNC, _T.AX25})
BYTE_LIKE = frozenset({_T.BYTES, _T.UINT_BYTES, _T.ETHER, _T.OID, _T.REL_OID, _T.SYSTEM_ID, _T.VINES,
                       _T.FCWWN, _T.EUI64})
ADDRESSES = frozenset({_T.IPv4, _T.IPv6})

WIDTH_BITS = {
    _T.CHAR: 8, _T.UINT8: 8, _T.UINT16: 16, _T.UINT24: 24, _T.UINT32: 32, _T.UINT40: 40, _T.UINT48: 48,
    _T.UINT56: 56, _T.UINT64: 64, _T.INT8: 8, _T.INT16: 16, _T.INT24: 24, _T.INT32: 32, _T.INT40: 40,
    _T.INT48: 48, _T.INT56: 56, _T.INT64: 64, _T.FRAMENUM: 32, _T.IPXNET: 32,
}  # fmt: skip
"""Width in bits of each integer type: what a literal must fit."""
