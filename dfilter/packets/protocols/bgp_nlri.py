"""What BGP announces and withdraws: address prefixes (RFC 4271), with labels (RFC 8277), route distinguishers
(RFC 4364), path identifiers (RFC 7911), route target constraints (RFC 4684) and EVPN routes (RFC 7432).

In: a cursor at the first entry and where the entries stop.  Out: their fields.  What always holds: an entry whose
length is impossible counts as malformed and is the last one.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import Cursor

IPV4, IPV6, L2VPN = 1, 2, 25
UNICAST, MULTICAST, LABELED, MCAST_VPN, EVPN, VPN, ROUTE_TARGET = 1, 2, 4, 5, 70, 128, 132
ADDRESS_SIZES = {IPV4: 4, IPV6: 16}
BOTTOM_OF_STACK, WITHDRAWN = 1, 0x800000


def distinguisher(data: bytes) -> str:
    """A route distinguisher or target as text (RFC 4364 section 4.2)."""
    kind = int.from_bytes(data[:2], "big")
    if kind == 1:
        return f"{'.'.join(map(str, data[2:6]))}:{int.from_bytes(data[6:], 'big')}"
    split = 4 if kind == 0 else 6
    return f"{int.from_bytes(data[2:split], 'big')}:{int.from_bytes(data[split:], 'big')}"


def fill_prefixes(cursor: Cursor, stop: int, name: str, size: int) -> bool:
    """Plain prefixes of addresses of `size` bytes up to `stop`; False if one of them is impossible."""
    with_path = _have_path_ids(cursor.region.bytes(cursor.at, stop - cursor.at), size)
    while cursor.at < stop:
        if with_path:
            cursor.u32("bgp.nlri_path_id")
        bits = cursor.peek(1)
        if bits > size * 8:
            cursor.wrong("a prefix longer than an address")
            return False
        cursor.u8("bgp.prefix_length")
        fill_prefix(cursor, name, bits, size)
    return True


def fill_prefix(cursor: Cursor, name: str, bits: int, size: int) -> None:
    """The leading `bits` of an address; those beyond the prefix are shown as zero."""
    length = (bits + 7) // 8
    data = cursor.region.bytes(cursor.at, length)
    kept = int.from_bytes(data, "big") >> length * 8 - bits << length * 8 - bits
    cursor.mark(name, length, kept.to_bytes(length, "big").ljust(size, b"\0"))
    cursor.skip(length)


def _have_path_ids(content: bytes, size: int) -> bool:
    """Path identifiers lead if the entries fit with them, and without them do not or would be default routes."""
    return _fits(content, size, 4) and not _fits(content, size, 0)


def _fits(content: bytes, size: int, ahead: int) -> bool:
    at, defaults = 0, 0
    while at + ahead < len(content):
        bits = content[at + ahead]
        defaults += bits == 0
        if bits > size * 8 or defaults > 1:
            return False
        at += ahead + 1 + (bits + 7) // 8
    return at == len(content)


def fill_families(cursor: Cursor, stop: int, afi: int, safi: int, reach: bool) -> None:
    """The entries of an address family up to `stop`, announced (`reach`) or withdrawn."""
    name = f"bgp.mp_{'reach' if reach else 'unreach'}_nlri_ipv{4 if afi == IPV4 else 6}_prefix"
    size = ADDRESS_SIZES.get(afi, 0)
    if size and safi in (UNICAST, MULTICAST):
        fill_prefixes(cursor, stop, name, size)
    elif size and safi in (LABELED, VPN):
        _fill_labeled(cursor, stop, name, size, 8 if safi == VPN else 0)
    elif safi == ROUTE_TARGET:
        _fill_route_targets(cursor, stop)
    elif afi == L2VPN and safi == EVPN:
        while cursor.at < stop:
            _fill_evpn(cursor)
    elif size and safi == MCAST_VPN:
        while cursor.at < stop:
            _fill_multicast_vpn(cursor, size)


def _fill_labeled(cursor: Cursor, stop: int, name: str, size: int, rd_size: int) -> None:
    content = cursor.region.bytes(cursor.at, stop - cursor.at)
    with_path = not rd_size and content[:1] == b"\0" and _fits(content, size + 12, 4)
    while cursor.at < stop:
        if with_path:
            cursor.u32("bgp.nlri_path_id")
        bits, (labels, stack) = cursor.peek(1), _label_stack(cursor)
        left = bits - 8 * (3 * labels + rd_size)
        if not 0 <= left <= size * 8:
            cursor.wrong("a labeled prefix of an impossible length")
            return
        cursor.u8("bgp.prefix_length")
        cursor.mark("bgp.label_stack", 3 * labels, stack)
        cursor.skip(3 * labels)
        if rd_size:
            cursor.mark("bgp.rd", rd_size, distinguisher(cursor.region.bytes(cursor.at, rd_size)))
            cursor.skip(rd_size)
        fill_prefix(cursor, name, left, size)


def _label_stack(cursor: Cursor) -> tuple[int, str]:
    """How many labels follow the length here, and their text."""
    most, labels, note = cursor.peek(1) // 24, [], ""
    for index in range(max(most, 1)):
        label = cursor.peek(3, skip=1 + 3 * index)
        if label == WITHDRAWN or (not index and label == 0):
            labels.append(label >> 4 if label else 0)
            note = " (withdrawn)"
            break
        labels.append(label >> 4)
        if label & BOTTOM_OF_STACK:
            note = " (bottom)"
            break
    return len(labels), ",".join(map(str, labels)) + note


def _fill_route_targets(cursor: Cursor, stop: int) -> None:
    while cursor.at < stop:
        bits = cursor.peek(1)
        if bits and (bits < 32 or bits > 96):
            cursor.wrong("a route target of an impossible length")
            return
        if not bits:
            cursor.u8("bgp.prefix_length")
            continue
        target = cursor.region.bytes(cursor.at + 5, 8)
        cursor.u8("bgp.prefix_length")
        cursor.u32("bgp.originating_as")
        cursor.mark("bgp.community_prefix", 8, distinguisher(b"\0" + target[:1] + target[2:]))
        cursor.skip((bits - 32 + 7) // 8)


def _fill_evpn(cursor: Cursor) -> None:
    length = cursor.peek(1, skip=1)
    cursor.mark("bgp.evpn.nlri", 2 + length)
    kind = cursor.u8("bgp.evpn.nlri.rt")
    cursor.u8("bgp.evpn.nlri.len")
    stop = cursor.at + length
    if 1 <= kind <= 5:
        cursor.raw("bgp.evpn.nlri.rd", 8)
        if kind in (1, 2, 4, 5):
            _fill_segment(cursor)
        if kind != 4:
            cursor.u32("bgp.evpn.nlri.etag")
        _fill_evpn_rest(cursor, kind, stop)
    cursor.at = stop


def _fill_segment(cursor: Cursor) -> None:
    """An Ethernet segment identifier (RFC 7432 section 5)."""
    cursor.mark("bgp.evpn.nlri.esi", 10, cursor.region.bytes(cursor.at, 10))
    if cursor.u8("bgp.evpn.nlri.esi.type") == 0:
        cursor.mark("bgp.evpn.nlri.esi.type0", 9, cursor.region.bytes(cursor.at, 9))
    cursor.raw("bgp.evpn.nlri.esi.value", 9)


def _fill_evpn_rest(cursor: Cursor, kind: int, stop: int) -> None:
    if kind == 1:
        cursor.integer("bgp.evpn.nlri.vni", 3)
    elif kind == 2:
        cursor.u8("bgp.evpn.nlri.maclen")
        cursor.raw("bgp.evpn.nlri.mac_addr", 6)
        _fill_evpn_address(cursor, cursor.u8("bgp.evpn.nlri.iplen") // 8)
        cursor.integer("bgp.evpn.nlri.vni", 3)
        if stop - cursor.at >= 3:
            cursor.integer("bgp.evpn.nlri.mpls_ls2", 3)
    elif kind in (3, 4):
        _fill_evpn_address(cursor, cursor.u8("bgp.evpn.nlri.iplen") // 8)
    else:
        cursor.u8("bgp.evpn.nlri.prefix_len")
        size, family = (4, "ipv4") if stop - cursor.at == 11 else (16, "ipv6")
        cursor.raw("bgp.evpn.nlri.ip.addr" if size == 4 else "bgp.evpn.nlri.ipv6.addr", size)
        cursor.raw(f"bgp.evpn.nlri.{family}.gtw_addr", size)
        cursor.integer("bgp.evpn.nlri.vni", 3)


def _fill_evpn_address(cursor: Cursor, size: int) -> None:
    if size:
        cursor.raw("bgp.evpn.nlri.ip.addr" if size == 4 else "bgp.evpn.nlri.ipv6.addr", size)


def _fill_multicast_vpn(cursor: Cursor, size: int) -> None:
    """RFC 6514 section 4."""
    kind, length = cursor.u8("bgp.mcast_vpn_nlri_route_type"), cursor.u8("bgp.mcast_vpn_nlri_length")
    stop, family = cursor.at + length, "ipv4" if size == 4 else "ipv6"
    cursor.mark("bgp.mcast_vpn_nlri", length, cursor.region.bytes(cursor.at, length))
    if kind == 4:
        cursor.raw("bgp.mcast_vpn_nlri_route_key", length - size)
        cursor.raw(f"bgp.mcast_vpn_nlri_origin_router_{family}", size)
    elif 1 <= kind <= 7:
        cursor.raw("bgp.mcast_vpn_nlri_rd", 8)
        if kind in (2, 6, 7):
            cursor.u32("bgp.mcast_vpn_nlri_source_as")
        if kind in (3, 5, 6, 7):
            for role in ("source", "group"):
                width = cursor.u8(f"bgp.mcast_vpn_nlri_{role}_length") // 8
                if width in (4, 16):
                    cursor.raw(f"bgp.mcast_vpn_nlri_{role}_addr_ipv{4 if width == 4 else 6}", width)
        if kind in (1, 3):
            cursor.raw(f"bgp.mcast_vpn_nlri_origin_router_{family}", size)
    cursor.at = stop
