"""TCP options (RFC 9293 section 3.1, RFC 7323, RFC 2018, RFC 2883, RFC 7413, RFC 2385, RFC 5925, RFC 5482, RFC 6994).

In: the options of a header.  Out: their fields, with Wireshark 4.4's remarks on what is wrong with them.  What
always holds: an option that does not fit ends the list; one of the wrong length shows only its kind and length.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from dfilter.packets.protocols.tcp_multipath import MULTIPATH_FIELDS, fill_multipath
from dfilter.packets.region import DissectionError, Malformed, Region
from dfilter.packets.streams.sequence import SEQ_MASK, seq_diff
from dfilter.packets.view import Layer
from dfilter.slotted import frozen

OPTION_FIELDS = """
    tcp.options                  BYTES
    tcp.option_kind              UINT8
    tcp.option_len               UINT8
    tcp.option.len.invalid       NONE
    tcp.non_zero_bytes_after_eol NONE
    tcp.nop                      NONE
    tcp.suboption_malformed      NONE
    tcp.options.mss              PROTOCOL
    tcp.options.mss_val          UINT16
    tcp.options.mss.absent       NONE
    tcp.options.mss.present      NONE
    tcp.options.wscale           PROTOCOL
    tcp.options.wscale.shift     UINT8
    tcp.options.wscale.shift.invalid NONE
    tcp.options.wscale.multiplier UINT16
    tcp.options.sack_perm        PROTOCOL
    tcp.options.sack_perm.absent NONE
    tcp.options.sack_perm.present NONE
    tcp.options.sack             PROTOCOL
    tcp.options.sack.count       UINT8
    tcp.options.sack.dsack       NONE
    tcp.options.echo             PROTOCOL
    tcp.options.echo_value       UINT32
    tcp.options.timestamp        PROTOCOL
    tcp.options.timestamp.tsval  UINT32
    tcp.options.timestamp.tsecr  UINT32
    tcp.options.cc               PROTOCOL
    tcp.options.cc_value         UINT32
    tcp.options.md5              PROTOCOL
    tcp.options.md5.digest       BYTES
    tcp.options.qs               PROTOCOL
    tcp.options.qs.rate          UINT8
    tcp.options.qs.ttl_diff      UINT8
    tcp.options.user_to          PROTOCOL
    tcp.options.user_to_granularity BOOLEAN
    tcp.options.user_to_val      UINT16
    tcp.options.ao               PROTOCOL
    tcp.options.ao.keyid         UINT8
    tcp.options.ao.rnextkeyid    UINT8
    tcp.options.ao.mac           BYTES
    tcp.options.tfo              PROTOCOL
    tcp.options.tfo.request      NONE
    tcp.options.tfo.cookie       BYTES
    tcp.options.acc_ecn          PROTOCOL
    tcp.options.acc_ecn.ee0b     UINT24
    tcp.options.acc_ecn.eceb     UINT24
    tcp.options.acc_ecn.ee1b     UINT24
    tcp.options.experimental     PROTOCOL
    tcp.options.experimental.exid UINT16
    tcp.options.experimental.data BYTES
    tcp.options.nop              PROTOCOL
    tcp.options.eol              PROTOCOL
    tcp.options.unknown          PROTOCOL
    tcp.options.unknown.payload  BYTES
""" + MULTIPATH_FIELDS

RELATIVE_OPTION_FIELDS = """
    tcp.options.sack_le          UINT32
    tcp.options.sack_re          UINT32
    tcp.options.sack.dsack_le    UINT32
    tcp.options.sack.dsack_re    UINT32
"""
"""Counted from the conversation's first number, so they need its state."""

END, NOP, MSS, WINDOW_SCALE, SACK_PERMITTED, SACK, TIMESTAMPS = 0, 1, 2, 3, 4, 5, 8
MULTIPATH, FAST_OPEN = 30, 34
MAX_SHIFT = 14
_FAST_OPEN_EXPERIMENT = 0xF989
_SYN = 0x02

