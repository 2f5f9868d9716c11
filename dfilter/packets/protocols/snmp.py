"""SNMP versions 1, 2c and 3 (RFC 1157, 3416, 3412) without MIBs, and which response answers which request."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, frozen, slotted

_FIELDS = """
    snmp.version INT32
    snmp.community STRING
    snmp.data UINT32
    snmp.request_id INT32
    snmp.error_status INT32
    snmp.error_index INT32
    snmp.non_repeaters UINT32
    snmp.max_repetitions UINT32
    snmp.enterprise OID
    snmp.agent_addr IPv4
    snmp.generic_trap INT32
    snmp.specific_trap INT32
    snmp.time_stamp UINT32
    snmp.variable_bindings UINT32
    snmp.name OID
    snmp.name.index UINT64
    snmp.value.null NONE
    snmp.value.int INT64
    snmp.value.octets BYTES
    snmp.value.oid OID
    snmp.value.ipv4 IPv4
    snmp.value.addr BYTES
    snmp.value.counter UINT64
    snmp.value.g32 INT64
    snmp.value.timeticks UINT64
    snmp.value.opaque BYTES
    snmp.value.nsap UINT64
    snmp.value.u32 INT64
    snmp.value.unk BYTES
    snmp.noSuchObject NONE
    snmp.noSuchInstance NONE
    snmp.endOfMibView NONE
    snmp.varbind.response NONE
    snmp.integral_value0 NONE
    snmp.var-bind_str STRING
    snmp.trap_pdu_obsolete NONE
    snmp.version.unknown NONE
    snmp.msgVersion INT32
    snmp.msgGlobalData_element NONE
    snmp.msgID UINT32
    snmp.msgMaxSize UINT32
    snmp.msgFlags BYTES
    snmp.v3.flags.report BOOLEAN
    snmp.v3.flags.crypt BOOLEAN
    snmp.v3.flags.auth BOOLEAN
    snmp.msgSecurityModel UINT32
    snmp.msgAuthoritativeEngineID BYTES
    snmp.msgAuthoritativeEngineBoots UINT32
    snmp.msgAuthoritativeEngineTime UINT32
    snmp.msgUserName STRING
    snmp.msgAuthenticationParameters BYTES
    snmp.msgPrivacyParameters BYTES
    snmp.msgData UINT32
    snmp.plaintext_element NONE
    snmp.encryptedPDU BYTES
    snmp.contextEngineID BYTES
    snmp.contextName STRING
    snmp.engineid.conform BOOLEAN
    snmp.engineid.enterprise UINT32
    snmp.engineid.format UINT8
    snmp.engineid.ipv4 IPv4
    snmp.engineid.ipv6 IPv6
    snmp.engineid.mac ETHER
    snmp.engineid.text STRING
    snmp.engineid.data BYTES
    snmp.engineid.time ABSOLUTE_TIME
"""
PDUS = ("get_request", "get_next_request", "get_response", "set_request", "trap", "getBulkRequest", "informRequest",
        "snmpV2_trap", "report")  # fmt: skip
GET_RESPONSE, TRAP, GET_BULK, V2_TRAP, REPORT = 2, 4, 5, 7, 8
_LINKS = ("snmp.response_in", "snmp.response_to", "snmp.time")

SNMP = Protocol(
    "snmp",
    "SNMP",
    fields=(
        *computed_table(_FIELDS),
        *(computed(f"snmp.{name}_element", T.NONE) for name in PDUS),
        computed("snmp.response_in", T.FRAMENUM, look_ahead=True),
        computed("snmp.response_to", T.FRAMENUM, stateful=True),
        computed("snmp.time", T.RELATIVE_TIME, stateful=True),
    ),
    over={"udp.port": (161, 162, 8161)},
    carries=("data",),
)

INTEGER, OCTETS, NULL, OBJECT_ID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
NET_SNMP = 8072
MAX_EXCHANGES = 65536
"""Identifiers that are remembered; then the oldest is forgotten."""

MAX_FRAMES = 16
"""Messages of one identifier that can point forward."""

_SYSTEM_TEXTS = (bytes.fromhex("2b06010201010100"), bytes.fromhex("2b06010201010500"))
"""sysDescr.0 and sysName.0 (RFC 1213), whose values Wireshark 4.4 shows as text too."""

_VALUES = {INTEGER: "int", OCTETS: "octets", OBJECT_ID: "oid", 0x40: "ipv4", 0x41: "counter", 0x42: "g32",
           0x43: "timeticks", 0x44: "opaque", 0x45: "nsap", 0x46: "counter", 0x47: "u32"}  # fmt: skip
_UNSIGNED = frozenset({"counter", "timeticks", "nsap"})
_EXCEPTIONS = {0x80: "noSuchObject", 0x81: "noSuchInstance", 0x82: "endOfMibView"}


_WHOLE = object()
"""A layer's state once its message was read without damage."""


