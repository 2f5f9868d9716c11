"""OSPF's link state advertisements (RFC 2328 appendix A.4, RFC 5340 appendix A.4, RFC 3630).

In: a cursor at an advertisement's header.  Out: its fields, with those of its body where it has one.  What always
holds: the body is read within the packet; where the advertisement ends its own length says, to the caller.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import Cursor, mask_table

ROUTER, NETWORK, SUMMARY, SUMMARY_ROUTER, EXTERNAL = range(1, 6)
NOT_SO_STUBBY, LINK, INTRA_AREA = 7, 8, 9
OPAQUE = (9, 10, 11)
TRAFFIC_ENGINEERING = 1
HEADER_LENGTH = 20
NAMES_2 = {ROUTER: "router", NETWORK: "network", SUMMARY: "summary", SUMMARY_ROUTER: "asbr", EXTERNAL: "asext",
           NOT_SO_STUBBY: "nssa", 9: "opaque", 10: "opaque", 11: "opaque"}  # fmt: skip
NAMES_3 = {ROUTER: "router", NETWORK: "network", SUMMARY: "interprefix", SUMMARY_ROUTER: "interrouter",
           EXTERNAL: "asext", NOT_SO_STUBBY: "nssa", LINK: "link", INTRA_AREA: "intraprefix"}  # fmt: skip

LSA_FIELDS = "\n".join((
    """
    ospf.lsa.age                                  UINT16
    ospf.lsa.donotage                             UINT16
    ospf.lsa                                      UINT32
    ospf.lsa.id                                   IPv4
    ospf.lsa.seqnum                               UINT32
    ospf.lsa.chksum                               UINT16
    ospf.lsa.length                               UINT16
    ospf.link_state_id                            IPv4
    ospf.advrouter                                IPv4
    ospf.v3.lsa.do_not_age                        BOOLEAN
    ospf.v3.lsa                                   UINT16
    ospf.v3.lsa.u                                 BOOLEAN
    ospf.v3.lsa.s12                               UINT16
    ospf.v3.lsa.fc                                UINT16
    ospf.v2.options                               UINT8
    ospf.v3.options                               UINT24
    ospf.v2.options.dn                            BOOLEAN
    ospf.v2.options.o                             BOOLEAN
    ospf.v2.options.dc                            BOOLEAN
    ospf.v2.options.l                             BOOLEAN
    ospf.v2.options.n                             BOOLEAN
    ospf.v2.options.mc                            BOOLEAN
    ospf.v2.options.e                             BOOLEAN
    ospf.v2.options.mt                            BOOLEAN
    ospf.v3.options.at                            BOOLEAN
    ospf.v3.options.l                             BOOLEAN
    ospf.v3.options.af                            BOOLEAN
    ospf.v3.options.dc                            BOOLEAN
    ospf.v3.options.r                             BOOLEAN
    ospf.v3.options.n                             BOOLEAN
    ospf.v3.options.mc                            BOOLEAN
    ospf.v3.options.e                             BOOLEAN
    ospf.v3.options.v6                            BOOLEAN
    ospf.v2.router.lsa.flags                      UINT8
    ospf.v2.router.lsa.flags.h                    BOOLEAN
    ospf.v2.router.lsa.flags.s                    BOOLEAN
    ospf.v2.router.lsa.flags.n                    BOOLEAN
    ospf.v2.router.lsa.flags.w                    BOOLEAN
    ospf.v2.router.lsa.flags.v                    BOOLEAN
    ospf.v2.router.lsa.flags.e                    BOOLEAN
    ospf.v2.router.lsa.flags.b                    BOOLEAN
    ospf.v3.router.lsa.flags                      UINT8
    ospf.v3.router.lsa.flags.w                    BOOLEAN
    ospf.v3.router.lsa.flags.v                    BOOLEAN
    ospf.v3.router.lsa.flags.e                    BOOLEAN
    ospf.v3.router.lsa.flags.b                    BOOLEAN
    ospf.lsa.number_of_links                      UINT16
    ospf.lsa.router.linkid                        IPv4
    ospf.lsa.router.linkdata                      IPv4
    ospf.lsa.router.linktype                      UINT8
    ospf.lsa.router.nummetrics                    UINT8
    ospf.lsa.router.metric0                       UINT16
    ospf.lsa.network.netmask                      IPv4
    ospf.lsa.network.attchrtr                     IPv4
    ospf.lsa.asext.netmask                        IPv4
    ospf.lsa.asext.type                           BOOLEAN
    ospf.lsa.asext.fwdaddr                        IPv4
    ospf.lsa.asext.extrttag                       UINT32
    ospf.metric                                   UINT32
    ospf.lsid_opaque_type                         UINT8
    ospf.lsid.opaque_id                           UINT24
    ospf.lsid_te_lsa.instance                     UINT16
    ospf.tlv_type                                 UINT16
    ospf.tlv_length                               UINT16
    ospf.mpls.routerid                            IPv4
    ospf.mpls.linktype                            UINT8
    ospf.mpls.linkid                              IPv4
    ospf.mpls.local_addr                          IPv4
    ospf.mpls.remote_addr                         IPv4
    ospf.mpls.te_metric                           UINT32
    ospf.mpls.linkcolor                           UINT32
    ospf.v3.lsa.type                              UINT8
    ospf.v3.lsa.interface_id                      UINT32
    ospf.v3.lsa.neighbor_interface_id             UINT32
    ospf.v3.lsa.neighbor_router_id                IPv4
    ospf.v3.lsa.attached_router                   IPv4
    ospf.v3.lsa.router_priority                   UINT8
    ospf.v3.lsa.link_local_interface_address.ipv6 IPv6
    ospf.v3.lsa.num_prefixes                      UINT32
    ospf.v3.lsa.referenced_ls_type                UINT16
    ospf.v3.lsa.referenced_link_state_id          IPv4
    ospf.v3.lsa.referenced_advertising_router     IPv4
    ospf.v3.lsa.destination_router_id             IPv4
    ospf.prefix_length                            UINT8
    ospf.v3.prefix.options                        UINT8
    ospf.v3.address_prefix.ipv6                   IPv6
    """,
    *(f"ospf.lsa.{name} BOOLEAN" for name in sorted(set(NAMES_2.values()))),
    *(f"ospf.v3.lsa.{name} BOOLEAN" for name in NAMES_3.values()),
))  # fmt: skip

OPTIONS_2 = mask_table("""
    ospf.v2.options.dn 0x80
    ospf.v2.options.o  0x40
    ospf.v2.options.dc 0x20
    ospf.v2.options.l  0x10
    ospf.v2.options.n  0x08
    ospf.v2.options.mc 0x04
    ospf.v2.options.e  0x02
    ospf.v2.options.mt 0x01
