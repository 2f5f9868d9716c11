"""TCP options (RFC 9293 section 3.2, RFC 7323, RFC 2018)."""

from __future__ import annotations

from dfilter.packets.region import Region
from dfilter.packets.view import Layer

OPTION_FIELDS = """
    tcp.options                  BYTES
    tcp.option_kind              UINT8
    tcp.option_len               UINT8
    tcp.options.mss              PROTOCOL
    tcp.options.mss_val          UINT16
    tcp.options.wscale           PROTOCOL
    tcp.options.wscale.shift     UINT8
    tcp.options.wscale.multiplier UINT16
    tcp.options.sack_perm        PROTOCOL
    tcp.options.sack             PROTOCOL
    tcp.options.sack_le          UINT32
    tcp.options.sack_re          UINT32
    tcp.options.sack.count       UINT8
    tcp.options.timestamp        PROTOCOL
    tcp.options.timestamp.tsval  UINT32
    tcp.options.timestamp.tsecr  UINT32
    tcp.options.nop              PROTOCOL
    tcp.options.eol              PROTOCOL
    tcp.options.unknown          PROTOCOL
"""

END, NOP, MSS, WINDOW_SCALE, SACK_PERMITTED, SACK, TIMESTAMPS = 0, 1, 2, 3, 4, 5, 8
MAX_SHIFT = 14


def window_shift(region: Region, default: int) -> int:
    """The window scale option of a SYN in bits; `default` without one."""
    for kind, offset, length in _walk(region, header_length(region)):
        if kind == WINDOW_SCALE and length == 3:
            return min(region.u8(offset + 2), MAX_SHIFT)
    return default


def sack_edges(region: Region) -> tuple[tuple[int, int], ...]:
    """The selective acknowledgements of a segment: absolute left and right edges."""
    for kind, offset, length in _walk(region, header_length(region)):
        if kind == SACK:
            edges = range(offset + 2, offset + length - 7, 8)
            return tuple((region.u32(edge), region.u32(edge + 4)) for edge in edges)
    return ()


def header_length(region: Region) -> int:
    """The header's length in bytes, cut at what was captured."""
    return min((region.u8(12) >> 4) * 4, region.length)


def _walk(region: Region, end: int) -> list[tuple[int, int, int]]:
    """(kind, offset, length) of each option up to the first that does not fit."""
    found = []
    offset = 20
    while offset < end:
        kind = region.u8(offset)
        if kind in (END, NOP):
            found.append((kind, offset, 1))
            offset += 1
            if kind == END:
                break
            continue
        if offset + 1 >= end:
            break
        length = region.u8(offset + 1)
        if length < 2 or offset + length > end:
            break
        found.append((kind, offset, length))
        offset += length
    return found


def fill_options(layer: Layer, end: int) -> None:
    """Add the fields of every option."""
    region, start = layer.region, layer.start
    end = min(end, region.length)
    layer.add("tcp.options", region.bytes(20, end - 20), start + 20, end - 20)
    for kind, offset, length in _walk(region, end):
        at = start + offset
        layer.add("tcp.option_kind", kind, at, 1)
        if kind not in (END, NOP):
            layer.add("tcp.option_len", length, at + 1, 1)
        _fill_option(layer, kind, offset, length)


_NAMES = {END: "eol", NOP: "nop", MSS: "mss", WINDOW_SCALE: "wscale", SACK_PERMITTED: "sack_perm", SACK: "sack",
          TIMESTAMPS: "timestamp"}  # fmt: skip


def _fill_option(layer: Layer, kind: int, offset: int, length: int) -> None:
    region, at, add = layer.region, layer.start + offset, layer.add
    add("tcp.options." + _NAMES.get(kind, "unknown"), layer.part(at, length), at, length)
    if kind == MSS and length == 4:
        add("tcp.options.mss_val", region.u16(offset + 2), at + 2, 2)
    elif kind == WINDOW_SCALE and length == 3:
        shift = region.u8(offset + 2)
        add("tcp.options.wscale.shift", shift, at + 2, 1)
        add("tcp.options.wscale.multiplier", 1 << min(shift, MAX_SHIFT), at + 2, 1)
    elif kind == TIMESTAMPS and length == 10:
        add("tcp.options.timestamp.tsval", region.u32(offset + 2), at + 2, 4)
        add("tcp.options.timestamp.tsecr", region.u32(offset + 6), at + 6, 4)
    elif kind == SACK:
        _fill_sack(layer, offset, length)


def _fill_sack(layer: Layer, offset: int, length: int) -> None:
    """Selective acknowledgements: relative like the acknowledgement number, where the stream is known."""
    region, at = layer.region, layer.start + offset
    shown, raw = layer.items.get("tcp.ack"), region.u32(8)
    base = raw - shown[0] if shown else 0
    count = (length - 2) // 8
    for i in range(count):
        edge = offset + 2 + 8 * i
        for name, position in (("sack_le", edge), ("sack_re", edge + 4)):
            value = (region.u32(position) - base) & 0xFFFFFFFF
            layer.add("tcp.options." + name, value, layer.start + position, 4)
    layer.add("tcp.options.sack.count", count, at, length)
