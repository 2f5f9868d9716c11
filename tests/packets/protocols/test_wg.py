"""WireGuard with the keys that a capture holds: a handshake as the white paper writes it (section 5.4), replayed."""

from __future__ import annotations

import struct
from base64 import b64encode
from hashlib import blake2s
from pathlib import Path

import pytest

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

import dfilter
from dfilter.captures.frame import Frame, Interface, Section
from dfilter.packets.protocols.wg_secrets import WG_KEY_LOG, derive, digest, exchange, public_key
from dfilter.packets.session import Session
from dfilter.packets.view import View
from tests.packets.builders import A, B, dissect, eth, icmp, ip4, udp, values

CLIENT, SERVER, CLIENT_ONCE, SERVER_ONCE = (bytes([number]) * 32 for number in (1, 2, 3, 4))
PSK = b"p" * 32
STAMP = (1_700_000_000 + (1 << 62)).to_bytes(8, "big") + (5).to_bytes(4, "big")


def seal(key: bytes, counter: int, plain: bytes, associated: bytes = b"") -> bytes:
    return ChaCha20Poly1305(key).encrypt(bytes(4) + struct.pack("<Q", counter), plain, associated)


def mac1(message: bytes, receiver: bytes) -> bytes:
    return message + blake2s(message, digest_size=16, key=digest(b"mac1----", receiver)).digest() + bytes(16)


def shared(private: bytes, other: bytes) -> bytes:
    secret = exchange(private, public_key(other))
    assert secret is not None
    return secret


