"""SSH key exchange messages (RFC 4253, 4419, 5656, 8731): their fields.

In: a message's bytes.  Out: fields of the layer.  What always holds: a message that breaks off shows what came
before, and raises `Malformed`.
"""

from __future__ import annotations

import hashlib
from enum import Enum, auto

from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer
from dfilter.slotted import frozen

NAME_LISTS = (
    "kex_algorithms",
    "server_host_key_algorithms",
    "encryption_algorithms_client_to_server",
    "encryption_algorithms_server_to_client",
    "mac_algorithms_client_to_server",
    "mac_algorithms_server_to_client",
    "compression_algorithms_client_to_server",
    "compression_algorithms_server_to_client",
    "languages_client_to_server",
    "languages_server_to_client",
)
"""The name-lists of SSH_MSG_KEXINIT in order (RFC 4253 section 7.1)."""

KEXINIT, NEWKEYS = 20, 21
MAX_MPINT = 1024
"""Bytes of a number beyond which Wireshark 4.4 remarks on its length."""

_MAC_LENGTHS = {
    b"hmac-sha1": 20, b"hmac-md5": 16, b"hmac-ripemd160": 20, b"hmac-sha2-256": 32, b"hmac-sha2-512": 64,
    b"hmac-sha1-96": 12, b"hmac-md5-96": 12, b"umac-64@openssh.com": 8, b"umac-128@openssh.com": 16,
}  # fmt: skip


class Method(Enum):
    """How keys are exchanged; it decides what message codes 30 to 34 mean."""

    DH = auto()
    GROUP_EXCHANGE = auto()
    ECDH = auto()


@frozen
class Proposal:
    """What one side offers: its name-lists, in the order of `NAME_LISTS`."""

    lists: tuple[bytes, ...]


def read_proposal(data: bytes) -> Proposal | None:
    """The name-lists of a KEXINIT message from its code on; None if it breaks off."""
    at, lists = 17, []
    for _ in NAME_LISTS:
        length = int.from_bytes(data[at : at + 4], "big")
        if at + 4 + length > len(data):
            return None
        lists.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return Proposal(tuple(lists))


def _agreed(client: Proposal, server: Proposal, index: int) -> bytes:
    """The first algorithm of the client that the server has too (RFC 4253 section 7.1)."""
    offered = frozenset(server.lists[index].split(b","))
    return next((name for name in client.lists[index].split(b",") if name in offered), b"")


def agreed_method(client: Proposal | None, server: Proposal | None) -> Method:
    if client is None or server is None:
        return Method.DH
    name = _agreed(client, server, 0)
    if name.startswith(b"diffie-hellman-group-exchange"):
        return Method.GROUP_EXCHANGE
    return Method.ECDH if name.startswith((b"ecdh-", b"curve")) else Method.DH


def mac_length(client: Proposal | None, server: Proposal | None, from_client: bool) -> int:
    """Bytes of the authentication code behind each encrypted packet; 0 where it is not known."""
    if client is None or server is None:
        return 0
    offset = 0 if from_client else 1
    cipher = _agreed(client, server, 2 + offset)
    if b"gcm" in cipher or b"poly1305" in cipher:
        return 16
    return _MAC_LENGTHS.get(_agreed(client, server, 4 + offset).removesuffix(b"-etm@openssh.com"), 0)


def fill_kexinit(layer: Layer, region: Region, from_client: bool) -> None:
    """`region` begins after the message code."""
    at, lists = 16, []
    layer.add("ssh.cookie", region.bytes(0, 16), region.start, 16)
    for name in NAME_LISTS:
        length = region.u32(at)
        layer.add(f"ssh.{name}_length", length, region.start + at, 4)
        value = region.bytes(at + 4, length).decode("ascii", "replace")
        layer.add(f"ssh.{name}", value, region.start + at + 4, length)
        lists.append(value)
        at += 4 + length
    layer.add("ssh.first_kex_packet_follows", region.u8(at), region.start + at, 1)
    layer.add("ssh.kex.reserved", region.bytes(at + 1, 4), region.start + at + 1, 4)
    side = 0 if from_client else 1
    text = ";".join((lists[0], lists[2 + side], lists[4 + side], lists[6 + side]))
    name = "ssh.kex.hassh" if from_client else "ssh.kex.hasshserver"
    layer.add(f"{name}_algorithms", text, region.start + at + 5)
    layer.add(name, hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), region.start + at + 5)


