"""HTTP/2 in the clear: frames, header blocks, windows, bodies. Values recorded from Wireshark 4.4."""

from __future__ import annotations

import gzip
import struct

import hpack
import pytest

from dfilter.packets.protocols import http2_streams
from dfilter.packets.protocols.http2_hpack import MAX_ENTRIES, BrokenBlock, HeaderDecoder
from dfilter.packets.protocols.http2_streams import Http2State
from tests.packets.protocols.http_wire import Talk, frames_with, shown

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


SETTINGS = frame(4, 0, 0, struct.pack(">HIHI", 3, 100, 4, 100000))
REQUEST = hpack.Encoder().encode([(":method", "GET"), (":scheme", "http"), (":authority", "ex.com"),
                                  (":path", "/a%20b?x=1"), ("x-foo", "bar")])  # fmt: skip
RESPONSE = hpack.Encoder().encode([(":status", "200"), ("content-type", "text/plain")])


def exchange(port: int = 9998) -> Talk:
    return Talk(port).client(PREFACE + SETTINGS).server(frame(4, 1, 0)).client(frame(1, 5, 1, REQUEST)).server(
        frame(1, 4, 1, RESPONSE), frame(0, 0, 1, b"hel"), frame(0, 1, 1, b"lo"))  # fmt: skip


@pytest.mark.parametrize("port", [80, 9998])
def test_a_request_and_its_response(port: int) -> None:
    views = exchange(port).views()
    assert frames_with(views, "http2") == [4, 5, 6, 7, 8, 9]
    assert frames_with(views, "http") == []
    assert shown(views, "http2.type") == {4: [4], 5: [4], 6: [1], 7: [1], 8: [0], 9: [0]}
    assert shown(views, "http2.settings.initial_window_size") == {4: [100000]}
    assert shown(views, "http2.headers.path") == {6: ["/a%20b?x=1"]}
    assert shown(views, "http2.header.unescaped")[6] == ["GET", "http", "ex.com", "/a b?x=1", "bar"]
    assert shown(views, "http2.headers.status") == {7: [200]}
    assert shown(views, "http2.request.full_uri") == {6: ["http://ex.com/a%20b?x=1"]}
    assert shown(views, "http2.response_in") == {6: [7]}
    assert shown(views, "http2.request_in") == {7: [6]}
    assert shown(views, "http2.data.data") == {8: [b"hel"], 9: [b"hello"]}
    assert shown(views, "http2.body.reassembled.in") == {8: [9]}
    assert shown(views, "http2.calculated.stream.window_size.after") == {8: [99997], 9: [99995]}
    assert frames_with(views, "data-text-lines") == [9]


OTHERS = [
    (frame(3, 0, 1, struct.pack(">I", 8)), "http2.rst_stream.error", [8]),
    (frame(6, 0, 0, b"12345678"), "http2.ping", [b"12345678"]),
    (frame(6, 1, 0, b"12345678"), "http2.pong", [b"12345678"]),
    (frame(7, 0, 0, struct.pack(">II", 5, 2) + b"bye"), "http2.goaway.last_stream_id", [5]),
    (frame(7, 0, 0, struct.pack(">II", 5, 2) + b"bye"), "http2.goaway.addata", [b"bye"]),
    (frame(8, 0, 0, struct.pack(">I", 1000)), "http2.calculated.connection.window_size.after", [66535]),
    (frame(2, 0, 3, struct.pack(">IB", 0x80000001, 15)), "http2.headers.weight_real", [16]),
    (frame(5, 4, 5, struct.pack(">I", 2) + b"\x82"), "http2.push_promise.promised_stream_id", [2]),
    (frame(0, 9, 5, b"\x02ab\0\0"), "http2.data.data", [b"ab"]),
    (frame(10, 0, 0, b"\0\x03abch2"), "http2.altsvc.origin", ["abc"]),
    (frame(12, 0, 0, b"\0\x05hello"), "http2.origin.origin", ["hello"]),
    (frame(16, 0, 0, struct.pack(">I", 3) + b"u=1"), "http2.priority_update_field_value", ["u=1"]),
    (frame(77, 3, 0, b"xyz"), "http2.unknown", [b"xyz"]),
    (frame(7, 0, 0, b"\0"), "_ws.malformed", None),
]


