"""HTTP/3 inside QUIC: streams, frames, messages across packets, headers with QPACK. Values are as in Wireshark 4.4."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dfilter.captures.frame import Frame, Interface, Section
from dfilter.packets.protocols.header_coding import Broken, Unfinished
from dfilter.packets.protocols.http3_qpack import Blocked, DynamicTable, read_instruction
from dfilter.packets.protocols.quic_crypto import initial_keys, keys_of
from dfilter.packets.protocols.tls_secrets import TLS_KEY_LOG
from dfilter.packets.session import Session
from dfilter.packets.view import View
from tests.packets.protocols.http_wire import frames_with, shown
from tests.packets.protocols.test_quic import OURS, THEIRS, V1, crypto, frame, initial
from tests.packets.protocols.test_quic import header as long_header
from tests.packets.protocols.tls_wire import client_hello, extension, message, server_hello

HELLO = client_hello(extension(16, b"\0\3\2h3") + extension(43, b"\2\3\4"))
SECRETS = {True: bytes(range(32)), False: bytes(range(32, 64))}
LABELS = ((b"CLIENT_TRAFFIC_SECRET_0", True), (b"SERVER_TRAFFIC_SECRET_0", False),
          (b"SERVER_HANDSHAKE_TRAFFIC_SECRET", False))  # fmt: skip
LINES = b"".join(label + b" " + HELLO[6:38].hex().encode() + b" " + SECRETS[side].hex().encode() + b"\n"
                 for label, side in LABELS)  # fmt: skip
CHOICE = message(8, b"\0\x09" + extension(16, b"\0\3\2h3"))


def protected(from_client: bool, header: bytes, payload: bytes, number: int) -> bytes:
    """A packet with a packet number of one byte behind its header."""
    keys = keys_of(V1, 0x1301, SECRETS[from_client])
    assert keys is not None
    nonce = (int.from_bytes(keys.iv, "big") ^ number).to_bytes(12, "big")
    sealed = AESGCM(keys.key).encrypt(nonce, payload, header + bytes([number]))
    mask = Cipher(algorithms.AES(keys.header), modes.ECB()).encryptor().update(sealed[3:19])
    bits = 0x0F if header[0] & 0x80 else 0x1F
    return bytes([header[0] ^ mask[0] & bits]) + header[1:] + bytes([number ^ mask[1]]) + sealed


def short(from_client: bool, payload: bytes, number: int) -> bytes:
    """A protected packet with a short header."""
    return protected(from_client, b"\x40" + (THEIRS if from_client else OURS), payload.ljust(20, b"\0"), number)


def sent(*payloads: tuple[bool, bytes]) -> list[bytes]:
    """The frames of a connection whose packets with short headers hold these payloads; they begin with the third."""
    server_keys = initial_keys(V1, THEIRS)[1]  # type: ignore[index]
    answer = initial(crypto(0, server_hello(extension(43, b"\3\4"), suite=0x1301)), target=OURS, source=THEIRS,
                     keys=server_keys)  # fmt: skip
    chosen = crypto(0, CHOICE).ljust(40, b"\0")
    answer += protected(False, long_header(0xE0, V1, OURS, THEIRS) + b"\x40" + bytes([len(chosen) + 17]), chosen, 0)
    packets = [(True, initial(crypto(0, HELLO))), (False, answer)]
    packets += [(from_client, short(from_client, data, number)) for number, (from_client, data) in enumerate(payloads)]
    return [frame(data, from_client) for from_client, data in packets]


def talk(*payloads: tuple[bool, bytes]) -> list[View]:
    """The views of a second pass, complete."""
    origin = Interface(0, 1, Section(secrets=[(TLS_KEY_LOG, LINES)]))
    frames, foresight, views = sent(*payloads), None, []
    for _ in range(2):
        session, views = Session(foresight=foresight), []
        for number, data in enumerate(frames, 1):
            views.append(session.dissect(Frame(number, 0, data, len(data), origin=origin)))
            views[-1].complete()
        assert not session.internal_errors
        foresight = session.foreseen
    return views


def stream(number: int, offset: int, data: bytes) -> bytes:
    return b"\x0e" + bytes([number, 0x40 | offset >> 8, offset & 0xFF, 0x40 | len(data) >> 8, len(data) & 0xFF]) + data


def h3(type_: int, payload: bytes) -> bytes:
    return bytes([type_, 0x40 | len(payload) >> 8, len(payload) & 0xFF]) + payload


GET = h3(1, b"\0\0\xd1\xd7\x50\1a\x51\4/p?q")
"""GET https://a/p?q, with names of the static table."""


