"""What is shown of selected frames is what dissecting every frame shows."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import dfilter
import dfilter.prune.scan
from dfilter.captures.frame import Frame
from dfilter.desk import DEFAULT_COLUMNS
from dfilter.listing import PacketList, make_columns
from dfilter.packets.session import needs_of
from dfilter.prune.scan import Pruner
from dfilter.scan import dissect, field_needs, read_listed, union_of
from tests.captures.wire.packets import ACK, PSH, TcpHeader, ethernet, ipv4, tcp, udp
from tests.prune.test_scan import CAPTURES, COMPILED, FRAMES, disturbed
from tests.test_gears import written

SHOWN = [
    ["frame.number", "frame.time_relative", "frame.time_delta", "ip.src", "tcp.stream", "http.host"],
    ["http.request.method", "http.request.uri", "http.request_in", "http.response.code", "tcp.analysis.reused_ports"],
    ["tls.handshake.extensions_server_name", "tls.handshake.type", "tcp.len", "tcp.seq", "tcp.time_delta"],
    ["dns.qry.name", "dns.time", "dns.a", "http.host", "udp.srcport"],
]


def rows_of(capture: Path | io.BytesIO, compiled: dfilter.Filter, names: list[str]) -> list[list[object]]:
    return [[view.number, *(view.text(name) for name in names)]
            for view in dfilter.read(capture, compiled, fields=names)]  # fmt: skip


def rows_by_dissecting(capture: Path | io.BytesIO, compiled: dfilter.Filter, names: list[str]) -> list[list[object]]:
    needs = needs_of(union_of([compiled.needs, field_needs(names)]))
    return [[view.number, *(view.text(name) for name in names)]
            for view in dissect(capture, needs, look_ahead=needs.look_ahead) if compiled.test(view)]  # fmt: skip


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.pcap*")), ids=lambda path: path.name)
def test_same_values(path: Path, pruners: list[Pruner | None]) -> None:
    for compiled in COMPILED:
        for names in SHOWN:
            assert rows_of(path, compiled, names) == rows_by_dissecting(path, compiled, names), (compiled.text, names)
    assert any(pruner is not None and 0 < pruner.dissected_frames < pruner.remainder.frames / 2 for pruner in pruners)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_same_values_of_disturbed_captures(seed: int) -> None:
    buffer = written(disturbed(FRAMES, random.Random(seed)))
    for compiled in random.Random(seed).sample(COMPILED, 8):
        for names in SHOWN:
            buffer.seek(0)
            found = rows_of(buffer, compiled, names)
            buffer.seek(0)
            assert found == rows_by_dissecting(buffer, compiled, names), (compiled.text, names)


LISTED = """
http.request
tls.handshake.type == 1 || tcp.flags.syn == 1
dns
tcp.analysis.retransmission
ftp-data
smtp.req.command or ftp.request.command
tcp.stream == 1
ip.addr == 10.0.0.0/8 && frame.len > 90
udp
ssdp || arp || icmp
data
""".strip().splitlines()


def lines_of(views: Iterable[dfilter.View]) -> list[list[str]]:
    listing = PacketList(make_columns(DEFAULT_COLUMNS, "r"))
    return [listing.row(view) for view in views]


def lines_by_dissecting(capture: Path | io.BytesIO, compiled: dfilter.Filter) -> list[list[str]]:
    needs = replace(needs_of(None), second_look=compiled.needs.second_look)
    views = dissect(capture, needs, look_ahead=compiled.look_ahead)
    return lines_of(view for view in views if compiled.test(view))


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.pcap*")), ids=lambda path: path.name)
def test_same_lists(path: Path, pruners: list[Pruner | None]) -> None:
    for text in LISTED:
        compiled = dfilter.compile(text)
        found = lines_of(read_listed(path, compiled, fields=["frame.time_relative"]))
        assert found == lines_by_dissecting(path, compiled), text
    assert any(pruner is not None and 0 < pruner.dissected_frames < pruner.remainder.frames for pruner in pruners)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
@example(67077846)  # ports are used again, which shows in the second conversation
def test_same_lists_of_disturbed_captures(seed: int) -> None:
    buffer = written(disturbed(FRAMES, random.Random(seed)))
    for text in LISTED:
        compiled = dfilter.compile(text)
        buffer.seek(0)
        found = lines_of(read_listed(buffer, compiled, fields=["frame.time_relative"]))
        buffer.seek(0)
        assert found == lines_by_dissecting(buffer, compiled), text


def test_what_one_conversation_tells_another_is_not_left_out(pruners: list[Pruner | None]) -> None:
    """The data connections of FTP are named after what was said in another conversation."""
    path, compiled = CAPTURES / "ftp-exfiltration.pcap", dfilter.compile("tcp.len > 0 && !(tcp.port == 21)")
    found = lines_of(read_listed(path, compiled))
    assert any("FTP-DATA" in cells for cells in found)
    assert found == lines_by_dissecting(path, compiled)


def test_packets_that_a_stream_quotes_are_found() -> None:
    """An OpenFlow controller gets copies of packets in its own TCP stream."""
    switch, controller = "10.0.0.2", "10.0.0.1"
    datagram = udp("10.1.0.1", "10.1.0.2", 4321, 67, b"x" * 12)
    packet = ethernet("02:00:00:00:00:01", "02:00:00:00:00:02", 0x0800,
                      ipv4("10.1.0.1", "10.1.0.2", 17, datagram, ttl=64, ident=1))  # fmt: skip
    message = struct.pack(">BBHIIHHBB", 1, 10, 18 + len(packet), 1, 5, len(packet), 1, 0, 0) + packet
    segment = tcp(switch, controller, TcpHeader(40000, 6633, 1, 1, ACK | PSH, 512), message)
    frame = ethernet("02:00:00:00:00:03", "02:00:00:00:00:04", 0x0800,
                     ipv4(switch, controller, 6, segment, ttl=64, ident=2))  # fmt: skip
    buffer = written([Frame(1, 0, frame, len(frame))])
    for text in ("udp.port == 67", "udp.port == 67 && tcp.stream == 0", "udp.port == 67 || http.request"):
        compiled = dfilter.compile(text)
        for find in (dfilter.frames, lambda *what: [view.number for view in read_listed(*what)]):
            buffer.seek(0)
            assert find(buffer, compiled) == [1], text


@pytest.mark.parametrize("name", ["smb2.filename", "ip.stream", "eth.stream", "frame.protocols", "icmp.resp_in"])
def test_what_other_frames_tell_is_not_left_out(name: str) -> None:
    compiled = dfilter.compile("http.request")
    needs = needs_of(union_of([compiled.needs, field_needs([name])]))
    assert dfilter.prune.scan.pruner_of([compiled], compiled.needs, needs) is None
