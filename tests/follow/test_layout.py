"""Followed streams as text, and what is refused."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

import dfilter
from dfilter.follow.bodies import MAX_NAME, _unique, file_name
from dfilter.packets.protocols.http_exchange import Exchange, Link
from dfilter.packets.protocols.http_fields import Message
from dfilter.packets.protocols.http_head import Kind, parse_head
from dfilter.packets.region import Region
from dfilter.packets.session import RawFrame
from tests.follow import cases
from tests.parity import follow as parity
from tests.parity.compare import can_ask

CAPTURES = Path(__file__).parents[1] / "captures"
SEGMENTS = ">0S <100S/1 >1/101:abc <104/4:XYZ_-0123456789 >4/121:d >5/121"


def lines(form: str, segments: str = SEGMENTS) -> list[str]:
    stream = dfilter.follow_stream(io.BytesIO(cases.pcap(cases.frames(segments))), "tcp", 0)
    return [line for _, line in stream.lines(form)]


HEADING = ["", "=" * 67, "Follow: tcp,{}", "Filter: tcp.stream eq 0", "Node 0: 10.0.0.1:1000", "Node 1: 10.0.0.2:7777"]
GAP = "[3 bytes missing in capture file]"


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("raw", ["616263", f"\t{GAP.encode().hex()}00", "\t58595a5f2d30313233343536373839", "64"]),
        ("ascii", ["3", "abc", "\t34", GAP + ".", "\t15", "XYZ_-0123456789", "1", "d"]),
        ("utf-8", ["3", "abc", "\t34", GAP + "\0", "\t15", "XYZ_-0123456789", "1", "d"]),
    ],
)
def test_a_stream_is_printed_as_by_the_reference(form: str, body: list[str]) -> None:
    assert lines(form) == [line.format(form) for line in HEADING] + body + ["=" * 67]


def test_a_hex_dump_counts_each_direction_for_itself() -> None:
    shown = lines("hex")
    assert shown[6] == "00000000  61 62 63                                          abc"
    assert shown[10] == "\t00000022  58 59 5a 5f 2d 30 31 32  33 34 35 36 37 38 39     XYZ_-012 3456789"
    assert shown[11] == "00000003  64                                                d"


def test_yaml_has_a_packet_for_each_piece() -> None:
    shown = lines("yaml")
    assert shown[:7] == ["peers:", "  - peer: 0", "    host: 10.0.0.1", "    port: 1000", "  - peer: 1",
                         "    host: 10.0.0.2", "    port: 7777"]  # fmt: skip
    assert shown[8:13] == ["  - packet: 3", "    peer: 0", "    timestamp: 1600000003.000000000",
                           "    data: !!binary |", "      YWJj"]  # fmt: skip


def test_a_stream_without_data_has_its_heading() -> None:
    assert lines("raw", ">0S <100S/1") == [line.format("raw") for line in HEADING] + ["=" * 67]


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (9, "no TCP stream 9 in .*its streams are 0 to 8"),
        ("tcp", r"frames of 9 streams \(0, 1, 2, 3, 4, 5, 6, 7, …\)"),
        ("dns", "selects no frame of a TCP stream"),
    ],
)
def test_a_stream_that_is_not_there(stream: int | str, message: str) -> None:
    with pytest.raises(dfilter.NotFoundError, match=message):
        list(dfilter.follow_stream(CAPTURES / "bot-http.pcap", "tcp", stream))


def test_a_filter_selects_a_stream_of_a_file_object() -> None:
    with (CAPTURES / "bot-http.pcap").open("rb") as file:
        stream = dfilter.follow_stream(file, "http", 'http.request.uri == "/connecttest.txt"')
        assert next(iter(stream)).data.startswith(b"GET /connecttest.txt ")


def test_unknown_kinds_forms_and_numbers_are_refused() -> None:
    capture = CAPTURES / "bot-http.pcap"
    with pytest.raises(ValueError, match="cannot follow 'sctp'"):
        dfilter.follow_stream(capture, "sctp", 0)
    with pytest.raises(ValueError, match="numbered from 0"):
        dfilter.follow_stream(capture, "tcp", -1)
    with pytest.raises(ValueError, match="no form 'ebcdic'"):
        dfilter.follow_stream(capture, "tcp", 0).lines("ebcdic")


def http2_frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def http2_capture() -> io.BytesIO:
    """A request for stream 1, its answer in two DATA frames, and what does not belong to it."""
    client = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2_frame(4, 0, 0, b"")
    client += http2_frame(1, 5, 1, b"\x82\x84\x86") + http2_frame(8, 0, 1, b"\0\0\0\x09")
    server = http2_frame(4, 0, 0, b"") + http2_frame(1, 4, 1, b"\x88") + http2_frame(0, 0, 1, b"one ")
    server += http2_frame(0, 1, 3, b"other") + http2_frame(0, 1, 1, b"two")
    made = []
    for node, seq, data in ((0, 1, client), (1, 1, server)):
        ports = (40000, 80) if node == 0 else (80, 40000)
        tcp = struct.pack(">HHIIBBHHH", *ports, seq, 1, 0x50, 16, 8192, 0, 0) + data
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + cases.ENDS[node] + cases.ENDS[1 - node]
        frame = bytes(12) + b"\x08\0" + ip + tcp
        made.append(RawFrame(node + 1, 10**18, frame, len(frame), 1))
    return io.BytesIO(cases.pcap(made))


def test_http2_shows_fields_whole_bodies_and_other_frames_of_one_stream() -> None:
    followed = dfilter.follow_stream(http2_capture(), "http2", 0, substream=1)
    assert [(piece.node, piece.data) for piece in followed] == [
        (0, b":method: GET\n:path: /\n:scheme: http\n\n"),
        (0, http2_frame(8, 0, 1, b"\0\0\0\x09")),
        (1, b":status: 200\n\n"),
        (1, b"one two"),
    ]
    assert followed.filter == "tcp.stream eq 0 and http2.streamid eq 1"


@pytest.mark.parametrize(("kind", "substream"), [("http2", None), ("tcp", 1)])
def test_a_substream_goes_with_http2(kind: str, substream: int | None) -> None:
    with pytest.raises(ValueError, match="a substream goes with http2"):
        dfilter.follow_stream(http2_capture(), kind, 0, substream=substream)


def message(uri: str, *headers: bytes) -> Message:
    raw = b"\r\n".join((b"HTTP/1.1 200 OK", *headers, b"", b""))
    head = parse_head(Region(raw, 0, len(raw)), 0, Kind.RESPONSE)
    return Message(head, Link(1, Exchange(1, None, b"GET", uri, None)), Region(raw, len(raw), len(raw)), None)


@pytest.mark.parametrize(
    ("uri", "header", "name"),
    [
        ("/a/b.gif?c=/d", b"", "b.gif"),
        ("/", b"Content-Type: text/html; charset=x", "body.html"),
        ("/../../etc/passwd", b"", "passwd"),
        ("/..", b"", "body"),
        ("/a%2f..%2fb", b"", "a_2f.._2fb"),
        ("/x", b'Content-Disposition: attachment; filename="../../evil.sh"', "evil.sh"),
        ("/x", b"Content-Disposition: attachment; filename=..\\..\\evil.bat", "evil.bat"),
        ("/x", b'Content-Disposition: attachment; filename=".bashrc"', "bashrc"),
        ("/x", "Content-Disposition: attachment; filename=\"a\0b\x1b[2Jü.txt\"".encode(), "a_b_2J_.txt"),
        ("/" + "n" * 300 + ".png", b"", "n" * (MAX_NAME - 4) + ".png"),
    ],
)
def test_names_of_bodies_are_safe(uri: str, header: bytes, name: str) -> None:
    assert file_name(message(uri, *filter(None, (header,)))) == name


def test_bodies_of_one_frame_have_names_of_their_own() -> None:
    taken: set[str] = set()
    assert [_unique("7-a.txt", taken) for _ in range(3)] == ["7-a.txt", "7-a-2.txt", "7-a-3.txt"]


def test_bodies_are_unpacked() -> None:
    bodies = list(dfilter.http_bodies(CAPTURES / "bot-http.pcap", 0))
    assert [(body.name, body.content_type, body.data) for body in bodies] == [
        ("24-connecttest.txt", "text/plain", b"Example Connect Test")
    ]


@pytest.mark.skipif(not can_ask(), reason="no reference to ask")
@pytest.mark.parametrize(("kind", "form"), [("tcp", "raw"), ("udp", "hex"), ("http", "ascii")])
def test_streams_equal_the_reference(kind: str, form: str) -> None:
    names = ("bot-http.pcap", "ftp-exfiltration.pcap", "rat-dns.pcapng")
    found = [parity.compare(CAPTURES / name, kind, form, "4.4") for name in names]
    assert sum(compared for compared, _ in found) > 0
    assert all(compared == equal for compared, equal in found)
