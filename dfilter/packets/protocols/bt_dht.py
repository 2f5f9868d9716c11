"""BitTorrent's distributed hash table (BEP 5): one bencoded dictionary a datagram.

In: UDP payloads that begin as its messages do.  Out: one layer with keys, values, and the nodes and peers in them.
What always holds: damage in the coding marks the packet as malformed and ends its fields; nesting is bounded.
"""

from __future__ import annotations

from dfilter.packets.declare import Evidence, Protocol, computed_table
from dfilter.packets.region import Malformed, Region, Remarked
from dfilter.packets.view import Layer, View

BEGINNINGS = (b"d1:ad", b"d1:rd", b"d1:el", b"d2:ip")
MAX_DEPTH = 10
MAX_DIGITS = 6
NODE, PEER = 26, 6
HEXADECIMAL = frozenset({"id", "t", "v", "token", "info_hash", "target", "ip"})
"""Keys whose values are bytes, not text."""

BT_DHT = Protocol(
    "bt-dht",
    "BT-DHT",
    fields=computed_table("""
        bt-dht.bencoded.dict            NONE
        bt-dht.bencoded.dict_entry      NONE
        bt-dht.bencoded.int             STRING
        bt-dht.bencoded.list            NONE
        bt-dht.bencoded.list.terminator STRING
        bt-dht.bencoded.string          STRING
        bt-dht.error                    NONE
        bt-dht.id                       BYTES
        bt-dht.ip                       IPv4
        bt-dht.node                     NONE
        bt-dht.nodes                    NONE
        bt-dht.peer                     NONE
        bt-dht.peers                    NONE
        bt-dht.port                     UINT16
    """),
    heuristics={"udp": lambda view, region: region.rest().startswith(BEGINNINGS)},
    evidence=Evidence(starts={"udp": (((0, 0xFF, ord("d")), (2, 0xFF, ord(":"))),)}),
)


@BT_DHT.dissector
def dissect_bt_dht(view: View, region: Region) -> bool:
    if not region.rest().startswith(BEGINNINGS):
        return False
    view.push(BT_DHT, region)
    return True


@BT_DHT.filler
def fill_bt_dht(layer: Layer) -> None:
    try:
        _Walk(layer).entries(1, 0)
    except Malformed as error:
        if not layer.quoted:
            layer.view.damaged(Remarked(str(error)))


class _Walk:
    """Reads bencoded values; positions are relative to the layer's region."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.region = layer.region

    def add(self, name: str, value: object, at: int, length: int) -> None:
        self.layer.add(f"bt-dht.{name}", value, self.region.start + at, length)

    def entries(self, at: int, depth: int) -> int:
        """The entries of a dictionary up to its end; where that is."""
        while self.region.u8(at) != ord("e"):
            content, after = self.string(at)
            key = content.decode("utf-8", "replace")
            self.add("bencoded.dict_entry", None, at, after - at)
            self.add("bencoded.string", key, at, after - at)
            at = self.value(after, depth, key)
        self.add("bencoded.list.terminator", "e", at, 1)
        return at + 1

    def string(self, at: int) -> tuple[bytes, int]:
        head = self.region.rest(at)[: MAX_DIGITS + 1].partition(b":")
        if not head[0].isdigit() or not head[1]:
            raise Malformed("a string must begin with its length")
        start = at + len(head[0]) + 1
        size = int(head[0])
        return self.region.bytes(start, size), start + size

    def value(self, at: int, depth: int, key: str = "") -> int:
        """One value, as what its key says; where it ends."""
        if depth > MAX_DEPTH:
            raise Malformed("too deep")
        kind = self.region.u8(at)
        if kind == ord("d"):
            self.add("bencoded.dict", None, at, 1)
            return self.entries(at + 1, depth + 1)
        if kind == ord("l"):
            self.add("error" if key == "e" else "peers" if key == "values" else "bencoded.list", None, at, 1)
            return self.items(at + 1, depth + 1, "peer" if key == "values" else key)
        if kind == ord("i"):
            digits, end, _ = self.region.rest(at + 1)[:24].partition(b"e")
            if not end or not digits.lstrip(b"-").isdigit():
                raise Malformed("a number that does not end")
            if key != "e":
                self.add("bencoded.list.terminator", "e", at + len(digits) + 1, 1)
            self.add("bencoded.int", digits.decode(), at, len(digits) + 2)
            return at + len(digits) + 2
        content, after = self.string(at)
        self.content(key, content, after - len(content), after)
        return after

    def items(self, at: int, depth: int, key: str) -> int:
        while self.region.u8(at) != ord("e"):
            at = self.value(at, depth, key)
        self.add("bencoded.list.terminator", "e", at, 1)
        return at + 1

    def content(self, key: str, content: bytes, at: int, after: int) -> None:
        if key == "nodes":
            self.add("nodes", None, at, len(content))
            for node in range(at, after - NODE + 1, NODE):
                self.add("node", None, node, NODE)
                self.add("id", self.region.bytes(node, 20), node, 20)
                self.endpoint(node + 20)
        elif key == "peer" and len(content) == PEER:
            self.add("peer", None, at, PEER)
            self.endpoint(at)
        elif key == "ip" and len(content) == PEER:
            self.endpoint(at)
        else:
            text = content.hex() if key in HEXADECIMAL else content.decode("utf-8", "replace")
            self.add("bencoded.string", text, at, len(content))

    def endpoint(self, at: int) -> None:
        self.add("ip", self.region.bytes(at, 4), at, 4)
        self.add("port", self.region.u16(at + 4), at + 4, 2)
