"""DTLS: records, fragments of handshake messages, what is recognised."""

from __future__ import annotations

import struct

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from dfilter.captures.frame import Frame, Interface, Section
from dfilter.packets.protocols.dtls import announced_id_length
from dfilter.packets.protocols.tls_decrypt import prf
from dfilter.packets.protocols.tls_secrets import TLS_KEY_LOG
from dfilter.packets.session import Session
from dfilter.packets.view import View
from tests.packets.protocols.http_wire import (
    CLIENT,
    SERVER,
    datagram,
    ethernet_ip,
    frames_with,
    shown,
    two_passes,
)
from tests.packets.protocols.tls_wire import client_hello, extension, server_hello, server_name

HELLO = client_hello(server_name(b"a.example"), version=0xFEFD, cookie=b"")[4:]


def record(type_: int, content: bytes, version: int = 0xFEFD, epoch: int = 0, number: int = 0) -> bytes:
    head = struct.pack(">BHH", type_, version, epoch) + number.to_bytes(6, "big")
    return head + struct.pack(">H", len(content)) + content


def fragment(body: bytes, offset: int, length: int, number: int = 0) -> bytes:
    part = body[offset : offset + length]
    return (b"\1" + len(body).to_bytes(3, "big") + struct.pack(">H", number) + offset.to_bytes(3, "big")
            + len(part).to_bytes(3, "big") + part)  # fmt: skip


def talk(*payloads: bytes, port: int = 4443) -> list[View]:
    frames = [datagram(40000, port, payload) for payload in payloads]
    return two_passes([(frame, len(frame)) for frame in frames])


def test_a_hello() -> None:
    views = talk(record(22, fragment(HELLO, 0, 999)))
    assert shown(views, "dtls.handshake.extensions_server_name") == {1: ["a.example"]}
    assert shown(views, "dtls.handshake.cookie_length") == {1: [0]}
    assert shown(views, "dtls.record.sequence_number") == {1: [0]}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
def test_a_message_belongs_to_the_frame_with_its_last_fragment(order: tuple[int, ...]) -> None:
    views = talk(*(record(22, fragment(HELLO, 30 * part, 30 if part < 2 else 999)) for part in order))
    assert shown(views, "dtls.handshake.extensions_server_name") == {3: ["a.example"]}
    assert shown(views, "dtls.fragment") == {3: [1 + order.index(part) for part in range(3)]}
    assert shown(views, "dtls.handshake.type") == {1: [1], 2: [1], 3: [1]}


def test_what_is_encrypted_has_no_type() -> None:
    views = talk(record(22, bytes(40), epoch=1) + record(21, bytes(20), epoch=1) + record(23, b"data", epoch=1))
    assert shown(views, "dtls.record.epoch") == {1: [1, 1, 1]}
    assert frames_with(views, "dtls.handshake.type") == frames_with(views, "dtls.alert_message.level") == []
    assert shown(views, "dtls.app_data") == {1: [b"data"]}


@pytest.mark.parametrize(("payload", "expected"), [
    (record(22, fragment(HELLO, 0, 999), 0xFEFF), True), (record(22, fragment(HELLO, 0, 999), 0x0303), False),
    (record(99, b"x"), False), (record(23, b"x" * 50)[:40], False), (b"\x16\xfe\xfd", False),
    (record(23, b"x") + record(21, b"\1\0"), True), (record(23, b"x") + b"y", False), (b"\x2e\0\1\0\4abcd", False),
])  # fmt: skip
def test_what_is_recognised(payload: bytes, expected: bool) -> None:
    assert bool(frames_with(talk(payload), "dtls")) is expected


def test_unified_headers_on_a_known_port() -> None:
    views = talk(b"\x2e\0\1\0\4abcd" + b"\x2b\0\2rest", port=853)
    assert shown(views, "dtls.record.sequence_suffix") == {1: [1, 2]}
    assert shown(views, "dtls.enc_content") == {1: [b"abcd", b"rest"]}