@frozen
class Element:
    """One BER element (X.690 section 8.1): tag byte, offsets of its content and of what follows it."""

    tag: int
    at: int
    size: int
    next: int


def element(region: Region, offset: int, limit: int) -> Element:
    """The element at `offset`, which must end at or before `limit`."""
    tag, first = region.u8(offset), region.u8(offset + 1)
    if tag & 0x1F == 0x1F:
        raise Malformed("a tag of several bytes")
    at = offset + 2
    if first == 0x80:
        if limit - 2 < at:
            raise Malformed("an indefinite length without end")
        return Element(tag, at, limit - 2 - at, limit)
    size = first
    if first & 0x80:
        count = first & 0x7F
        if count > 4:
            raise Malformed("a length of more than four bytes")
        size = int.from_bytes(region.bytes(at, count), "big")
        at += count
    if at + size > limit:
        raise Malformed("an element that reaches beyond its container")
    return Element(tag, at, size, at + size)


def _expect(region: Region, offset: int, limit: int, tag: int) -> Element:
    found = element(region, offset, limit)
    if found.tag != tag:
        raise Malformed(f"tag 0x{found.tag:02x} where 0x{tag:02x} belongs")
    return found


def _integer(region: Region, found: Element, *, signed: bool = True) -> int:
    return int.from_bytes(region.bytes(found.at, min(found.size, 9)), "big", signed=signed)


@SNMP.dissector
def dissect_snmp(view: View, region: Region) -> bool | None:
    """Anything that is not a whole BER sequence is not SNMP."""
    if region.reported_length < 2 or region.u8(0) != SEQUENCE:
        return False
    try:
        message = element(region, 0, region.reported_length)
    except Malformed:
        return False
    layer = view.push(SNMP, region, message.next)
    if not view.quoted and view.session.needs.wants(*_LINKS):
        _link(layer)
    if message.next < region.reported_length:
        layer.complete()
        if layer.state is _WHOLE:
            view.call_data(region.sub(message.next))
    return None


def _link(layer: Layer) -> None:
    """Connect messages of the same identifier between the same ends.

    Wireshark 4.4, in its second pass, knows of each identifier the last request and the last response only: that
    response answers that request, and every other message of the identifier points forward to the response.
    """
    view = layer.view
    kinds, ids = layer.computed("snmp.data"), layer.computed("snmp.request_id")
    if not kinds or not ids or kinds[0] == V2_TRAP:
        return
    session, frame, time = view.session, view.frame.number, view.frame.time or 0
    exchanges: OrderedDict[Any, _Exchange] = session.memory("snmp", OrderedDict)
    key = (tuple(sorted(zip(view.addresses, view.ports, strict=True))), ids[0])
    exchange = exchanges.get(key)
    if exchange is None:
        exchange = exchanges[key] = _Exchange()
        if len(exchanges) > MAX_EXCHANGES:
            exchanges.popitem(last=False)
    foreseen = session.foresight_for("snmp.response_in", frame)
    if kinds[0] != GET_RESPONSE:
        exchange.frame, exchange.time = frame, time
    elif exchange.frame is not None:
        for earlier in exchange.frames:
            session.foresee("snmp.response_in", earlier, frame)
        if not foreseen:
            layer.add("snmp.response_to", exchange.frame)
            layer.add("snmp.time", time - exchange.time)
    if foreseen:
        layer.add("snmp.response_in", foreseen[-1])
    if len(exchange.frames) < MAX_FRAMES:
        exchange.frames.append(frame)


@slotted(eq=True)
class _Exchange:
    """The messages of one identifier: all frames so far, the last request's frame and time."""

    frames: list[int] = field(default_factory=list)
    frame: int | None = None
    time: int = 0


@SNMP.filler
def fill_snmp(layer: Layer) -> None:
    region = layer.region
    message = element(region, 0, region.reported_length)
    version = _expect(region, message.at, message.next, INTEGER)
    number = _integer(region, version)
    if number in (0, 1):
        layer.add("snmp.version", number, layer.start + version.at, version.size)
        offset = _add_text(layer, "snmp.community", version.next, message.next)
        if offset < message.next:
            _fill_pdu(layer, offset, message.next, number)
    elif number == 3:
        layer.add("snmp.msgVersion", number, layer.start + version.at, version.size)
        _fill_version_3(layer, version.next, message.next)
    else:
        layer.add("snmp.version.unknown", None)
    layer.state = _WHOLE


