"""Buffers that SMB2 bodies point to, and error responses (MS-SMB2 section 2.2.2).

In: a body and the place of an (offset, length) pair.  Out: the pair, its fields and the bytes it means.
What always holds: offsets count from the header; a buffer that is not there is damage.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import Cursor, utf16_text
from dfilter.packets.protocols.smb2_state import MORE_PROCESSING, Command, Message
from dfilter.packets.region import Region
from dfilter.packets.view import Layer
from dfilter.slotted import frozen

BODY = 64
"""Offset of a message's body: the length of its header."""
BUFFER_OVERFLOW = 0x80000005
NOTIFY_ENUM_DIR = 0x10C
_NOT_ERRORS = {
    Command.SESSION_SETUP: (MORE_PROCESSING,),
    Command.READ: (BUFFER_OVERFLOW,),
    Command.IOCTL: (BUFFER_OVERFLOW, 0xC000000D),
    Command.GET_INFO: (BUFFER_OVERFLOW,),
    Command.NOTIFY: (NOTIFY_ENUM_DIR,),
}
"""Statuses other than success with which a response keeps its own body (MS-SMB2 section 3.3.4.4)."""


@frozen
class Blob:
    """A buffer that a body points to: where its offset and length stand, and the values."""

    offset_at: int
    length_at: int
    offset: int
    length: int
    offset_size: int
    length_size: int

    def add(self, layer: Layer, start: int) -> None:
        layer.add("smb2.olb.offset", self.offset, start + self.offset_at, self.offset_size)
        layer.add("smb2.olb.length", self.length, start + self.length_at, self.length_size)


def read_blob(region: Region, at: int, sizes: tuple[int, int] = (2, 2)) -> Blob:
    """The (offset, length) pair at `at`, each of 2 or 4 bytes, little-endian."""
    read = {2: region.le16, 4: region.le32}
    return Blob(at, at + sizes[0], read[sizes[0]](at), read[sizes[1]](at + sizes[0]), *sizes)


def is_error(message: Message) -> bool:
    """Does the response carry an error instead of its body (MS-SMB2 section 2.2.2)?"""
    return message.response and message.status != 0 and message.status not in _NOT_ERRORS.get(
        Command(message.command) if message.command < len(Command) else Command.BREAK, ())  # fmt: skip


def content_of(cursor: Cursor, blob: Blob) -> Region:
    """The bytes of a buffer; missing ones are damage."""
    if blob.length == 0:
        return cursor.region.clipped(cursor.at, 0)
    cursor.region.need(blob.offset, blob.length)
    return cursor.region.sub(blob.offset, blob.length)


def fill_blob(cursor: Cursor, blob: Blob, name: str) -> None:
    content = content_of(cursor, blob)
    blob.add(cursor.layer, cursor.region.start)
    cursor.layer.add(name, content.rest(), content.start, content.length)


def fill_text_blob(cursor: Cursor, blob: Blob, name: str) -> None:
    content = content_of(cursor, blob)
    cursor.layer.add(name, utf16_text(content.rest()), content.start, content.length)
    blob.add(cursor.layer, cursor.region.start)