def fill_exchange(layer: Layer, region: Region, code: int, method: Method) -> None:
    """Message codes 30 to 49; `region` begins after the code."""
    steps = _STEPS[method].get(code, ())
    at = 0
    for step in steps:
        at = _fill_step(layer, region, at, step)


_HOST_KEY, _HOST_SIGNATURE = "host key", "host signature"
_STEPS: dict[Method, dict[int, tuple[str, ...]]] = {
    Method.DH: {30: ("mpint dh.e",), 31: (_HOST_KEY, "mpint dh.f", _HOST_SIGNATURE)},
    Method.ECDH: {30: ("string ecdh.q_c",), 31: (_HOST_KEY, "string ecdh.q_s", _HOST_SIGNATURE)},
    Method.GROUP_EXCHANGE: {
        30: ("number dh_gex.nbits",),
        31: ("mpint dh_gex.p", "mpint dh_gex.g"),
        32: ("mpint dh.e",),
        33: (_HOST_KEY, "mpint dh.f", _HOST_SIGNATURE),
        34: ("number dh_gex.min", "number dh_gex.nbits", "number dh_gex.max"),
    },
}
"""Method -> message code -> what follows, each with the end of its filter name."""


def _fill_step(layer: Layer, region: Region, at: int, step: str) -> int:
    kind, _, name = step.partition(" ")
    if step == _HOST_KEY:
        return _fill_host_key(layer, region, at)
    if step == _HOST_SIGNATURE:
        return _fill_host_signature(layer, region, at)
    if kind == "number":
        layer.add(f"ssh.{name}", region.u32(at), region.start + at, 4)
        return at + 4
    length = region.u32(at)
    if kind == "mpint" and length > MAX_MPINT:
        layer.add("ssh.key_length.error", None, region.start + at, 4)
    layer.add("ssh.mpint_length" if kind == "mpint" else f"ssh.{name}_length", length, region.start + at, 4)
    layer.add(f"ssh.{name}", region.bytes(at + 4, length), region.start + at + 4, length)
    return at + 4 + length


def _fill_type(layer: Layer, region: Region, at: int, prefix: str) -> tuple[bytes, int]:
    """The name of a key or signature format, and where what follows it begins."""
    length = region.u32(at)
    layer.add(f"ssh.{prefix}.type_length", length, region.start + at, 4)
    name = region.bytes(at + 4, length)
    layer.add(f"ssh.{prefix}.type", name.decode("ascii", "replace"), region.start + at + 4, length)
    return name, at + 4 + length


def _fill_host_key(layer: Layer, region: Region, at: int) -> int:
    """A public key (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709)."""
    length = region.u32(at)
    layer.add("ssh.host_key.length", length, region.start + at, 4)
    end = at + 4 + length
    name, at = _fill_type(layer, region, at + 4, "host_key")
    if end < at:
        raise Malformed("a host key that is shorter than its type")
    if name == b"ssh-rsa":
        at = _fill_step(layer, region, at, "mpint host_key.rsa.e")
        _fill_step(layer, region, at, "mpint host_key.rsa.n")
    elif name == b"ssh-dss":
        for part in ("p", "q", "g", "y"):
            at = _fill_step(layer, region, at, f"mpint host_key.dsa.{part}")
    elif name.startswith(b"ecdsa-sha2-"):
        size = region.u32(at)
        layer.add("ssh.host_key.ecdsa.id_length", size, region.start + at, 4)
        curve = region.bytes(at + 4, size).decode("ascii", "replace")
        layer.add("ssh.host_key.ecdsa.id", curve, region.start + at + 4, size)
        _fill_step(layer, region, at + 4 + size, "string host_key.ecdsa.q")
    elif name in (b"ssh-ed25519", b"ssh-ed448"):
        _fill_step(layer, region, at, "string host_key.eddsa.key")
    elif end > at:
        layer.add("ssh.host_key.data", region.bytes(at, end - at), region.start + at, end - at)
    return end


def _fill_host_signature(layer: Layer, region: Region, at: int) -> int:
    length = region.u32(at)
    layer.add("ssh.host_sig.length", length, region.start + at, 4)
    end = at + 4 + length
    name, at = _fill_type(layer, region, at + 4, "host_sig")
    if end < at:
        raise Malformed("a signature that is shorter than its type")
    if name == b"ssh-rsa":
        _fill_step(layer, region, at, "mpint host_sig.rsa")
    elif name == b"ssh-dss":
        _fill_step(layer, region, at, "mpint host_sig.dsa")
    elif end > at:
        layer.add("ssh.host_sig.data", region.bytes(at, end - at), region.start + at, end - at)
    return end