def test_a_request() -> None:
    views = talk((True, stream(0, 0, GET + h3(0, b"body"))))
    assert shown(views, "http3.frame_type") == {3: [1, 0]}
    assert shown(views, "http3.headers.method") == {3: ["GET"]}
    assert shown(views, "http3.header.header.name") == {3: [":method", ":scheme", ":authority", ":path"]}
    assert shown(views, "http3.request.full_uri") == {3: ["https://a/p?q"]}
    assert shown(views, "http.request.uri.query") == {3: ["q"]}
    assert shown(views, "http3.data") == {3: [b"body"]}
    assert views[2].protocol == "HTTP3"
    assert "STREAM(0), HEADERS: GET /p?q, DATA" in views[2].info


def test_streams_that_go_one_way() -> None:
    control = b"\0" + h3(4, b"\1\x50\0\x33\1") + b"\x80\x0f\x07\x00\x04\0u=3"
    views = talk((True, stream(2, 0, control)), (True, stream(10, 0, b"\3\x80")), (True, stream(10, 2, b"\x84")))
    assert shown(views, "http3.stream_uni_type") == {3: [0], 4: [3]}
    assert shown(views, "http3.settings.qpack.max_table_capacity") == {3: [0x1000]}
    assert shown(views, "http3.settings.h3_datagram") == {3: [1]}
    assert shown(views, "http3.priority_update_field_value") == {3: ["u=3"]}
    assert frames_with(views, "http3") == [3, 4, 5]


def test_messages_across_packets() -> None:
    whole = GET + h3(0, b"0123456789")
    last = stream(0, 28, whole[28:])
    views = talk((True, stream(0, 0, whole[:25])), (True, stream(0, 25, whole[25:28])), (True, last), (True, last))
    assert shown(views, "http3.data") == {5: [b"0123456789"]}
    assert shown(views, "quic.fragment") == {5: [3, 4, 5]}
    assert shown(views, "quic.reassembled.data") == {5: [whole[len(GET):]]}
    assert shown(views, "quic.reassembled_in") == {3: [5], 4: [5], 6: [5]}


def test_the_frame_that_only_begins_a_message_does_not_name_the_last() -> None:
    views = talk((True, stream(0, 0, GET[:9])), (True, stream(0, 9, GET[9:])))
    assert frames_with(views, "http3") == [4]
    assert shown(views, "quic.reassembled_in") == {}
    assert shown(views, "quic.fragment.count") == {4: [2]}


def test_pieces_of_a_message_in_any_order() -> None:
    whole = h3(0, bytes(range(40)))
    views = talk((True, stream(0, 0, whole[:10])), (True, stream(0, 20, whole[20:] + GET)),
                 (True, stream(0, 10, whole[10:20])))  # fmt: skip
    assert shown(views, "http3.data") == {5: [bytes(range(40))]}
    assert shown(views, "quic.fragment") == {5: [3, 5, 4]}
    assert shown(views, "http3.headers.method") == {4: ["GET"]}


