"""BGP's OPEN message (RFC 4271 section 4.2) with its capabilities (RFC 5492).

In: a cursor behind the message's header.  Out: the fields.  What always holds: a capability of the wrong length counts
as malformed and its bytes as unknown; the next one begins where its length says.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import Cursor

EXTENDED = 255
"""Length and type of the first parameter where the length of all takes two bytes (RFC 9072); as in Wireshark 4.4
those of the parameters take one all the same."""
AUTHENTICATION, CAPABILITIES = 1, 2

MULTIPROTOCOL, REFRESH, ROUTE_FILTER, EXTENDED_NEXT_HOP, EXTENDED_MESSAGE, BGPSEC = 1, 2, 3, 5, 6, 7
ROLE, GRACEFUL, FOUR_OCTETS, DYNAMIC, MULTISESSION, ADD_PATH, ENHANCED_REFRESH = 9, 64, 65, 67, 68, 69, 70
LONG_GRACEFUL, HOST_NAME, OLD_REFRESH = 71, 73, 128

LENGTHS = {0: 0, MULTIPROTOCOL: 4, REFRESH: 0, EXTENDED_MESSAGE: 0, BGPSEC: 3, ROLE: 1, FOUR_OCTETS: 4,
           ENHANCED_REFRESH: 0, OLD_REFRESH: 0}  # fmt: skip


def fill_open(cursor: Cursor) -> None:
    """The fixed part and the optional parameters."""
    cursor.u8("bgp.open.version")
    cursor.u16("bgp.open.myas")
    cursor.u16("bgp.open.holdtime")
    cursor.raw("bgp.open.identifier", 4)
    total = cursor.u8("bgp.open.opt.len")
    if total == EXTENDED and cursor.left >= 3 and cursor.peek(1) == EXTENDED:
        cursor.mark("bgp.open.opt.extension", 3)
        cursor.u8("bgp.open.opt.extension.mark")
        total = cursor.u16("bgp.open.opt.extension_len")
    if not total:
        return
    cursor.mark("bgp.open.opt", total)
    stop = cursor.at + total
    while cursor.at < stop:
        _fill_parameter(cursor)


def _fill_parameter(cursor: Cursor) -> None:
    length = cursor.peek(1, skip=1)
    cursor.mark("bgp.open.opt.param", 2 + length)
    kind = cursor.u8("bgp.open.opt.param.type")
    cursor.u8("bgp.open.opt.param.len")
    stop = cursor.at + length
    if kind == CAPABILITIES:
        while cursor.at < stop:
            _fill_capability(cursor)
        return
    cursor.raw("bgp.open.opt.param." + ("auth" if kind == AUTHENTICATION else "unknown"), length)


def _fill_capability(cursor: Cursor) -> None:
    length = cursor.peek(1, skip=1)
    cursor.mark("bgp.cap", 2 + length)
    kind = cursor.u8("bgp.cap.type")
    cursor.u8("bgp.cap.length")
    stop = cursor.at + length
    if length != LENGTHS.get(kind, length):
        cursor.wrong("a capability of the wrong length")
        cursor.raw("bgp.cap.unknown", length)
    elif kind in (GRACEFUL, ADD_PATH, EXTENDED_NEXT_HOP, ROUTE_FILTER):
        _fill_listed(cursor, kind, length)
    elif kind == HOST_NAME:
        cursor.text("bgp.cap.orf.fqdn.hostname", cursor.u8("bgp.cap.orf.fqdn.hostname.len"))
        cursor.text("bgp.cap.orf.fqdn.domain_name", cursor.u8("bgp.cap.orf.fqdn.domain_name.len"))
    elif kind in LENGTHS:
        _fill_fixed(cursor, kind)
    elif length:
        cursor.raw("bgp.cap.unknown", length)
    cursor.at = stop


def _fill_fixed(cursor: Cursor, kind: int) -> None:
    if kind == MULTIPROTOCOL:
        cursor.u16("bgp.cap.mp.afi")
        cursor.raw("bgp.cap.reserved", 1)
        cursor.u8("bgp.cap.mp.safi")
    elif kind == FOUR_OCTETS:
        cursor.u32("bgp.cap.4as")
    elif kind == ROLE:
        cursor.u8("bgp.cap.role")
    elif kind == BGPSEC:
        cursor.mark("bgp.cap.bgpsec.flags", 1, cursor.peek(1))
        cursor.parts(1, (("bgp.cap.bgpsec.version", 0xF0), ("bgp.cap.bgpsec.sendreceive", 0x08),
                         ("bgp.cap.bgpsec.reserved", 0x07)))  # fmt: skip
        cursor.u16("bgp.cap.bgpsec.afi")


def _fill_listed(cursor: Cursor, kind: int, length: int) -> None:
    """Capabilities that list address families (RFC 4724, 7911, 8950, 5291)."""
    stop = cursor.at + length
    if kind == GRACEFUL:
        if length < 2 or length % 4 != 2:
            cursor.wrong("a graceful restart capability of the wrong length")
            cursor.raw("bgp.cap.unknown", length)
            return
        cursor.mark("bgp.cap.gr.timers", 2, cursor.peek(2))
        flags = (("bgp.cap.gr.timers.restart_flag", 0x8000), ("bgp.cap.gr.timers.notification_flag", 0x4000))
        cursor.parts(2, (("bgp.cap.gr.timers.restart_time", 0x0FFF),), flags)
    size = {EXTENDED_NEXT_HOP: 6, ROUTE_FILTER: 5}.get(kind, 4)
    while cursor.at + size <= stop:
        if kind == GRACEFUL:
            cursor.u16("bgp.cap.gr.afi")
            cursor.u8("bgp.cap.gr.safi")
            cursor.flags("bgp.cap.gr.flag", 1, (("bgp.cap.gr.flag.pfs", 0x80),))
        elif kind == ADD_PATH:
            cursor.integers((("bgp.cap.ap.afi", 2), ("bgp.cap.ap.safi", 1), ("bgp.cap.ap.sendreceive", 1)))
        elif kind == EXTENDED_NEXT_HOP:
            cursor.integers((("bgp.cap.enh.afi", 2), ("bgp.cap.enh.safi", 2), ("bgp.cap.enh.nhafi", 2)))
        else:
            _fill_route_filter(cursor)
    if cursor.at < stop:
        cursor.wrong("a capability of the wrong length")


def _fill_route_filter(cursor: Cursor) -> None:
    cursor.u16("bgp.cap.orf.afi")
    cursor.raw("bgp.cap.reserved", 1)
    cursor.u8("bgp.cap.orf.safi")
    for _ in range(cursor.u8("bgp.cap.orf.number")):
        cursor.u8("bgp.cap.orf.type")
        cursor.u8("bgp.cap.orf.sendreceive")
