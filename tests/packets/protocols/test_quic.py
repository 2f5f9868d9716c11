"""QUIC: headers, connections, Initial packets. What is recognised is as in Wireshark 4.4; keys are the ones of
RFC 9001 appendix A.1 and RFC 9369 appendix A.1."""

from __future__ import annotations

import struct

import pytest

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dfilter.captures.frame import Frame, Interface, Section
from dfilter.packets.protocols.quic_connections import MAX_PIECES, QuicConnections
from dfilter.packets.protocols.quic_crypto import PacketKeys, initial_keys, keys_of, updated_keys
from dfilter.packets.protocols.tls_secrets import TLS_KEY_LOG
from dfilter.packets.session import Session
from dfilter.packets.view import View
from tests.packets.protocols.http_wire import CLIENT, SERVER, ethernet_ip, frames_with, shown, two_passes
from tests.packets.protocols.tls_wire import client_hello, extension, server_hello, server_name

V1, V2, DRAFT29 = 1, 0x6B3343CF, 0xFF00001D
THEIRS, OURS = b"\x83\x94\xc8\xf0\x3e\x51\x57\x08", b"\x11\x22"
HELLO = client_hello(server_name(b"a.example") + extension(43, b"\2\3\4"))


def frame(payload: bytes, from_client: bool = True, port: int = 4433) -> bytes:
    ports = (40000, port) if from_client else (port, 40000)
    ends = (CLIENT, SERVER) if from_client else (SERVER, CLIENT)
    return ethernet_ip(17, *ends, struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload)


def talk(*payloads: tuple[bool, bytes]) -> list[View]:
    frames = [frame(payload, from_client) for from_client, payload in payloads]
    return two_passes([(data, len(data)) for data in frames])


def header(first: int, version: int, target: bytes, source: bytes) -> bytes:
    return struct.pack(">BIB", first, version, len(target)) + target + bytes([len(source)]) + source


def crypto(offset: int, data: bytes) -> bytes:
    return b"\6" + struct.pack(">HH", 0x4000 | offset, 0x4000 | len(data)) + data


def initial(payload: bytes, *, version: int = V1, target: bytes = THEIRS, source: bytes = OURS, number: int = 0,
            keys: PacketKeys | None = None) -> bytes:  # fmt: skip
    """A protected Initial packet with a packet number of one byte."""
    known = initial_keys(version, THEIRS)
    assert known is not None
    keys = keys or known[0]
    payload = payload.ljust(20, b"\0")
    first = 0xD0 if version == V2 else 0xC0
    plain = header(first, version, target, source) + b"\0" + struct.pack(">H", 0x4000 | len(payload) + 17)
    nonce = (int.from_bytes(keys.iv, "big") ^ number).to_bytes(12, "big")
    sealed = AESGCM(keys.key).encrypt(nonce, payload, plain + bytes([number]))
    mask = Cipher(algorithms.AES(keys.header), modes.ECB()).encryptor().update(sealed[3:19])
    return bytes([first ^ mask[0] & 0x0F]) + plain[1:] + bytes([number ^ mask[1]]) + sealed


@pytest.mark.parametrize(("version", "client"), [
    (V1, PacketKeys(bytes.fromhex("1f369613dd76d5467730efcbe3b1a22d"), bytes.fromhex("fa044b2f42a3fd3b46fb255c"),
                     bytes.fromhex("9f50449e04a0e810283a1e9933adedd2"))),
    (V2, PacketKeys(bytes.fromhex("8b1a0bc121284290a29e0971b5cd045d"), bytes.fromhex("91f73e2351d8fa91660e909f"),
                     bytes.fromhex("45b95e15235d6f45a6b19cbcb0294ba9"))),
])  # fmt: skip
def test_keys_of_the_rfcs(version: int, client: PacketKeys) -> None:
    keys = initial_keys(version, THEIRS)
    assert keys is not None
    assert keys[0] == client