_UNNAMED = frozenset({MULTIPATH, 20, 21, 22, 23, 76, 78})
"""Options that have no item of their own; of SCPS's and Riverbed's only kind and length are shown."""


def window_shift(region: Region, default: int | None) -> int | None:
    """The window scale option of a SYN in bits; `default` without one."""
    for kind, offset, length in _walk(region, header_length(region)):
        if kind == WINDOW_SCALE and length == 3:
            return min(region.u8(offset + 2), MAX_SHIFT)
    return default


def has_fast_open_cookie(region: Region) -> bool:
    """Does a segment carry a cookie of TCP Fast Open, as an option of its own or as an experiment?"""
    for kind, offset, length in _walk(region, header_length(region)):
        if kind == FAST_OPEN and length > 2:
            return True
        if kind in (253, 254) and length > 4 and region.u16(offset + 2) == _FAST_OPEN_EXPERIMENT:
            return True
    return False


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
    """(kind, offset, length) of each option; a length of 0 marks one that does not fit, which is the last."""
    found = []
    offset = 20
    while offset < end:
        kind = region.u8(offset)
        length = 1
        if kind not in (END, NOP):
            length = region.u8(offset + 1) if offset + 1 < end else 0
            if length < 2 or offset + length > end:
                found.append((kind, offset, 0))
                break
        found.append((kind, offset, length))
        if kind == END and any(region.bytes(offset + 1, end - offset - 1)):
            break
        offset += length
    return found


def fill_options(layer: Layer, end: int, ack_base: int) -> None:
    """Add the fields of every option; selective acknowledgements count from `ack_base`."""
    region, start = layer.region, layer.start
    held = region.rest(20)[: end - 20]
    layer.add("tcp.options", held, start + 20, len(held))
    if region.length < end:
        with suppress(DissectionError):  # the frame says so already
            _fill_cut(layer, end, ack_base)
        return
    walked = _walk(region, end)
    for kind, offset, length in walked:
        if not length:
            layer.add("tcp.option.len.invalid", None)
            return
        _fill_option(layer, kind, offset, length, ack_base)
    if walked and walked[-1][0] == END and walked[-1][1] + 1 < end:
        layer.add("tcp.non_zero_bytes_after_eol", None)
        return
    _fill_remarks(layer, [kind for kind, _, _ in walked])


def _fill_cut(layer: Layer, end: int, ack_base: int) -> None:
    """Options of a header that was cut short, up to the first byte that is missing."""
    region, offset = layer.region, 20
    while offset < end:
        kind = region.u8(offset)
        length = 1 if kind in (END, NOP) else region.u8(offset + 1)
        if length < (kind not in (END, NOP)) + 1 or offset + length > end:
            layer.add("tcp.option.len.invalid", None)
            return
        _fill_option(layer, kind, offset, length, ack_base)
        offset += length


def _fill_remarks(layer: Layer, kinds: list[int]) -> None:
    """What a SYN should offer; and much padding, which routers leave where they erased an option (observed: four
    in all, the last option being one)."""
    if kinds[-1:] == [NOP] and kinds.count(NOP) >= 4:
        layer.add("tcp.nop", None)
    if layer.region.u8(13) & _SYN:
        for kind, name in ((MSS, "mss"), (SACK_PERMITTED, "sack_perm")):
            if kind not in kinds:
                layer.add(f"tcp.options.{name}.absent", None)


