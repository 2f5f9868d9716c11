"""What stands below what: the tables, fields of other packages, hostile layers, and Wireshark's own trees."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

import dfilter
from dfilter.fields.types import FieldType
from dfilter.nesting import DEEPEST, Node, every, headings, nested, places
from dfilter.packets.dispatch import catalogue
from dfilter.tree import TreeField, TreeLayer, tree_of
from tests.parity import nesting
from tests.parity.compare import can_ask

CAPTURES = Path(__file__).parent / "captures"


def shown(nodes: Sequence[Node], indent: str = "") -> list[str]:
    """The forest as lines; headings have quotes."""
    lines = []
    for node in nodes:
        lines.append(indent + (f'"{node.text}"' if node.field is None else node.field.name))
        lines += shown(node.below, indent + "  ")
    return lines


def layer_of(capture: str, number: int, name: str) -> TreeLayer:
    frame = next(frame for frame in dfilter.read(CAPTURES / capture) if frame.number == number)
    return next(layer for layer in tree_of(frame) if layer.name == name)


def layer(*fields: tuple[str, int, int, int]) -> TreeLayer:
    """A layer of numbers: name, start, size, mask."""
    made = tuple(TreeField(name, "x", FieldType.UINT32, 1, "1", start, size, mask, bytes(size))
                 for name, start, size, mask in fields)  # fmt: skip
    return TreeLayer("x", "X", 0, 100, b"", made)


def test_every_name_in_the_tables_is_a_field() -> None:
    known = catalogue().fields
    names = {*places(), *headings(), *(place.parent for found in places().values() for place in found if place.parent)}
    assert not names - known.keys()


ANSWER = """
"Queries"
  "time.microsoft.example.com: type A, class IN"
    dns.qry.name
    dns.count.labels
    dns.qry.name.len
    dns.qry.type
    dns.qry.class
"Answers"
  "time.microsoft.example.com: type CNAME, class IN, cname time.cdn.example.net"
    dns.resp.name
    dns.resp.type
    dns.resp.class
    dns.resp.ttl
    dns.resp.len
    dns.cname
  "time.cdn.example.net: type A, class IN, addr 198.51.100.20"
    dns.resp.name
    dns.resp.type
    dns.resp.class
    dns.resp.ttl
    dns.resp.len
    dns.a
dns.response_to
dns.time
"""


def test_records_of_dns_stand_below_their_headings() -> None:
    assert "\n".join(shown(nested(layer_of("bot-http.pcap", 18, "dns")))).endswith(ANSWER.rstrip())


def test_bits_that_no_table_knows_stand_below_their_number() -> None:
    found = layer(("x.before", 0, 1, 0), ("x.flags", 1, 2, 0), ("x.flags.a", 1, 2, 1), ("x.flags.b", 1, 2, 2),
                  ("x.alone", 3, 1, 1))  # fmt: skip
    assert shown(nested(found)) == ["x.before", "x.flags", "  x.flags.a", "  x.flags.b", "x.alone"]


RECURSIVE = [("ldap.and", "ldap.and_item"), ("isakmp.typepayload",), ("dns.resp.name",), ("x.bit",)]


@pytest.mark.parametrize("names", RECURSIVE)
@pytest.mark.parametrize("size", [0, 1, 5000])
def test_a_hostile_layer_is_neither_deep_nor_slow(names: tuple[str, ...], size: int) -> None:
    fields = [(names[index % len(names)], index if size else 0, size, 1) for index in range(5000)]
    begin = time.process_time()
    found = nested(layer(*fields))
    assert time.process_time() - begin < 5
    assert sum(node.field is not None for node in every(found)) == 5000
    assert max(len(line) - len(line.lstrip()) for line in shown(found)) <= 2 * DEEPEST


@pytest.mark.skipif(not can_ask(), reason="no reference to ask here")
@pytest.mark.parametrize("capture", ["bot-http.pcap", "loader-https.pcap.gz", "rat-dns.pcapng"])
def test_fields_stand_where_wireshark_shows_them(capture: str) -> None:
    lost: Counter[str] = Counter()
    total, equal = nesting.compare(CAPTURES / capture, lost)
    assert total
    assert equal > 0.97 * total, lost.most_common(10)
