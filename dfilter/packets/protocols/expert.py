"""`_ws.expert`: the remarks that Wireshark attaches to what it finds odd or worth knowing.

In: a frame with all its layers filled.  Out: one layer a remark, with its severity, group and message.  What always
holds: a remark is a field of the protocol that makes it (`tcp.analysis.retransmission`); `remarks.txt` only says how
severe it is.  Source: the remarks of Wireshark 4.4 on captures (docs/differences.md says which are missing).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.ip import expected_ttl
from dfilter.packets.protocols.udp import TRACEROUTE_PORTS
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

SEVERITIES = {"comment": 0x00100000, "chat": 0x00200000, "note": 0x00400000, "warn": 0x00600000, "error": 0x00800000}
GROUPS = {
    "checksum": 0x01000000, "sequence": 0x02000000, "response": 0x03000000, "request": 0x04000000,
    "undecoded": 0x05000000, "reassemble": 0x06000000, "malformed": 0x07000000, "protocol": 0x09000000,
    "security": 0x0A000000, "comment": 0x0B000000, "decryption": 0x0C000000, "assumption": 0x0D000000,
    "deprecated": 0x0E000000,
}  # fmt: skip
DAMAGE = "_ws.malformed"

EXPERT = Protocol(
    "_ws.expert",
    "Expert information",
    fields=computed_table("""
        _ws.expert.message  STRING
        _ws.expert.severity UINT32
        _ws.expert.group    UINT32
    """, stateful=True),
    second_look=True,
)  # fmt: skip


@frozen
class Remark:
    """How severe a remark is, and its text; `{}` in it stands for what `_DETAILS` adds."""

    severity: int
    group: int
    message: str


def _remarks() -> dict[str, Remark]:
    found = {}
    for line in files("dfilter.packets").joinpath("remarks.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, severity, group, message = line.split(maxsplit=3)
        found[name] = Remark(SEVERITIES[severity], GROUPS[group], message)
    return found


REMARKS = _remarks()


def _item(name: str) -> Callable[[Layer, int], object]:
    """The value of another field of the layer that stands beside the remark."""
    return lambda layer, at: (layer.items.get(name) or [""])[at if at < len(layer.items.get(name, ())) else 0]


_ITS_OWN_DAMAGE = frozenset({
    "udp.length.bad", "ipv6.bogus_ipv6_version", "dhcpv6.malformed_option", "irc.missing_end_delimiter",
    "smb2.bad_negprot_reserved2", "ipv6.opt.invalid_len", "isis.hello.short_clv", "isis.lsp.short_clv",
    "isis.csnp.short_clv", "isis.psnp.short_clv", "l2tp.avp_length.bad",
})  # fmt: skip
"""Remarks that make the packet malformed by themselves, without a read beyond its end."""

_REPEATED = frozenset({"tcp.analysis.duplicate_ack"})
"""Fields that hold the verdict and stand for the remark, too."""
_LATE = {"tcp.analysis.retransmission": 1 << 20}
"""Behind what kind of retransmission it is."""

_DETAILS: dict[str, Callable[[Layer, int], object]] = {
    "tcp.connection.syn": lambda layer, at: layer.region.u16(2),
    "tcp.connection.synack": lambda layer, at: layer.region.u16(0),
    "tcp.analysis.duplicate_ack": _item("tcp.analysis.duplicate_ack_num"),
    "dns.retransmit_request": _item("dns.retransmit_request_in"),
    "dns.retransmit_response": _item("dns.retransmit_response_in"),
    "ip.ttl.too_small": lambda layer, at: layer.region.u8(8),
    "ip.ttl.lncb": lambda layer, at: expected_ttl(layer.region),
    "ip.bogus_ip_length": lambda layer, at: layer.region.u16(2),
    "frame.comment.expert": _item("frame.comment"),
    "l2tp.avp_length.bad": lambda layer, at: layer.buf[layer.spans["l2tp.avp_length.bad"][at][0] + 1],
    "ip.bogus_header_length": lambda layer, at: (layer.region.u8(0) & 0x0F) * 4,
    "ipv6.plen_exceeds_framing": lambda layer, at: layer.region.u16(4),
    "udp.length.bad": lambda layer, at: _bad_length(layer),
    "udp.possible_traceroute": lambda layer, at: _probe(layer, at),
}


def _place(layer: Layer, name: str) -> tuple[bool, int]:
    """Remarks stand where the protocol's fields stand; what TCP's analysis says comes behind its options."""
    return name.startswith("tcp.analysis."), _LATE.get(name, 0) or list(layer.items).index(name)


def _bad_length(layer: Layer) -> str:
    length = layer.region.u16(4)
    return f"{length} < 8" if length < 8 else f"{length} > IP payload length"


def _probe(layer: Layer, at: int) -> str:
    """Which hop a traceroute is at, and which of its three attempts: the ports count them."""
    place = layer.region.u16(layer.spans["udp.possible_traceroute"][at][0] - layer.start) - TRACEROUTE_PORTS[0]
    return f"{place // 3 + 1}, attempt #{place % 3 + 1}"


def add_remarks(view: View) -> None:
    """Give the frame a layer for each remark, once all others are filled."""
    data = view.frame.data
    region = Region(data, len(data), len(data))
    damages = 0
    for layer in list(view.layers):
        if layer.protocol.name == DAMAGE:
            damages += 1
            continue
        for name in sorted(REMARKS.keys() & layer.items.keys(), key=lambda name: _place(layer, name)):
            remark, detail = REMARKS[name], _DETAILS.get(name)
            for at in range(1 if name in _REPEATED else len(layer.items[name])):
                text = remark.message if detail is None else remark.message.replace("{}", str(detail(layer, at)))
                _add(view, region, remark, text)
                damages -= name in _ITS_OWN_DAMAGE
    for _ in range(damages):
        _add(view, region, REMARKS[DAMAGE + ".expert"], REMARKS[DAMAGE + ".expert"].message)


def _add(view: View, region: Region, remark: Remark, message: str) -> None:
    layer = view.push(EXPERT, region)
    layer.add("_ws.expert.message", message)
    layer.add("_ws.expert.severity", remark.severity)
    layer.add("_ws.expert.group", remark.group)
