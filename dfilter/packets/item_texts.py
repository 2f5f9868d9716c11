"""What stands for a whole protocol where its value is printed: the line that Wireshark's tree has for it.

In: a layer.  Out: a line; the protocol's name where Wireshark prints that.  Source: `tshark -T fields -e ip` of 4.4.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.fields.text import value_text
from dfilter.fields.types import FieldType
from dfilter.packets.region import DissectionError
from dfilter.packets.view import Layer

READS = {"tcp": ("tcp.seq", "tcp.ack", "tcp.len"), "dns": ("dns.flags.response",),
         "frame": ("frame.interface_name", "frame.interface_id")}  # fmt: skip
"""Protocol -> the fields that its line tells of."""


def item_text(layer: Layer) -> str:
    """The line of a layer."""
    write = _TEXTS.get(layer.protocol.name)
    layer = layer.view.layers[layer.index]  # the whole of what may be only a part
    try:
        return write(layer) if write is not None else layer.protocol.name
    except (DissectionError, IndexError):
        return layer.protocol.name


def _frame(layer: Layer) -> str:
    frame = layer.view.frame
    wire, captured = frame.wire_length, len(frame.data)
    text = f"Frame {frame.number}: {wire} byte{_s(wire)} on wire ({8 * wire} bits), "
    text += f"{captured} byte{_s(captured)} captured ({8 * captured} bits)"
    names = layer.computed("frame.interface_name")
    return text + (f" on interface {names[0]}, id {layer.computed('frame.interface_id')[0]}" if names else "")


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _ethernet(layer: Layer) -> str:
    return "IEEE 802.3 Ethernet " if layer.region.u16(12) <= 1500 else "eth"


def _internet(layer: Layer) -> str:
    if layer.region.length < 20:
        return "ip"
    source, target = (value_text(layer.region.bytes(at, 4), FieldType.IPv4) for at in (12, 16))
    return f"Internet Protocol Version 4, Src: {source}, Dst: {target}"


def _internet6(layer: Layer) -> str:
    source, target = (value_text(layer.region.bytes(at, 16), FieldType.IPv6) for at in (8, 24))
    return f"Internet Protocol Version 6, Src: {source}, Dst: {target}"


def _ports(layer: Layer) -> str:
    return f"Src Port: {layer.region.u16(0)}, Dst Port: {layer.region.u16(2)}"


def _tcp(layer: Layer) -> str:
    text = f"Transmission Control Protocol, {_ports(layer)}"
    numbers = [("Seq", layer.computed("tcp.seq"))]
    if layer.region.u8(13) & 0x10:
        numbers.append(("Ack", layer.computed("tcp.ack")))
    numbers.append(("Len", layer.computed("tcp.len")))
    return text + "".join(f", {name}: {values[0]}" for name, values in numbers if values)


def _dns(layer: Layer) -> str:
    response = layer.computed("dns.flags.response")
    return f"Domain Name System ({'response' if response and response[0] else 'query'})"


def _arp(layer: Layer) -> str:
    kind = {1: "request", 2: "reply"}.get(layer.region.u16(6))
    return f"Address Resolution Protocol ({kind})" if kind else "arp"


_TEXTS: dict[str, Callable[[Layer], str]] = {
    "frame": _frame,
    "eth": _ethernet,
    "ip": _internet,
    "ipv6": _internet6,
    "tcp": _tcp,
    "udp": lambda layer: f"User Datagram Protocol, {_ports(layer)}",
    "dns": _dns,
    "arp": _arp,
}
