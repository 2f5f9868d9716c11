"""BGP's UPDATE message: withdrawn routes, path attributes, announced prefixes (RFC 4271 section 4.3).

In: a cursor behind the message's header.  Out: the fields.  What always holds: an attribute of an impossible length
counts as malformed; one that does not fit in its list ends the list.
"""

from __future__ import annotations

import struct

from dfilter.packets.protocols.bgp_nlri import distinguisher, fill_families, fill_prefixes
from dfilter.packets.protocols.cursor import Cursor

EXTENDED_LENGTH = 0x10
ORIGIN, AS_PATH, NEXT_HOP, MULTI_EXIT, LOCAL_PREF, ATOMIC, AGGREGATOR, COMMUNITIES, ORIGINATOR, CLUSTERS = range(1, 11)
MP_REACH, MP_UNREACH, EXTENDED, AS4_PATH, AS4_AGGREGATOR, PMSI, TUNNEL = 14, 15, 16, 17, 18, 22, 23
AIGP, LARGE, BGPSEC_PATH, ONLY_TO_CUSTOMER, ATTRIBUTE_SET = 26, 32, 33, 35, 128
MAX_SETS = 8
"""Attribute sets in one another (RFC 6368) that are followed."""

FIXED = {ORIGIN: ("origin", 1), MULTI_EXIT: ("multi_exit_disc", 4), LOCAL_PREF: ("local_pref", 4),
         ONLY_TO_CUSTOMER: ("otc", 4)}  # fmt: skip
ADDRESSES = {NEXT_HOP: "next_hop", ORIGINATOR: "originator_id"}
FLAGS = tuple(("bgp.update.path_attribute.flags." + name, mask) for name, mask in (
    ("optional", 0x80), ("transitive", 0x40), ("partial", 0x20), ("extended_length", 0x10)))  # fmt: skip
SUBTYPES = {0x00: "tr_as2", 0x01: "tr_IP4", 0x02: "tr_as4", 0x03: "tr_opaque", 0x06: "tr_evpn", 0x40: "ntr_as2",
            0x41: "ntr_IP4", 0x42: "ntr_as4", 0x43: "ntr_opaque", 0x80: "tr_exp", 0x81: "tr_exp_2",
            0x82: "tr_exp_3"}  # fmt: skip
PIM_SSM, PIM_SM, INGRESS_REPLICATION = 3, 4, 6
LINK_BANDWIDTH, ENCAPSULATION = 0x4004, 0x030C


def fill_update(cursor: Cursor) -> None:
    """The three parts of the message."""
    withdrawn = cursor.u16("bgp.update.withdrawn_routes.length")
    if withdrawn:
        cursor.mark("bgp.update.withdrawn_routes", withdrawn)
        stop = cursor.at + withdrawn
        if not fill_prefixes(cursor, stop, "bgp.withdrawn_prefix", 4):
            return
        cursor.at = stop
    length = cursor.u16("bgp.update.path_attributes.length")
    if length:
        stop = cursor.at + length
        fill_attributes(cursor, stop, 0)
        cursor.at = stop
    if cursor.left > 0:
        cursor.mark("bgp.update.nlri", cursor.left)
        fill_prefixes(cursor, cursor.at + cursor.left, "bgp.nlri_prefix", 4)


def fill_attributes(cursor: Cursor, stop: int, depth: int) -> None:
    """Path attributes up to `stop`."""
    cursor.mark("bgp.update.path_attributes", stop - cursor.at)
    while cursor.at < stop:
        flags = cursor.peek(1)
        width = 2 if flags & EXTENDED_LENGTH else 1
        length = cursor.peek(width, skip=2)
        whole = 2 + width + length
        fits = cursor.at + whole <= stop
        cursor.mark("bgp.update.path_attribute", min(whole, stop - cursor.at))
        cursor.mark("bgp.update.path_attribute.flags", 1, flags)
        cursor.parts(1, (("bgp.update.path_attribute.flags.unused", 0x0F),), FLAGS)
        kind = cursor.u8("bgp.update.path_attribute.type_code")
        cursor.integer("bgp.update.path_attribute.length", width)
        end = cursor.at + length
        if fits or kind == ORIGIN:
            _fill_attribute(cursor, kind, min(length, stop - cursor.at), length, depth)
        if not fits:
            cursor.wrong("an attribute longer than what holds it")
            return
        cursor.at = end


def _fill_attribute(cursor: Cursor, kind: int, length: int, claimed: int, depth: int) -> None:
    if kind in FIXED:
        name, size = FIXED[kind]
        if claimed == size:
            cursor.integer("bgp.update.path_attribute." + name, size)
        else:
            cursor.wrong("an attribute of the wrong length")
    elif kind in ADDRESSES:
        if length == 4:
            cursor.raw("bgp.update.path_attribute." + ADDRESSES[kind], 4)
        else:
            cursor.wrong("an attribute of the wrong length")
    elif kind in (AS_PATH, AS4_PATH):
        _fill_as_path(cursor, cursor.at + length, kind == AS4_PATH)
    elif kind in LISTS:
        entry, size = LISTS[kind]
        if length % size:
            cursor.wrong("a list of the wrong length")
        else:
            entry(cursor, cursor.at + length)
    elif kind in (MP_REACH, MP_UNREACH):
        _fill_multiprotocol(cursor, cursor.at + length, kind == MP_REACH)
    else:
        _fill_rarer(cursor, kind, length, depth)


