"""TLS: which bytes are records, which frame shows a handshake message, what is encrypted. Values recorded from
Wireshark 4.4."""

from __future__ import annotations

import random
import time

import pytest

from dfilter.packets.session import RawFrame, Session, needs_of
from tests.packets.protocols.http_wire import Talk, datagram, frames_with, shown
from tests.packets.protocols.tls_wire import (
    certificate,
    certificates,
    client_hello,
    extension,
    message,
    record,
    server_hello,
    server_name,
)

CHANGE = record(20, b"\1")
FINISHED = record(22, message(20, bytes(36)))
NOISE = bytes((i * 73 + 41) & 255 for i in range(200))
HELLO = record(22, client_hello(), 0x0301)
ANSWER = record(22, server_hello())
OFFERS_13, CHOOSES_13 = extension(43, b"\2\3\4"), extension(43, b"\3\4")

RECOGNISED = [
    ("hello on its port", 443, HELLO, True),
    ("hello elsewhere", 8000, HELLO, True),
    ("data elsewhere", 8000, record(23, b"x"), True),
    ("alert elsewhere", 8000, record(21, b"\1\0"), False),
    ("version 3.4 elsewhere", 8000, record(22, b"\1\0", 0x0304), False),
    ("version 3.4 on its port", 443, record(22, b"\1\0", 0x0304), True),
    ("an empty record elsewhere", 8000, record(23, b"") + b"x", False),
    ("too long elsewhere", 8000, b"\x17\3\3\x48\0" + bytes(20), False),
    ("text on its port", 443, b"GET / HTTP/1.0\r\n", False),
    ("four letters and zeros", 443, b"GET \0\0", False),
    ("three letters and zeros", 443, b"GET\0\0\0", True),
    ("binary on its port", 443, bytes(20), True),
    ("too short to tell", 443, b"\x16\3", False),
]


@pytest.mark.parametrize(("port", "payload", "expected"), [row[1:] for row in RECOGNISED],
                         ids=[row[0] for row in RECOGNISED])  # fmt: skip
def test_what_is_recognised(port: int, payload: bytes, expected: bool) -> None:
    assert bool(frames_with(Talk(port).client(payload).views(), "tls")) is expected


HANDSHAKES: list[tuple[str, Talk, dict[int, list[object]]]] = [
    ("two hellos", Talk(443).client(HELLO).server(ANSWER), {4: [1], 5: [2]}),
    ("several in a record", Talk(443).client(record(22, client_hello() + message(14, b""))), {4: [1, 14]}),
    ("a record in two segments", Talk(443).client(HELLO[:30], HELLO[30:]), {5: [1]}),
    ("a header in two segments", Talk(443).client(HELLO[:3], HELLO[3:]), {5: [1]}),
    ("a message in two records", Talk(443).client(*(record(22, part) for part in (
        client_hello()[:20], client_hello()[20:]))), {5: [1]}),
    ("a message header in three", Talk(443).client(*(record(22, part) for part in (
        client_hello()[:2], client_hello()[2:3], client_hello()[3:]))), {6: [1]}),
    ("an alert between", Talk(443).client(
        record(22, client_hello()[:10]), record(21, b"\1\0"), record(22, client_hello()[10:])), {6: [1]}),
    ("after a change, in a later frame", Talk(443).client(CHANGE, FINISHED), {}),
    ("after a change, in the same frame", Talk(443).client(CHANGE + FINISHED), {4: [20]}),
    ("a new hello after a change", Talk(443).client(CHANGE, HELLO), {5: [1]}),
    ("the other side changed", Talk(443).server(CHANGE).client(FINISHED), {5: [20]}),
    ("in 1.3 a change means nothing", Talk(443).client(record(22, client_hello(OFFERS_13))).server(
        record(22, server_hello(CHOOSES_13)), CHANGE, FINISHED), {4: [1], 5: [2], 7: [20]}),
    ("noise", Talk(443).client(record(22, b"\x9c" * 40)), {}),
    ("a counter as the nonce", Talk(443).client(record(22, bytes(8) + NOISE[:32])), {}),
    ("longer than any message", Talk(443).client(record(22, b"\x0b\1\0\0" + NOISE[:36])), {}),
    ("an unknown type", Talk(443).client(record(22, message(9, b"a" * 10))), {}),
]  # fmt: skip


@pytest.mark.parametrize(("talk", "expected"), [row[1:] for row in HANDSHAKES], ids=[row[0] for row in HANDSHAKES])
def test_which_frame_shows_a_message(talk: Talk, expected: dict[int, list[object]]) -> None:
    assert shown(talk.views(), "tls.handshake.type") == expected


