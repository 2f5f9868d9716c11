"""WebSocket: frames, messages in fragments, masked and compressed ones."""

from __future__ import annotations

import zlib

from tests.packets.protocols.http_wire import Talk, frames_with, shown


def upgraded(extensions: bytes = b"") -> Talk:
    extra = b"Sec-WebSocket-Extensions: " + extensions + b"\r\n" if extensions else b""
    request = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n" + extra + b"\r\n"
    return Talk().client(request).server(b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n" + extra + b"\r\n")


def masked(opcode: int, payload: bytes) -> bytes:
    key = b"\x01\x02\x03\x04"
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + key + bytes(b ^ key[i % 4] for i, b in enumerate(payload))


def test_messages() -> None:
    talk = upgraded().server(b"\x81\x02hi").client(masked(1, b"hello"))
    talk.server(b"\x88\x06\x03\xe9bye!", b"\x89\x01p", b"\x82\x7e\x00\x80" + b"a" * 100, b"a" * 28 + b"\x83\x01x")
    views = talk.views()
    assert frames_with(views, "http") == [4, 5]
    assert shown(views, "websocket.opcode") == {6: [1], 7: [1], 8: [8], 9: [9], 11: [2, 3]}
    assert shown(views, "websocket.payload.text") == {6: ["hi"], 7: ["hello"]}
    assert shown(views, "websocket.masking_key") == {7: [b"\x01\x02\x03\x04"]}
    assert shown(views, "websocket.payload.close.status_code") == {8: [1001]}
    assert shown(views, "websocket.payload.close.reason") == {8: ["bye!"]}
    assert shown(views, "websocket.payload.ping") == {9: [b"p"]}
    assert shown(views, "websocket.payload_length_ext_16") == {11: [128]}
    assert shown(views, "websocket.payload.unknown") == {11: [b"x"]}
    assert frames_with(views, "data-text-lines") == [6, 7]


def test_fragments() -> None:
    talk = upgraded().server(b"\x01\x02ab", b"\x89\x00", b"\x00\x02cd")
    views = talk.client(masked(1, b"x")).server(b"\x80\x01e").views()
    assert shown(views, "websocket.payload.text") == {9: ["x"], 10: ["abcde"]}
    assert shown(views, "websocket.payload.continue") == {8: [b"cd"]}
    assert shown(views, "websocket.fragment") == {10: [6, 8, 10]}
    assert shown(views, "websocket.reassembled.length") == {10: [5]}


def test_compressed_messages_share_a_window() -> None:
    packer = zlib.compressobj(wbits=-15)
    packed = []
    for _ in range(2):
        data = packer.compress(b"hello hello hello") + packer.flush(zlib.Z_SYNC_FLUSH)
        packed.append(bytes([0xC1, len(data) - 4]) + data[:-4])
    views = upgraded(b"permessage-deflate").server(*packed, b"\xc1\x03\xff\xff\xff").views()
    assert shown(views, "websocket.payload.text") == {6: ["hello hello hello"], 7: ["hello hello hello"]}
    assert shown(views, "websocket.pmc")[6] == [True]


def test_an_upgrade_that_the_server_does_not_name_is_none() -> None:
    views = Talk().client(b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n").server(
        b"HTTP/1.1 101 S\r\n\r\n", b"\x81\x02hi").views()  # fmt: skip
    assert frames_with(views, "websocket") == []


def test_the_answer_alone_tells_of_the_upgrade() -> None:
    views = Talk().server(b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n").server(b"\x81\x02hi").views()
    assert shown(views, "websocket.payload.text") == {5: ["hi"]}
