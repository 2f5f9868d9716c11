"""QUIC frames (RFC 9000 section 19), of packets that could be decrypted.

In: the payload of one packet.  Out: what dissection looks at, fields when its layer
is filled.
What always holds: a frame that is not known, or does not fit, ends the walk; how many are looked at is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.packets.declare import computed_table
from dfilter.packets.region import DissectionError, Region
from dfilter.packets.view import Layer
from dfilter.slotted import frozen

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
    quic.rsts.stream_id            UINT64
    quic.rsts.application_error_code UINT64
    quic.rsts.final_size           UINT64
    quic.ss.stream_id              UINT64
    quic.ss.application_error_code UINT64
    quic.nt.length                 UINT64
    quic.nt.token                  BYTES
    quic.stream.fin                BOOLEAN
    quic.stream.len                BOOLEAN
    quic.stream.off                BOOLEAN
    quic.stream.stream_id          UINT64
    quic.stream.initiator          UINT64
    quic.stream.direction          UINT64
    quic.stream.offset             UINT64
    quic.stream.length             UINT64
    quic.stream_data               BYTES
    quic.md.maximum_data           UINT64
    quic.msd.stream_id             UINT64
    quic.msd.maximum_stream_data   UINT64
    quic.ms.max_streams            UINT64
    quic.sb.stream_data_limit      UINT64
    quic.sdb.stream_id             UINT64
    quic.sib.stream_limit          UINT64
    quic.nci.sequence              UINT64
    quic.nci.retire_prior_to       UINT64
    quic.nci.connection_id.length  UINT8
    quic.nci.connection_id         BYTES
    quic.nci.stateless_reset_token BYTES
    quic.rci.sequence              UINT64
    quic.path_challenge.data       BYTES
    quic.path_response.data        BYTES
    quic.dg.length                 UINT64
    quic.dg                        BYTES
    quic.cc.error_code             UINT64
    quic.cc.error_code.app         UINT64
    quic.cc.error_code.tls_alert   UINT8
    quic.cc.frame_type             UINT64
    quic.cc.reason_phrase.length   UINT64
    quic.cc.reason_phrase          STRING
"""
FIELDS = computed_table(FRAME_FIELDS, stateful=True)

PADDING, PING, ACK, ACK_ECN, CRYPTO, NEW_TOKEN, CONNECTION_CLOSE, APPLICATION_CLOSE = 0, 1, 2, 3, 6, 7, 0x1C, 0x1D
NEW_CONNECTION_ID, PATH_CHALLENGE, PATH_RESPONSE, HANDSHAKE_DONE = 0x18, 0x1A, 0x1B, 0x1E
STREAMS, DATAGRAMS = range(0x08, 0x10), range(0x30, 0x32)
MAX_FRAMES = 2048
"""Frames of a packet that are shown: more than the smallest ones that fit into a datagram of an ordinary network."""
FIN, HAS_LENGTH, HAS_OFFSET = 1, 2, 4
PATH_DATA, RESET_TOKEN = 8, 16
_INTEGERS = {
    0x04: ("rsts.stream_id", "rsts.application_error_code", "rsts.final_size"),
    0x05: ("ss.stream_id", "ss.application_error_code"), 0x10: ("md.maximum_data",),
    0x11: ("msd.stream_id", "msd.maximum_stream_data"), 0x12: ("ms.max_streams",), 0x13: ("ms.max_streams",),
    0x14: ("sb.stream_data_limit",), 0x15: ("sdb.stream_id", "sb.stream_data_limit"), 0x16: ("sib.stream_limit",),
    0x17: ("sib.stream_limit",), 0x19: ("rci.sequence",),
}  # fmt: skip
"""Frames that consist of variable-length integers."""
CRYPTO_ERRORS = range(0x0100, 0x0200)


@frozen
class CryptoFrame:
    """A CRYPTO frame: `data` at `offset` of the handshake's bytes; `at`: where the data lies in the payload."""

    offset: int
    data: bytes
    at: int