def test_pieces_say_where_they_end() -> None:
    hello = client_hello()
    views = Talk(443).client(record(22, hello[:20]) + record(22, hello[20:]) + record(22, hello[:5]),
                             record(22, hello[5:30]), record(22, hello[30:] + hello[:7]),
                             record(22, hello[7:])).views()  # fmt: skip
    assert shown(views, "tls.handshake.reassembled_in") == {4: [4, 6], 5: [6], 6: [7]}
    assert shown(views, "tls.handshake.fragment") == {4: [4, 4], 6: [4, 5, 6], 7: [6, 7]}
    assert shown(views, "tls.handshake.type") == {4: [1], 6: [1], 7: [1]}


def test_alerts_are_plain_if_they_are_two_bytes_long() -> None:
    views = Talk(443).client(record(21, b"\2\x28"), record(21, b"\2\x28\0"), CHANGE, record(21, b"\1\0")).views()
    assert shown(views, "tls.alert_message.desc") == {4: [40], 7: [0]}
    assert frames_with(views, "tls.alert_message") == [4, 5, 7]


def test_data_of_1_3_has_an_opaque_type_even_before_the_answer() -> None:
    early = record(22, client_hello(OFFERS_13)) + record(23, b"early")
    views = Talk(443).client(early).server(record(22, server_hello(CHOOSES_13)) + record(23, b"late")).views()
    assert shown(views, "tls.record.opaque_type") == {4: [23], 5: [23]}
    assert shown(views, "tls.record.content_type") == {4: [22], 5: [22]}
    assert shown(views, "tls.app_data") == {4: [b"early"], 5: [b"late"]}


@pytest.mark.parametrize("name", ["tls.record.content_type", "tls.record.opaque_type"])
def test_the_answer_counts_also_if_one_field_only_is_asked_for(name: str) -> None:
    early = record(22, client_hello(OFFERS_13)) + record(23, b"early")
    frames = Talk(443).client(early).server(record(22, server_hello(CHOOSES_13))).frames
    foresight = None
    for _ in range(2):
        session = Session(needs_of([name]), foresight=foresight)
        views = [session.dissect(RawFrame(n, n, data, size, 1)) for n, (data, size) in enumerate(frames, 1)]
        foresight = session.foreseen
    assert views[3].get(name) == ((22,) if name == "tls.record.content_type" else (23,))


def test_random_has_a_time_before_1_3_only() -> None:
    old = Talk(443).client(HELLO).server(ANSWER).views()
    assert shown(old, "tls.handshake.random_time") == {4: [0x00010203 * 10**9], 5: [0x00010203 * 10**9]}
    new = Talk(443).client(record(22, client_hello(OFFERS_13))).server(record(22, server_hello(CHOOSES_13))).views()
    assert shown(new, "tls.handshake.random_time") == {}


APPLICATIONS = [
    (443, b"", "Hypertext Transfer Protocol"), (993, b"", "Internet Message Access Protocol"), (8000, b"", None),
    (443, b"\0\3\2h2", "HyperText Transfer Protocol 2"), (8000, b"\0\4\3dot", "Domain Name System"),
    (8000, b"\0\4\3foo", None),
]  # fmt: skip


@pytest.mark.parametrize(("port", "alpn", "expected"), APPLICATIONS)
def test_application_protocol(port: int, alpn: bytes, expected: str | None) -> None:
    answer = record(22, server_hello(extension(16, alpn) if alpn else b"")) + record(23, b"x")
    views = Talk(port).client(HELLO).server(answer).views()
    assert shown(views, "tls.app_data_proto") == ({5: [expected]} if expected else {})


EXTENSIONS: list[tuple[bytes, str, list[object]]] = [
    (server_name(b"a.example"), "extensions_server_name", ["a.example"]),
    (extension(10, b"\0\4\0\x1d\0\x17"), "extensions_supported_group", [29, 23]),
    (extension(11, b"\1\0"), "extensions_ec_point_format", [0]),
    (extension(13, b"\0\4\4\3\x08\4"), "sig_hash_alg", [0x0403, 0x0804]),
    (extension(16, b"\0\x0c\2h2\x08http/1.1"), "extensions_alpn_str", ["h2", "http/1.1"]),
    (extension(43, b"\4\3\4\3\3"), "extensions.supported_version", [0x0304, 0x0303]),
    (extension(51, b"\0\6\0\x1d\0\2ab"), "extensions_key_share_key_exchange", [b"ab"]),
    (extension(35, b""), "extensions.session_ticket", [b""]),
    (extension(0x0A0A, b"\0") + extension(23, b""), "extension.type", [0x0A0A, 23]),
    (extension(0x0A0A, b"\0") + extension(23, b""), "extension.data", [b"\0"]),
    (extension(65281, b"\0"), "extensions_reneg_info_len", [0]),
    (extension(41, b"\0\x09\0\3abc\0\0\0\7" + b"\0\3\2xx"), "extensions.psk.identity.identity", [b"abc"]),
]


