"""Router renumbering (RFC 2894): commands and their results.

In: an ICMPv6 message of type 138.  Out: fields on the `icmpv6` layer.  What always holds, as in Wireshark 4.4: behind
the one match-prefix part of a command all bytes are use-prefix parts.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.view import Layer

RENUMBERING_FIELDS = """
    icmpv6.rr.sequence_number             UINT32
    icmpv6.rr.segment_number              UINT8
    icmpv6.rr.flag                        UINT8
    icmpv6.rr.flag.t                      BOOLEAN
    icmpv6.rr.flag.r                      BOOLEAN
    icmpv6.rr.flag.a                      BOOLEAN
    icmpv6.rr.flag.s                      BOOLEAN
    icmpv6.rr.flag.p                      BOOLEAN
    icmpv6.rr.flag.rsv                    UINT8
    icmpv6.rr.maxdelay                    UINT16
    icmpv6.rr.pco.mp                      NONE
    icmpv6.rr.pco.mp.opcode               UINT8
    icmpv6.rr.pco.mp.oplength             UINT8
    icmpv6.rr.pco.mp.ordinal              UINT8
    icmpv6.rr.pco.mp.matchlen             UINT8
    icmpv6.rr.pco.mp.minlen               UINT8
    icmpv6.rr.pco.mp.maxlen               UINT8
    icmpv6.rr.pco.mp.matchprefix          IPv6
    icmpv6.rr.pco.up                      NONE
    icmpv6.rr.pco.up.uselen               UINT8
    icmpv6.rr.pco.up.keeplen              UINT8
    icmpv6.rr.pco.up.flagmask             UINT8
    icmpv6.rr.pco.up.flagmask.l           BOOLEAN
    icmpv6.rr.pco.up.flagmask.a           BOOLEAN
    icmpv6.rr.pco.up.flagmask.reserved    UINT8
    icmpv6.rr.pco.up.raflags              UINT8
    icmpv6.rr.pco.up.validlifetime        UINT32
    icmpv6.rr.pco.up.preferredlifetime    UINT32
    icmpv6.rr.pco.up.flag                 UINT32
    icmpv6.rr.pco.up.flag.v               BOOLEAN
    icmpv6.rr.pco.up.flag.p               BOOLEAN
    icmpv6.rr.pco.up.flag.reserved        UINT32
    icmpv6.rr.pco.up.useprefix            IPv6
    icmpv6.rr.rm                          NONE
    icmpv6.rr.rm.flag                     UINT16
    icmpv6.rr.rm.flag.reserved            UINT16
    icmpv6.rr.rm.flag.b                   BOOLEAN
    icmpv6.rr.rm.flag.f                   BOOLEAN
    icmpv6.rr.rm.ordinal                  UINT8
    icmpv6.rr.rm.matchedlen               UINT8
    icmpv6.rr.rm.interfaceindex           UINT32
    icmpv6.rr.rm.matchedprefix            IPv6
"""

COMMAND, RESULT = 0, 1
"""Codes."""
MATCH_LENGTH, USE_LENGTH, RESULT_LENGTH = 24, 32, 24

_FLAGS = tuple((f"icmpv6.rr.flag.{name}", bit) for name, bit in zip("trasp", (0x80, 0x40, 0x20, 0x10, 8), strict=True))


def fill_renumbering(layer: Layer) -> None:
    """The fields behind the checksum; parts that lack bytes raise as `Region` does."""
    cursor, code = Cursor(layer, layer.region, 4, big=True), layer.region.u8(1)
    cursor.integers((("icmpv6.rr.sequence_number", 4), ("icmpv6.rr.segment_number", 1)))
    cursor.mark("icmpv6.rr.flag", 1, cursor.peek(1))
    cursor.parts(1, (("icmpv6.rr.flag.rsv", 0x07),), _FLAGS)
    cursor.u16("icmpv6.rr.maxdelay")
    cursor.raw("icmpv6.reserved", 4)
    if code == COMMAND:
        _fill_match(cursor)
        while cursor.left > 0:
            _fill_use(cursor)
    elif code == RESULT:
        while cursor.left > 0:
            _fill_result(cursor)


def _fill_match(cursor: Cursor) -> None:
    prefix = "icmpv6.rr.pco.mp"
    cursor.mark(prefix, min(MATCH_LENGTH, cursor.left))
    names = ("opcode", "oplength", "ordinal", "matchlen", "minlen", "maxlen")
    cursor.integers((f"{prefix}.{name}", 1) for name in names)
    cursor.raw("icmpv6.reserved", 2)
    cursor.raw(prefix + ".matchprefix", 16)


def _fill_use(cursor: Cursor) -> None:
    prefix = "icmpv6.rr.pco.up"
    cursor.mark(prefix, min(USE_LENGTH, cursor.left))
    cursor.integers(((prefix + ".uselen", 1), (prefix + ".keeplen", 1)))
    for name in ("flagmask", "raflags"):
        cursor.mark(f"{prefix}.{name}", 1, cursor.peek(1))
        cursor.parts(1, ((prefix + ".flagmask.reserved", 0x3F),),
                     ((prefix + ".flagmask.l", 0x80), (prefix + ".flagmask.a", 0x40)))  # fmt: skip
    cursor.integers(((prefix + ".validlifetime", 4), (prefix + ".preferredlifetime", 4)))
    cursor.mark(prefix + ".flag", 4, cursor.peek(4))
    cursor.parts(4, ((prefix + ".flag.reserved", 0x3FFFFFFF),),
                 ((prefix + ".flag.v", 0x80000000), (prefix + ".flag.p", 0x40000000)))  # fmt: skip
    cursor.raw(prefix + ".useprefix", 16)


def _fill_result(cursor: Cursor) -> None:
    prefix = "icmpv6.rr.rm"
    cursor.mark(prefix, min(RESULT_LENGTH, cursor.left))
    cursor.mark(prefix + ".flag", 2, cursor.peek(2))
    cursor.parts(2, ((prefix + ".flag.reserved", 0xFFFC),), ((prefix + ".flag.b", 2), (prefix + ".flag.f", 1)))
    cursor.integers(((prefix + ".ordinal", 1), (prefix + ".matchedlen", 1), (prefix + ".interfaceindex", 4)))
    cursor.raw(prefix + ".matchedprefix", 16)
