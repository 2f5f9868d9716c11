"""Teredo (RFC 4380): IPv6 in UDP, with authentication and origin indications in front of it."""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.region import Region
from dfilter.packets.view import View

ORIGIN, AUTHENTICATION = 0, 1

TEREDO = Protocol(
    "teredo",
    "Teredo",
    fields=computed_table("""
        teredo.auth        NONE
        teredo.auth.idlen  UINT8
        teredo.auth.aulen  UINT8
        teredo.auth.id     BYTES
        teredo.auth.value  BYTES
        teredo.auth.nonce  BYTES
        teredo.auth.conf   BYTES
        teredo.orig        NONE
        teredo.orig.port   UINT16
        teredo.orig.addr   IPv4
    """),
    over={"udp.port": (3544,)},
    carries=("ipv6",),
)


@TEREDO.dissector
def dissect_teredo(view: View, region: Region) -> bool:
    if region.length < 40:
        return False
    layer = view.push(TEREDO, region)
    at, start, add = 0, region.start, layer.add
    if region.u16(at) == AUTHENTICATION:
        id_length, value_length = region.u8(2), region.u8(3)
        add("teredo.auth", None, start, 13 + id_length + value_length)
        add("teredo.auth.idlen", id_length, start + 2, 1)
        add("teredo.auth.aulen", value_length, start + 3, 1)
        at = 4
        for name, size in (("id", id_length), ("value", value_length), ("nonce", 8), ("conf", 1)):
            if size:
                add(f"teredo.auth.{name}", region.bytes(at, size), start + at, size)
            at += size
    if region.u16(at) == ORIGIN:
        add("teredo.orig", None, start + at, 8)
        add("teredo.orig.port", region.u16(at + 2) ^ 0xFFFF, start + at + 2, 2)
        address = bytes(byte ^ 0xFF for byte in region.bytes(at + 4, 4))
        add("teredo.orig.addr", address, start + at + 4, 4)
        at += 8
    call_name(view, "ipv6", region.sub(at))
    return True
