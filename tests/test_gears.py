"""Every gear gives the same answer: closures over views, the direct test of bytes, columns over chunks."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dfilter
from dfilter import native
from dfilter.captures.frame import Frame
from dfilter.captures.hops import Hops
from dfilter.captures.index import open_chunks
from dfilter.captures.lanes import Lanes
from dfilter.captures.read import open_capture
from dfilter.captures.write import CaptureWriter
from dfilter.compile.columns import ColumnPlan, Plan
from dfilter.compile.machine import MachinePlan
from dfilter.filter import direct_test
from dfilter.packets.session import Session, needs_of
from dfilter.scan import column_plan, dissect, frames_of_all
from tests.captures.wire.packets import checksum

CAPTURES = Path(__file__).parent / "captures"

FILTERS = """
ip.addr == 10.0.0.0/8
ip.addr != 10.8.15.1
ip.addr !== 10.8.15.101
all ip.addr == 10.0.0.0/9
not ip.addr == 198.51.100.0/24
ip.src > ip.dst || ip.src >= 192.0.2.77
ip.dst in {198.51.100.20, 198.51.100.44, 203.0.113.0/24, 10.0.0.1..10.8.15.100}
ip.addr not in {10.8.15.1, 10.8.15.101}
ip.addr in {192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5, 192.0.2.6, 192.0.2.7, 198.51.100.20, 10.8.15.1}
ip.ttl < 64 xor udp
ip.proto in {1, 2, 17..20}
ip.flags.df == 1 and ip.dsfield.dscp == 0
ipv6.addr == fe80::/10
ipv6.dst in {ff02::1, ff02::2, ff02::fb, ff02::1:3, ff02::16, 2001:db8::1, 2001:db8::2, 2001:db8::3}
ipv6.src < fe80::1
eth.dst == ff:ff:ff:ff:ff:ff
eth.addr >= 01:00:00:00:00:00
eth.src.lg == True
tcp.port == 443
tcp.port in {80, 443, 8000..8999}
tcp.port in {1, 2, 3, 4, 5, 6, 7, 80, 443}
tcp.srcport > 1024 and tcp.dstport <= 1024
tcp.flags.syn == 1 && tcp.flags.ack == 0
tcp.flags & 0x12
tcp.flags == 0x18 or tcp.window_size_value == 0
tcp.flags.syn != False
udp.port == 53 or icmp
udp.length > 100
arp.opcode == 1
!(arp or icmp or ipv6)
tcp or frame.len > 200
frame.len > 1000
frame.number in {3, 5..9} && frame.cap_len < 100
ip.addr == 10.8.15.101 && tcp.payload contains "GET"
icmp.type == 8 or not (tcp or udp)
ip.addr == 10.8.15.1 or ip.addr == 198.51.100.20 or tcp.port == 80 or tcp.port == 443 or ip.addr == 192.0.2.0/24
tcp.port == 80 or tcp.port == 443 or tcp.port == 25 or tcp.port == 21 or tcp.port == 22 or tcp.port == 8080 or arp
ip.addr in {198.51.100.0/25, 10.8.0.0/16, 203.0.113.0/24, 192.0.2.64/26, 10.9.0.0..10.9.0.255, 10.8.15.7, 10.8.3.0/24}
ip.src not in {198.51.100.0/25, 10.0.0.0/8, 203.0.113.0/24, 192.0.2.64/26, 0.0.0.0/0, 255.255.255.255/32, 1.2.3.4}
ipv6.addr in {fe80::/10, ff02::/16, 2001:db8::/32, 2001:db8:1::/48, 2001:db8:2:3::/64, ::/128, ff02::1:3}
ipv6.addr in {fe80::/10, ff00::/8, 2001:db8::/32, 2001:db8:1::/48, 2001:db8:2:3::/64}
tcp.port in {1..20, 22..24, 80..100, 440..450, 8000..8999, 65535, 90..110}
ip.ttl in {1..3, 32..63, 100..127, 250..255, 64, 5..6}
eth.addr == 00:00:5e:00:53:01 or eth.addr == ff:ff:ff:ff:ff:ff or tcp.flags.syn == 1 or tcp.flags.syn == 0
frame.len & 0x100
frame.len in {60..70, 100..110, 200..400, 1000..1100, 1500..1600, 54}
igmp.type == 0x22 or igmp.type == 0x16
ip.dst == 224.0.0.0/4 and igmp and ip.ttl == 1
vlan.id == 42 && tcp.port == 443
not vlan and udp.port == 53
vlan.priority < 7 or arp
gre
gre.proto == 0x0800 && tcp.port == 443
gre.flags.checksum == 0 or ip.src == 192.0.2.1
ip.ttl == 64 && ip.ttl != 64
icmp.type == 8 && !(ip.src == 10.0.0.0/8)
""".strip().splitlines()
COMPILED = [dfilter.compile(text) for text in FILTERS]
DIRECT = [direct_test(compiled.plan, lambda packet, link_type: None) for compiled in COMPILED]


def by_closures(frames: list[Frame], compiled: dfilter.Filter) -> list[int]:
    session = Session(compiled.needs)
    return [frame.number for frame in frames if compiled.test(session.dissect(frame))]


def tutorial_frames() -> Iterator[Frame]:
    for path in sorted(CAPTURES.glob("*.pcap*")):
        yield from open_capture(path)


def tagged(frame: Frame) -> Frame:
    """The frame in VLAN 42."""
    return Frame(frame.number, frame.time, frame.data[:12] + b"\x81\0\0\x2a" + frame.data[12:], frame.wire_length + 4)


def tunnelled(frame: Frame, gre: bytes) -> Frame:
    """The IPv4 packet of a frame in another one, behind a GRE header or behind nothing."""
    inner = gre + frame.data[14:]
    header = bytearray(struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(inner), 7, 0, 64, 47 if gre else 4, 0,
                                   bytes((192, 0, 2, 1)), bytes((198, 51, 100, 9))))  # fmt: skip
    header[10:12] = checksum(bytes(header)).to_bytes(2, "big")
    return Frame(frame.number, frame.time, frame.data[:14] + header + inner, frame.wire_length + 20 + len(gre))


FRAMES = list(tutorial_frames())
_IPV4 = [frame for frame in FRAMES if frame.data[12:14] == b"\x08\0"]
FRAMES += [tunnelled(frame, b"") for frame in _IPV4[::4]] + [tunnelled(frame, b"\0\0\x08\0") for frame in _IPV4[1::4]]
FRAMES += [tagged(frame) for frame in FRAMES[::3]]


def damaged(frames: list[Frame], seed: int) -> list[Frame]:
    """Copies of some frames with bytes changed, cut or repeated."""
    chance = random.Random(seed)
    out = []
    for number in range(1, 81):
        frame = chance.choice(frames)
        data = bytearray(frame.data)
        for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
            data[chance.randrange(min(len(data), 80))] = chance.choice((0, 1, 4, 5, 6, 17, 41, 47, 0x45, 0xFF))
        cut = chance.choice((len(data), len(data), chance.randrange(len(data))))
        out.append(Frame(number, number * 10**9, bytes(data[:cut]), len(data)))
    return out


@pytest.mark.parametrize("compiled", COMPILED, ids=FILTERS)
def test_columns_agree_with_closures(compiled: dfilter.Filter) -> None:
    for path in sorted(CAPTURES.glob("*.pcap*")):
        assert frames_of_all(path, [compiled], compiled.needs)[0] == by_closures(list(open_capture(path)), compiled)


def written(frames: Iterable[Frame]) -> io.BytesIO:
    buffer = io.BytesIO()
    with CaptureWriter(buffer, format="pcap") as writer:
        for frame in frames:
            writer.write(frame)
    buffer.seek(0)
    return buffer


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_machine_code_agrees_with_columns_on_damaged_frames(seed: int) -> None:
    if not native.available():
        pytest.skip("llvmlite is not installed")
    chunk = next(open_chunks(written(damaged(FRAMES, seed)))[1])
    for compiled, plans in zip(COMPILED, both_plans(), strict=True):
        machine, columns = [[mask.tolist() for masks in plan.decide(chunk) for mask in masks] for plan in plans]
        assert machine == columns, compiled.text


@cache
def both_plans() -> list[tuple[Plan, ...]]:
    """Each filter that columns decide, in machine code and in columns."""
    sizes = (native.WORTH, 0)
    plans = [tuple(plan for size in sizes if (plan := column_plan([compiled], size))) for compiled in COMPILED]
    assert sum(isinstance(pair[0], MachinePlan) for pair in plans if pair) > len(plans) - 3
    return plans


@pytest.mark.skipif(not native.available(), reason="llvmlite is not installed")
def test_machine_code_decides_many_filters_and_large_sets() -> None:
    addresses = ", ".join(f"10.8.{i}.{j}" for i in range(16) for j in range(1, 200, 7))
    wide = ", ".join(f"2001:db8::{i:x}:{j:x}" for i in range(1, 9) for j in range(1, 40))
    texts = [f"ip.addr in {{{addresses}}}", f"ipv6.addr in {{{wide}, fe80::1, ff02::1:3}}",
             "frame.len in {60, 61, 62, 63, 64, 65, 66, 590}", *FILTERS[:12]]  # fmt: skip
    filters = [dfilter.compile(text) for text in texts]
    chunk = next(open_chunks(written(FRAMES))[1])
    machine, columns = column_plan(filters, native.WORTH), column_plan(filters)
    assert isinstance(machine, MachinePlan)
    assert columns is not None
    for ours, theirs in zip(machine.decide(chunk), columns.decide(chunk), strict=True):
        assert [mask.tolist() for mask in ours] == [mask.tolist() for mask in theirs]


@pytest.mark.skipif(not native.available(), reason="llvmlite is not installed")
@pytest.mark.parametrize("order", "<>")
def test_hops_find_the_records_that_lanes_find(order: str) -> None:
    chance = random.Random(order)
    records = [struct.pack(order + "IIII", 1700000000 + i, i, size, size + i % 3 * 0x7000_0000) + chance.randbytes(size)
               for i in range(3000) for size in [chance.randrange(1600)]]  # fmt: skip
    data = b"".join(records)
    hops, lanes = Hops.create(order, 1 << 18), Lanes(order, 1 << 18)
    assert hops is not None
    for stretch in (data, data[:-7], data[: len(records[0]) + 9], data[:3], b"", data[:100] + b"\xff" * 64):
        found, expected = hops.records(stretch, 0), lanes.records(stretch, 0)
        for name in ("starts", "captured", "wire"):
            assert getattr(found, name).tolist() == getattr(expected, name).tolist()
        assert (found.stop, found.claimed) == (expected.stop, expected.claimed)


def test_without_llvmlite_large_captures_are_read_in_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_binding", lambda: None)
    assert isinstance(column_plan([COMPILED[0]], native.WORTH), ColumnPlan)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_gears_agree_on_damaged_frames(seed: int) -> None:
    frames = damaged(FRAMES, seed)
    buffer = written(frames)
    for compiled in COMPILED:
        expected = by_closures(frames, compiled)
        buffer.seek(0)
        assert frames_of_all(buffer, [compiled], compiled.needs)[0] == expected, compiled.text


def test_arp_over_atm_has_no_common_shape() -> None:
    """It has lengths of its own in the place of Ethernet's, and shows nothing where it is cut (RFC 2225)."""
    frame = bytes.fromhex("ffffffffffff001f29da2d7908060013080006040001") + b"\x3f" * 38
    capture = written([Frame(1, 0, frame, len(frame))])
    compiled = dfilter.compile("arp")
    assert by_closures([Frame(1, 0, frame, len(frame))], compiled) == dfilter.frames(capture, compiled) == []
    assert not compiled.matches(frame)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_the_direct_test_agrees_with_closures(seed: int) -> None:
    for frame in damaged(FRAMES, seed):
        for compiled, direct in zip(COMPILED, DIRECT, strict=True):
            answer = direct(frame.data) if direct is not None else None
            if answer is not None and "frame.number" not in compiled.fields:
                view = Session(compiled.needs).feed(frame.data)
                assert answer == compiled.test(view), (compiled.text, frame.data.hex())