def _add_number(layer: Layer, name: str, offset: int, limit: int, *, signed: bool = False) -> int:
    found = _expect(layer.region, offset, limit, INTEGER)
    layer.add(name, _integer(layer.region, found, signed=signed), layer.start + found.at, found.size)
    return found.next


def _add_text(layer: Layer, name: str, offset: int, limit: int) -> int:
    found = _expect(layer.region, offset, limit, OCTETS)
    text = layer.region.bytes(found.at, found.size).decode("utf-8", "replace")
    layer.add(name, text, layer.start + found.at, found.size)
    return found.next


def _add_bytes(layer: Layer, name: str, offset: int, limit: int) -> Element:
    found = _expect(layer.region, offset, limit, OCTETS)
    layer.add(name, layer.region.bytes(found.at, found.size), layer.start + found.at, found.size)
    return found


def _fill_pdu(layer: Layer, offset: int, limit: int, version: int) -> None:
    found = element(layer.region, offset, limit)
    kind = found.tag & 0x1F
    if found.tag & 0xE0 != 0xA0 or kind > REPORT:
        raise Malformed(f"PDU with tag 0x{found.tag:02x}")
    layer.add("snmp.data", kind, layer.start + offset, found.next - offset)
    layer.add(f"snmp.{PDUS[kind]}_element", None, layer.start + found.at, found.size)
    if kind == TRAP:
        offset = _fill_trap(layer, found.at, found.next)
        if version:
            layer.add("snmp.trap_pdu_obsolete", None)
    else:
        bulk = kind == GET_BULK
        offset = _add_number(layer, "snmp.request_id", found.at, found.next, signed=True)
        for name in ("non_repeaters", "max_repetitions") if bulk else ("error_status", "error_index"):
            offset = _add_number(layer, "snmp." + name, offset, found.next, signed=not bulk)
    _fill_bindings(layer, offset, found.next)


def _fill_trap(layer: Layer, offset: int, limit: int) -> int:
    """RFC 1157 section 4.1.6."""
    region = layer.region
    for name, tag in (("enterprise", OBJECT_ID), ("agent_addr", 0x40)):
        found = _expect(region, offset, limit, tag)
        if tag == OBJECT_ID or found.size == 4:
            layer.add("snmp." + name, region.bytes(found.at, found.size), layer.start + found.at, found.size)
        offset = found.next
    for name in ("generic_trap", "specific_trap"):
        offset = _add_number(layer, "snmp." + name, offset, limit, signed=True)
    found = _expect(region, offset, limit, 0x43)
    value = _integer(region, found, signed=False)
    layer.add("snmp.time_stamp", value, layer.start + found.at, found.size)
    return found.next


def _fill_bindings(layer: Layer, offset: int, limit: int) -> None:
    region = layer.region
    bindings = _expect(region, offset, limit, SEQUENCE)
    count, at = 0, bindings.at
    while at < bindings.next:
        at = _expect(region, at, bindings.next, SEQUENCE).next
        count += 1
    layer.add("snmp.variable_bindings", count, layer.start + bindings.at, bindings.size)
    at = bindings.at
    while at < bindings.next:
        binding = _expect(region, at, bindings.next, SEQUENCE)
        name = _expect(region, binding.at, binding.next, OBJECT_ID)
        layer.add("snmp.name", region.bytes(name.at, name.size), layer.start + name.at, name.size)
        value = element(region, name.next, binding.next)
        _fill_value(layer, value)
        if value.size and region.bytes(name.at, name.size) in _SYSTEM_TEXTS:
            text = region.bytes(value.at, value.size).split(b"\0", 1)[0].decode("utf-8", "replace")
            layer.add("snmp.var-bind_str", text, layer.start + value.at, value.size)
        at = binding.next


def _fill_value(layer: Layer, value: Element) -> None:
    """RFC 3416 section 3."""
    at, raw = layer.start + value.at, layer.region.bytes(value.at, value.size)
    if value.tag == NULL:
        layer.add("snmp.value.null", None, at, value.size)
        return
    if value.tag in _EXCEPTIONS:
        layer.add("snmp." + _EXCEPTIONS[value.tag], None, at, value.size)
        layer.add("snmp.varbind.response", None)
        return
    kind = _VALUES.get(value.tag, "unk")
    if kind in _UNSIGNED or kind in ("int", "u32", "g32"):
        if not raw:
            layer.add("snmp.integral_value0", None)
            return
        layer.add("snmp.value." + kind, int.from_bytes(raw, "big", signed=kind not in _UNSIGNED), at, value.size)
    else:
        kind = "addr" if kind == "ipv4" and value.size != 4 else kind
        layer.add("snmp.value." + kind, raw, at, value.size)


