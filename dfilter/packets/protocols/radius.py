"""RADIUS (RFC 2865, 2866, 5176): the header, the attributes, and which response answers which request."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.protocols.radius_attributes import ATTRIBUTES, TAGGED, VENDOR_ATTRIBUTES, Attribute
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import slotted

_FIELDS = """
    radius.avp BYTES
    radius.avp.type UINT8
    radius.avp.length UINT8
    radius.avp.vendor_id UINT32
    radius.avp.vendor_type UINT8
    radius.avp.vendor_len UINT8
    radius.invalid_length NONE
    radius.Unknown_Attribute BYTES
    radius.egress_vlanid_tag UINT32
    radius.egress_vlanid_pad UINT32
    radius.egress_vlanid UINT32
    radius.egress_vlan_name_tag UINT8
    radius.egress_vlan_name STRING
"""
_ALL_ATTRIBUTES = sorted({*ATTRIBUTES.values(), *(a for table in VENDOR_ATTRIBUTES.values() for a in table.values())})

RADIUS = Protocol(
    "radius",
    "RADIUS",
    fields=(
        header("radius.code", T.UINT8, 0),
        header("radius.id", T.UINT8, 1),
        header("radius.length", T.UINT16, 2),
        header("radius.authenticator", T.BYTES, 4, 16),
        computed("radius.req", T.BOOLEAN),
        computed("radius.rsp", T.BOOLEAN),
        computed("radius.dup", T.UINT32, stateful=True),
        computed("radius.req.dup", T.FRAMENUM, stateful=True),
        computed("radius.rsp.dup", T.FRAMENUM, stateful=True),
        computed("radius.rspframe", T.FRAMENUM, look_ahead=True),
        computed("radius.reqframe", T.FRAMENUM, stateful=True),
        computed("radius.time", T.RELATIVE_TIME, stateful=True),
        *computed_table(_FIELDS),
        *(computed(name, T[kind]) for name, kind in _ALL_ATTRIBUTES),
        *(computed(ATTRIBUTES[number][0].removesuffix("_encrypted") + ".tag", T.UINT8) for number in sorted(TAGGED)),
    ),
    over={"udp.port": (1645, 1646, 1700, 1812, 1813, 3799)},
    carries=("eap",),
)

CODES = frozenset({*range(1, 14), *range(21, 28), *range(29, 35), *range(40, 46), 50, 51, *range(129, 133)})
REQUESTS = frozenset({1, 4, 7, 21, 23, 26, 33, 40, 43, 129})
RESPONSES = frozenset({2, 3, 5, 8, 9, 11, 22, 24, 27, 34, 41, 42, 44, 45, 130, 131, 132})
HEADER = 20
CHAP_PASSWORD, VENDOR_SPECIFIC, EGRESS_VLANID, EGRESS_VLAN_NAME, EAP_MESSAGE = 3, 26, 56, 58, 79
MAX_REQUESTS = 65536

_STATEFUL = ("radius.dup", "radius.req.dup", "radius.rsp.dup", "radius.rspframe", "radius.reqframe", "radius.time")


@slotted(eq=True)
class _Request:
    frame: int
    time: int
    authenticator: bytes
    answered_in: int | None = None


@RADIUS.dissector
def dissect_radius(view: View, region: Region) -> bool | None:
    if region.reported_length < 4 or region.u8(0) not in CODES:
        return False
    length = region.u16(2)
    if length < HEADER:
        return False
    layer = view.push(RADIUS, region, length)
    region.bytes(4, 16)
    if not view.quoted and view.session.needs.wants(*_STATEFUL):
        _link(layer)
    if "eap" in view.session.reachable:
        _call_eap(view, region, length)
    return None


def _call_eap(view: View, region: Region, end: int) -> None:
    """The EAP packet that attributes carry in pieces (RFC 3579 section 3.1)."""
    pieces: list[Region] = []
    offset, end = HEADER, min(end, region.length)
    while offset + 2 <= end:
        size = region.u8(offset + 1)
        if size < 2 or offset + size > end:
            break
        if region.u8(offset) == EAP_MESSAGE and size > 2:
            pieces.append(region.sub(offset + 2, size - 2))
        offset += size
    if len(pieces) > 1:
        whole = b"".join(piece.rest() for piece in pieces)
        pieces = [Region(whole, 0, len(whole))]
    for packet in pieces:
        view.call(view.session.catalogue.protocols["eap"], packet)


def _link(layer: Layer) -> None:
    view, region = layer.view, layer.region
    code, frame, time = region.u8(0), view.frame.number, view.frame.time or 0
    session = view.session
    requests: OrderedDict[Any, _Request] = session.memory("radius", OrderedDict)
    ends = tuple(zip(view.addresses, view.ports, strict=True))
    if code in REQUESTS:
        key = (ends, region.u8(1))
        first = requests.get(key)
        if first is not None and first.authenticator == region.bytes(4, 16):
            layer.add("radius.dup", region.u8(1))
            layer.add("radius.req.dup", first.frame)
        else:
            first = requests[key] = _Request(frame, time, region.bytes(4, 16))
            if len(requests) > MAX_REQUESTS:
                requests.popitem(last=False)
        for number in session.foresight_for("radius.rspframe", first.frame)[:1]:
            layer.add("radius.rspframe", number)
    elif code in RESPONSES:
        request = requests.get((ends[::-1], region.u8(1)))
        if request is not None:
            _answer(layer, request)


def _answer(layer: Layer, request: _Request) -> None:
    view = layer.view
    layer.add("radius.reqframe", request.frame)
    layer.add("radius.time", (view.frame.time or 0) - request.time)
    if request.answered_in is None:
        request.answered_in = view.frame.number
        view.session.foresee("radius.rspframe", request.frame, view.frame.number)
    else:
        layer.add("radius.dup", layer.region.u8(1))
        layer.add("radius.rsp.dup", request.answered_in)


@RADIUS.filler
def fill_radius(layer: Layer) -> None:
    region = layer.region
    if region.length < HEADER:
        return
    code, end = region.u8(0), region.u16(2)
    if code in REQUESTS:
        layer.add("radius.req", True, layer.start)
    elif code in RESPONSES:
        layer.add("radius.rsp", True, layer.start)
    offset = HEADER
    while offset < end:
        if end - offset < 2:
            _invalid(layer)
        kind, size = region.u8(offset), region.u8(offset + 1)
        if size < 2 or size > end - offset:
            _invalid(layer)
        at = layer.start + offset
        layer.add("radius.avp", region.bytes(offset, size), at, size)
        layer.add("radius.avp.type", kind, at, 1)
        layer.add("radius.avp.length", size, at + 1, 1)
        _fill_attribute(layer, kind, offset + 2, size - 2)
        offset += size


def _invalid(layer: Layer) -> None:
    layer.add("radius.invalid_length", None)
    raise Malformed("an attribute that does not fit")


def _fill_attribute(layer: Layer, kind: int, offset: int, size: int) -> None:
    region, at = layer.region, layer.start + offset
    if kind == VENDOR_SPECIFIC:
        _fill_vendor(layer, offset, size)
    elif kind == EGRESS_VLANID:
        if size == 4:
            value = region.u32(offset)
            for name, part in (("_tag", value >> 24), ("_pad", value >> 12 & 0xFFF), ("", value & 0xFFF)):
                layer.add("radius.egress_vlanid" + name, part, at, 4)
    elif kind == EGRESS_VLAN_NAME:
        if size >= 2:
            layer.add("radius.egress_vlan_name_tag", region.u8(offset), at, 1)
            _add(layer, ("radius.egress_vlan_name", "STRING"), offset + 1, size - 1)
    elif kind in ATTRIBUTES:
        attribute = ATTRIBUTES[kind]
        if kind in TAGGED:
            if not size:
                _invalid(layer)
            if region.u8(offset) <= 0x1F:
                layer.add(attribute[0].removesuffix("_encrypted") + ".tag", region.u8(offset), at, 1)
                offset, size = offset + 1, size - 1
        _add(layer, attribute, offset, size)
    elif size and kind != CHAP_PASSWORD and not 241 <= kind <= 246:
        _add(layer, ("radius.Unknown_Attribute", "BYTES"), offset, size)


def _fill_vendor(layer: Layer, offset: int, size: int) -> None:
    """RFC 2865 section 5.26: sub-attributes of one byte each for type and length."""
    region, end = layer.region, offset + size
    if size < 4:
        _invalid(layer)
    vendor = region.u32(offset)
    layer.add("radius.avp.vendor_id", vendor, layer.start + offset, 4)
    table = VENDOR_ATTRIBUTES.get(vendor, {})
    offset += 4
    while offset < end:
        if end - offset < 2:
            raise Malformed("no room for a vendor attribute")
        kind, length = region.u8(offset), region.u8(offset + 1)
        layer.add("radius.avp.vendor_type", kind, layer.start + offset, 1)
        layer.add("radius.avp.vendor_len", length, layer.start + offset + 1, 1)
        if length < 2 or length > end - offset:
            _invalid(layer)
        attribute = table.get(kind, ("radius.Unknown_Attribute", "BYTES"))
        if length > 2:
            _add(layer, attribute, offset + 2, length - 2)
        offset += length


def _add(layer: Layer, attribute: Attribute, offset: int, size: int) -> None:
    """A value by its type; lengths that do not suit the type add nothing, as in Wireshark 4.4."""
    name, kind = attribute
    region, at = layer.region, layer.start + offset
    raw = region.bytes(offset, size)
    if kind == "STRING":
        layer.add(name, raw.split(b"\0", 1)[0].decode("utf-8", "replace"), at, size)
    elif kind == "BYTES":
        if name not in _PREFIXES or _is_prefix(raw):
            layer.add(name, raw, at, size)
    elif kind in ("UINT32", "IPXNET"):
        if size == 4 or (kind == "UINT32" and size in (1, 2, 3, 8)):
            layer.add(name, int.from_bytes(raw, "big"), at, size)
    elif kind == "ABSOLUTE_TIME":
        if size == 4:
            layer.add(name, int.from_bytes(raw, "big") * 10**9, at, size)
    elif (kind, size) in (("IPv4", 4), ("IPv6", 16)):
        layer.add(name, raw, at, size)


_PREFIXES = frozenset("radius." + name for name in (
    "Framed_IPv6_Prefix", "Delegated_IPv6_Prefix", "PMIP6_Home_HN_Prefix", "PMIP6_Visited_HN_Prefix",
    "Route_IPv6_Information"))  # fmt: skip


def _is_prefix(raw: bytes) -> bool:
    """RFC 3162 section 2.3: a reserved byte, the prefix length, up to 16 bytes."""
    return 2 <= len(raw) <= 18 and raw[0] == 0 and raw[1] <= 128


@RADIUS.info_line
def radius_info(layer: Layer) -> str:
    names = {1: "Access-Request", 2: "Access-Accept", 3: "Access-Reject", 4: "Accounting-Request",
             5: "Accounting-Response", 11: "Access-Challenge"}  # fmt: skip
    code = layer.region.u8(0)
    return f"{names.get(code, f'Code {code}')} id={layer.region.u8(1)}"
