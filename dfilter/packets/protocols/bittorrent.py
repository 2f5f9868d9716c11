"""BitTorrent's peer protocol (BEP 3, BEP 6, BEP 10): the handshake, then messages behind a length.

In: the bytes of a TCP stream.  Out: a `bittorrent` layer a message.  What always holds: a conversation is recognised by
a handshake's name of the protocol; on its own ports, what is no message is shown as continued data.
"""

from __future__ import annotations

from dfilter.packets.declare import Evidence, Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import wait_for
from dfilter.packets.view import Layer, View

NAME = b"\x13BitTorrent protocol"
HANDSHAKE_BYTES = 68
MAX_LENGTH = 0x20000
"""Longer messages are not believed: a piece is asked for in parts of 16 KiB."""
HAVE, BITFIELD, REQUEST, PIECE, CANCEL, PORT = 4, 5, 6, 7, 8, 9
SUGGEST, REJECT, ALLOWED_FAST, EXTENDED = 13, 16, 17, 20
TYPES = frozenset({*range(10), *range(13, 18), EXTENDED})
NAMES = {0: "Choke", 1: "Unchoke", 2: "Interested", 3: "Not Interested", HAVE: "Have", BITFIELD: "Bitfield",
         REQUEST: "Request", PIECE: "Piece", CANCEL: "Cancel", PORT: "Port", SUGGEST: "Suggest Piece", 14: "Have All",
         15: "Have None", REJECT: "Reject Request", ALLOWED_FAST: "Allowed Fast", EXTENDED: "Extended"}  # fmt: skip

BITTORRENT = Protocol(
    "bittorrent",
    "BitTorrent",
    fields=computed_table("""
        bittorrent.protocol.name.length UINT8
        bittorrent.protocol.name        STRING
        bittorrent.reserved             BYTES
        bittorrent.info_hash            BYTES
        bittorrent.peer_id              BYTES
        bittorrent.msg                  NONE
        bittorrent.msg.length           UINT32
        bittorrent.msg.type             UINT8
        bittorrent.msg.bitfield         BYTES
        bittorrent.piece.index          UINT32
        bittorrent.piece.begin          UINT32
        bittorrent.piece.length         UINT32
        bittorrent.piece.data           BYTES
        bittorrent.port                 UINT16
        bittorrent.extended.id          UINT8
        bittorrent.extended             BYTES
        bittorrent.continuous_data      BYTES
    """),
    over={"tcp.port": tuple(range(6881, 6890))},
    heuristics={"tcp": lambda view, region: region.rest()[: len(NAME)] == NAME},
    evidence=Evidence(starts={"tcp": (((0, 0xFF, 0x13), (1, 0xFF, ord("B")), (2, 0xFF, ord("i"))),)}),
)


@BITTORRENT.dissector
def dissect_bittorrent(view: View, region: Region) -> bool:
    stream = view.stream
    if stream is None:
        return False
    if region.rest()[: len(NAME)] == NAME and stream.conversation.protocol is None:
        stream.conversation.protocol = BITTORRENT
    at = 0
    while at < region.length:
        rest = region.sub(at)
        length = _length(rest)
        if not length:
            view.push(BITTORRENT, rest)
            return True
        if length > rest.length:
            wait_for(rest, 0, length - rest.length)
        view.push(BITTORRENT, rest.clipped(0, length)).state = True
        at += length
    return True


def _length(rest: Region) -> int:
    """How long the message is that begins here; 0 where there is none."""
    if rest.length < 4:
        return 4
    if rest.rest()[: len(NAME)] == NAME[: rest.length]:
        return HANDSHAKE_BYTES
    size = rest.u32(0)
    if size == 0:
        return 4
    if size > MAX_LENGTH:
        return 0
    if rest.length < 5:
        return 5
    return 4 + size if rest.u8(4) in TYPES else 0


@BITTORRENT.filler
def fill_bittorrent(layer: Layer) -> None:
    region, start = layer.region, layer.start
    if not layer.state:
        layer.add("bittorrent.continuous_data", region.rest(), start, region.length)
        return
    cursor = Cursor(layer, region, big=True)
    if region.rest()[: len(NAME)] == NAME:
        cursor.u8("bittorrent.protocol.name.length")
        cursor.mark("bittorrent.protocol.name", len(NAME) - 1, NAME[1:].decode())
        cursor.skip(len(NAME) - 1)
        for name, size in (("reserved", 8), ("info_hash", 20), ("peer_id", 20)):
            cursor.raw(f"bittorrent.{name}", size)
        return
    layer.add("bittorrent.msg", None, start, region.length)
    size = cursor.u32("bittorrent.msg.length")
    if size:
        _fill_message(cursor, cursor.u8("bittorrent.msg.type"), size - 1)


def _fill_message(cursor: Cursor, kind: int, size: int) -> None:
    if kind in (REQUEST, CANCEL, REJECT, PIECE, HAVE, SUGGEST, ALLOWED_FAST):
        cursor.u32("bittorrent.piece.index")
    if kind in (REQUEST, CANCEL, REJECT, PIECE):
        cursor.u32("bittorrent.piece.begin")
    if kind in (REQUEST, CANCEL, REJECT):
        cursor.u32("bittorrent.piece.length")
    elif kind == PIECE and size > 8:
        cursor.raw("bittorrent.piece.data", size - 8)
    elif kind == BITFIELD and size:
        cursor.raw("bittorrent.msg.bitfield", size)
    elif kind == PORT:
        cursor.u16("bittorrent.port")
    elif kind == EXTENDED and cursor.u8("bittorrent.extended.id") and size > 1:
        cursor.raw("bittorrent.extended", size - 1)


@BITTORRENT.info_line
def bittorrent_info(layer: Layer) -> str:
    region = layer.region
    if not layer.state:
        return "Continuation data"
    if region.rest()[: len(NAME)] == NAME:
        return "Handshake"
    return NAMES.get(region.u8(4), "") if region.u32(0) else "KeepAlive"
