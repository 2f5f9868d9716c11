"""SSL 2.0 client hellos, with which old clients also opened SSL 3.0 and TLS 1.0 (RFC 5246 appendix E.2)."""

from __future__ import annotations

from dfilter.packets.declare import computed_table
from dfilter.packets.protocols.tls_walk import Walk
from dfilter.packets.region import Region
from dfilter.packets.view import Layer

SSL2_FIELDS = computed_table("""
    tls.ssl2.handshake.type           UINT8
    tls.ssl2.handshake.cipherspec     UINT24
    tls.handshake.cipher_spec_len     UINT16
    tls.handshake.challenge_length    UINT16
    tls.handshake.challenge           NONE
""")  # fmt: skip
CLIENT_HELLO = 1
RECOGNISED = 5
VERSIONS = (0x0002, 0x0300, 0x0301, 0x0302, 0x0303)


def is_ssl2_hello(region: Region, at: int) -> bool:
    """Does a client hello with a two-byte header begin at `at`?"""
    return (region.length - at >= RECOGNISED and region.u8(at) & 0x80 != 0 and region.u8(at + 2) == CLIENT_HELLO
            and region.u16(at + 3) in VERSIONS)  # fmt: skip


def is_sound_ssl2_hello(region: Region) -> bool:
    """Does a hello whose parts add up fill a segment? Strict enough for any port."""
    if not is_ssl2_hello(region, 0) or region.length < 11 or ssl2_length(region, 0) != region.length:
        return False
    specs, session, challenge = (region.u16(at) for at in (5, 7, 9))
    return specs > 0 and specs % 3 == 0 and 11 + specs + session + challenge == region.length


def ssl2_length(region: Region, at: int) -> int:
    """The record's length with its header."""
    return 2 + (region.u16(at) & 0x7FFF)


def fill_ssl2(layer: Layer, region: Region) -> None:
    """Add the fields of the hello."""
    walk = Walk(layer, "tls", region)
    walk.note("record", None, walk.left)
    walk.note("record.version", 2)
    walk.note("record.length", region.u16(0) & 0x7FFF, 2)
    walk.at += 2
    walk.number("ssl2.handshake.type", 1)
    walk.number("handshake.version", 2)
    specs = walk.number("handshake.cipher_spec_len", 2)
    session = walk.number("handshake.session_id_length", 2)
    challenge = walk.number("handshake.challenge_length", 2)
    walk.note("handshake.ciphersuites", None, specs)
    inside = walk.inner(specs)
    while inside.left >= 3:
        inside.number("ssl2.handshake.cipherspec", 3)
    if session:
        walk.opaque("handshake.session_id", session)
    if challenge:
        walk.note("handshake.challenge", None, challenge)