@pytest.mark.parametrize("version", [V1, V2, DRAFT29])
def test_a_hello_is_found_in_an_initial_packet(version: int) -> None:
    views = talk((True, initial(crypto(0, HELLO) + bytes(50), version=version)))
    assert shown(views, "tls.handshake.type") == {1: [1]}
    assert shown(views, "tls.handshake.extensions_server_name") == {1: ["a.example"]}
    assert shown(views, "quic.version") == {1: [version]}
    assert shown(views, "quic.packet_number") == {1: [0]}
    assert shown(views, "quic.frame_type") == {1: [6, 0]}
    type_field = "quic.long.packet_type_v2" if version == V2 else "quic.long.packet_type"
    assert shown(views, type_field) == {1: [1 if version == V2 else 0]}


def test_the_server_answers_with_its_own_keys() -> None:
    keys = initial_keys(V1, THEIRS)
    assert keys is not None
    answer = initial(crypto(0, server_hello(extension(43, b"\3\4"))), target=OURS, source=b"S", keys=keys[1])
    views = talk((True, initial(crypto(0, HELLO))), (False, answer))
    assert shown(views, "tls.handshake.type") == {1: [1], 2: [2]}
    assert shown(views, "quic.connection.number") == {1: [0], 2: [0]}


def test_pieces_in_any_order_belong_to_the_frame_that_fills_the_gap() -> None:
    views = talk((True, initial(crypto(60, HELLO[60:]) + crypto(20, HELLO[20:60]))),
                 (True, initial(crypto(0, HELLO[:20]), number=1)),
                 (True, initial(crypto(0, HELLO[:20]), number=2)))  # fmt: skip
    assert shown(views, "tls.handshake.type") == {2: [1]}
    assert shown(views, "quic.crypto.fragment") == {2: [2, 1, 1]}
    assert shown(views, "quic.reassembled_in") == {1: [2, 2]}
    assert frames_with(views, "quic.retransmission") == [3]


def test_a_hello_in_two_packets_in_order() -> None:
    views = talk((True, initial(crypto(0, HELLO[:50]))), (True, initial(crypto(50, HELLO[50:]), number=1)))
    assert shown(views, "tls.handshake.type") == {2: [1]}
    assert shown(views, "tls.handshake.fragment") == {2: [1, 2]}


def test_coalesced_packets_and_short_headers() -> None:
    handshake = header(0xE0, V1, THEIRS, OURS) + b"\x40\x20" + bytes(32)
    views = talk((True, initial(crypto(0, HELLO)) + handshake), (True, b"\x40" + THEIRS + b"x" * 30),
                 (False, b"\x61" + OURS + bytes(30)))  # fmt: skip
    assert shown(views, "quic.long.packet_type") == {1: [0, 2]}
    assert shown(views, "quic.header_form") == {1: [1, 1], 2: [0], 3: [0]}
    assert shown(views, "quic.spin_bit") == {2: [False], 3: [True]}
    assert shown(views, "quic.dcid") == {1: [THEIRS, THEIRS], 2: [THEIRS], 3: [OURS]}


def test_retry_changes_the_keys() -> None:
    keys = initial_keys(V1, b"new id")
    assert keys is not None
    retry = header(0xF0, V1, OURS, b"new id") + b"token" + bytes(16)
    again = initial(crypto(0, HELLO), target=b"new id", keys=keys[0])
    views = talk((True, initial(crypto(0, HELLO[:20]))), (False, retry), (True, again))
    assert shown(views, "quic.retry_token") == {2: [b"token"]}
    assert shown(views, "quic.packet_number") == {1: [0], 3: [0]}
    assert shown(views, "quic.connection.number") == {1: [0], 2: [0], 3: [0]}