def _fill_option(layer: Layer, kind: int, offset: int, length: int, ack_base: int) -> None:
    region, at, add = layer.region, layer.start + offset, layer.add
    option = _OPTIONS.get(kind, _UNKNOWN)
    if kind not in _UNNAMED:
        add("tcp.options." + option.name, layer.part(at, length), at, length)
    add("tcp.option_kind", kind, at, 1)
    if kind not in (END, NOP):
        add("tcp.option_len", length, at + 1, 1)
    if kind in (MSS, SACK_PERMITTED) and not region.u8(13) & _SYN:
        add(f"tcp.options.{option.name}.present", None)
    if not option.shortest <= length <= option.longest:
        add("tcp.option.len.invalid", None)
    elif kind == MULTIPATH:
        fill_multipath(layer, offset, length)
    elif kind == SACK:
        _fill_sack(layer, offset, length, ack_base)
    elif option.fill is not None and kind not in _UNNAMED:
        option.fill(layer, offset, length)


def _mss(layer: Layer, offset: int, length: int) -> None:
    layer.add("tcp.options.mss_val", layer.region.u16(offset + 2), layer.start + offset + 2, 2)


def _wscale(layer: Layer, offset: int, length: int) -> None:
    shift, at = layer.region.u8(offset + 2), layer.start + offset + 2
    layer.add("tcp.options.wscale.shift", shift, at, 1)
    if shift > MAX_SHIFT:
        layer.add("tcp.options.wscale.shift.invalid", None)
    layer.add("tcp.options.wscale.multiplier", 1 << min(shift, MAX_SHIFT), at, 1)


def _fill_sack(layer: Layer, offset: int, length: int, ack_base: int) -> None:
    """Edges relative like the acknowledgement number; a first block below it tells of a duplicate (RFC 2883)."""
    region, ack = layer.region, layer.region.u32(8)
    end = offset + length
    count, at = (length - 2) // 8, layer.start + offset
    if length < 10:
        layer.add("tcp.options.sack.count", count, at)
    if length == 2:
        raise Malformed("a selective acknowledgement without blocks")
    for i, edge in enumerate(range(offset + 2, end, 8)):
        for name, position in (("sack_le", edge), ("sack_re", edge + 4)):
            if position + 4 > end:
                layer.add("tcp.suboption_malformed", None)
                raise Malformed("a selective acknowledgement that is cut short")
            value = region.u32(position)
            layer.add("tcp.options." + name, (value - ack_base) & SEQ_MASK, layer.start + position, 4)
            if i == 0 and seq_diff(region.u32(min(edge + 4, end - 4)), ack) <= 0:
                duplicate = "tcp.options.sack.d" + name
                layer.add(duplicate, (value - ack_base) & SEQ_MASK, layer.start + position, 4)
    if "tcp.options.sack.dsack_re" in layer.items:
        layer.add("tcp.options.sack.dsack", None)
    layer.add("tcp.options.sack.count", count, at)


def _timestamps(layer: Layer, offset: int, length: int) -> None:
    for name, position in (("tsval", offset + 2), ("tsecr", offset + 6)):
        layer.add("tcp.options.timestamp." + name, layer.region.u32(position), layer.start + position, 4)


def _number(name: str) -> Callable[[Layer, int, int], None]:
    def fill(layer: Layer, offset: int, length: int) -> None:
        layer.add(name, layer.region.u32(offset + 2), layer.start + offset + 2, 4)

    return fill


def _bytes(name: str, skip: int = 2) -> Callable[[Layer, int, int], None]:
    def fill(layer: Layer, offset: int, length: int) -> None:
        if length > skip:
            value = layer.region.bytes(offset + skip, length - skip)
            layer.add(name, value, layer.start + offset + skip, length - skip)

    return fill


def _quick_start(layer: Layer, offset: int, length: int) -> None:
    layer.add("tcp.options.qs.rate", layer.region.u8(offset + 2) & 0x0F, layer.start + offset + 2, 1)
    layer.add("tcp.options.qs.ttl_diff", layer.region.u8(offset + 3), layer.start + offset + 3, 1)


def _user_timeout(layer: Layer, offset: int, length: int) -> None:
    value, at = layer.region.u16(offset + 2), layer.start + offset + 2
    layer.add("tcp.options.user_to_granularity", bool(value & 0x8000), at, 2)
    layer.add("tcp.options.user_to_val", value & 0x7FFF, at, 2)


