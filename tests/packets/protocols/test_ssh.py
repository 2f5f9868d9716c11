"""SSH: version lines, key exchange, fingerprints, encrypted packets."""

from __future__ import annotations

import random
import struct

import pytest

from dfilter.packets.session import RawFrame, Session
from tests.packets.protocols.http_wire import Talk
from tests.packets.protocols.text_wire import check


def packet(code: int, body: bytes) -> bytes:
    return struct.pack(">IBB", len(body) + 6, 4, code) + body + bytes(4)


def kexinit(kex: bytes, mac: bytes = b"hmac-sha1") -> bytes:
    lists = (kex, b"ssh-ed25519", b"aes128-ctr", b"aes256-ctr", mac, b"hmac-md5", b"none", b"zlib", b"", b"")
    return packet(20, bytes(16) + b"".join(struct.pack(">I", len(text)) + text for text in lists) + bytes(5))


def text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


REPLY = packet(31, text(text(b"ssh-ed25519") + text(b"K" * 4)) + text(b"S" * 3) + text(text(b"ssh-ed25519") + b"sig"))


def talk() -> Talk:
    made = Talk(22).client(b"SSH-2.0-client\r\n").server(b"SSH-2.0-server\r\n")
    init = kexinit(b"curve25519-sha256,x")
    made.client(init[:40], init[40:]).server(kexinit(b"x2,curve25519-sha256"))
    made.client(packet(30, text(b"C" * 3))).server(REPLY + packet(21, b""))
    return made.client(packet(21, b"") + b"\1\2\3\4" + b"e" * 10 + b"m" * 20)


def test_handshake() -> None:
    check(
        talk().views(),
        r"""
        ssh.protocol: 4='SSH-2.0-client' | 5='SSH-2.0-server'
        ssh.direction: 4=False | 5=True | 7=False | 8=True | 9=False | 10=True | 11=False
        ssh.message_code: 7=20 | 8=20 | 9=30 | 10=31;21 | 11=21
        ssh.kex_algorithms: 7='curve25519-sha256,x' | 8='x2,curve25519-sha256'
        ssh.kex.hassh_algorithms: 7='curve25519-sha256,x;aes128-ctr;hmac-sha1;none'
        ssh.kex.hasshserver_algorithms: 8='x2,curve25519-sha256;aes256-ctr;hmac-md5;zlib'
        ssh.ecdh.q_c: 9=b'CCC'
        ssh.ecdh.q_s: 10=b'SSS'
        ssh.host_key.type: 10='ssh-ed25519'
        ssh.host_key.eddsa.key: 10=b'KKKK'
        ssh.host_sig.data: 10=b'sig'
        ssh.seq_num: 7=0 | 8=0 | 9=1 | 10=1;2 | 11=2
        ssh.packet_length_encrypted: 11=b'\x01\x02\x03\x04'
        ssh.encrypted_packet: 11=b'eeeeeeeeee'
        ssh.mac: 11=b'mmmmmmmmmmmmmmmmmmmm'
    """,
    )


def test_capture_that_begins_in_the_middle() -> None:
    made = Talk(22)
    made.frames = []
    check(made.client(b"abcdefgh").views(), "ssh.encrypted_packet: 1=b'efgh'")


def test_what_is_no_packet_is_waited_for_in_vain() -> None:
    made = Talk(22).client(b"SSH-2.0-x\r\n").server(b"Welcome to this host\r\n", b"SSH-2.0-y\r\n")
    check(made.views(), "ssh.protocol: 4='SSH-2.0-x'")


def test_damage() -> None:
    rng = random.Random(22)
    frames = talk().frames
    for _ in range(80):
        session = Session()
        for number, (data, length) in enumerate(frames, 1):
            broken = bytearray(data)
            for _ in range(rng.randint(0, 3)):
                if len(broken) > 54:
                    broken[rng.randrange(54, len(broken))] = rng.randrange(256)
            session.dissect(RawFrame(number, number, bytes(broken), length, 1)).complete()
        assert not session.internal_errors


@pytest.mark.parametrize(("size", "length", "content", "code"), [
    (4, 0, None, None), (5, 4, None, None), (22, 4, None, None), (23, 4, 19, 20), (24, 4, 0, 20), (40, 4, 16, 20),
])  # fmt: skip
def test_what_is_encrypted_has_an_authentication_code(
    size: int, length: int, content: int | None, code: int | None
) -> None:
    view = talk().client(b"x" * size).views()[-1]
    found = [[len(value) for value in view.get(f"ssh.{name}")] for name in
             ("packet_length_encrypted", "encrypted_packet", "mac")]  # fmt: skip
    assert found == [[length] if length else [], [] if content is None else [content], [] if code is None else [code]]
    assert ("_ws.malformed" in view.by_name) == (content is None)


CUT_VERSION = ((1, ["ssh"]), (4, ["ssh", "ssh.protocol"]), (12, ["ssh", "ssh.protocol"]))
CUT_PACKET = (
    (1, ["ssh"]),
    (4, ["ssh", "ssh.packet_length"]),
    (5, ["ssh", "ssh.packet_length", "ssh.padding_length"]),
    (6, ["ssh", "ssh.packet_length", "ssh.padding_length", "ssh.message_code"]),
)


@pytest.mark.parametrize(("begun", "captured", "shown"), [(False, *case) for case in CUT_VERSION]
                         + [(True, *case) for case in CUT_PACKET])  # fmt: skip
def test_cut_by_the_capture(begun: bool, captured: int, shown: list[str]) -> None:
    """As Wireshark 4.4 shows what a short snap length left."""
    talk = Talk(22)
    if begun:
        talk.client(b"SSH-2.0-OpenSSH_9.6\r\n").server(b"SSH-2.0-OpenSSH_9.6\r\n")
    payload = kexinit(b"curve25519-sha256") if begun else b"SSH-2.0-OpenSSH_9.6\r\n"
    view = talk.client(payload, snap=54 + captured).views()[-1]
    names = ("ssh", "ssh.protocol", "ssh.packet_length", "ssh.padding_length", "ssh.message_code", "data")
    assert [name for name in names if name in view.by_name or view.get(name)] == shown
    assert "_ws.malformed" not in view.by_name