def test_handshake_packets_with_secrets_of_the_capture() -> None:
    keys = initial_keys(V1, THEIRS)
    secret = b"s" * 32
    protected = keys_of(V1, 0x1301, secret)
    assert keys is not None
    assert protected is not None
    hello = server_hello(extension(43, b"\3\4"), suite=0x1301)
    answer = initial(crypto(0, hello), target=OURS, source=b"S", keys=keys[1])
    payload = crypto(0, b"\x08\0\0\x02\0\0")
    sealed_part = header(0xE0, V1, OURS, b"S") + struct.pack(">H", 0x4000 | len(payload) + 17)
    sealed = AESGCM(protected.key).encrypt(protected.iv, payload, sealed_part + b"\0")
    mask = Cipher(algorithms.AES(protected.header), modes.ECB()).encryptor().update(sealed[3:19])
    packet = bytes([sealed_part[0] ^ mask[0] & 0x0F]) + sealed_part[1:] + bytes([mask[1]]) + sealed
    line = b"SERVER_HANDSHAKE_TRAFFIC_SECRET " + HELLO[6:38].hex().encode() + b" " + secret.hex().encode()
    for secrets, types in (([(TLS_KEY_LOG, line)], [8]), ([], [])):
        session, found = Session(), list[int]()
        origin = Interface(0, 1, Section(secrets=secrets))
        sent = (frame(initial(crypto(0, HELLO))), frame(answer, False), frame(packet, False))
        for number, data in enumerate(sent, 1):
            view = session.dissect(Frame(number, 0, data, len(data), origin=origin))
            found = list(view.get("tls.handshake.type"))
        assert found == types
        assert not session.internal_errors


def short(keys: PacketKeys, payload: bytes, number: int, phase: int = 0) -> bytes:
    """A packet with a short header and the client's connection ID."""
    payload = payload.ljust(20, b"\0")
    first = 0x40 | phase << 2
    nonce = (int.from_bytes(keys.iv, "big") ^ number).to_bytes(12, "big")
    sealed = AESGCM(keys.key).encrypt(nonce, payload, bytes([first]) + OURS + bytes([number]))
    mask = Cipher(algorithms.AES(keys.header), modes.ECB()).encryptor().update(sealed[3:19])
    return bytes([first ^ mask[0] & 0x1F]) + OURS + bytes([number ^ mask[1]]) + sealed


def with_secrets(line: bytes, *sent: bytes) -> list[View]:
    """What the server sends behind the hellos, in a capture that holds a secret."""
    answer = initial(crypto(0, server_hello(extension(43, b"\3\4"), suite=0x1301)), target=OURS, source=THEIRS,
                     keys=initial_keys(V1, THEIRS)[1])  # type: ignore[index]
    session, views = Session(), []
    origin = Interface(0, 1, Section(secrets=[(TLS_KEY_LOG, line)]))
    for number, data in enumerate((frame(initial(crypto(0, HELLO))), *(frame(one, False) for one in (answer, *sent)))):
        views.append(session.dissect(Frame(number + 1, 0, data, len(data), origin=origin)))
        views[-1].complete()
    assert not session.internal_errors
    return views[2:]


SECRET = bytes(range(32))
LINE = b"SERVER_TRAFFIC_SECRET_0 " + HELLO[6:38].hex().encode() + b" " + SECRET.hex().encode() + b"\\\n"
FRAMES = [
    (b"\x0e\4\x10\2abc", {"stream.stream_id": 4, "stream.offset": 16, "stream_data": b"ab"}),
    (b"\x0b\1\1z", {"stream.fin": True, "stream.initiator": 1, "stream.length": 1}),
    (b"\x04\4\5\6", {"rsts.stream_id": 4, "rsts.application_error_code": 5, "rsts.final_size": 6}),
    (b"\x11\4\x40\x99", {"msd.stream_id": 4, "msd.maximum_stream_data": 0x99}),
    (b"\x07\2to", {"nt.token": b"to"}), (b"\x1a12345678", {"path_challenge.data": b"12345678"}),
    (b"\x1e\x31\2dg", {"dg": b"dg"}), (b"\x19\7", {"rci.sequence": 7}),
]


@pytest.mark.parametrize(("payload", "wanted"), FRAMES, ids=[str(payload[0]) for payload, _ in FRAMES])
def test_frames_of_packets_with_short_headers(payload: bytes, wanted: dict[str, object]) -> None:
    keys = keys_of(V1, 0x1301, SECRET)
    assert keys is not None
    (view,) = with_secrets(LINE, short(keys, payload, 0))
    for name, value in wanted.items():
        assert view.get("quic." + name) == (value,), name


