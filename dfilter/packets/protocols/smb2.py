"""SMB2 and SMB3 (MS-SMB2): headers, compounded, encrypted and compressed messages, requests and their responses.

In: one message of the session service.  Out: a layer for each header in it, and what its security blobs and pipes
carry.  What always holds: as in Wireshark 4.4 after two passes, names of trees and frames of sessions are known in
every frame of the capture, also in those before they were announced.
"""

from __future__ import annotations

from contextlib import suppress

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.smb2_bodies import fill_body
from dfilter.packets.protocols.smb2_fields import SMB2_FIELDS
from dfilter.packets.protocols.smb2_line import message_text
from dfilter.packets.protocols.smb2_payloads import dissect_body
from dfilter.packets.protocols.smb2_state import Message, directory, link, note_request, note_response
from dfilter.packets.region import DissectionError, Malformed, Region
from dfilter.packets.view import Layer, View

HEADER_LENGTH = 64
TRANSFORM_LENGTH = 52
_FLAGS_KNOWN, _SIZE_KNOWN, _FACTS_KNOWN = 20, 40, 48
"""Bytes of a header up to its flags, of a transform header up to its size, and up to what decides what follows."""
MAX_COMPOUND = 256
"""Messages in one compound that are walked: far more than any client sends."""
_PLAIN, _ENCRYPTED, _COMPRESSED = b"\xfeSMB", b"\xfdSMB", b"\xfcSMB"
_NO_COMPRESSION, _PATTERN_V1 = 0, 4
_CHAINED = 1

SMB2 = Protocol(
    "smb2",
    "SMB2",
    fields=SMB2_FIELDS,
    carries=("gss-api", "ntlmssp", "dcerpc", "data"),
    shares=("smb",),
)
_FLAGS = (("smb2.flags.response", 0x1), ("smb2.flags.async", 0x2), ("smb2.flags.chained", 0x4),
          ("smb2.flags.signature", 0x8), ("smb2.flags.priority_mask", 0x70), ("smb2.flags.dfs", 0x10000000),
          ("smb2.flags.replay", 0x20000000))  # fmt: skip


@SMB2.dissector
def dissect_smb2(view: View, region: Region) -> bool | None:
    magic = region.buf[region.start : region.start + 4] if region.length >= 4 else b""
    if magic not in (_PLAIN, _ENCRYPTED, _COMPRESSED):
        return False
    rest = region
    previous: Message | None = None
    for _ in range(MAX_COMPOUND):
        magic = rest.buf[rest.start : rest.start + 4] if rest.length >= 4 else b""
        if magic == _ENCRYPTED:
            step = _dissect_encrypted(view, rest)
        elif magic == _COMPRESSED:
            view.push(SMB2, rest)
            return None
        elif magic == _PLAIN:
            previous = _dissect_plain(view, rest, previous)
            step = previous.chain_offset
        else:
            view.push(SMB2, rest).state = "bad"
            return None
        if step <= 0 or step >= rest.reported_length:
            return None
        rest = rest.sub(step)
    return None


def _dissect_encrypted(view: View, region: Region) -> int:
    if region.length < _SIZE_KNOWN:
        view.push(SMB2, region)
        raise region.beyond(region.start + _SIZE_KNOWN)
    size = region.le32(36)
    layer = view.push(SMB2, region.clipped(0, TRANSFORM_LENGTH + size))
    if size > region.reported_length - TRANSFORM_LENGTH:
        layer.set_length(TRANSFORM_LENGTH)
    return TRANSFORM_LENGTH + size


def _dissect_plain(view: View, region: Region, previous: Message | None) -> Message:
    chain = region.le32(20) if region.length >= 24 else 0
    part = region.clipped(0, chain) if 0 < chain < region.reported_length else region
    layer = view.push(SMB2, part)
    if _FLAGS_KNOWN <= part.length < _FACTS_KNOWN <= part.reported_length:
        layer.state = read_header(view, Region(part.rest().ljust(_FACTS_KNOWN, b"\0"), 0, _FACTS_KNOWN), chain)
        raise part.beyond(part.start + _FACTS_KNOWN)
    message = read_header(view, part, chain)
    layer.state = message
    if previous is not None and message.chained:
        message.sesid = message.sesid if message.sesid != (1 << 64) - 1 else previous.sesid
        message.tid = previous.tid if message.tid == 0xFFFFFFFF else message.tid
    if not view.quoted:
        if message.response:
            note_response(view, message)
        else:
            note_request(view, message)
        dissect_body(view, message)
    return message


def read_header(view: View, region: Region, chain: int) -> Message:
    """The header's facts that decide what follows (MS-SMB2 section 2.2.1)."""
    flags = region.le32(16)
    response = bool(flags & 1)
    return Message(
        region=region,
        frame=view.frame.number,
        command=region.le16(12),
        response=response,
        is_async=bool(flags & 2),
        chained=bool(flags & 4),
        status=region.le32(8) if response else 0,
        chain_offset=chain,
        message_id=region.le64(24),
        tid=0 if flags & 2 else region.le32(36),
        sesid=region.le64(40),
        header_length=region.le16(4),
    )


