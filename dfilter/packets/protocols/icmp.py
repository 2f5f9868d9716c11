"""ICMP for IPv4 (RFC 792, RFC 950, RFC 1256, RFC 4884) with the packets that its error messages quote.

A quoted packet is dissected as far as its bytes go, but no state is kept for it (`View.quoted`): it starts no
stream.  Echo requests and replies are paired by identifier and sequence number, as in Wireshark 4.4.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.protocols.icmp_extensions import EXTENSION_FIELDS, fill_extensions
from dfilter.packets.protocols.quotes import internet_checksum_ok, quote
from dfilter.packets.region import Region
from dfilter.packets.streams.echoes import Echoes
from dfilter.packets.view import Layer, View

ECHO_REPLY, UNREACHABLE, SOURCE_QUENCH, REDIRECT, ECHO, ADVERTISEMENT, SOLICITATION = 0, 3, 4, 5, 8, 9, 10
TIME_EXCEEDED, PARAMETER_PROBLEM, TIMESTAMP, TIMESTAMP_REPLY = 11, 12, 13, 14
INFORMATION, INFORMATION_REPLY, MASK, MASK_REPLY, EXTENDED_ECHO, EXTENDED_REPLY = 15, 16, 17, 18, 42, 43
ERRORS = frozenset({UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM})
WITH_LENGTH = frozenset({UNREACHABLE, TIME_EXCEEDED, PARAMETER_PROBLEM})
"""Errors that can state how long the quoted packet is, so that extensions can follow it (RFC 4884)."""

PAIRED = frozenset({ECHO, ECHO_REPLY, TIMESTAMP, TIMESTAMP_REPLY, INFORMATION, INFORMATION_REPLY, MASK, MASK_REPLY})
FRAGMENTATION_NEEDED = 4
MIN_QUOTE = 128
"""Extensions begin no earlier in the quoted packet (RFC 4884 section 5.5)."""
DAY = 86_400 * 10**9

ICMP = Protocol(
    "icmp",
    "ICMP",
    fields=(
        header("icmp.type", T.UINT8, 0),
        header("icmp.code", T.UINT8, 1),
        header("icmp.checksum", T.UINT16, 2),
        *computed_table("""
            icmp.checksum.status          UINT8
            icmp.checksum_bad             NONE
            icmp.reserved                 BYTES
            icmp.ident                    UINT16
            icmp.ident_le                 UINT16
            icmp.seq                      UINT16
            icmp.seq_le                   UINT16
            icmp.unused                   BYTES
            icmp.mtu                      UINT16
            icmp.length                   UINT8
            icmp.length.original_datagram UINT8
            icmp.redir_gw                 IPv4
            icmp.pointer                  UINT32
            icmp.originate_timestamp      UINT32
            icmp.receive_timestamp        UINT32
            icmp.transmit_timestamp       UINT32
            icmp.address_mask             IPv4
            icmp.num_addrs                UINT8
            icmp.addr_entry_size          UINT8
            icmp.lifetime                 UINT16
            icmp.router_address           IPv4
            icmp.pref_level               INT32
            icmp.data_time                ABSOLUTE_TIME
            icmp.data_time_relative       RELATIVE_TIME
        """),
        *computed_table(EXTENSION_FIELDS),
        computed("icmp.resp_to", T.FRAMENUM, stateful=True),
        computed("icmp.resptime", T.DOUBLE, stateful=True),
        computed("icmp.resp_in", T.FRAMENUM, look_ahead=True),
        computed("icmp.no_resp", T.NONE, look_ahead=True),
        computed("icmp.resp_not_found", T.NONE, look_ahead=True),
    ),
    over={"ip.proto": (1,)},
    carries=("ip", "data"),
)


@ICMP.dissector
def dissect_icmp(view: View, region: Region) -> None:
    if region.length < 4:
        view.mention(ICMP, region)
        raise region.beyond(region.start + 4)
    layer = view.push(ICMP, region)
    kind = region.u8(0)
    if kind in ERRORS:
        _dissect_error(view, layer, region, kind)
    elif kind in (ECHO, ECHO_REPLY):
        region.need(0, 8)
        if not view.quoted:
            _pair(view, layer, region, kind)
        payload = region.sub(8)
        stamp = time_in(view, payload)
        if stamp is not None:
            layer.state = stamp
            payload = payload.sub(stamp[2])
        view.call_data(payload)
    elif kind in (EXTENDED_ECHO, EXTENDED_REPLY) and region.length > 8:
        layer.state = region.sub(8)


def _pair(view: View, layer: Layer, region: Region, kind: int) -> None:
    """A reply repeats its request's bytes, so their checksums differ by the type alone."""
    checksum = region.u16(2)
    if kind == ECHO:
        checksum += ECHO << 8
        checksum = (checksum & 0xFFFF) + (checksum >> 16)
    key = (region.u16(4), region.u16(6), checksum)
    view.session.memory("icmp", Echoes).pair(view, layer, "icmp", key, kind == ECHO)


