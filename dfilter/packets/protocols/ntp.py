"""NTP (RFC 5905), its control messages (mode 6, RFC 9327) and the private ones of ntpd (mode 7).

What links responses to requests is kept in the session: one waiting client request a conversation, the last control
request of each sequence number and the last private request.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.ntp_private import ITEM_FIELDS, fill_items
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

_FIELDS = """
    ntp.flags UINT8
    ntp.flags.li UINT8
    ntp.flags.vn UINT8
    ntp.flags.mode UINT8
    ntp.stratum UINT8
    ntp.ppoll INT8
    ntp.precision INT8
    ntp.rootdelay UINT32
    ntp.rootdispersion UINT32
    ntp.refid BYTES
    ntp.reftime ABSOLUTE_TIME
    ntp.org ABSOLUTE_TIME
    ntp.rec ABSOLUTE_TIME
    ntp.xmt ABSOLUTE_TIME
    ntp.ext NONE
    ntp.ext.type UINT16
    ntp.ext.length UINT16
    ntp.ext.value BYTES
    ntp.keyid BYTES
    ntp.mac BYTES
    ntp.ctrl.flags2 UINT8
    ntp.ctrl.flags2.r BOOLEAN
    ntp.ctrl.flags2.error UINT8
    ntp.ctrl.flags2.more UINT8
    ntp.ctrl.flags2.opcode UINT8
    ntp.ctrl.sequence UINT16
    ntp.ctrl.status UINT16
    ntp.ctrl.sys_status.li UINT16
    ntp.ctrl.sys_status.clksrc UINT16
    ntp.ctrl.sys_status.count UINT16
    ntp.ctrl.sys_status.code UINT16
    ntp.ctrl.peer_status.config BOOLEAN
    ntp.ctrl.peer_status.authenable BOOLEAN
    ntp.ctrl.peer_status.authentic BOOLEAN
    ntp.ctrl.peer_status.reach BOOLEAN
    ntp.ctrl.peer_status.bcast BOOLEAN
    ntp.ctrl.peer_status.selection UINT16
    ntp.ctrl.peer_status.count UINT16
    ntp.ctrl.peer_status.code UINT16
    ntp.ctrl.associd UINT16
    ntp.ctrl.offset UINT16
    ntp.ctrl.count UINT16
    ntp.ctrl.data NONE
    ntp.ctrl.item NONE
    ntp.priv.flags.r BOOLEAN
    ntp.priv.flags.more UINT8
    ntp.priv.auth_seq UINT8
    ntp.priv.auth UINT8
    ntp.priv.seq UINT8
    ntp.priv.impl UINT8
    ntp.priv.reqcode UINT8
    ntp.priv.err UINT8
    ntp.priv.numitems UINT16
    ntp.priv.reserved UINT8
    ntp.priv.itemsize UINT16