def handshake(psk: bytes = bytes(32)) -> tuple[bytes, bytes, list[bytes]]:
    """(initiation, response, the keys of both sides)."""
    server, once = public_key(SERVER), public_key(CLIENT_ONCE)
    chain = digest(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
    seen = digest(digest(digest(chain, b"WireGuard v1 zx2c4 Jason@zx2c4.com"), server), once)
    chain, key = derive(derive(chain, once, 1)[0], shared(CLIENT_ONCE, SERVER), 2)
    static = seal(key, 0, public_key(CLIENT), seen)
    seen = digest(seen, static)
    chain, key = derive(chain, shared(CLIENT, SERVER), 2)
    stamp = seal(key, 0, STAMP, seen)
    seen = digest(seen, stamp)
    first = mac1(b"\1\0\0\0" + struct.pack("<I", 7) + once + static + stamp, server)
    answer = public_key(SERVER_ONCE)
    seen, chain = digest(seen, answer), derive(chain, answer, 1)[0]
    for private in (CLIENT_ONCE, CLIENT):
        chain = derive(chain, shared(private, SERVER_ONCE), 1)[0]
    chain, tau, key = derive(chain, psk, 3)
    empty = seal(key, 0, b"", digest(seen, tau))
    second = mac1(b"\2\0\0\0" + struct.pack("<II", 9, 7) + answer + empty, public_key(CLIENT))
    return first, second, derive(chain, b"", 2)


def transport(receiver: int, counter: int, key: bytes, plain: bytes) -> bytes:
    return b"\4\0\0\0" + struct.pack("<IQ", receiver, counter) + seal(key, counter, plain)


def line(name: str, key: bytes) -> str:
    return f"{name}={b64encode(key).decode()}\n"


LOGS = {
    "the initiator's": line("LOCAL_STATIC_PRIVATE_KEY", CLIENT) + line("REMOTE_STATIC_PUBLIC_KEY", public_key(SERVER))
    + line("LOCAL_EPHEMERAL_PRIVATE_KEY", CLIENT_ONCE),
    "the responder's": line("LOCAL_STATIC_PRIVATE_KEY", SERVER) + line("LOCAL_EPHEMERAL_PRIVATE_KEY", SERVER_ONCE),
}  # fmt: skip


def talk(log: str, psk: bytes = bytes(32)) -> list[View]:
    first, second, (ours, theirs) = handshake(psk)
    inner = ip4(icmp(8, 0, b"ping"), 1)
    payloads = [(first, A), (second, B), (transport(9, 0, ours, inner), A), (transport(7, 0, theirs, inner), B),
                (transport(9, 1, ours, b""), A), (transport(9, 2, bytes(32), inner), A)]  # fmt: skip
    session, views = Session(), []
    origin = Interface(0, 1, Section(secrets=[(WG_KEY_LOG, log.encode())] if log else []))
    for number, (payload, source) in enumerate(payloads, 1):
        data = eth(ip4(udp(payload, 51820, 51820), source=source, target=B if source == A else A))
        views.append(session.dissect(Frame(number, 0, data, len(data), origin=origin)))
        views[-1].complete()
    assert not session.internal_errors
    return views


@pytest.mark.parametrize("psk", [bytes(32), PSK], ids=["no shared key", "a shared key"])
@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_what_is_inside(log: str, psk: bytes) -> None:
    views = talk(log + line("PRESHARED_KEY", PSK), psk)
    assert [len(values(view, "icmp.type")) for view in views] == [0, 0, 1, 1, 0, 0]
    if "REMOTE" in log:
        assert values(views[1], "wg.handshake_ok") == [True]
    assert values(views[0], "wg.timestamp.value") == [1_700_000_000 * 10**9 + 5]
    assert values(views[0], "wg.static") == [b64encode(public_key(CLIENT)).decode()]
    assert values(views[4], "wg.keepalive") == [None]
    assert values(views[5], "wg.decryption_error") == [None]
    assert [values(view, "wg.stream") for view in views] == [[0]] * 6


@pytest.mark.parametrize("log", ["", line("LOCAL_STATIC_PRIVATE_KEY", b"x" * 32), "LOCAL_STATIC_PRIVATE_KEY=%%%\n"],
                         ids=["none", "another", "rubbish"])
def test_without_the_right_keys(log: str) -> None:
    views = talk(log)
    assert not any(values(view, "icmp.type") + values(view, "wg.static") for view in views)
    assert values(views[0], "wg.ephemeral.known_privkey") == [False]


def test_handshakes_are_linked() -> None:
    first, second, (ours, _) = handshake()
    views = dissect([eth(ip4(udp(payload, 1, 2))) for payload in (first, second, transport(9, 0, ours, b""), second)])
    assert values(views[0], "wg.response_in") == [2]
    assert values(views[1], "wg.response_to") == [1]
    assert [values(view, "wg.stream") for view in views[:3]] == [[0]] * 3


def test_damage_never_raises() -> None:
    first, second, _ = handshake()
    for whole in (first, second):
        for at in range(4, len(whole), 5):
            damaged = bytearray(whole)
            damaged[at] ^= 0xFF
            talked = Session()
            origin = Interface(0, 1, Section(secrets=[(WG_KEY_LOG, LOGS["the initiator's"].encode())]))
            for payload in (first, bytes(damaged), second):
                data = eth(ip4(udp(payload, 1, 2)))
                talked.dissect(Frame(1, 0, data, len(data), origin=origin)).complete()
            assert not talked.internal_errors


def test_columns_leave_captures_with_secrets_alone(tmp_path: Path) -> None:
    """Also where no stream, only the inner header is asked for, and columns could decide by the outer one."""
    path = tmp_path / "secrets.pcapng"
    inner = ip4(icmp(8, 0, b"x"), 1)
    first, second, (ours, _) = handshake()
    frames = [eth(ip4(udp(payload, 51820, 51820), source=source, target=B if source == A else A))
              for payload, source in ((first, A), (second, B), (transport(9, 0, ours, inner), A))]  # fmt: skip
    for log, wanted in ((LOGS["the initiator's"].encode(), [3]), (b"", [])):
        path.write_bytes(pcapng(log, frames))
        assert dfilter.frames(path, "icmp") == wanted
        assert dfilter.frames(path, "ip.proto == 1") == wanted
        assert len([*dfilter.read(path, "ip.proto == 1")]) == len(wanted)


def pcapng(log: bytes, frames: list[bytes]) -> bytes:
    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", 1, 0, 0))
    out += block(0x0A, struct.pack("<II", WG_KEY_LOG, len(log)) + log) if log else b""
    return out + b"".join(block(6, struct.pack("<5I", 0, 0, 0, len(one), len(one)) + one) for one in frames)
