"""QUIC frames (RFC 9000 section 19), of packets that could be decrypted.

In: the payload of one packet.  Out: `CryptoFrame`s when it is dissected, fields when its layer is filled.
What always holds: a frame that is not known, or does not fit, ends the walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dfilter.packets.declare import computed_table
from dfilter.packets.region import DissectionError, Region
from dfilter.packets.view import Layer

FRAME_FIELDS = """
    quic.frame                     NONE
    quic.frame_type                UINT64
    quic.padding_length            UINT32
    quic.ack.largest_acknowledged  UINT64
    quic.ack.ack_delay             UINT64
    quic.ack.ack_range_count       UINT64
    quic.ack.first_ack_range       UINT64
    quic.ack.gap                   UINT64
    quic.ack.ack_range             UINT64
    quic.ack.ect0_count            UINT64
    quic.ack.ect1_count            UINT64
    quic.ack.ecn_ce_count          UINT64
    quic.crypto.offset             UINT64
    quic.crypto.length             UINT64
    quic.crypto.crypto_data        NONE
    quic.cc.error_code             UINT64
    quic.cc.error_code.app         UINT64
    quic.cc.error_code.tls_alert   UINT8
    quic.cc.frame_type             UINT64
    quic.cc.reason_phrase.length   UINT64
    quic.cc.reason_phrase          STRING
"""
FIELDS = computed_table(FRAME_FIELDS, stateful=True)

PADDING, PING, ACK, ACK_ECN, CRYPTO, CONNECTION_CLOSE, APPLICATION_CLOSE = 0, 1, 2, 3, 6, 0x1C, 0x1D
CRYPTO_ERRORS = range(0x0100, 0x0200)


@dataclass(frozen=True, slots=True)
class CryptoFrame:
    """A CRYPTO frame: `data` at `offset` of the handshake's bytes; `at`: where the data lies in the payload."""

    offset: int
    data: bytes
    at: int


class FrameWalk:
    """A cursor over a payload; `layer` is None while only CRYPTO frames are looked for."""

    __slots__ = ("at", "layer", "region")

    def __init__(self, payload: bytes, layer: Layer | None = None) -> None:
        self.region = Region(payload, 0, len(payload))
        self.layer = layer
        self.at = 0

    def note(self, name: str, value: object) -> None:
        if self.layer is not None:
            self.layer.add("quic." + name, value)

    def integer(self, name: str = "") -> int:
        """Pass a variable-length integer (RFC 9000 section 16)."""
        size = 1 << (self.region.u8(self.at) >> 6)
        value = int.from_bytes(self.region.bytes(self.at, size), "big") & (1 << 8 * size - 2) - 1
        self.at += size
        if name:
            self.note(name, value)
        return value

    def opaque(self, size: int) -> bytes:
        value = self.region.bytes(self.at, size)
        self.at += size
        return value


def crypto_frames(payload: bytes) -> Iterator[CryptoFrame]:
    """The CRYPTO frames of a payload, in order, as far as it can be read."""
    yield from walk_frames(FrameWalk(payload))


def fill_frames(layer: Layer, payload: bytes) -> None:
    """Add the fields of a payload's frames."""
    for _ in walk_frames(FrameWalk(payload, layer)):
        pass


def walk_frames(walk: FrameWalk) -> Iterator[CryptoFrame]:
    try:
        while walk.at < walk.region.length:
            walk.note("frame", None)
            type_ = walk.integer("frame_type")
            if type_ == CRYPTO:
                yield _crypto(walk)
            elif not _walk_frame(walk, type_):
                return
    except DissectionError:
        return


def _walk_frame(walk: FrameWalk, type_: int) -> bool:
    if type_ == PADDING:
        _padding(walk)
    elif type_ in (ACK, ACK_ECN):
        _acknowledgement(walk, type_ == ACK_ECN)
    elif type_ in (CONNECTION_CLOSE, APPLICATION_CLOSE):
        _close(walk, type_)
    elif type_ != PING:
        return False
    return True


def _padding(walk: FrameWalk) -> None:
    rest = walk.region.rest(walk.at)
    count = len(rest) - len(rest.lstrip(b"\0"))
    walk.at += count
    walk.note("padding_length", 1 + count)


def _acknowledgement(walk: FrameWalk, with_counts: bool) -> None:
    walk.integer("ack.largest_acknowledged")
    walk.integer("ack.ack_delay")
    ranges = walk.integer("ack.ack_range_count")
    walk.integer("ack.first_ack_range")
    for _ in range(min(ranges, walk.region.length)):
        walk.integer("ack.gap")
        walk.integer("ack.ack_range")
    if with_counts:
        for name in ("ect0", "ect1", "ecn_ce"):
            walk.integer(f"ack.{name}_count")


def _crypto(walk: FrameWalk) -> CryptoFrame:
    offset = walk.integer("crypto.offset")
    size = walk.integer("crypto.length")
    walk.note("crypto.crypto_data", None)
    at = walk.at
    return CryptoFrame(offset, walk.opaque(size), at)


def _close(walk: FrameWalk, type_: int) -> None:
    if type_ == CONNECTION_CLOSE:
        code = walk.integer("cc.error_code")
        if code in CRYPTO_ERRORS:
            walk.note("cc.error_code.tls_alert", code & 0xFF)
        walk.integer("cc.frame_type")
    else:
        walk.integer("cc.error_code.app")
    size = walk.integer("cc.reason_phrase.length")
    if size:
        walk.note("cc.reason_phrase", walk.opaque(size).split(b"\0", 1)[0].decode("utf-8", "replace"))