def _dissect_error(view: View, layer: Layer, region: Region, kind: int) -> None:
    region.need(0, 8)
    payload = region.sub(8)
    quoted_total = payload.u16(2) if payload.length >= 4 else 0
    quote(view, "ip", region.sub(8))
    at = max(region.u8(5) * 4, MIN_QUOTE)
    if kind in WITH_LENGTH and quoted_total <= MIN_QUOTE and payload.reported_length > MIN_QUOTE:
        layer.state = payload.sub(at)


def time_in(view: View, payload: Region) -> tuple[int, int, int] | None:
    """The time that ping put into its payload if it is within a day of the capture's own: (ns, offset, length).

    A sender's `struct timeval`: seconds and microseconds, 8 or 4 bytes each, in either byte order.
    """
    now = view.frame.time
    if now is None:
        return None
    for width, order in ((8, "little"), (8, "big"), (4, "little"), (4, "big")):
        if payload.length < 2 * width:
            continue
        seconds = int.from_bytes(payload.bytes(0, width), "little" if order == "little" else "big")
        fraction = int.from_bytes(payload.bytes(width, width), "little" if order == "little" else "big")
        stamp = seconds * 10**9 + fraction * 1000
        if fraction < 1_000_000 and abs(now - stamp) < DAY:
            return stamp, payload.start, 2 * width
    return None


@ICMP.filler
def fill_icmp(layer: Layer) -> None:
    region, start = layer.region, layer.start
    kind, code = region.u8(0), region.u8(1)
    if region.end < region.reported_end or layer.quoted:
        layer.add("icmp.checksum.status", 2, start + 2)
    elif internet_checksum_ok(region.rest()):
        layer.add("icmp.checksum.status", 1, start + 2)
    else:
        layer.add("icmp.checksum.status", 0, start + 2)
        layer.add("icmp.checksum_bad", None)
    if kind in PAIRED:
        _fill_query(layer, kind)
    elif kind in ERRORS:
        _fill_error(layer, kind, code)
    elif kind in (EXTENDED_ECHO, EXTENDED_REPLY):
        _fill_extended(layer, kind)
    elif kind == ADVERTISEMENT:
        _fill_advertisement(layer)


def _fill_query(layer: Layer, kind: int) -> None:
    region, start, add = layer.region, layer.start, layer.add
    for name, offset in (("icmp.ident", 4), ("icmp.seq", 6)):
        add(name, region.u16(offset), start + offset, 2)
        add(name + "_le", region.le16(offset), start + offset, 2)
    if kind in (TIMESTAMP, TIMESTAMP_REPLY):
        for index, name in enumerate(("originate", "receive", "transmit")):
            add(f"icmp.{name}_timestamp", region.u32(8 + 4 * index), start + 8 + 4 * index, 4)
    elif kind in (MASK, MASK_REPLY):
        add("icmp.address_mask", region.bytes(8, 4), start + 8, 4)
    elif layer.state is not None:
        stamp, at, width = layer.state
        add("icmp.data_time", stamp, at, width)
        add("icmp.data_time_relative", (layer.view.frame.time or 0) - stamp, at, width)


def _fill_error(layer: Layer, kind: int, code: int) -> None:
    region, start, add = layer.region, layer.start, layer.add
    if kind == REDIRECT:
        add("icmp.redir_gw", region.bytes(4, 4), start + 4, 4)
        return
    if kind not in WITH_LENGTH:
        return
    unused = [True] * 4
    if kind == PARAMETER_PROBLEM:
        add("icmp.pointer", region.u8(4), start + 4, 1)
        unused[0] = False
    if region.u8(5):
        add("icmp.length", region.u8(5), start + 5, 1)
        add("icmp.length.original_datagram", region.u8(5) * 4, start + 5, 1)
        unused[1] = False
    if kind == UNREACHABLE and code == FRAGMENTATION_NEEDED:
        add("icmp.mtu", region.u16(6), start + 6, 2)
        unused[2:] = [False, False]
    _fill_unused(layer, unused)
    extensions: Region | None = layer.state
    if extensions is not None:
        fill_extensions(layer, extensions)


def _fill_unused(layer: Layer, unused: list[bool]) -> None:
    """The runs of bytes 4 to 7 that this message has no use for."""
    at = 0
    while at < 4:
        stop = at
        while stop < 4 and unused[stop]:
            stop += 1
        if stop > at:
            value = layer.region.bytes(4 + at, stop - at)
            layer.add("icmp.unused", value, layer.start + 4 + at, stop - at)
        at = stop + 1