@pytest.mark.parametrize(("bytes_", "field", "wanted"), OTHERS, ids=[f"{row[1]} {row[0][3]}" for row in OTHERS])
def test_frames_of_each_type(bytes_: bytes, field: str, wanted: list[object] | None) -> None:
    view = Talk(9998).client(PREFACE).server(bytes_).views()[4]
    values = list(view.get(field))
    assert values == wanted if wanted is not None else len(values) == 1


def test_hpack_forms() -> None:
    literals = b"\x10\x01a\x01b" + b"\x00\x01c\x01d" + b"\x40\x01e\x01f"
    entries = HeaderDecoder().decode(b"\x3f\xe1\x1f" + literals + b"\xbe\xff\x00")
    assert [(entry.name, entry.value) for entry in entries[1:]] == [
        (b"a", b"b"), (b"c", b"d"), (b"e", b"f"), (b"e", b"f"), (b"<unknown>", b"")]  # fmt: skip
    assert [entry.representation.split(" - ")[0] for entry in entries] == [
        "Dynamic Table Size Update", "Literal Header Field never Indexed", "Literal Header Field without Indexing",
        "Literal Header Field with Incremental Indexing", "Indexed Header Field", "Indexed Header Field"]  # fmt: skip


BROKEN = [b"\xff" * 7, b"\x80", b"\x40\x05a", b"\x40\x85" + b"\xff" * 5 + b"\x01a", b"\x82" * (MAX_ENTRIES + 1)]


@pytest.mark.parametrize("block", BROKEN, ids=[repr(block[:8]) for block in BROKEN])
def test_broken_blocks_break_their_direction(block: bytes) -> None:
    decoder = HeaderDecoder()
    for attempt in (block, b"\x82"):
        with pytest.raises(BrokenBlock):
            decoder.decode(attempt)


def test_a_body_may_end_with_an_empty_frame() -> None:
    fields = [(":status", "200"), ("content-type", "text/html"), ("content-encoding", "gzip")]
    views = Talk(9998).client(PREFACE + SETTINGS, frame(1, 5, 1, REQUEST)).server(
        frame(1, 4, 1, hpack.Encoder().encode(fields)), frame(0, 0, 1, gzip.compress(b"<html>\n")),
        frame(0, 1, 1)).views()  # fmt: skip
    assert shown(views, "http2.body.fragment") == {8: [7]}
    assert shown(views, "http2.body.reassembled.in") == {7: [8]}
    assert shown(views, "http2.data.data")[8] == [b"<html>\n"]
    assert frames_with(views, "data-text-lines") == [8]


def test_what_came_before_the_preface_is_http2_on_a_second_look() -> None:
    views = Talk(9998).server(SETTINGS).client(PREFACE + SETTINGS).views()
    assert frames_with(views, "http2") == [4, 5]


def test_settings_change_the_windows_of_open_streams() -> None:
    state = Http2State()
    sent, received = state.stream(1).halves
    assert sent.window.move(1, -35) == (65535, 65500)
    state.set_initial_window(1, 1000)
    assert sent.window.move(1, -5) == (65535, 65530)  # the same captured frame
    assert sent.window.move(2, -5) == (965, 960)
    assert received.window.move(2, -5) == (65535, 65530)
    assert state.stream(3).halves[0].window.move(3, 1) == (1000, 1001)
    assert state.sides[0].sending_window.move(3, 1) == (65535, 65536)


def test_pieces_of_a_body_are_listed_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http2_streams, "MAX_PIECES", 3)
    half = Http2State().stream(1).halves[0]
    for number in range(5):
        half.add(number, b"x")
    assert (len(half.frames), bytes(half.body)) == (3, b"xxxxx")
