"""The common shapes of frames: header chains so plain that every field lies at a known offset.

In: the catalogue.  Out: `SHAPES`, `TAGGED_SHAPES`, `TUNNELS`, and `ShapeKnowledge` of the fields in them.  What always
holds: a frame that passes a shape's guards has exactly the listed layers at the listed offsets, with complete headers,
no options in IP, no fragments; what follows the last layer is decided by its ports.  Anything else has no shape and is
read through a view.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from dfilter.fields.types import FieldType
from dfilter.packets.declare import Field, Shape
from dfilter.packets.dispatch import TABLES, Catalogue

_Condition = tuple[int, bytes, bytes]


def _constant(offset: int, value: bytes, mask: bytes | None = None) -> _Condition:
    return offset, mask if mask is not None else b"\xff" * len(value), value


def _shape(lower: tuple[_Condition, ...], protocol: tuple[int, bytes], layers: dict[str, int],
           minimum: int, at_least: tuple[int, int], *more: _Condition,
           header_nibble: int | None = None, ports: int | None = None) -> Shape:  # fmt: skip
    """A shape over IP: `protocol` is the offset and value of the byte that names what IP carries."""
    everything = {"frame": 0, "eth": 0, **layers}
    return Shape(everything, minimum, (*lower, _constant(*protocol), *more), (at_least,), header_nibble, ports)


_IPV4 = (
    _constant(12, b"\x08\x00"),
    _constant(14, b"\x45"),
    _constant(20, b"\0", b"\x3f"),  # neither "more fragments" nor
    _constant(21, b"\0"),  # an offset
)
_IPV4_ALERT = (_IPV4[0], _constant(14, b"\x46"), *_IPV4[2:])
"""With one option, the router alert (RFC 2113), as hosts report their groups."""
_IPV6 = (_constant(12, b"\x86\xdd"), _constant(14, b"\x60", b"\xf0"))
_ARP = (_constant(14, b"\0\x01"), _constant(16, b"\x08\0"), _constant(18, b"\x06\x04"))
"""Of Ethernet and IPv4 addresses: ARP over ATM has another layout, and may show nothing (RFC 2225)."""
_ECHO = _constant(34, b"\0", b"\xf7")
"""ICMP types 0 and 8: the others may quote a packet."""
_ICMPV6_QUERIES = _constant(54, b"\x80", b"\xf8")
"""ICMPv6 types 128 to 135: echo, multicast listeners, router and neighbour solicitation."""

_ROUTER_ALERT = (_constant(34, b"\x94"), _constant(35, b"\x04"))

SHAPES = (
    _shape(_IPV4, (23, b"\x06"), {"ip": 14, "tcp": 34}, 54, (16, 40), header_nibble=46, ports=34),
    _shape(_IPV4, (23, b"\x11"), {"ip": 14, "udp": 34}, 42, (16, 28), ports=34),
    _shape(_IPV4, (23, b"\x01"), {"ip": 14, "icmp": 34}, 42, (16, 28), _ECHO),
    _shape(_IPV4, (23, b"\x02"), {"ip": 14, "igmp": 34}, 42, (16, 28)),
    _shape(_IPV4_ALERT, (23, b"\x02"), {"ip": 14, "igmp": 38}, 46, (16, 32), *_ROUTER_ALERT),
    _shape(_IPV6, (20, b"\x06"), {"ipv6": 14, "tcp": 54}, 74, (18, 20), header_nibble=66, ports=54),
    _shape(_IPV6, (20, b"\x11"), {"ipv6": 14, "udp": 54}, 62, (18, 8), ports=54),
    _shape(_IPV6, (20, b"\x3a"), {"ipv6": 14, "icmpv6": 54}, 62, (18, 8), _ICMPV6_QUERIES),
    Shape({"frame": 0, "eth": 0, "arp": 14}, 42, (_constant(12, b"\x08\x06"), *_ARP)),
)


def _moved(shape: Shape, by: int, before: tuple[_Condition, ...], front: dict[str, int], *,
           is_inside: bool = False) -> Shape:  # fmt: skip
    """The headers behind Ethernet's, so many bytes further in: others lie before them, with their conditions.

    Where `is_inside` an IPv4 header is among these, which says what they are and that they are there.
    """
    kind = {12, 13} if is_inside else {}
    behind = [(offset + by, mask, value) for offset, mask, value in _single_bytes(shape) if offset not in kind]
    layers = {"frame": 0, "eth": 0, **front, **{name: at + by for name, at in shape.layers.items() if at}}
    minimum = shape.minimum + by
    at_least = tuple((at + by, least) for at, least in shape.at_least)
    nibble = None if shape.header_nibble is None else shape.header_nibble + by
    ports = None if shape.ports is None else shape.ports + by
    outer = {name: at + by for name, at in shape.outer.items()}
    if is_inside:
        outer, at_least = {"ip": 14, **outer}, ((16, minimum - 14), *at_least)
    return Shape(layers, minimum, (*before, *behind), at_least, nibble, ports, outer=outer)


def _tagged(shape: Shape) -> Shape:
    """The same headers behind one IEEE 802.1Q tag."""
    return _moved(shape, 4, (_constant(12, b"\x81\x00"),), {"vlan": 14})


def _tunnelled(shape: Shape) -> Iterator[Shape]:
    """IPv4 headers in IPv4 (RFC 2003), and in GRE without options (RFC 2784)."""
    yield _moved(shape, 20, (*_IPV4, _constant(23, b"\x04")), {}, is_inside=True)
    gre = _constant(34, b"\0\0\x08\0")
    yield _moved(shape, 24, (*_IPV4, _constant(23, b"\x2f"), gre), {"gre": 34}, is_inside=True)


def _single_bytes(shape: Shape) -> Iterator[_Condition]:
    """A shape's constants, a byte at a time."""
    for offset, mask, value in shape.constants:
        for i in range(len(value)):
            yield offset + i, mask[i : i + 1], value[i : i + 1]