def _fill_rarer(cursor: Cursor, kind: int, length: int, depth: int) -> None:
    if kind in (AGGREGATOR, AS4_AGGREGATOR):
        if length not in (6, 8) or (kind == AS4_AGGREGATOR and length != 8):
            cursor.wrong("an aggregator of the wrong length")
            return
        cursor.integer("bgp.update.path_attribute.aggregator_as", length - 4)
        cursor.raw("bgp.update.path_attribute.aggregator_origin", 4)
    elif kind == ATOMIC:
        if length:
            cursor.wrong("an atomic aggregate with contents")
    elif kind == AIGP:
        cursor.mark("bgp.update.path_attribute.aigp", length)
        if cursor.u8("bgp.update.attribute.aigp.type") == 1:
            cursor.u16("bgp.update.attribute.aigp.length")
            cursor.u64("bgp.update.attribute.aigp.accu_igp_metric")
    elif kind == ATTRIBUTE_SET:
        if length < 4 or depth >= MAX_SETS:
            cursor.wrong("an attribute set of the wrong length")
            return
        stop = cursor.at + length
        cursor.u32("bgp.update.path_attribute.attr_set.origin_as")
        if cursor.at < stop:
            fill_attributes(cursor, stop, depth + 1)
    elif kind == PMSI:
        _fill_pmsi(cursor, length)
    elif kind == BGPSEC_PATH:
        _fill_bgpsec(cursor, cursor.at + length)
    elif kind != TUNNEL:
        cursor.mark("bgp.update.path_attributes.unknown", length)


def _fill_as_path(cursor: Cursor, stop: int, four: bool) -> None:
    size = 4 if four or not _is_as_path(cursor.region.bytes(cursor.at, stop - cursor.at), 2) else 2
    while cursor.at < stop:
        count = cursor.peek(1, skip=1)
        cursor.mark("bgp.update.path_attribute.as_path_segment", 2 + size * count)
        cursor.u8("bgp.update.path_attribute.as_path_segment.type")
        cursor.u8("bgp.update.path_attribute.as_path_segment.length")
        for _ in range(count):
            if cursor.at >= stop:
                break
            cursor.integer(f"bgp.update.path_attribute.as_path_segment.as{size}", size)


def _is_as_path(path: bytes, size: int) -> bool:
    """Do segments with numbers of `size` bytes fill the attribute (RFC 6793 leaves it to the session)?"""
    at = 0
    while at + 2 <= len(path):
        if not 1 <= path[at] <= 4 or not path[at + 1]:
            return False
        at += 2 + size * path[at + 1]
    return at == len(path)


def _fill_communities(cursor: Cursor, stop: int) -> None:
    cursor.mark("bgp.update.path_attribute.communities", stop - cursor.at)
    while cursor.at < stop:
        cursor.mark("bgp.update.path_attribute.community", 4)
        if cursor.peek(4) >= 0xFFFF0000 or cursor.peek(4) < 0x10000:
            cursor.mark("bgp.update.path_attribute.community_wellknown", 4, cursor.peek(4))
            cursor.skip(4)
            continue
        cursor.u16("bgp.update.path_attribute.community_as")
        cursor.u16("bgp.update.path_attribute.community_value")


def _fill_large_communities(cursor: Cursor, stop: int) -> None:
    while cursor.at < stop:
        words = [str(cursor.peek(4, skip=at)) for at in (0, 4, 8)]
        cursor.mark("bgp.large_communities", 12, ":".join(words))
        for name in ("ga", "ldp1", "ldp2"):
            cursor.u32("bgp.large_communities." + name)


def _fill_clusters(cursor: Cursor, stop: int) -> None:
    cursor.mark("bgp.path_attribute.cluster_list", stop - cursor.at)
    while cursor.at < stop:
        cursor.raw("bgp.path_attribute.cluster_id", 4)


def _fill_extended(cursor: Cursor, stop: int) -> None:
    """Extended communities (RFC 4360)."""
    cursor.mark("bgp.ext_communities", stop - cursor.at)
    while cursor.at < stop:
        end = cursor.at + 8
        cursor.mark("bgp.ext_community", 8)
        kind = cursor.flags("bgp.ext_com.type", 1, (("bgp.ext_com.type.auth", 0x80), ("bgp.ext_com.type.tran", 0x40)))
        subtype = cursor.u8("bgp.ext_com.stype_" + SUBTYPES.get(kind, "unknown"))
        _fill_extended_value(cursor, kind, kind << 8 | subtype)
        cursor.at = end