@frozen
class StreamFrame:
    """A STREAM frame: `length` bytes at `offset` of stream `number`; `at`: where they lie in the payload."""

    number: int
    offset: int
    length: int
    at: int


Notable = CryptoFrame | StreamFrame | bytes
"""What dissection looks at: handshake data, data of streams, and a connection ID that the sender offers."""


class FrameWalk:
    """A cursor over a payload; `layer` is None while only notable frames are looked for."""

    __slots__ = ("at", "layer", "region")

    def __init__(self, payload: bytes, layer: Layer | None = None) -> None:
        self.region = Region(payload, 0, len(payload))
        self.layer = layer
        self.at = 0

    @property
    def left(self) -> int:
        return self.region.length - self.at

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


def notable_frames(payload: bytes) -> Iterator[Notable]:
    """The frames of a payload that dissection looks at, as far as it can be read."""
    yield from walk_frames(FrameWalk(payload))


def fill_frames(layer: Layer, payload: bytes) -> None:
    """Add the fields of a payload's frames."""
    for _ in walk_frames(FrameWalk(payload, layer)):
        pass


def walk_frames(walk: FrameWalk) -> Iterator[Notable]:
    try:
        frames = 0
        while walk.at < walk.region.length and frames < MAX_FRAMES:
            frames += 1
            walk.note("frame", None)
            type_ = walk.integer("frame_type")
            if type_ == CRYPTO:
                yield _crypto(walk)
            elif type_ == NEW_CONNECTION_ID:
                yield _new_connection_id(walk)
            elif type_ in STREAMS:
                yield _stream(walk, type_)
            elif not _walk_frame(walk, type_):
                return
    except DissectionError:
        return


def _walk_frame(walk: FrameWalk, type_: int) -> bool:
    if type_ == PADDING:
        _padding(walk)
    elif type_ in (ACK, ACK_ECN):
        _acknowledgement(walk, type_ == ACK_ECN)
    elif type_ in _INTEGERS:
        for name in _INTEGERS[type_]:
            walk.integer(name)
    elif type_ in (CONNECTION_CLOSE, APPLICATION_CLOSE):
        _close(walk, type_)
    elif type_ == NEW_TOKEN:
        walk.note("nt.token", walk.opaque(walk.integer("nt.length")))
    elif type_ in (PATH_CHALLENGE, PATH_RESPONSE):
        walk.note("path_challenge.data" if type_ == PATH_CHALLENGE else "path_response.data", walk.opaque(PATH_DATA))
    elif type_ in DATAGRAMS:
        walk.note("dg", walk.opaque(walk.integer("dg.length") if type_ & 1 else walk.left))
    elif type_ not in (PING, HANDSHAKE_DONE):
        return False
    return True


def _stream(walk: FrameWalk, type_: int) -> StreamFrame:
    """RFC 9000 section 19.8; the type's low bits tell which parts there are."""
    for name, bit in (("fin", FIN), ("len", HAS_LENGTH), ("off", HAS_OFFSET)):
        walk.note("stream." + name, type_ & bit != 0)
    number = walk.integer("stream.stream_id")
    walk.note("stream.initiator", number & 1)
    walk.note("stream.direction", number >> 1 & 1)
    offset = walk.integer("stream.offset") if type_ & HAS_OFFSET else 0
    size = walk.integer("stream.length") if type_ & HAS_LENGTH else walk.left
    at = walk.at
    walk.note("stream_data", walk.opaque(size))
    return StreamFrame(number, offset, size, at)


def _new_connection_id(walk: FrameWalk) -> bytes:
    walk.integer("nci.sequence")
    walk.integer("nci.retire_prior_to")
    size = walk.opaque(1)[0]
    walk.note("nci.connection_id.length", size)
    connection_id = walk.opaque(size)
    walk.note("nci.connection_id", connection_id)
    walk.note("nci.stateless_reset_token", walk.opaque(RESET_TOKEN))
    return connection_id


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