""")
OPTIONS_3 = mask_table("""
    ospf.v3.options.at 0x000400
    ospf.v3.options.l  0x000200
    ospf.v3.options.af 0x000100
    ospf.v3.options.dc 0x000020
    ospf.v3.options.r  0x000010
    ospf.v3.options.n  0x000008
    ospf.v3.options.mc 0x000004
    ospf.v3.options.e  0x000002
    ospf.v3.options.v6 0x000001
""")
ROUTER_FLAGS_2 = [(f"ospf.v2.router.lsa.flags.{name}", mask) for name, mask in (
    ("h", 0x80), ("s", 0x20), ("n", 0x10), ("w", 0x08), ("v", 0x04), ("e", 0x02), ("b", 0x01))]  # fmt: skip
ROUTER_FLAGS_3 = [(f"ospf.v3.router.lsa.flags.{name}", mask) for name, mask in (
    ("w", 0x08), ("v", 0x04), ("e", 0x02), ("b", 0x01))]  # fmt: skip


def fill_options(cursor: Cursor, version: int) -> None:
    """The options of a router: one byte in version 2, three in version 3."""
    if version == 2:
        cursor.flags("ospf.v2.options", 1, OPTIONS_2)
    else:
        cursor.flags("ospf.v3.options", 3, OPTIONS_3)


def lsa_kind(cursor: Cursor) -> int:
    """The type of version 3, with its scope; the function code."""
    value = cursor.peek(2)
    cursor.mark("ospf.v3.lsa", 2, value)
    cursor.parts(2, (("ospf.v3.lsa.s12", 0x6000), ("ospf.v3.lsa.fc", 0x1FFF)), (("ospf.v3.lsa.u", 0x8000),))
    return value & 0x1FFF


def fill_lsa(cursor: Cursor, version: int, with_body: bool) -> int:
    """One advertisement; its length as it says itself, bytes."""
    start = cursor.at
    length = cursor.peek(2, skip=18)
    stop = start + length
    if version == 2:
        cursor.parts(2, (("ospf.lsa.age", 0x7FFF), ("ospf.lsa.donotage", 0x8000)))
        fill_options(cursor, version)
        kind = cursor.peek(1)
        cursor.integer("ospf.lsa", 1)
        name = "ospf.lsa." + NAMES_2[kind] if kind in NAMES_2 else ""
    else:
        cursor.parts(2, (("ospf.lsa.age", 0x7FFF),), (("ospf.v3.lsa.do_not_age", 0x8000),))
        kind = lsa_kind(cursor)
        name = "ospf.v3.lsa." + NAMES_3[kind] if kind in NAMES_3 else ""
    if name:
        cursor.layer.add(name, True, cursor.absolute - 1, 1)
    opaque = version == 2 and kind in OPAQUE
    opaque_kind = _fill_id(cursor, opaque, version)
    cursor.raw("ospf.advrouter", 4)
    cursor.u32("ospf.lsa.seqnum")
    cursor.u16("ospf.lsa.chksum")
    cursor.u16("ospf.lsa.length")
    if with_body and length > HEADER_LENGTH:
        if opaque:
            if opaque_kind == TRAFFIC_ENGINEERING:
                _fill_traffic(cursor, stop)
        elif version == 2:
            _fill_body_2(cursor, kind, stop)
        else:
            _fill_body_3(cursor, kind, stop)
    return length


def _fill_id(cursor: Cursor, opaque: bool, version: int) -> int:
    """The link state id; the type of an opaque advertisement."""
    if not opaque:
        cursor.raw("ospf.lsa.id" if version == 2 else "ospf.link_state_id", 4)
        return 0
    kind = cursor.u8("ospf.lsid_opaque_type")
    if kind == TRAFFIC_ENGINEERING:
        cursor.skip(1)
        cursor.u16("ospf.lsid_te_lsa.instance")
    else:
        cursor.integer("ospf.lsid.opaque_id", 3)
    return kind


def _fill_body_2(cursor: Cursor, kind: int, stop: int) -> None:
    if kind == ROUTER:
        cursor.flags("ospf.v2.router.lsa.flags", 1, ROUTER_FLAGS_2)
        cursor.skip(1)
        for _ in range(cursor.u16("ospf.lsa.number_of_links")):
            cursor.raw("ospf.lsa.router.linkid", 4)
            cursor.raw("ospf.lsa.router.linkdata", 4)
            cursor.u8("ospf.lsa.router.linktype")
            others = cursor.u8("ospf.lsa.router.nummetrics")
            cursor.u16("ospf.lsa.router.metric0")
            cursor.region.bytes(cursor.at, 4 * others)
            cursor.skip(4 * others)
    elif kind == NETWORK:
        cursor.raw("ospf.lsa.network.netmask", 4)
        while cursor.at < stop:
            cursor.raw("ospf.lsa.network.attchrtr", 4)
    elif kind in (SUMMARY, SUMMARY_ROUTER):
        if kind == SUMMARY:
            cursor.raw("ospf.lsa.network.netmask", 4)
        else:
            cursor.skip(4)
        cursor.skip(1)
        cursor.integer("ospf.metric", 3)
    elif kind in (EXTERNAL, NOT_SO_STUBBY):
        cursor.raw("ospf.lsa.asext.netmask", 4)
        cursor.parts(1, (), (("ospf.lsa.asext.type", 0x80),))
        cursor.integer("ospf.metric", 3)
        cursor.raw("ospf.lsa.asext.fwdaddr", 4)
        cursor.u32("ospf.lsa.asext.extrttag")


LINK_PARTS = {1: ("ospf.mpls.linktype", 1), 2: ("ospf.mpls.linkid", 0), 3: ("ospf.mpls.local_addr", 0),
              4: ("ospf.mpls.remote_addr", 0), 5: ("ospf.mpls.te_metric", 4),
              9: ("ospf.mpls.linkcolor", 4)}  # fmt: skip
"""Part of a link's description -> field, and how many bytes a number takes; 0 for an address."""