"""

NTP = Protocol(
    "ntp",
    "NTP",
    fields=(
        *computed_table(_FIELDS),
        *computed_table(ITEM_FIELDS),
        computed("ntp.response_in", T.FRAMENUM, look_ahead=True),
        computed("ntp.request_in", T.FRAMENUM, stateful=True),
        computed("ntp.delta_time", T.RELATIVE_TIME, stateful=True),
    ),
    over={"udp.port": (123,), "tcp.port": (123,)},
)

CLIENT, SERVER, CONTROL, PRIVATE = 3, 4, 6, 7
READ_STATUS, READ_VARIABLES = 1, 2
MAX_REQUESTS = 65536
"""Requests that are remembered for their responses; then the oldest is forgotten."""

_ERA_0, _ERA_1 = -2208988800, 2085978496
"""Unix seconds at which the NTP eras 0 (1900) and 1 (2036) begin; a set top bit means era 0 (RFC 4330 section 3)."""


@NTP.dissector
def dissect_ntp(view: View, region: Region) -> None:
    layer = view.push(NTP, region)
    if not view.quoted and view.session.needs.wants("ntp.response_in", "ntp.request_in", "ntp.delta_time"):
        _link(layer)


def _link(layer: Layer) -> None:
    """Connect a response with the request before it."""
    data, view = layer.region.rest()[:4], layer.view
    if len(data) < 4:
        return
    mode, frame = data[0] & 7, view.frame.number
    if mode in (CLIENT, SERVER):
        response, detail = mode == SERVER, 0
    elif mode in (CONTROL, PRIVATE):
        response = (data[1] if mode == CONTROL else data[0]) & 0x80 != 0
        detail = int.from_bytes(data[2:4], "big") if mode == CONTROL else 0
    else:
        return
    requests: OrderedDict[Any, tuple[int, int]] = view.session.memory("ntp", OrderedDict)
    kind = CLIENT if mode == SERVER else mode
    key = (tuple(sorted(zip(view.addresses, view.ports, strict=True))), kind, detail)
    if not response:
        requests[key] = (frame, view.frame.time or 0)
        requests.move_to_end(key)
        if len(requests) > MAX_REQUESTS:
            requests.popitem(last=False)
        for number in view.session.foresight_for("ntp.response_in", frame)[:1]:
            layer.add("ntp.response_in", number)
        return
    request = requests.pop(key, None) if mode == SERVER else requests.get(key)
    if request is not None:
        layer.add("ntp.request_in", request[0])
        layer.add("ntp.delta_time", (view.frame.time or 0) - request[1])
        view.session.foresee("ntp.response_in", request[0], frame)


def _number(layer: Layer, name: str, offset: int, size: int) -> int:
    value = int.from_bytes(layer.region.bytes(offset, size), "big")
    layer.add("ntp." + name, value, layer.start + offset, size)
    return value


def _bytes(layer: Layer, name: str, offset: int, size: int) -> None:
    layer.add("ntp." + name, layer.region.bytes(offset, size), layer.start + offset, size)


@NTP.filler
def fill_ntp(layer: Layer) -> None:
    flags = _number(layer, "flags", 0, 1)
    at, mode = layer.start, flags & 7
    if mode == PRIVATE:
        layer.add("ntp.priv.flags.r", flags & 0x80 != 0, at, 1)
        layer.add("ntp.priv.flags.more", flags >> 6 & 1, at, 1)
    else:
        layer.add("ntp.flags.li", flags >> 6, at, 1)
    layer.add("ntp.flags.vn", flags >> 3 & 7, at, 1)
    layer.add("ntp.flags.mode", mode, at, 1)
    if mode == CONTROL:
        _fill_control(layer)
    elif mode == PRIVATE:
        _fill_private(layer)
    else:
        _fill_standard(layer)


def _fill_standard(layer: Layer) -> None:
    region = layer.region
    _number(layer, "stratum", 1, 1)
    for name, offset in (("ppoll", 2), ("precision", 3)):
        value = int.from_bytes(region.bytes(offset, 1), "big", signed=True)
        layer.add("ntp." + name, value, layer.start + offset, 1)
    _number(layer, "rootdelay", 4, 4)
    _number(layer, "rootdispersion", 8, 4)
    _bytes(layer, "refid", 12, 4)
    for name, offset in (("reftime", 16), ("org", 24), ("rec", 32), ("xmt", 40)):
        layer.add("ntp." + name, timestamp(region.u32(offset), region.u32(offset + 4)), layer.start + offset, 8)
    _fill_trailer(layer, 48)


def timestamp(seconds: int, fraction: int) -> int:
    """An NTP timestamp (RFC 5905 section 6) as Unix nanoseconds; the null one is 0."""
    if not seconds and not fraction:
        return 0
    epoch = _ERA_0 if seconds & 0x80000000 else _ERA_1
    return (seconds + epoch) * 10**9 + (fraction * 10**9 >> 32)


def _fill_trailer(layer: Layer, offset: int) -> None:
    """Extension fields (RFC 7822), then key identifier and message authentication code."""
    region, end = layer.region, layer.region.reported_length
    while end - offset >= 16:
        size = region.u16(offset + 2)
        if size < 16 or size % 4 or size > end - offset:
            break
        layer.add("ntp.ext", None, layer.start + offset, size)
        _number(layer, "ext.type", offset, 2)
        _number(layer, "ext.length", offset + 2, 2)
        _bytes(layer, "ext.value", offset + 4, size - 4)
        offset += size
    if end - offset >= 4:
        _bytes(layer, "keyid", offset, 4)
        if end - offset > 4:
            _bytes(layer, "mac", offset + 4, end - offset - 4)


def _fill_control(layer: Layer) -> None:
    region = layer.region
    flags = _number(layer, "ctrl.flags2", 1, 1)
    at, opcode, response = layer.start + 1, flags & 0x1F, flags & 0x80 != 0
    layer.add("ntp.ctrl.flags2.r", response, at, 1)
    layer.add("ntp.ctrl.flags2.error", flags >> 6 & 1, at, 1)
    layer.add("ntp.ctrl.flags2.more", flags >> 5 & 1, at, 1)
    layer.add("ntp.ctrl.flags2.opcode", opcode, at, 1)
    _number(layer, "ctrl.sequence", 2, 2)
    status = _number(layer, "ctrl.status", 4, 2)
    if response and not flags & 0x40 and opcode in (READ_STATUS, READ_VARIABLES):
        if region.u16(6):
            _fill_peer_status(layer, status, 4)
        else:
            _fill_system_status(layer, status)
    for index, name in enumerate(("associd", "offset", "count")):
        _number(layer, "ctrl." + name, 6 + 2 * index, 2)
    size = region.u16(10)
    if not size:
        return
    layer.add("ntp.ctrl.data", None, layer.start + 12, size)
    if opcode != READ_STATUS or not response or region.u16(6):
        return
    for offset in range(12, 12 + size - 3, 4):
        layer.add("ntp.ctrl.item", None, layer.start + offset, 4)
        _number(layer, "ctrl.associd", offset, 2)
        _fill_peer_status(layer, _number(layer, "ctrl.status", offset + 2, 2), offset + 2)


def _fill_system_status(layer: Layer, status: int) -> None:
    """RFC 9327 section 3.1."""
    for name, shift, mask in (("li", 14, 3), ("clksrc", 8, 0x3F), ("count", 4, 15), ("code", 0, 15)):
        layer.add("ntp.ctrl.sys_status." + name, status >> shift & mask, layer.start + 4, 2)


def _fill_peer_status(layer: Layer, status: int, offset: int) -> None:
    """RFC 9327 section 3.2."""
    at = layer.start + offset
    for index, name in enumerate(("config", "authenable", "authentic", "reach", "bcast")):
        layer.add("ntp.ctrl.peer_status." + name, status >> 15 - index & 1 != 0, at, 2)
    for name, shift, mask in (("selection", 8, 7), ("count", 4, 15), ("code", 0, 15)):
        layer.add("ntp.ctrl.peer_status." + name, status >> shift & mask, at, 2)


def _fill_private(layer: Layer) -> None:
    first = _number(layer, "priv.auth_seq", 1, 1)
    layer.add("ntp.priv.auth", first >> 7, layer.start + 1, 1)
    layer.add("ntp.priv.seq", first & 0x7F, layer.start + 1, 1)
    _number(layer, "priv.impl", 2, 1)
    code = _number(layer, "priv.reqcode", 3, 1)
    for offset, high, low in ((4, "err", "numitems"), (6, "reserved", "itemsize")):
        value = layer.region.u16(offset)
        layer.add("ntp.priv." + high, value >> 12, layer.start + offset, 1)
        layer.add("ntp.priv." + low, value & 0xFFF, layer.start + offset, 2)
    count, size = layer.region.u16(4) & 0xFFF, layer.region.u16(6) & 0xFFF
    if layer.region.u8(0) & 0x80 and size:
        fill_items(layer, code, count, size)


@NTP.info_line
def ntp_info(layer: Layer) -> str:
    modes, versions = layer.computed("ntp.flags.mode"), layer.computed("ntp.flags.vn")
    if not modes:
        return ""
    names = ("reserved", "symmetric active", "symmetric passive", "client", "server", "broadcast", "control", "private")
    return f"NTP Version {versions[0]}, {names[modes[0]]}"