def test_headers_of_a_dynamic_table() -> None:
    settings = b"\0" + h3(4, b"\1\x50\0")
    inserts = b"\2\x3f\x61\xc0\1x\x42ab\1y\0"  # capacity 128, :authority x, ab, y
    section = h3(1, b"\3\0\x81\x80")
    views = talk((True, stream(2, 0, inserts[:7])), (True, stream(2, 7, inserts[7:])))
    assert shown(views, "http3.qpack.encoder.icnt.inc") == {3: [1], 4: [2]}
    views = talk((False, stream(3, 0, settings)), (True, stream(2, 0, inserts)), (True, stream(0, 0, section)),
                 (True, stream(4, 0, h3(1, b"\x09\0\x80"))))  # fmt: skip
    assert shown(views, "http3.qpack.encoder.icnt") == {4: [3]}
    assert shown(views, "http3.qpack.encoder.opcode.insert.name") == {4: [b"ab"]}
    assert shown(views, "http3.header.header.name") == {5: [":authority", "ab"]}
    assert shown(views, "http3.headers.header.value") == {5: ["x", "y"]}
    assert shown(views, "http3.frame_payload")[6] == [b"\x09\0\x80"]
    assert shown(views, "http3.qpack_enc_failed") == {}


def test_a_broken_section_ends_the_decoding_of_headers() -> None:
    broken = stream(0, 0, h3(1, b"\0\0\xff\x40"))
    views = talk((True, broken), (True, stream(2, 0, b"\2\x3f\x41")), (True, stream(4, 0, GET)))
    assert frames_with(views, "http3.qpack_enc_failed") == [4]
    assert shown(views, "http3.headers.count") == {}


@pytest.mark.parametrize("section", [b"\0", b"\0\0\x80", b"\0\0\xff\x40", b"\0\0\x50", b"\xff" * 12, b"\0\0\x21\xff"])
def test_broken_sections(section: bytes) -> None:
    with pytest.raises(Broken):
        DynamicTable().decode(section)


@pytest.mark.parametrize(("section", "headers"), [
    (b"\0\0\xd1\xc1", [(b":method", b"GET"), (b":path", b"/")]),
    (b"\0\0\x22ab\1c", [(b"ab", b"c")]),
    (b"\0\0\x50\x8c" + bytes.fromhex("f1e3c2fe8f6a6d8cab90f4ff"), [(b":authority", b"www.youtube.com")]),
], ids=["indexed", "literal", "huffman"])  # fmt: skip
def test_sections(section: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    assert DynamicTable().decode(section) == headers


def test_a_table_forgets_what_does_not_fit() -> None:
    table = DynamicTable()
    table.follow(read_instruction(b"\x3f\x21", 0))  # 64 bytes: one entry
    for value in (b"1", b"2"):
        table.follow(read_instruction(b"\xc0\1" + value, 0))
    assert table.entry(1) == (b":authority", b"2")
    with pytest.raises(Broken):
        table.entry(0)
    with pytest.raises(Unfinished):
        read_instruction(b"\xc0\5abc", 0)
    assert table.inserted == 2
    with pytest.raises(Blocked):
        table.decode(b"\4\0\x80")


def test_damaged_streams_never_raise() -> None:
    whole = GET + h3(0, b"body") + h3(4, b"\1\x50\0") + h3(5, b"\1")
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        streams = stream(0, 0, bytes(damaged)), stream(2, 0, bytes(damaged)), stream(4, 3, whole[at:])
        talk(*((True, one) for one in streams))


def test_what_one_packet_can_ask_for_is_bounded() -> None:
    many = h3(1, b"\0\0" + b"\xd1" * 1000) * 3
    views = talk((True, stream(0, 0, many)), (True, b"".join(stream(4 * i, 0, h3(0, b"")) for i in range(1, 16)) * 60))
    assert shown(views, "http3.headers.count") == {3: [1000, 1000]}
    assert len(views[3].get("http3")) == 256


def test_an_instruction_that_comes_in_many_pieces() -> None:
    insert = b"\2\x3f\xe1\x1f\xc0\x7f\x0d" + b"v" * 140
    views = talk(*((True, stream(2, at, insert[at : at + 1])) for at in range(len(insert))))
    assert shown(views, "http3.qpack.encoder.opcode.insert_indexed.val") == {len(insert) + 2: [b"v" * 140]}