def _fill_traffic(cursor: Cursor, stop: int) -> None:
    """The TLVs of traffic engineering (RFC 3630): a router's address, or a link."""
    while cursor.at < stop:
        kind, length = cursor.u16("ospf.tlv_type"), cursor.u16("ospf.tlv_length")
        end = cursor.at + (length + 3) // 4 * 4
        if kind == 1:
            cursor.raw("ospf.mpls.routerid", 4)
        elif kind == 2:
            while cursor.at < end:
                _fill_link_part(cursor)
        cursor.at = end


def _fill_link_part(cursor: Cursor) -> None:
    kind, length = cursor.u16("ospf.tlv_type"), cursor.u16("ospf.tlv_length")
    end = cursor.at + (length + 3) // 4 * 4
    cursor.region.bytes(cursor.at, length)
    if kind in LINK_PARTS:
        name, size = LINK_PARTS[kind]
        if size:
            cursor.integer(name, size)
        else:
            cursor.raw(name, 4)
    cursor.at = end


def _fill_body_3(cursor: Cursor, kind: int, stop: int) -> None:
    if kind == ROUTER:
        cursor.flags("ospf.v3.router.lsa.flags", 1, ROUTER_FLAGS_3)
        fill_options(cursor, 3)
        while cursor.at < stop:
            cursor.u8("ospf.v3.lsa.type")
            cursor.raw("ospf.reserved", 1)
            cursor.integer("ospf.metric", 2)
            cursor.u32("ospf.v3.lsa.interface_id")
            cursor.u32("ospf.v3.lsa.neighbor_interface_id")
            cursor.raw("ospf.v3.lsa.neighbor_router_id", 4)
    elif kind == NETWORK:
        cursor.raw("ospf.reserved", 1)
        fill_options(cursor, 3)
        while cursor.at < stop:
            cursor.raw("ospf.v3.lsa.attached_router", 4)
    elif kind == SUMMARY:
        cursor.raw("ospf.reserved", 1)
        cursor.integer("ospf.metric", 3)
        _fill_prefix(cursor, "ospf.reserved")
    elif kind == SUMMARY_ROUTER:
        cursor.raw("ospf.reserved", 1)
        fill_options(cursor, 3)
        cursor.raw("ospf.reserved", 1)
        cursor.integer("ospf.metric", 3)
        cursor.raw("ospf.v3.lsa.destination_router_id", 4)
    elif kind == LINK:
        cursor.u8("ospf.v3.lsa.router_priority")
        fill_options(cursor, 3)
        cursor.raw("ospf.v3.lsa.link_local_interface_address.ipv6", 16)
        for _ in range(cursor.u32("ospf.v3.lsa.num_prefixes")):
            _fill_prefix(cursor, "ospf.reserved")
    elif kind == INTRA_AREA:
        count = cursor.integer("ospf.v3.lsa.num_prefixes", 2)
        cursor.u16("ospf.v3.lsa.referenced_ls_type")
        cursor.raw("ospf.v3.lsa.referenced_link_state_id", 4)
        cursor.raw("ospf.v3.lsa.referenced_advertising_router", 4)
        for _ in range(count):
            _fill_prefix(cursor, "ospf.metric")


def _fill_prefix(cursor: Cursor, third: str) -> None:
    """A prefix: length, options, two bytes that are a metric or reserved, the address in whole words."""
    bits = cursor.u8("ospf.prefix_length")
    cursor.u8("ospf.v3.prefix.options")
    if third == "ospf.metric":
        cursor.integer(third, 2)
    else:
        cursor.raw(third, 2)
    size = (bits + 31) // 32 * 4
    value = cursor.region.bytes(cursor.at, size)
    if 0 < size <= 16:
        cursor.mark("ospf.v3.address_prefix.ipv6", size, value.ljust(16, b"\0"))
    cursor.skip(size)