def _fill_extended(layer: Layer, kind: int) -> None:
    """Extended echo (RFC 8335)."""
    region, start, add = layer.region, layer.start, layer.add
    add("icmp.ident", region.u16(4), start + 4, 2)
    add("icmp.ident_le", region.le16(4), start + 4, 2)
    add("icmp.ext.echo.seq", region.u8(6), start + 6, 1)
    flags = region.u8(7)
    if kind == EXTENDED_ECHO:
        add("icmp.ext.echo.req.res", flags >> 1, start + 7, 1)
        add("icmp.ext.echo.req.local", bool(flags & 1), start + 7, 1)
        if layer.state is not None:
            fill_extensions(layer, layer.state)
        return
    add("icmp.ext.echo.rsp.state", flags >> 5, start + 7, 1)
    add("icmp.ext.echo.rsp.res", flags >> 3 & 3, start + 7, 1)
    for name, bit in (("active", 4), ("ipv4", 2), ("ipv6", 1)):
        add("icmp.ext.echo.rsp." + name, bool(flags & bit), start + 7, 1)


def _fill_advertisement(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    count, size = region.u8(4), region.u8(5)
    add("icmp.num_addrs", count, start + 4, 1)
    add("icmp.addr_entry_size", size, start + 5, 1)
    add("icmp.lifetime", region.u16(6), start + 6, 2)
    if size != 2:
        return
    for offset in range(8, 8 + 8 * count, 8):
        add("icmp.router_address", region.bytes(offset, 4), start + offset, 4)
        add("icmp.pref_level", int.from_bytes(region.bytes(offset + 4, 4), "big", signed=True), start + offset + 4, 4)


@ICMP.info_line
def icmp_info(layer: Layer) -> str:
    """The message's type, and of an echo what pairs it with its reply."""
    region = layer.region
    kind, code = region.u8(0), region.u8(1)
    if kind in (ECHO, ECHO_REPLY):
        name = "Echo (ping) request " if kind == ECHO else "Echo (ping) reply   "
        lifetime = [before.buf[before.start + 8] for before in layer.view.by_name.get("ip", ())
                    if before.index < layer.index]  # fmt: skip
        text = f"{name} id=0x{region.u16(4):04x}, seq={region.u16(6)}/{region.le16(6)}"
        text += f", ttl={lifetime[-1]}" if lifetime else ""
        for field, word in (("icmp.resp_to", "request"), ("icmp.resp_in", "reply")):
            text += "".join(f" ({word} in {frame})" for frame in layer.computed(field)[:1])
        return text + (" (no response found!)" if layer.computed("icmp.no_resp") else "")
    name = _INFO_TYPES.get(kind, "Unknown ICMP (obsolete or malformed?)")
    codes = _INFO_CODES.get(kind)
    return f"{name} ({codes.get(code, 'Unknown code')})" if codes is not None else name


_INFO_TYPES = {UNREACHABLE: "Destination unreachable", 4: "Source quench (flow control)", REDIRECT: "Redirect",
               9: "Mobile IP Advertisement", 10: "Router solicitation", TIME_EXCEEDED: "Time-to-live exceeded",
               12: "Parameter problem", 13: "Timestamp request", 14: "Timestamp reply",
               15: "Information request", 16: "Information reply", 17: "Address mask request",
               18: "Address mask reply", EXTENDED_ECHO: "Extended Echo request",
               43: "Extended Echo reply "}  # fmt: skip
_INFO_CODES = {
    UNREACHABLE: {0: "Network unreachable", 1: "Host unreachable", 2: "Protocol unreachable", 3: "Port unreachable",
                  4: "Fragmentation needed", 5: "Source route failed", 6: "Destination network unknown",
                  7: "Destination host unknown", 8: "Source host isolated",
                  9: "Network administratively prohibited", 10: "Host administratively prohibited",
                  11: "Network unreachable for TOS", 12: "Host unreachable for TOS",
                  13: "Communication administratively filtered", 14: "Host precedence violation",
                  15: "Precedence cutoff in effect"},
    REDIRECT: {0: "Redirect for network", 1: "Redirect for host", 2: "Redirect for TOS and network",
               3: "Redirect for TOS and host"},
    TIME_EXCEEDED: {0: "Time to live exceeded in transit", 1: "Fragment reassembly time exceeded"},
    12: {0: "Pointer indicates the error", 1: "Required option missing", 2: "Bad length"},
    EXTENDED_ECHO: {0: "No error"},
    43: {0: "No error", 1: "Malformed Query", 2: "No Such Interface", 3: "No Such Table Entry",
         4: "Multiple Interfaces Satisfy Query"},
}  # fmt: skip