def _authentication(layer: Layer, offset: int, length: int) -> None:
    layer.add("tcp.options.ao.keyid", layer.region.u8(offset + 2), layer.start + offset + 2, 1)
    layer.add("tcp.options.ao.rnextkeyid", layer.region.u8(offset + 3), layer.start + offset + 3, 1)
    _bytes("tcp.options.ao.mac", 4)(layer, offset, length)


def _fast_open(layer: Layer, offset: int, length: int, skip: int = 2) -> None:
    if length == skip:
        layer.add("tcp.options.tfo.request", None, layer.start + offset, length)
    else:
        _bytes("tcp.options.tfo.cookie", skip)(layer, offset, length)


def _experimental(layer: Layer, offset: int, length: int) -> None:
    exid = layer.region.u16(offset + 2)
    layer.add("tcp.options.experimental.exid", exid, layer.start + offset + 2, 2)
    if exid == _FAST_OPEN_EXPERIMENT:
        _fast_open(layer, offset, length, 4)
    elif exid in _ACCURATE_ECN_EXPERIMENTS:
        _ACCURATE_ECN_EXPERIMENTS[exid](layer, offset + 2, length - 2)
    else:
        _bytes("tcp.options.experimental.data", 4)(layer, offset, length)


def _accurate_ecn(order: tuple[str, ...]) -> Callable[[Layer, int, int], None]:
    """Three counters of 24 bits, of which the last may be left out."""

    def fill(layer: Layer, offset: int, length: int) -> None:
        for i, name in enumerate(order[: (length - 2) // 3]):
            position = offset + 2 + 3 * i
            layer.add("tcp.options.acc_ecn." + name, layer.region.u24(position), layer.start + position, 3)

    return fill


_ACCURATE_ECN = (_accurate_ecn(("ee0b", "eceb", "ee1b")), _accurate_ecn(("ee1b", "eceb", "ee0b")))
_ACCURATE_ECN_EXPERIMENTS = {0xACC0: _ACCURATE_ECN[0], 0xACC1: _ACCURATE_ECN[1]}


@frozen
class _Option:
    """An option's item name, the lengths it may have, and what adds its values."""

    name: str
    shortest: int = 2
    longest: int = 255
    fill: Callable[[Layer, int, int], None] | None = None


_UNKNOWN = _Option("unknown", fill=_bytes("tcp.options.unknown.payload"))
_OPTIONS = {
    END: _Option("eol", 1, 1),
    NOP: _Option("nop", 1, 1),
    MSS: _Option("mss", 4, 4, _mss),
    WINDOW_SCALE: _Option("wscale", 3, 3, _wscale),
    SACK_PERMITTED: _Option("sack_perm", 2, 2),
    SACK: _Option("sack"),
    6: _Option("echo", 6, 6, _number("tcp.options.echo_value")),
    7: _Option("echo", 6, 6, _number("tcp.options.echo_value")),
    TIMESTAMPS: _Option("timestamp", 10, 10, _timestamps),
    11: _Option("cc", 6, 6, _number("tcp.options.cc_value")),
    12: _Option("cc", 6, 6, _number("tcp.options.cc_value")),
    13: _Option("cc", 6, 6, _number("tcp.options.cc_value")),
    19: _Option("md5", 18, 18, _bytes("tcp.options.md5.digest")),
    27: _Option("qs", 8, 8, _quick_start),
    28: _Option("user_to", 4, 4, _user_timeout),
    29: _Option("ao", 4, 255, _authentication),
    FAST_OPEN: _Option("tfo", fill=_fast_open),
    172: _Option("acc_ecn", fill=_ACCURATE_ECN[0]),
    174: _Option("acc_ecn", fill=_ACCURATE_ECN[1]),
    253: _Option("experimental", 4, 255, _experimental),
    254: _Option("experimental", 4, 255, _experimental),
}