def _fill_extended_value(cursor: Cursor, kind: int, whole: int) -> None:
    if whole == LINK_BANDWIDTH:
        cursor.u16("bgp.ext_com.value_as2")
        value = struct.unpack(">f", cursor.region.bytes(cursor.at, 4))[0]
        cursor.mark("bgp.ext_com.value_link_bw", 4, value)
    elif whole == ENCAPSULATION:
        cursor.skip(4)
        cursor.u16("bgp.ext_com.tunnel_type")
    elif kind & 0x3F == 0 and kind < 0x80:
        cursor.u16("bgp.ext_com.value_as2")
        cursor.u32("bgp.ext_com.value_an4")
    elif kind & 0x3F == 1 and kind < 0x80:
        cursor.raw("bgp.ext_com.value_IP4", 4)
        cursor.u16("bgp.ext_com.value_an2")
    elif kind & 0x3F == 2 and kind < 0x80:
        cursor.u32("bgp.ext_com.value_as4")
        cursor.u16("bgp.ext_com.value_an2")
    else:
        cursor.integer("bgp.ext_com.value_raw", 6)


LISTS = {COMMUNITIES: (_fill_communities, 4), CLUSTERS: (_fill_clusters, 4), EXTENDED: (_fill_extended, 8),
         LARGE: (_fill_large_communities, 12)}  # fmt: skip


def _fill_multiprotocol(cursor: Cursor, stop: int, reach: bool) -> None:
    """MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760)."""
    prefix = "bgp.update.path_attribute.mp_reach_nlri" if reach else "bgp.update.path_attribute.mp_unreach_nlri"
    afi, safi = cursor.u16(prefix + ".afi"), cursor.u8(prefix + ".safi")
    if reach:
        _fill_next_hop(cursor, prefix)
        for _ in range(cursor.u8(prefix + ".nbr_snpa")):
            if cursor.at >= stop:
                break
            length = (cursor.u8(prefix + ".snpa_length") + 1) // 2
            cursor.raw(prefix + ".snpa", length)
    cursor.mark(prefix, stop - cursor.at)
    fill_families(cursor, stop, afi, safi, reach)


def _fill_next_hop(cursor: Cursor, prefix: str) -> None:
    length = cursor.peek(1)
    cursor.mark(prefix + ".next_hop", 1 + length, cursor.region.bytes(cursor.at, 1 + length))
    cursor.skip(1)
    stop = cursor.at + length
    while cursor.at < stop:
        if length in (12, 24, 48):
            cursor.mark(prefix + ".next_hop.rd", 8, distinguisher(cursor.region.bytes(cursor.at, 8)))
            cursor.skip(8)
        left = stop - cursor.at
        if left >= 16:
            cursor.raw(prefix + (".next_hop.ipv6.link_local" if left < length and left == 16 else ".next_hop.ipv6"), 16)
        elif left >= 4:
            cursor.raw(prefix + ".next_hop.ipv4", 4)
        else:
            break
    cursor.at = stop


def _fill_pmsi(cursor: Cursor, length: int) -> None:
    """A provider multicast tunnel (RFC 6514 section 5)."""
    prefix = "bgp.update.path_attribute.pmsi."
    cursor.u8(prefix + "tunnel.flags")
    kind = cursor.u8(prefix + "tunnel.type")
    cursor.skip(3)
    cursor.mark(prefix + "tunnel.id", length - 5)
    if kind == INGRESS_REPLICATION:
        size = length - 5
        if size in (4, 16):
            cursor.raw(prefix + ("ingress_rep_ip" if size == 4 else "ingress_rep_ip6"), size)
    elif kind == PIM_SSM:
        cursor.raw(prefix + "pimssm.root_node", 4)
        cursor.raw(prefix + "pimssm.pmulticast_group", 4)
    elif kind == PIM_SM:
        cursor.raw(prefix + "pimsm.sender_address", 4)
        cursor.raw(prefix + "pimsm.pmulticast_group", 4)


def _fill_bgpsec(cursor: Cursor, stop: int) -> None:
    """BGPsec_Path (RFC 8205 section 3)."""
    prefix = "bgp.update.path_attribute.bgpsec."
    segments = (cursor.u16(prefix + "sp.length") - 2) // 6
    for _ in range(max(segments, 0)):
        cursor.integers(((prefix + "sps.pcount", 1), (prefix + "sps.flags", 1), (prefix + "sps.as", 4)))
    while cursor.at < stop:
        end = cursor.at + cursor.u16(prefix + "sb.length")
        cursor.u8(prefix + "sb.algo_id")
        for _ in range(max(segments, 0)):
            cursor.raw(prefix + "ss.ski", 20)
            cursor.raw(prefix + "ss.sig", cursor.u16(prefix + "ss.length"))
        cursor.at = max(end, cursor.at)
