"""OPC UA: messages, certificates, chunks, keys that a capture holds.  Expectations as Wireshark 4.4 shows them."""

from __future__ import annotations

import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from dfilter.captures.frame import Frame, Interface, Section
from dfilter.packets.protocols.opcua_secrets import OPC_UA_KEY_LOG
from dfilter.packets.session import Session
from dfilter.packets.view import View
from tests.packets.builders import A, B, dissect, eth, ip4, values
from tests.packets.protocols.tls_wire import certificate

CERTIFICATE = certificate(("551d11", b"\x30\x0b\x82\x09a.example"))
URI = b"http://opcfoundation.org/UA/SecurityPolicy#"
KEY, IV = bytes(range(32)), bytes(range(16))


def sized(data: bytes | None) -> bytes:
    return struct.pack("<i", -1) if data is None else struct.pack("<i", len(data)) + data


def message(kind: bytes, content: bytes, chunk: bytes = b"F") -> bytes:
    return kind + chunk + struct.pack("<I", 8 + len(content)) + content


def opening(policy: bytes, cert: bytes | None, content: bytes = b"\x99" * 64) -> bytes:
    return message(b"OPN", struct.pack("<I", 0) + sized(URI + policy) + sized(cert) + sized(None) + content)


def secured(content: bytes, request: int = 7, chunk: bytes = b"F") -> bytes:
    return message(b"MSG", struct.pack("<IIII", 5, 6, 1, request) + content, chunk)


REQUEST = b"\0\0" + bytes(8) + struct.pack("<II", 9, 0x21) + sized(None) + struct.pack("<I", 100) + b"\0\0\0"
RESPONSE = bytes(8) + struct.pack("<II", 9, 0x80130000) + b"\0" + struct.pack("<i", 0) + b"\0\0\0"
APPLICATION = sized(b"uri") + sized(None) + b"\2" + sized(b"app") + struct.pack("<I", 1) + sized(None) * 2 + sized(b"")
CREATE_SESSION = (b"\1\0" + struct.pack("<H", 461) + REQUEST + APPLICATION + sized(None) + sized(b"opc.tcp://a")
                  + sized(b"session") + sized(b"nonce") + sized(CERTIFICATE)
                  + struct.pack("<dI", 1.5, 4096))  # fmt: skip
ENDPOINT = (sized(b"opc.tcp://b") + APPLICATION + sized(CERTIFICATE) + struct.pack("<I", 3) + sized(URI) +
            struct.pack("<i", 1) + sized(b"policy") + struct.pack("<I", 1) + sized(None) * 4 + b"\4")  # fmt: skip
GET_ENDPOINTS = b"\1\0" + struct.pack("<H", 431) + RESPONSE + struct.pack("<i", 2) + ENDPOINT * 2


def segments(*payloads: bytes, source: int = 50000, target: int = 4840) -> list[bytes]:
    frames, seq = [], 1
    for payload in payloads:
        header = struct.pack(">HHIIBBHHH", source, target, seq, 1, 0x50, 0x18, 1000, 0, 0)
        frames.append(eth(ip4(header + payload, 6, source=A, target=B)))
        seq += len(payload)
    return frames


def talk(*payloads: bytes) -> list[View]:
    return dissect(segments(*payloads))


def test_hello_and_error() -> None:
    hello, error = talk(message(b"HEL", struct.pack("<5I", 0, 1, 2, 3, 4) + sized(b"opc.tcp://x")),
                        message(b"ERR", struct.pack("<I", 0x80130000) + sized(b"")))  # fmt: skip
    assert values(hello, "opcua.transport.endpoint") == ["opc.tcp://x"]
    assert values(hello, "opcua.transport.mcc") == [4]
    assert values(error, "opcua.transport.error") == [0x80130000]


def test_the_certificate_of_a_channel() -> None:
    (view,) = talk(opening(b"Basic256Sha256", CERTIFICATE))
    assert values(view, "x509ce.dNSName") == ["a.example"]
    assert values(view, "opcua.sequence.seq") == []


def test_services() -> None:
    create, endpoints = talk(opening(b"None", None) + secured(CREATE_SESSION), secured(GET_ENDPOINTS))
    for name, value in {"RequestHandle": [9], "SessionName": ["session"], "RequestedSessionTimeout": [1.5],
                        "loctext.Text": ["app"], "servicenodeid.numeric": [461],
                        "returndiag.servicelevel.symbolicid": [True],
                        "returndiag.operationlevel.symbolicid": [True]}.items():  # fmt: skip
        assert values(create, "opcua." + name) == value, name
    assert values(create, "x509ce.dNSName") == ["a.example"]
    assert values(endpoints, "x509ce.dNSName") == ["a.example"] * 2
    assert values(endpoints, "opcua.SecurityLevel") == [4, 4]
    assert values(endpoints, "opcua.ServiceResult") == [0x80130000]


def test_chunks() -> None:
    parts = [secured(GET_ENDPOINTS[:300], chunk=b"C"), secured(GET_ENDPOINTS[300:600], chunk=b"C"),
             secured(GET_ENDPOINTS[600:])]  # fmt: skip
    views = talk(*parts)
    assert [values(view, "opcua.reassembled.in") for view in views] == [[3], [3], []]
    assert values(views[2], "opcua.fragment") == [1, 2, 3]
    assert values(views[2], "opcua.reassembled.length") == [len(GET_ENDPOINTS)]
    assert values(views[2], "x509ce.dNSName") == ["a.example"] * 2


def test_a_message_waits_for_its_end() -> None:
    whole = secured(CREATE_SESSION)
    views = talk(whole[:5], whole[5:100], whole[100:])
    assert [values(view, "opcua.SessionName") for view in views] == [[], [], ["session"]]


@pytest.mark.parametrize("known", [True, False])
def test_keys_that_the_capture_holds(known: bool) -> None:
    plain = struct.pack("<II", 1, 7) + CREATE_SESSION
    padding = 15 - (len(plain) + 32) % 16
    plain += bytes([padding]) * (padding + 1) + b"s" * 32
    sealed = Cipher(algorithms.AES(KEY), modes.CBC(IV)).encryptor().update(plain)
    lines = f"client_iv_5_6: {IV.hex()}\nclient_key_5_6: {KEY.hex()}\nclient_siglen_5_6: 32\n".encode()
    session = Session()
    origin = Interface(0, 1, Section(secrets=[(OPC_UA_KEY_LOG, lines)] if known else []))
    frames = segments(opening(b"Basic256Sha256", None), message(b"MSG", struct.pack("<II", 5, 6) + sealed))
    for number, data in enumerate(frames, 1):
        view = session.dissect(Frame(number, 0, data, len(data), origin=origin))
    view.complete()
    assert values(view, "x509ce.dNSName") == (["a.example"] if known else [])
    assert values(view, "opcua.security.padding") == ([bytes([padding]) * (padding + 1)] if known else [])
    assert values(view, "opcua.security.tokenid") == [6]
    assert not session.internal_errors


def test_damage_never_raises() -> None:
    whole = secured(GET_ENDPOINTS)
    for at in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        talk(bytes(damaged), whole[:at])
    talk(message(b"MSG", bytes(3)), message(b"OPN", b"\0" * 9), b"MSGF\0\0\0\0")
