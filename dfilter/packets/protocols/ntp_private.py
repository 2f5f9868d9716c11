"""Items of ntpd's private messages (mode 7): the peer lists and the monitor lists, as Wireshark 4.4 shows them.

In: the layer, the request code, the number and size of the items.  Out: the fields of each item.
"""

from __future__ import annotations

from dfilter.packets.view import Layer

ITEM_FIELDS = """
    ntp.priv.mode7.item STRINGZ
    ntp.priv.mode7.address IPv4
    ntp.priv.mode7.port UINT16
    ntp.priv.mode7.hmode UINT8
    ntp.priv.mode7.peer.flags UINT8
    ntp.priv.mode7.ipv6_flag UINT32
    ntp.priv.mode7.unused BYTES
    ntp.priv.mode7.address6 IPv6
    ntp.priv.mode7.dstaddress IPv4
    ntp.priv.mode7.srcaddress IPv4
    ntp.priv.mode7.srcport UINT16
    ntp.priv.mode7.hpoll INT8
    ntp.priv.mode7.reach UINT8
    ntp.priv.mode7.delay INT32
    ntp.priv.mode7.offset UINT64
    ntp.priv.mode7.dispersion UINT32
    ntp.priv.mode7.dstaddress6 IPv6
    ntp.priv.mode7.srcaddress6 IPv6
    ntp.priv.mode7.peer.flags.config BOOLEAN
    ntp.priv.mode7.peer.flags.syspeer BOOLEAN
    ntp.priv.mode7.peer.flags.burst BOOLEAN
    ntp.priv.mode7.peer.flags.refclock BOOLEAN
    ntp.priv.mode7.peer.flags.prefer BOOLEAN
    ntp.priv.mode7.peer.flags.authenable BOOLEAN
    ntp.priv.mode7.peer.flags.sel_candidate BOOLEAN
    ntp.priv.mode7.peer.flags.shortlist BOOLEAN
    ntp.priv.monlist.avgint UINT32
    ntp.priv.monlist.lsint UINT32
    ntp.priv.monlist.restr UINT32
    ntp.priv.monlist.count UINT32
    ntp.priv.monlist.remote_address IPv4
    ntp.priv.monlist.local_address IPv4
    ntp.priv.monlist.flags UINT32
    ntp.priv.monlist.port UINT16
    ntp.priv.monlist.mode UINT8
    ntp.priv.monlist.version UINT8
    ntp.priv.monlist.ipv6 UINT32
    ntp.priv.monlist.unused UINT32
    ntp.priv.monlist.addr6 IPv6
    ntp.priv.monlist.daddr6 IPv6
"""

_PEER, _MONITOR = "ntp.priv.mode7.", "ntp.priv.monlist."
_FLAGS = ("config", "syspeer", "burst", "refclock", "prefer", "authenable", "sel_candidate", "shortlist")

_ITEMS: dict[int, tuple[str, str, str]] = {
    0: ("", _PEER, "address 4 port 2 hmode 1 peer.flags 1 ipv6_flag 4 unused 4 address6 16"),
    1: ("", _PEER, "dstaddress 4 srcaddress 4 srcport 2 ntp.stratum 1 hpoll 1 ntp.ppoll 1 reach 1 "
        "peer.flags 1 hmode 1 delay 4 offset 8 dispersion 4 ipv6_flag 4 unused 4 dstaddress6 16 srcaddress6 16"),
    20: ("Monlist Item", _MONITOR, "avgint 4 lsint 4 restr 4 count 4 remote_address 4 port 2 mode 1 version 1 ipv6 4 "
         "unused 4 addr6 16"),
    42: ("Monlist Item", _MONITOR, "avgint 4 lsint 4 restr 4 count 4 remote_address 4 local_address 4 flags 4 port 2 "
         "mode 1 version 1 ipv6 4 unused 4 addr6 16 daddr6 16"),
}  # fmt: skip
"""Request code -> the text of its items, prefix of their fields, fields and sizes in order."""

_RAW = frozenset(line.split()[0] for line in ITEM_FIELDS.split("\n") if line.endswith((" IPv4", " IPv6", " BYTES")))
_SIGNED = frozenset(line.split()[0] for line in ITEM_FIELDS.split("\n") if " INT" in line) | {"ntp.ppoll"}


def fill_items(layer: Layer, code: int, count: int, size: int) -> None:
    """The items of a response from offset 8 on; a read beyond the packet raises."""
    if code not in _ITEMS:
        return
    title, prefix, text = _ITEMS[code]
    words = text.split()
    rows = [(name if name.startswith("ntp.") else prefix + name, int(width))
            for name, width in zip(words[::2], words[1::2], strict=True)]  # fmt: skip
    for index in range(count):
        offset, end = 8 + index * size, 8 + (index + 1) * size
        raw = layer.region.bytes(offset, size)
        layer.add("ntp.priv.mode7.item", title, layer.start + offset, len(raw))
        for name, width in rows:
            if offset + width > end:
                break
            _fill_field(layer, name, offset, width)
            offset += width


def _fill_field(layer: Layer, name: str, offset: int, width: int) -> None:
    raw, at = layer.region.bytes(offset, width), layer.start + offset
    value = raw if name in _RAW else int.from_bytes(raw, "big", signed=name in _SIGNED)
    layer.add(name, value, at, width)
    if name == _PEER + "peer.flags":
        for bit, flag in enumerate(_FLAGS):
            layer.add(f"{name}.{flag}", raw[0] >> bit & 1 != 0, at, 1)