@pytest.mark.parametrize(("content", "field", "expected"), EXTENSIONS)
def test_extensions(content: bytes, field: str, expected: list[object]) -> None:
    views = Talk(443).client(record(22, client_hello(content))).views()
    assert shown(views, "tls.handshake." + field) == {4: expected}


def test_hello_retry_request_names_a_group() -> None:
    retry = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    answer = server_hello(CHOOSES_13 + extension(51, b"\0\x17"), 0x1301, random=retry)
    views = Talk(443).server(record(22, answer)).views()
    assert shown(views, "tls.handshake.extensions_key_share_selected_group") == {4: [23]}


KEY_EXCHANGES: list[tuple[int, int, bytes, str, list[object]]] = [
    (0xC02F, 12, b"\3\0\x17\2PQ\4\1\0\2ss", "server_point", [b"PQ"]),
    (0xC02F, 12, b"\3\0\x17\2PQ\4\1\0\2ss", "sig", [b"ss"]),
    (0xC02F, 16, b"\2PQ", "client_point", [b"PQ"]),
    (0x002F, 16, b"\0\2ee", "epms", [b"ee"]),
    (0x0033, 12, b"\0\1p\0\1g\0\1y\4\1\0\1s", "ys", [b"y"]),
    (0x0033, 16, b"\0\1y", "yc", [b"y"]),
]


@pytest.mark.parametrize(("suite", "type_", "body", "field", "expected"), KEY_EXCHANGES)
def test_key_exchange(suite: int, type_: int, body: bytes, field: str, expected: list[object]) -> None:
    views = Talk(443).server(record(22, server_hello(suite=suite)), record(22, message(type_, body))).views()
    assert shown(views, "tls.handshake." + field) == {5: expected}


def test_ssl2_hello_on_any_port() -> None:
    body = b"\1\3\1" + b"\0\6\0\0\0\x10" + b"\1\0\x80\0\0\x2f" + bytes(16)
    views = Talk(8000).client(bytes([0x80, len(body)]) + body).views()
    assert shown(views, "tls.ssl2.handshake.cipherspec") == {4: [0x010080, 0x2F]}
    assert shown(views, "tls.record.version") == {4: [2]}
    assert not frames_with(Talk(8000).client(bytes([0x80, 32]) + b"\1\3\1" + bytes(29)).views(), "tls")


@pytest.mark.parametrize(("size", "expected"), [(1, {}), (4, {}), (5, {4: [b"\x17\3\3\0\6"]})])
def test_the_rest_of_a_segment_waits_for_its_record(size: int, expected: dict[int, list[bytes]]) -> None:
    """Shown from a whole header on (Wireshark 4.4)."""
    whole = record(23, b"abcdef")
    views = Talk(443).client(HELLO + whole[:size], whole[size:]).views()
    assert shown(views, "tls.segment.data") == expected
    assert shown(views, "tls.app_data") == {5: [b"abcdef"]}


def test_a_vector_that_does_not_fit_is_damage() -> None:
    views = Talk(443).server(record(22, message(11, b"\0\xff\xff" + b"a" * 20))).views()
    assert frames_with(views, "tls.malformed.buffer_too_small") == frames_with(views, "_ws.malformed") == [4]
    assert not frames_with(views, "tls.handshake.certificate")


def test_certificates_are_not_read_for_other_fields() -> None:
    data = Talk(443).server(record(22, certificates(certificate()))).frames[3][0]
    session = Session(needs_of(["tls.handshake.certificate"]))
    view = session.dissect(RawFrame(1, 0, data, len(data), 1))
    assert view.get("tls.handshake.certificate") == (certificate(),)
    assert not [name for name in view.by_name["tls"][0].items if name.startswith("x509")]


def test_a_message_in_thousands_of_pieces_takes_no_time() -> None:
    body = message(11, bytes(60_000))
    pieces = b"".join(record(22, body[i : i + 1]) for i in range(len(body)))
    started = time.perf_counter()
    views = Talk(443).client(*(pieces[i : i + 60_000] for i in range(0, len(pieces), 60_000))).views()
    assert frames_with(views, "tls.handshake.type") == [3 + -(-len(pieces) // 60_000)]
    assert time.perf_counter() - started < 20


def test_damaged_records_never_raise() -> None:
    dice = random.Random(1)
    answer = server_hello(CHOOSES_13 + extension(16, b"\0\3\2h2"))
    whole = HELLO + record(22, answer) + record(22, certificates(certificate()))
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(dice.randrange(1, 8)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        cut = dice.randrange(len(data))
        Talk(443).client(bytes(data[:cut]), bytes(data[cut:])).views()


def test_tls_is_not_looked_for_in_datagrams() -> None:
    frame = datagram(40000, 443, HELLO)
    view = Session().dissect(RawFrame(1, 0, frame, len(frame), 1))
    assert not view.get("tls")
