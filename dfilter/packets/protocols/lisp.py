"""LISP's control messages (RFC 9301): requests and replies for mappings, registrations and notifications.

In: a datagram of port 4342.  Out: one layer, and `data` for what registrations leave.  What always holds: records and
locators are read one after the other; one that does not fit is malformed.
"""

from __future__ import annotations

import ipaddress

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import View

REQUEST, REPLY, REGISTER, NOTIFY = 1, 2, 3, 4
HAS_IDENTIFIERS = {REGISTER: 0x020000, NOTIFY: 0x080000}
"""The flags for identifiers of router and site behind the records."""
NONE, IPV4, IPV6, CANONICAL = 0, 1, 2, 16387
FAMILY_AT = 10
"""Where a record says of which family its identifier is."""
SIZES = {NONE: 0, IPV4: 4, IPV6: 16}

LISP = Protocol(
    "lisp",
    "LISP",
    fields=computed_table("""
        lisp.type                    UINT24
        lisp.records                 UINT8
        lisp.nonce                   UINT64
        lisp.keyid                   UINT16
        lisp.authlen                 UINT16
        lisp.auth                    BYTES
        lisp.mapping                 NONE
        lisp.mapping.ttl             UINT32
        lisp.mapping.loccnt          UINT8
        lisp.mapping.eid.masklen     UINT8
        lisp.mapping.act             UINT16
        lisp.mapping.auth            BOOLEAN
        lisp.mapping.res1            UINT16
        lisp.mapping.res2            UINT16
        lisp.mapping.ver             UINT16
        lisp.mapping.eid.afi         UINT16
        lisp.mapping.eid.ipv4        IPv4
        lisp.mapping.eid.ipv6        IPv6
        lisp.loc                     NONE
        lisp.loc.priority            UINT8
        lisp.loc.weight              UINT8
        lisp.loc.multicast_priority  UINT8
        lisp.loc.multicast_weight    UINT8
        lisp.loc.flags               UINT16
        lisp.loc.flags.res           UINT16
        lisp.loc.flags.local         BOOLEAN
        lisp.loc.flags.probe         BOOLEAN
        lisp.loc.flags.reach         BOOLEAN
        lisp.loc.afi                 UINT16
        lisp.loc.locator             STRING
        lisp.xtrid                   BYTES
        lisp.siteid                  BYTES
    """),
    over={"udp.port": (4342,)},
    carries=("data",),
)
LOCATOR_FLAGS = (("lisp.loc.flags.local", 4), ("lisp.loc.flags.probe", 2), ("lisp.loc.flags.reach", 1))


@LISP.dissector
def dissect_lisp(view: View, region: Region) -> None:
    layer = view.push(LISP, region)
    cursor = Cursor(layer, region, big=True)
    kind = cursor.peek(1) >> 4
    cursor.mark("lisp.type", 3, kind)
    flags = cursor.peek(3)
    cursor.skip(3)
    records = cursor.u8("lisp.records")
    if kind not in (REPLY, REGISTER, NOTIFY):
        return
    cursor.u64("lisp.nonce")
    if kind != REPLY:
        cursor.u16("lisp.keyid")
        length = cursor.u16("lisp.authlen")
        cursor.raw("lisp.auth", length)
    for _ in range(records):
        _read_record(cursor)
    if flags & HAS_IDENTIFIERS.get(kind, 0):
        cursor.raw("lisp.xtrid", 16)
        cursor.raw("lisp.siteid", 8)
    if cursor.left > 0:
        view.call_data(region.sub(cursor.at))


def _read_record(cursor: Cursor) -> None:
    if cursor.peek(2, skip=FAMILY_AT) not in (*SIZES, CANONICAL):
        return  # as in Wireshark 4.4 it is left where it is
    start, base = cursor.absolute, cursor.at
    cursor.u32("lisp.mapping.ttl")
    locators = cursor.u8("lisp.mapping.loccnt")
    cursor.u8("lisp.mapping.eid.masklen")
    cursor.parts(2, (("lisp.mapping.act", 0xE000), ("lisp.mapping.res1", 0x0FFF)), (("lisp.mapping.auth", 0x1000),))
    cursor.parts(2, (("lisp.mapping.res2", 0xF000), ("lisp.mapping.ver", 0x0FFF)))
    family = cursor.u16("lisp.mapping.eid.afi")
    if family in (IPV4, IPV6):
        cursor.raw("lisp.mapping.eid.ipv4" if family == IPV4 else "lisp.mapping.eid.ipv6", SIZES[family])
    else:
        _skip_address(cursor, family)
    cursor.layer.add("lisp.mapping", None, start, cursor.at - base)
    for _ in range(locators):
        _read_locator(cursor)


def _skip_address(cursor: Cursor, family: int) -> None:
    """An address that is not shown; a canonical one (RFC 8060) says how long it is."""
    if family == CANONICAL:
        cursor.region.bytes(cursor.at, 6)
        size = 6 + cursor.peek(2, skip=4)
    elif family in SIZES:
        size = SIZES[family]
    else:
        raise Malformed("an address of an unknown family")
    cursor.region.bytes(cursor.at, size)
    cursor.skip(size)


def _read_locator(cursor: Cursor) -> None:
    start, base = cursor.absolute, cursor.at
    for name in ("priority", "weight", "multicast_priority", "multicast_weight"):
        cursor.u8("lisp.loc." + name)
    cursor.mark("lisp.loc.flags", 2, cursor.peek(2))
    cursor.parts(2, (("lisp.loc.flags.res", 0xFFF8),), LOCATOR_FLAGS)
    family = cursor.u16("lisp.loc.afi")
    if family in (IPV4, IPV6):
        size = SIZES[family]
        address = ipaddress.ip_address(cursor.region.bytes(cursor.at, size))
        cursor.mark("lisp.loc.locator", size, str(address))
        cursor.skip(size)
    else:
        _skip_address(cursor, family)
    cursor.layer.add("lisp.loc", None, start, cursor.at - base)