def test_lengths_that_lie_never_raise() -> None:
    for at in range(25):
        for value in (0, 1, 0x7F, 0xFF):
            data = bytearray(record(22, fragment(HELLO, 0, 30)))
            data[at] = value
            talk(bytes(data), record(22, fragment(HELLO, 30, 999)), port=853)


def test_what_the_secrets_of_a_capture_decrypt() -> None:
    suite, master, randoms = 0xC0A8, b"m" * 48, (bytes(range(32)), bytes(range(32)))
    keys = prf(master, b"key expansion", randoms[1] + randoms[0], 40, 0x0303, "sha256")
    line = b"CLIENT_RANDOM " + randoms[0].hex().encode() + b" " + master.hex().encode()

    def sealed(type_: int, number: int, plain: bytes) -> bytes:
        count = struct.pack(">H", 1) + number.to_bytes(6, "big")
        associated = count + struct.pack(">BHH", type_, 0xFEFD, len(plain))
        body = AESCCM(keys[:16], tag_length=8).encrypt(keys[32:36] + count, plain, associated)
        return record(type_, count + body, epoch=1, number=number)

    hello = server_hello(suite=suite, version=0xFEFD)[4:]
    answer = record(22, b"\2" + len(hello).to_bytes(3, "big") + bytes(5) + len(hello).to_bytes(3, "big") + hello)
    finished = b"\x14\0\0\x0c\0\3\0\0\0\0\0\x0c" + b"v" * 12
    sent = [record(22, fragment(HELLO, 0, 999)), answer, record(20, b"\1"), sealed(22, 0, finished),
            sealed(23, 1, b"hello"), sealed(21, 2, b"\1\0"), sealed(23, 9, b"x")[:-1] + b"?"]  # fmt: skip
    for secrets in ([(TLS_KEY_LOG, line)], []):
        session, views = Session(), []
        origin = Interface(0, 1, Section(secrets=secrets))
        for number, payload in enumerate(sent, 1):
            data = datagram(40000, 4443, payload)
            if number == 2:
                header = struct.pack(">HHHH", 4443, 40000, 8 + len(payload), 0)
                data = ethernet_ip(17, SERVER, CLIENT, header + payload)
            views.append(session.dissect(Frame(number, 0, data, len(data), origin=origin)))
            views[-1].complete()
        assert [list(view.get("dtls.handshake.type")) for view in views[3:]] == [[20] if secrets else [], [], [], []]
        assert [list(view.get("data.data")) for view in views[3:]] == [[], [b"hello"] if secrets else [], [], []]
        assert list(views[5].get("dtls.alert_message.level")) == ([1] if secrets else [])
        assert not session.internal_errors


def test_connection_ids_in_short_headers() -> None:
    ours = client_hello(extension(54, b"\3cid"), version=0xFEFD, cookie=b"")[4:]
    unified = b"\x3fcid\0\1\0\4abcd"
    for hello, payload, expected in ((ours, unified, [b"cid"]), (HELLO, unified, []), (ours, b"\x3fci", [])):
        back = ethernet_ip(17, SERVER, CLIENT, struct.pack(">HHHH", 4443, 40000, 8 + len(payload), 0) + payload)
        frames = [datagram(40000, 4443, record(22, fragment(hello, 0, 999))), back]
        views = two_passes([(frame, len(frame)) for frame in frames])
        assert list(views[1].get("dtls.record.connection_id")) == expected
        assert list(views[1].get("dtls.enc_content")) == ([b"abcd"] if expected else [])


@pytest.mark.parametrize("cut", range(0, 90, 7))
def test_the_announced_length_of_a_cut_hello(cut: int) -> None:
    hello = client_hello(extension(54, b"\3cid"), version=0xFEFD, cookie=b"")[4:]
    assert announced_id_length(1, hello[:cut]) in (0, 3)
    assert announced_id_length(1, hello) == 3