@SMB2.filler
def fill_smb2(layer: Layer) -> None:
    region = layer.region
    message: Message | str | None = layer.state
    if message == "bad":
        return
    cursor = Cursor(layer, region)
    layer.add("smb2.protocol_id", region.u32(0), region.start, 4)
    cursor.skip(4)
    if message is None:
        if region.bytes(0, 4) == _ENCRYPTED:
            _fill_encrypted(cursor)
        elif region.bytes(0, 4) == _COMPRESSED:
            _fill_compressed(cursor)
        return
    assert isinstance(message, Message)
    if region.length < _FACTS_KNOWN:
        with suppress(DissectionError):  # the frame says so already
            _fill_header(cursor, message)
        return
    _fill_header(cursor, message)
    link(layer, message)
    if message.hash is not None:
        layer.add("smb2.preauth_hash", message.hash, region.start, region.length)
    if message.header_length < HEADER_LENGTH:
        return
    fill_body(layer, message)


def _fill_header(cursor: Cursor, message: Message) -> None:
    layer = cursor.layer
    cursor.u16("smb2.header_len")
    cursor.u16("smb2.credit.charge")
    if message.response:
        cursor.u32("smb2.nt_status")
    else:
        cursor.u16("smb2.channel_sequence")
        cursor.raw("smb2.reserved", 2)
    cursor.u16("smb2.cmd")
    cursor.u16("smb2.credits.granted" if message.response else "smb2.credits.requested")
    cursor.flags("smb2.flags", 4, _FLAGS)
    cursor.u32("smb2.chain_offset")
    cursor.u64("smb2.msg_id")
    if message.is_async:
        cursor.u64("smb2.aid")
    else:
        cursor.u32("smb2.header_reserved")
        cursor.u32("smb2.tid")
    cursor.u64("smb2.sesid")
    cursor.raw("smb2.signature", 16)
    if message.tree is not None:
        layer.add("smb2.tree", message.tree.name, layer.start + 36, 4)
        layer.add("smb2.share_type", message.tree.share_type, layer.start + 36)
        layer.add("smb2.tcon_frame", message.tree.frame, layer.start + 36)
    if message.auth_frame:
        layer.add("smb2.auth_frame", message.auth_frame, layer.start + 40)


def _fill_encrypted(cursor: Cursor) -> None:
    """The transform header (MS-SMB2 section 2.2.41)."""
    cursor.raw("smb2.header.transform.signature", 16)
    cursor.raw("smb2.header.transform.nonce", 16)
    size = cursor.u32("smb2.header.transform.msg_size")
    cursor.raw("smb2.header.transform.reserved", 2)
    cursor.flags("smb2.header.transform.flags", 2, (("smb2.header.transform.flags.encrypted", 1),))
    sesid = cursor.u64("smb2.sesid")
    frame = auth_frame_of(cursor.layer.view, sesid)
    if frame:
        cursor.layer.add("smb2.auth_frame", frame, cursor.absolute - 8)
    cursor.captured("smb2.header.transform.enc_data", size)


def auth_frame_of(view: View, sesid: int) -> int:
    """The frame in which the session was set up, 0 if it is not in the capture."""
    return directory(view.session).auth_frames.get(sesid, 0)


def _fill_compressed(cursor: Cursor) -> None:
    """The compression header, chained or not (MS-SMB2 section 2.2.42)."""
    cursor.u32("smb2.header.comp_transform.original_size")
    if cursor.peek(2, 2) != _CHAINED:
        cursor.u16("smb2.header.comp_transform.comp_alg")
        cursor.u16("smb2.header.comp_transform.flags")
        cursor.u32("smb2.header.comp_transform.offset")
        cursor.captured("smb2.header.comp_transform.data", cursor.left)
        return
    while cursor.left >= 8:
        algorithm = cursor.u16("smb2.header.comp_transform.comp_alg")
        cursor.u16("smb2.header.comp_transform.flags")
        length = cursor.u32("smb2.header.comp_transform.length")
        end = cursor.at + length
        if algorithm == _PATTERN_V1:
            cursor.u8("smb2.pattern_v1.pattern")
            cursor.u8("smb2.pattern_v1.reserved1")
            cursor.u16("smb2.pattern_v1.reserved2")
            cursor.u32("smb2.pattern_v1.repetitions")
        else:
            if algorithm != _NO_COMPRESSION:
                cursor.u32("smb2.header.comp_transform.orig_payload_size")
            cursor.captured("smb2.header.comp_transform.data", end - cursor.at)
        if length == 0:
            raise Malformed("an empty part of a compressed message")
        cursor.at = end


@SMB2.column_writer
def write_smb2(layer: Layer, columns: Columns) -> None:
    """Messages that are chained, or come one after the other in a frame, make one line."""
    if any(before.protocol is SMB2 for before in layer.view.layers[: layer.index]):
        columns.append(";")
    else:
        columns.protocol = "SMB2"
        columns.set("")
    message = layer.state
    if isinstance(message, Message):
        columns.append(message_text(layer, message))
    elif layer.region.buf[layer.start : layer.start + 4] == _ENCRYPTED:
        columns.append("Encrypted SMB3")