def _fill_version_3(layer: Layer, offset: int, limit: int) -> None:
    """RFC 3412 section 6."""
    region = layer.region
    found = _expect(region, offset, limit, SEQUENCE)
    layer.add("snmp.msgGlobalData_element", None, layer.start + found.at, found.size)
    at = _add_number(layer, "snmp.msgID", found.at, found.next)
    at = _add_number(layer, "snmp.msgMaxSize", at, found.next)
    flags = _add_bytes(layer, "snmp.msgFlags", at, found.next)
    value = region.u8(flags.at) if flags.size else 0
    for name, mask in (("report", 4), ("crypt", 2), ("auth", 1)):
        layer.add("snmp.v3.flags." + name, value & mask != 0, layer.start + flags.at, 1)
    _add_number(layer, "snmp.msgSecurityModel", flags.next, found.next)
    security = _expect(region, found.next, limit, OCTETS)
    if security.size:
        _fill_user_security(layer, security.at, security.next)
    data = element(region, security.next, limit)
    if data.tag == SEQUENCE:
        _fill_scoped(layer, data)
    elif data.tag == OCTETS:
        layer.add("snmp.msgData", 1, layer.start + security.next, data.next - security.next)
        layer.add("snmp.encryptedPDU", region.bytes(data.at, data.size), layer.start + data.at, data.size)


def _fill_user_security(layer: Layer, offset: int, limit: int) -> None:
    """RFC 3414 section 2.4."""
    found = _expect(layer.region, offset, limit, SEQUENCE)
    engine = _add_bytes(layer, "snmp.msgAuthoritativeEngineID", found.at, found.next)
    _fill_engine(layer, engine)
    at = _add_number(layer, "snmp.msgAuthoritativeEngineBoots", engine.next, found.next)
    at = _add_number(layer, "snmp.msgAuthoritativeEngineTime", at, found.next)
    at = _add_text(layer, "snmp.msgUserName", at, found.next)
    at = _add_bytes(layer, "snmp.msgAuthenticationParameters", at, found.next).next
    _add_bytes(layer, "snmp.msgPrivacyParameters", at, found.next)


def _fill_scoped(layer: Layer, data: Element) -> None:
    layer.add("snmp.msgData", 0, layer.start + data.at, data.size)
    layer.add("snmp.plaintext_element", None, layer.start + data.at, data.size)
    engine = _add_bytes(layer, "snmp.contextEngineID", data.at, data.next)
    _fill_engine(layer, engine)
    at = _add_text(layer, "snmp.contextName", engine.next, data.next)
    _fill_pdu(layer, at, data.next, 3)


def _fill_engine(layer: Layer, engine: Element) -> None:
    """RFC 3411 section 5, SnmpEngineID."""
    region, at = layer.region, layer.start + engine.at
    if engine.size < 5:
        return
    first, rest = region.u32(engine.at), region.bytes(engine.at + 5, engine.size - 5)
    layer.add("snmp.engineid.conform", first & 0x80000000 != 0, at, 1)
    layer.add("snmp.engineid.enterprise", first & 0x7FFFFFFF, at, 4)
    if not first & 0x80000000:
        return
    kind = region.u8(engine.at + 4)
    layer.add("snmp.engineid.format", kind, at + 4, 1)
    name, size = {1: ("ipv4", 4), 2: ("ipv6", 16), 3: ("mac", 6)}.get(kind, ("data", len(rest)))
    if kind == 4:
        layer.add("snmp.engineid.text", rest.decode("utf-8", "replace"), at + 5, len(rest))
    elif kind == 128 and first & 0x7FFFFFFF == NET_SNMP and len(rest) == 8:
        layer.add("snmp.engineid.data", rest[:4], at + 5, 4)
        layer.add("snmp.engineid.time", int.from_bytes(rest[4:], "little") * 10**9, at + 9, 4)
    elif rest and len(rest) == size:
        layer.add("snmp.engineid." + name, rest, at + 5, size)


@SNMP.info_line
def snmp_info(layer: Layer) -> str:
    kinds = layer.computed("snmp.data")
    return PDUS[kinds[0]].replace("_", "-") if kinds and kinds[0] < len(PDUS) else ""