def test_columns_decide_most_plain_frames() -> None:
    """The property above could hold with columns that never decide; they must."""
    compiled = dfilter.compile("tcp.port == 443 || ip.addr == 10.0.0.0/8")
    plan = column_plan([compiled])
    assert plan is not None
    _, chunks = open_chunks(CAPTURES / "bot-http.pcap")
    undecided = total = 0
    for chunk in chunks:
        undecided += int(plan.decide(chunk)[1][0].sum())
        total += len(chunk)
    assert undecided < total / 20


def test_a_set_of_filters_gives_each_the_answer_it_has_alone() -> None:
    together = dfilter.FilterSet(dict(zip(FILTERS, COMPILED, strict=True)))
    for path in sorted(CAPTURES.glob("*.pcap*")):
        alone = {text: dfilter.frames(path, compiled) for text, compiled in zip(FILTERS, COMPILED, strict=True)}
        assert together.frames(path) == alone


def test_a_stateful_filter_has_the_same_answer_in_a_set() -> None:
    texts = ["http", "data", "tcp.stream == 1", "tls.handshake.type == 1", "http.response_in", "dns.time > 0.01"]
    texts.append("ftp-data")
    for path in sorted(CAPTURES.glob("*.pcap*")):
        together = dfilter.FilterSet({text: text for text in texts}).frames(path)
        assert together == {text: dfilter.frames(path, text) for text in texts}


def test_dissecting_everything_changes_no_answer() -> None:
    """What a filter does not need must not change what it sees."""
    path = CAPTURES / "ftp-exfiltration.pcap"
    everything = list(dissect(path, needs_of(None)))
    for compiled in COMPILED:
        assert [view.number for view in everything if compiled.test(view)] == dfilter.frames(path, compiled)


@pytest.mark.parametrize(
    "text",
    ["ip.addr == 192.0.2.1", "tcp.port == 443", "tcp.flags.syn == 1 && tcp.flags.ack == 0", "udp.port == 53 or icmp",
     "ipv6", "arp", "vlan.id == 42", "frame.len > 1000"],
)  # fmt: skip
def test_header_fields_need_no_state(text: str) -> None:
    """A protocol whose messages carry packets must not make every filter follow every stream."""
    assert not dfilter.compile(text).stateful
    assert column_plan([dfilter.compile(text)]) is not None