def test_a_key_update_and_a_new_connection_id() -> None:
    keys = keys_of(V1, 0x1301, SECRET)
    assert keys is not None
    after = updated_keys(V1, 0x1301, SECRET, keys)
    assert after is not None
    ticket = b"\4\0\0\2ab"
    views = with_secrets(LINE, short(keys, b"\x18\1\0\2XY" + bytes(16), 0), short(after[1], crypto(0, ticket), 1, 1),
                         short(keys, b"\1", 2), short(after[1], b"\1", 3, 1))  # fmt: skip
    assert [view.get("quic.key_phase") for view in views] == [(False,), (True,), (False,), (True,)]
    assert views[0].get("quic.nci.connection_id") == (b"XY",)
    assert views[1].get("tls.handshake.type") == (4,)
    assert [view.get("quic.packet_number") for view in views] == [(0,), (1,), (2,), (3,)]


def test_only_the_first_short_packet_fails_to_decrypt() -> None:
    keys = keys_of(V1, 0x1301, bytes(32))
    assert keys is not None
    views = with_secrets(b"", *(short(keys, b"\1", number) for number in range(2)))
    assert [len(view.get("quic.decryption_failed")) for view in views] == [1, 0]


def test_version_negotiation() -> None:
    views = talk((True, header(0xC0, 0x1A2A3A4A, THEIRS, OURS) + bytes(1180)),
                 (False, header(0x80, 0, OURS, THEIRS) + struct.pack(">II", V1, V2)))  # fmt: skip
    assert shown(views, "quic.supported_version") == {2: [V1, V2]}
    assert frames_with(views, "quic.vn.unused") == [1, 2]


BODY = b"\0\x44\0" + b"\x99" * 1024
RECOGNISED = [
    ("version 1", header(0xC0, V1, THEIRS, OURS) + BODY, True),
    ("without the fixed bit", header(0x80, V1, THEIRS, OURS) + BODY, True),
    ("draft 17", header(0xC0, 0xFF000011, THEIRS, OURS) + BODY, True),
    ("draft 8", header(0xC0, 0xFF000008, THEIRS, OURS) + BODY, False),
    ("an unknown version", header(0xC0, 0x12345678, THEIRS, OURS) + BODY, False),
    ("version negotiation alone", header(0xC0, 0, THEIRS, OURS) + struct.pack(">I", V1), False),
    ("a short header alone", b"\x40" + bytes(40), False),
    ("an ID too long", header(0xC0, V1, bytes(21), OURS) + BODY, False),
    ("too short", b"\xc0\0\0\0\1\0\0", False),
]


@pytest.mark.parametrize(("payload", "expected"), [row[1:] for row in RECOGNISED], ids=[row[0] for row in RECOGNISED])
def test_what_is_recognised(payload: bytes, expected: bool) -> None:
    assert bool(frames_with(talk((True, payload)), "quic")) is expected


def test_what_cannot_be_decrypted_says_so() -> None:
    views = talk((True, header(0xC0, V1, THEIRS, OURS) + BODY))
    assert frames_with(views, "quic.decryption_failed") == [1]
    assert shown(views, "quic.length") == {1: [1024]}
    assert frames_with(views, "tls") == []


def test_pieces_with_gaps_are_bounded() -> None:
    pieces = b"".join(crypto(2 * i + 1, b"x") for i in range(200))
    views = talk(*((True, initial(pieces, number=i % 256)) for i in range(60)))
    assert frames_with(views, "quic") == list(range(1, 61))
    (connections,) = (view.session.memory("quic", QuicConnections) for view in views[:1])
    found = connections.find((CLIENT, 40000), (SERVER, 4433), THEIRS)
    assert found is not None
    assert len(found[0].initial.crypto[0].waiting) == MAX_PIECES


def test_damaged_packets_never_raise() -> None:
    whole = initial(crypto(0, HELLO))
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        talk((True, bytes(damaged)), (True, whole[:at]), (False, whole))


def test_the_header_of_a_packet_that_is_not_authentic() -> None:
    damaged = initial(crypto(0, HELLO))[:-1] + b"\0"
    views = talk((True, damaged))
    assert shown(views, "quic.packet_number_length") == {1: [0]}
    assert shown(views, "quic.packet_number") == {}
    assert frames_with(views, "quic.decryption_failed") == [1]
