"""Diameter (RFC 6733): the header, every AVP's code, flags and length, and the values of the everyday ones.

In: messages over TCP or in SCTP chunks.  Out: one layer a message.  What always holds: an AVP that does not fit its
message marks it as malformed; grouped AVPs are not opened.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import wait_for
from dfilter.packets.view import Layer, View

HEADER_BYTES, AVP_HEADER = 20, 8
VERSION = 1
REQUEST, VENDOR = 0x80, 0x80
TEXTS = {1: "User-Name", 263: "Session-Id", 264: "Origin-Host", 269: "Product-Name", 281: "Error-Message",
         283: "Destination-Realm", 293: "Destination-Host", 296: "Origin-Realm"}  # fmt: skip
NUMBERS = {258: "Auth-Application-Id", 259: "Acct-Application-Id", 266: "Vendor-Id", 267: "Firmware-Revision",
           268: "Result-Code", 278: "Origin-State-Id", 415: "CC-Request-Number"}  # fmt: skip
AVP_FLAGS = (("diameter.flags.vendorspecific", 0x80), ("diameter.flags.mandatory", 0x40),
             ("diameter.avp.flags.protected", 0x20), ("diameter.avp.flags.reserved3", 0x10),
             ("diameter.avp.flags.reserved4", 0x08), ("diameter.avp.flags.reserved5", 0x04),
             ("diameter.avp.flags.reserved6", 0x02), ("diameter.avp.flags.reserved7", 0x01))  # fmt: skip

DIAMETER = Protocol(
    "diameter",
    "DIAMETER",
    fields=(
        header("diameter.version", T.UINT8, 0),
        header("diameter.length", T.UINT24, 1),
        header("diameter.flags", T.UINT8, 4),
        *bits((("diameter.flags.request", 0x80), ("diameter.flags.proxyable", 0x40), ("diameter.flags.error", 0x20),
               ("diameter.flags.T", 0x10), ("diameter.flags.reserved4", 0x08), ("diameter.flags.reserved5", 0x04),
               ("diameter.flags.reserved6", 0x02), ("diameter.flags.reserved7", 0x01)), 4),
        header("diameter.cmd.code", T.UINT32, 5, 3),
        header("diameter.applicationId", T.UINT32, 8),
        header("diameter.hopbyhopid", T.UINT32, 12),
        header("diameter.endtoendid", T.UINT32, 16),
        *computed_table("""
            diameter.avp                 BYTES
            diameter.avp.code            UINT32
            diameter.avp.flags           UINT8
            diameter.avp.len             UINT24
            diameter.avp.vendorId        UINT32
            diameter.avp.pad             BYTES
        """),
        *computed_table("\n".join(f"{name} BOOLEAN" for name, _ in AVP_FLAGS)),
        *computed_table("\n".join(f"diameter.{name} STRING" for name in TEXTS.values())),
        *(computed(f"diameter.{name}", T.INT32 if name == "Result-Code" else T.UINT32) for name in NUMBERS.values()),
    ),
    over={"tcp.port": (3868,), "sctp.port": (3868,), "sctp.ppid": (46,)},
    carries=("data",),
)  # fmt: skip


@DIAMETER.dissector
def dissect_diameter(view: View, region: Region) -> bool:
    at = 0
    while at < region.length:
        rest = region.sub(at)
        if rest.u8(0) != VERSION:
            return _give_up(view, rest)
        if rest.length < 4:
            _wait(view, rest, 4)
        length = rest.u24(1)
        if length < HEADER_BYTES:
            return _give_up(view, rest)
        if length > rest.length:
            _wait(view, rest, length)
        view.push(DIAMETER, rest.clipped(0, length))
        at += length
    return True


def _give_up(view: View, rest: Region) -> bool:
    """What is no message is data: nobody else is asked."""
    if "data" in view.session.reachable:
        view.mention(DIAMETER, rest)
        view.call_data(rest)
    return True


def _wait(view: View, rest: Region, length: int) -> None:
    """The message is not complete: over TCP the rest is to come."""
    if view.stream is not None:
        wait_for(rest, 0, length - rest.length)
    rest.need(0, 4)


@DIAMETER.filler
def fill_diameter(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region, HEADER_BYTES, big=True)
    while cursor.left > 0:
        _fill_avp(layer, cursor)


def _fill_avp(layer: Layer, cursor: Cursor) -> None:
    start = cursor.at
    length = cursor.region.u24(start + 5)
    if length < AVP_HEADER or length > cursor.left:
        raise Malformed("an AVP that does not fit")
    padding = min(-length % 4, cursor.left - length)
    cursor.mark("diameter.avp", length + padding, cursor.region.bytes(start, length + padding))
    code = cursor.u32("diameter.avp.code")
    flags = cursor.flags("diameter.avp.flags", 1, AVP_FLAGS)
    cursor.integer("diameter.avp.len", 3)
    vendor = cursor.u32("diameter.avp.vendorId") if flags & VENDOR else 0
    size = max(start + length - cursor.at, 0)
    if vendor == 0 and code in TEXTS:
        text = cursor.region.bytes(cursor.at, size).decode("utf-8", "replace")
        cursor.mark(f"diameter.{TEXTS[code]}", size, text)
    elif vendor == 0 and code in NUMBERS and size == 4:
        cursor.mark(f"diameter.{NUMBERS[code]}", 4, cursor.peek(4))
    cursor.at = start + length
    if padding:
        cursor.raw("diameter.avp.pad", padding)


@DIAMETER.info_line
def diameter_info(layer: Layer) -> str:
    region = layer.region
    if region.length < HEADER_BYTES:
        return ""
    kind = "Request" if region.u8(4) & REQUEST else "Answer"
    return f"cmd={region.u24(5)} {kind} appl={region.u32(8)} h2h={region.u32(12):x} e2e={region.u32(16):x}"
