"""The packet list's line of an ICMPv6 message: its type, and whom it asks, answers or names.

In: a layer.  Out: the line.  Source: what Wireshark 4.4 shows.
"""

from __future__ import annotations

from dfilter.fields.text import value_text
from dfilter.fields.types import FieldType
from dfilter.packets.protocols.label_texts import label_of
from dfilter.packets.view import Layer

_LISTENERS = {130: "Multicast Listener Query", 131: "Multicast Listener Report", 132: "Multicast Listener Done",
              143: "Multicast Listener Report Message v2"}  # fmt: skip
_ROUTER_SOLICITATION, _ROUTER_ADVERTISEMENT, _SOLICITATION, _ADVERTISEMENT, _REDIRECT = 133, 134, 135, 136, 137
_ECHO, _ECHO_REPLY = 128, 129
_WITH_CODE = frozenset({1, 3, 4, 138, 139, 140, 155, 160, 161})


def message_line(layer: Layer) -> str:
    """The line of a message."""
    region = layer.region
    kind, code = region.u8(0), region.u8(1)
    if kind in (_ECHO, _ECHO_REPLY):
        return _echo(layer, kind)
    if kind in _LISTENERS:
        return _LISTENERS[kind]
    name = label_of("icmpv6.type", kind)
    if kind in (_SOLICITATION, _ADVERTISEMENT):
        return name + _neighbour(layer, kind)
    if kind in (_ROUTER_SOLICITATION, _ROUTER_ADVERTISEMENT, _REDIRECT):
        return name + _link_address(layer, "from")
    if kind in _WITH_CODE:
        return f"{name} ({label_of('icmpv6.code', code, _code_text(kind, code))})"
    return name


def _code_text(kind: int, code: int) -> str:
    """Codes mean something else for each type (RFC 4443 section 3)."""
    texts = {
        1: ("no route to destination", "Administratively prohibited", "Not a neighbour", "Address unreachable",
            "Port unreachable", "Source address failed ingress/egress policy", "Reject route to destination"),
        3: ("hop limit exceeded in transit", "fragment reassembly time exceeded"),
        4: ("erroneous header field encountered", "unrecognized Next Header type encountered",
            "unrecognized IPv6 option encountered"),
        138: ("Command", "Result"),
        140: ("Successful", "Refused", "Unknown query type"),
        155: ("DODAG Information Solicitation", "DODAG Information Object", "Destination Advertisement Object",
              "Destination Advertisement Object Acknowledgment"),
        160: ("No error",),
        161: ("No error", "Malformed Query", "No Such Interface", "No Such Table Entry"),
    }.get(kind, ())  # fmt: skip
    return texts[code] if code < len(texts) else f"Unknown ({code})"


def _echo(layer: Layer, kind: int) -> str:
    region = layer.region
    text = f"Echo (ping) {'request' if kind == _ECHO else 'reply'} id=0x{region.u16(4):04x}, seq={region.u16(6)}"
    limits = [before.buf[before.start + 7] for before in layer.view.by_name.get("ipv6", ())
              if before.index < layer.index]  # fmt: skip
    text += f", hop limit={limits[-1]}" if limits else ""
    for field, word in (("icmpv6.resp_to", "request"), ("icmpv6.resp_in", "reply")):
        text += "".join(f" ({word} in {frame})" for frame in layer.computed(field)[:1])
    return text + (" (no response found!)" if layer.computed("icmpv6.no_resp") else "")


def _neighbour(layer: Layer, kind: int) -> str:
    target = value_text(layer.region.bytes(8, 16), FieldType.IPv6)
    if kind == _SOLICITATION:
        return f" for {target}{_link_address(layer, 'from')}"
    flags = layer.region.u32(4)
    names = ", ".join(name for bit, name in ((1 << 31, "rtr"), (1 << 30, "sol"), (1 << 29, "ovr")) if flags & bit)
    return f" {target}{f' ({names})' if names else ''}{_link_address(layer, 'is at')}"


def _link_address(layer: Layer, word: str) -> str:
    found = layer.computed("icmpv6.opt.linkaddr")
    return f" {word} {found[0].hex(':')}" if found else ""