TAGGED_SHAPES = tuple(_tagged(shape) for shape in SHAPES)
"""The common shapes in a VLAN: worth a column, and too rare for a place in every filter's direct test."""

TUNNELS = tuple(tunnel for shape in SHAPES if shape.last in ("tcp", "udp", "icmp") and "ip" in shape.layers
                for tunnel in _tunnelled(shape))  # fmt: skip
"""IPv4 in a tunnel: few frames, whose dissection takes as long as columns take for two hundred times as many."""

HEADERS = frozenset(name for shape in SHAPES + TAGGED_SHAPES for name in shape.layers)
"""The protocols of the common shapes."""

ANY_FRAME = Shape({"frame": 0}, 0, (), open=True)
"""Every frame, of whatever shape: only its number and lengths are known."""


class ShapeKnowledge:
    """What the catalogue says of fields in a shape (`dfilter.compile.direct.Surroundings`)."""

    def __init__(self, known: Catalogue) -> None:
        self._known = known

    def fields_in(self, name: str, shape: Shape) -> list[tuple[Field, int]] | None:
        """(header field, offset of its layer) for each value of `name` in frames of this shape.

        Empty where the shape has no layer that carries it, None where the bytes alone do not tell.
        """
        known = self._known
        if name in known.protocols:
            return [(Field(name, FieldType.PROTOCOL), 0)] if name in shape.layers else None if shape.open else []
        if shape.open and not shape.layers.keys() >= set(known.carriers[name]):
            return None
        found: list[tuple[Field, int]] = []
        for carrier in known.carriers[name]:
            if carrier not in shape.layers:
                continue
            if carrier != known.owner[name]:
                return None
            field = known.fields[name]
            for part in [known.fields[part] for part in field.parts] or [field]:
                plain = part if part.is_header or part.measure is not None else part.plain
                if plain is None:
                    return None
                found += [(plain, layers[carrier]) for layers in (shape.outer, shape.layers) if carrier in layers]
        return found

    def is_beyond(self, name: str, headers: Collection[str]) -> bool:
        """Do none of these protocols carry values of `name`?"""
        return not any(carrier in headers for carrier in self._known.carriers[name])

    def may_follow(self, name: str, shape: Shape) -> bool:
        """Can layers behind the shape's last one carry values of `name`? No packet is quoted there."""
        follow = self._known.successors[shape.last] - HEADERS
        return not follow.isdisjoint(self._known.reachable(self._known.carriers[name]))

    def is_remembered(self, name: str) -> bool:
        """Does the value of `name` depend on other frames?"""
        fields = [self._known.fields[name]] if name in self._known.fields else []
        return any(field.stateful for field in [*fields, *(self._known.fields[p] for f in fields for p in f.parts)])

    def doubtful_ports(self, names: Iterable[str], shape: Shape) -> frozenset[int] | None:
        """The ports behind which more values of `names` could follow, as long as nothing is decrypted; None if they
        could behind any port."""
        if shape.ports is None:
            return frozenset()
        known = self._known
        carriers = {carrier for name in names for carrier in known.carriers[name]}
        reachable = known.reachable(carriers, secrets=False)
        last = known.outlines[shape.last]
        table = last.name + ".port"
        if any(name in reachable for name in last.carries if name not in TABLES):
            return None
        for unkeyed in (last.name, last.name + ".announced"):
            if any(protocol.name in reachable for protocol in known.heuristics.get(unkeyed, ())):
                return None
        return frozenset(port for port, protocol in known.tables.get(table, {}).items() if protocol.name in reachable)
