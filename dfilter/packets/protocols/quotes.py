"""Packets that ICMP and ICMPv6 error messages quote, and the Internet checksum (RFC 1071).

In: the bytes of the quoted packet.  Out: its layers.  What always holds: damage inside a quoted packet (it is
nearly always cut by its sender) is not damage of the frame: Wireshark 4.4 shows no malformed packet for it.  That
the capture itself was cut there still shows.
"""

from __future__ import annotations

from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import View


def quote(view: View, name: str, region: Region) -> None:
    """Dissect `region` as a quoted packet of the protocol `name`; addresses and ports stay the outer ones."""
    outer = view.addresses, view.ports, view.stream
    view.quoted += 1
    try:
        view.call(view.session.catalogue.protocols[name], region)
    except Malformed:
        pass
    finally:
        view.quoted -= 1
        view.addresses, view.ports, view.stream = outer


def ones_complement_sum(data: bytes) -> int:
    """The 16-bit one's complement sum of `data`, odd lengths padded with a zero byte."""
    if len(data) % 2:
        data += b"\0"
    total = sum(memoryview(data).cast("H")) if data else 0
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def internet_checksum_ok(data: bytes, pseudo_header: bytes = b"") -> bool:
    """Does the message with its checksum field, behind its pseudo header, sum up to "all ones"?"""
    return ones_complement_sum(pseudo_header + data) == 0xFFFF
