"""The bodies of SMB2 messages, command by command (MS-SMB2 section 2.2): their fields.

In: a `Message` and its layer.  Out: the fields of the body.  What always holds: reading fields changes no state.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.smb2_blobs import (
    BODY,
    Blob,
    content_of,
    fill_blob,
    fill_text_blob,
    is_error,
    read_blob,
)
from dfilter.packets.protocols.smb2_contexts import fill_create_contexts, fill_negotiate_contexts
from dfilter.packets.protocols.smb2_flags import (
    ACCESS_MASK,
    CAPABILITIES,
    CREATE_OPTIONS,
    FILE_ATTRIBUTES,
    NOTIFY_FILTER,
    SECURITY_MODE,
    SHARE_ACCESS,
    SHARE_CAPABILITIES,
    SHARE_FLAGS,
)
from dfilter.packets.protocols.smb2_info import fill_find_entries, fill_info, fill_ioctl
from dfilter.packets.protocols.smb2_payloads import PIPE_TRANSCEIVE
from dfilter.packets.protocols.smb2_state import Command, Message
from dfilter.packets.region import Malformed
from dfilter.packets.view import Layer

_DIALECT_311 = 0x0311


def fill_body(layer: Layer, message: Message) -> None:
    """All fields of the body."""
    cursor = Cursor(layer, message.region, BODY)
    if message.command >= len(Command):
        cursor.captured("smb2.unknown", cursor.left)
        return
    _fill_level(cursor, message)
    if cursor.left < 2:
        return
    code, at = cursor.peek(2), cursor.absolute
    layer.add("smb2.buffer_code", code, at, 2)
    layer.add("smb2.buffer_code.length", code >> 1, at, 2)
    layer.add("smb2.buffer_code.dynamic", bool(code & 1), at, 2)
    cursor.skip(2)
    if is_error(message):
        _fill_error(cursor)
        return
    filler = (_RESPONSES if message.response else _REQUESTS).get(Command(message.command))
    if filler is not None:
        filler(cursor, message)
    elif cursor.left > 0:
        cursor.captured("smb2.unknown", cursor.left)


def _fill_level(cursor: Cursor, message: Message) -> None:
    """On a response, the class and level that its request asked for."""
    exchange = message.exchange
    if not message.response or exchange is None:
        return
    layer, at = cursor.layer, cursor.absolute
    if message.command in (Command.GET_INFO, Command.SET_INFO):
        layer.add("smb2.class", exchange.info[0], at, 1)
        _add_level(layer, *exchange.info, at + 1)
    elif message.command == Command.FIND:
        layer.add("smb2.find.infolevel", exchange.info[1], at)


def _add_level(layer: Layer, kind: int, level: int, at: int) -> None:
    name = {1: "smb2.file_info.infolevel", 2: "smb2.fs_info.infolevel", 3: "smb2.sec_info.infolevel"}.get(kind)
    layer.add(name or "smb2.infolevel", level, at, 1)


def _fill_error(cursor: Cursor) -> None:
    cursor.u8("smb2.error.context_count")
    cursor.u8("smb2.error.reserved")
    size = cursor.u32("smb2.error.byte_count")
    if size == 0 and cursor.left == 0:
        cursor.layer.add("smb2.error.data", b"", cursor.absolute)
    else:
        cursor.captured("smb2.error.data", size or min(cursor.left, 1))


def _fill_negotiate_request(cursor: Cursor, message: Message) -> None:
    count = cursor.u16("smb2.dialect_count")
    _fill_security_mode(cursor, 2)
    cursor.raw("smb2.reserved", 2)
    cursor.flags("smb2.capabilities", 4, CAPABILITIES)
    cursor.guid("smb2.client_guid")
    offset = cursor.u32("smb2.negotiate_context.offset")
    contexts = cursor.u16("smb2.negotiate_context.count")
    cursor.raw("smb2.reserved", 2)
    for _ in range(count):
        cursor.u16("smb2.dialect")
    if contexts and offset:
        fill_negotiate_contexts(cursor, offset, contexts)


def _fill_security_mode(cursor: Cursor, size: int) -> None:
    """Only the low byte of the security mode is shown."""
    cursor.flags("smb2.sec_mode", 1, SECURITY_MODE)
    cursor.skip(size - 1)


def _fill_negotiate_response(cursor: Cursor, message: Message) -> None:
    _fill_security_mode(cursor, 2)
    dialect = cursor.u16("smb2.dialect")
    contexts = 0
    if dialect == _DIALECT_311:
        contexts = cursor.u16("smb2.negotiate_context.count")
    else:
        cursor.u16("smb2.negotiate_context.reserved")
    cursor.guid("smb2.server_guid")
    cursor.flags("smb2.capabilities", 4, CAPABILITIES)
    cursor.integers((("smb2.max_trans_size", 4), ("smb2.max_read_size", 4), ("smb2.max_write_size", 4)))
    cursor.filetime("smb2.current_time")
    cursor.filetime("smb2.boot_time")
    blob = read_blob(cursor.region, cursor.at)
    fill_blob(cursor, blob, "smb2.security_blob")
    cursor.skip(4)
    if dialect != _DIALECT_311:
        if cursor.u32("smb2.negotiate_context.reserved2") and not cursor.layer.quoted:
            cursor.layer.add("smb2.bad_negprot_reserved2", None, cursor.absolute - 4, 4)
            cursor.layer.view.damaged(Malformed("a reserved field that is not zero"))
        return
    offset = cursor.u32("smb2.negotiate_context.offset")
    fill_negotiate_contexts(cursor, offset, contexts)


def _fill_setup_request(cursor: Cursor, message: Message) -> None:
    cursor.flags("smb2.ses_req_flags", 1, (("smb2.ses_req_flags.session_binding", 1),))
    _fill_security_mode(cursor, 1)
    cursor.flags("smb2.capabilities", 4, CAPABILITIES)
    cursor.u32("smb2.channel")
    blob = read_blob(cursor.region, cursor.at)
    cursor.skip(4)
    cursor.u64("smb2.previous_sesid")
    fill_blob(cursor, blob, "smb2.security_blob")


def _fill_setup_response(cursor: Cursor, message: Message) -> None:
    cursor.flags("smb2.session_flags", 2, (("smb2.ses_flags.guest", 1), ("smb2.ses_flags.null", 2),
                                           ("smb2.ses_flags.encrypt", 4)))  # fmt: skip
    fill_blob(cursor, read_blob(cursor.region, cursor.at), "smb2.security_blob")


def _fill_logoff(cursor: Cursor, message: Message) -> None:
    if cursor.left >= 2 and message.response:
        cursor.raw("smb2.reserved", 2)


def _fill_reserved(cursor: Cursor, message: Message) -> None:
    cursor.raw("smb2.reserved", 2)


def _fill_tree_request(cursor: Cursor, message: Message) -> None:
    flags, at = cursor.peek(2), cursor.absolute
    cursor.flags("smb2.tc.flags", 2, (("smb2.tc.cluster_reconnect", 1), ("smb2.tc.redirect_to_owner", 2),
                                      ("smb2.tc.extension_present", 4)))  # fmt: skip
    cursor.layer.add("smb2.tc.reserved", flags >> 3, at, 2)
    fill_text_blob(cursor, read_blob(cursor.region, cursor.at), "smb2.tree")


def _fill_tree_response(cursor: Cursor, message: Message) -> None:
    cursor.u8("smb2.share_type")
    cursor.raw("smb2.reserved", 1)
    flags, at = cursor.peek(4), cursor.absolute
    cursor.flags("smb2.share_flags", 4, SHARE_FLAGS)
    cursor.layer.add("smb2.share.caching", flags & 0x30, at, 4)
    cursor.flags("smb2.share_caps", 4, SHARE_CAPABILITIES)
    cursor.flags("smb.access_mask", 4, ACCESS_MASK)


def _fill_create_request(cursor: Cursor, message: Message) -> None:
    cursor.skip(1)
    cursor.u8("smb2.create.oplock")
    cursor.u32("smb2.impersonation.level")
    cursor.u64("smb2.create_flags")
    cursor.raw("smb2.reserved", 8)
    cursor.flags("smb.access_mask", 4, ACCESS_MASK)
    cursor.flags("smb2.file_attribute", 4, FILE_ATTRIBUTES)
    cursor.flags("smb.share_access", 4, SHARE_ACCESS)
    cursor.u32("smb2.create.disposition")
    cursor.flags("smb.create_options", 4, CREATE_OPTIONS)
    fill_text_blob(cursor, read_blob(cursor.region, cursor.at), "smb2.filename")
    cursor.skip(4)
    _fill_extra_info(cursor)


def _fill_extra_info(cursor: Cursor) -> None:
    blob = read_blob(cursor.region, cursor.at, (4, 4))
    content = content_of(cursor, blob)
    blob.add(cursor.layer, cursor.region.start)
    cursor.layer.add("smb2.create.extrainfo", None, content.start, content.length)
    fill_create_contexts(cursor.layer, content)


def _fill_times(cursor: Cursor) -> None:
    for name in ("create", "last_access", "last_write", "last_change"):
        cursor.filetime(f"smb2.{name}.time")


def _fill_create_response(cursor: Cursor, message: Message) -> None:
    cursor.u8("smb2.create.oplock")
    cursor.flags("smb2.create.rep_flags", 1, (("smb2.create.rep_flags.reparse_point", 1),))
    cursor.u32("smb2.create.action")
    _fill_times(cursor)
    cursor.u64("smb2.allocation_size")
    cursor.u64("smb2.eof")
    cursor.flags("smb2.file_attribute", 4, FILE_ATTRIBUTES)
    cursor.raw("smb2.reserved", 4)
    cursor.guid("smb2.fid")
    _fill_extra_info(cursor)


def _fill_close_request(cursor: Cursor, message: Message) -> None:
    cursor.flags("smb2.close.flags", 2, (("smb2.close.pq_attrib", 1),))
    cursor.skip(4)
    cursor.guid("smb2.fid")


def _fill_close_response(cursor: Cursor, message: Message) -> None:
    cursor.flags("smb2.close.flags", 2, (("smb2.close.pq_attrib", 1),))
    cursor.raw("smb2.reserved", 4)
    _fill_times(cursor)
    cursor.u64("smb2.allocation_size")
    cursor.u64("smb2.eof")
    cursor.flags("smb2.file_attribute", 4, FILE_ATTRIBUTES)


def _fill_flush_request(cursor: Cursor, message: Message) -> None:
    cursor.raw("smb2.reserved", 2)
    cursor.raw("smb2.reserved", 4)
    cursor.guid("smb2.fid")


def _fill_read_request(cursor: Cursor, message: Message) -> None:
    cursor.u8("smb2.read_padding")
    cursor.flags("smb2.read_flags", 1, (("smb2.read_flags.unbuffered", 1), ("smb2.read_flags.compressed", 2)))
    cursor.u32("smb2.read_length")
    cursor.u64("smb2.file_offset")
    cursor.guid("smb2.fid")
    cursor.u32("smb2.min_count")
    cursor.u32("smb2.channel")
    cursor.u32("smb2.remaining_bytes")
    fill_blob(cursor, read_blob(cursor.region, cursor.at), "smb2.channel_info_blob")


def _fill_read_response(cursor: Cursor, message: Message) -> None:
    layer, start, region = cursor.layer, cursor.region.start, cursor.region
    offset, length = region.u8(cursor.at), region.le32(cursor.at + 2)
    layer.add("smb2.olb.offset", offset, start + cursor.at, 1)
    layer.add("smb2.olb.length", length, start + cursor.at + 2, 4)
    cursor.skip(6)
    cursor.u32("smb2.read_remaining")
    cursor.raw("smb2.reserved", 4)
    layer.add("smb2.reserved", region.bytes(BODY + 3, 1), start + BODY + 3, 1)
    content = region.clipped(offset, length)
    layer.add("smb2.read.blob", content.rest(), content.start, content.length)


def _fill_write_request(cursor: Cursor, message: Message) -> None:
    cursor.u16("smb2.data_offset")
    cursor.u32("smb2.write_length")
    cursor.u64("smb2.file_offset")
    cursor.guid("smb2.fid")
    cursor.u32("smb2.channel")
    cursor.u32("smb2.remaining_bytes")
    blob = read_blob(cursor.region, cursor.at)
    cursor.skip(4)
    cursor.flags("smb2.write.flags", 4, (("smb2.write.flags.write_through", 1), ("smb2.write.flags.unbuffered", 2)))
    fill_blob(cursor, blob, "smb2.channel_info_blob")


def _fill_write_response(cursor: Cursor, message: Message) -> None:
    cursor.raw("smb2.reserved", 2)
    cursor.integers((("smb2.write.count", 4), ("smb2.write.remaining", 4), ("smb2.channel_info_offset", 2),
                     ("smb2.channel_info_length", 2)))  # fmt: skip


def _fill_lock_request(cursor: Cursor, message: Message) -> None:
    count = cursor.u16("smb2.lock_count")
    cursor.raw("smb2.reserved", 4)
    cursor.guid("smb2.fid")
    for _ in range(count):
        cursor.layer.add("smb2.lock_info", None, cursor.absolute, 24)
        cursor.u64("smb2.file_offset")
        cursor.u64("smb2.lock_length")
        cursor.flags("smb2.lock_flags", 4, (("smb2.lock_flags.shared", 1), ("smb2.lock_flags.exclusive", 2),
                                            ("smb2.lock_flags.unlock", 4),
                                            ("smb2.lock_flags.fail_immediately", 16)))  # fmt: skip
        cursor.raw("smb2.reserved", 4)


def _fill_function(cursor: Cursor) -> int:
    function, at, layer = cursor.peek(4), cursor.absolute, cursor.layer
    cursor.u32("smb2.ioctl.function")
    for name, value in (("device", function >> 16), ("access", function >> 14 & 3),
                        ("function", function >> 2 & 0xFFF), ("method", function & 3)):  # fmt: skip
        layer.add("smb2.ioctl.function." + name, value, at, 4)
    return function


def _fill_ioctl_blobs(cursor: Cursor, message: Message, function: int, blobs: tuple[Blob, Blob]) -> None:
    pairs = [("smb2.ioctl.in", blobs[0]), ("smb2.ioctl.out", blobs[1])]
    if blobs[0].offset > blobs[1].offset:
        pairs.reverse()
    for name, blob in pairs:
        blob.add(cursor.layer, cursor.region.start)
        content = cursor.region.clipped(blob.offset, blob.length)
        cursor.layer.add(name, None, content.start, content.length)
        if content.length and function != PIPE_TRANSCEIVE:
            fill_ioctl(Cursor(cursor.layer, content), function, name.endswith("in"))


def _fill_ioctl_request(cursor: Cursor, message: Message) -> None:
    cursor.raw("smb2.reserved", 2)
    function = _fill_function(cursor)
    cursor.guid("smb2.fid")
    incoming = read_blob(cursor.region, cursor.at, (4, 4))
    cursor.skip(8)
    cursor.u32("smb2.max_ioctl_in_size")
    outgoing = read_blob(cursor.region, cursor.at, (4, 4))
    cursor.skip(8)
    cursor.u32("smb2.max_ioctl_out_size")
    cursor.flags("smb2.ioctl.flags", 4, (("smb2.ioctl.is_fsctl", 1),))
    cursor.raw("smb2.reserved", 4)
    _fill_ioctl_blobs(cursor, message, function, (incoming, outgoing))


def _fill_ioctl_response(cursor: Cursor, message: Message) -> None:
    cursor.raw("smb2.reserved", 2)
    function = _fill_function(cursor)
    cursor.guid("smb2.fid")
    incoming = read_blob(cursor.region, cursor.at, (4, 4))
    outgoing = read_blob(cursor.region, cursor.at + 8, (4, 4))
    cursor.skip(16)
    cursor.u32("smb2.flags")
    cursor.raw("smb2.reserved", 4)
    _fill_ioctl_blobs(cursor, message, function, (incoming, outgoing))


def _fill_find_request(cursor: Cursor, message: Message) -> None:
    cursor.u8("smb2.find.infolevel")
    cursor.flags("smb2.find.flags", 1, (("smb2.find.restart_scans", 1), ("smb2.find.single_entry", 2),
                                        ("smb2.find.index_specified", 4), ("smb2.find.reopen", 16)))  # fmt: skip
    cursor.u32("smb2.file_index")
    cursor.guid("smb2.fid")
    blob = read_blob(cursor.region, cursor.at)
    cursor.skip(4)
    cursor.u32("smb2.output_buffer_len")
    fill_text_blob(cursor, blob, "smb2.find.pattern")


def _fill_find_response(cursor: Cursor, message: Message) -> None:
    blob = read_blob(cursor.region, cursor.at, (2, 4))
    fill_blob(cursor, blob, "smb2.find.info_blob")
    if message.exchange is not None:
        content = cursor.region.clipped(blob.offset, blob.length)
        fill_find_entries(Cursor(cursor.layer, content), message.exchange.info[1])


def _fill_notify_request(cursor: Cursor, message: Message) -> None:
    cursor.flags("smb2.notify.flags", 2, (("smb2.notify.watch_tree", 1),))
    cursor.u32("smb2.output_buffer_len")
    cursor.guid("smb2.fid")
    cursor.flags("smb.nt.notify.completion_filter", 4, NOTIFY_FILTER)
    cursor.raw("smb2.reserved", 4)


def _fill_notify_response(cursor: Cursor, message: Message) -> None:
    blob = read_blob(cursor.region, cursor.at, (2, 4))
    blob.add(cursor.layer, cursor.region.start)
    content = cursor.region.clipped(blob.offset, blob.length)
    cursor.layer.add("smb2.notify.out", None, content.start, content.length)
    entry = Cursor(cursor.layer, content)
    while entry.left >= 12:
        start = entry.at
        cursor.layer.add("smb2.notify.info", None, entry.absolute)
        step = entry.u32("smb2.notify.next_offset")
        entry.u32("smb2.notify.action")
        length = entry.u32("smb2.filename.len")
        entry.utf16("smb2.filename", length)
        if step < 12:
            return
        entry.at = start + step


def _fill_get_info_request(cursor: Cursor, message: Message) -> None:
    kind = cursor.u8("smb2.class")
    _add_level(cursor.layer, kind, cursor.peek(1), cursor.absolute)
    cursor.skip(1)
    cursor.u32("smb2.max_response_size")
    cursor.u16("smb2.getinfo_input_offset")
    cursor.raw("smb2.reserved", 2)
    cursor.integers((("smb2.getinfo_input_size", 4), ("smb2.getsetinfo_additional", 4), ("smb2.getinfo_flags", 4)))
    cursor.guid("smb2.fid")


def _fill_get_info_response(cursor: Cursor, message: Message) -> None:
    blob = read_blob(cursor.region, cursor.at, (2, 4))
    blob.add(cursor.layer, cursor.region.start)
    content = cursor.region.clipped(blob.offset, blob.length)
    if message.exchange is not None:
        fill_info(Cursor(cursor.layer, content), *message.exchange.info)


def _fill_set_info_request(cursor: Cursor, message: Message) -> None:
    kind = cursor.u8("smb2.class")
    level = cursor.peek(1)
    _add_level(cursor.layer, kind, level, cursor.absolute)
    cursor.skip(1)
    size = cursor.u32("smb2.setinfo_size")
    offset = cursor.u16("smb2.setinfo_offset")
    cursor.u16("smb2.setinfo_reserved")
    cursor.u32("smb2.getsetinfo_additional")
    cursor.guid("smb2.fid")
    fill_info(Cursor(cursor.layer, cursor.region.clipped(offset, size)), kind, level)


def _fill_set_info_response(cursor: Cursor, message: Message) -> None:
    """Nothing follows the buffer code."""


def _fill_cancel(cursor: Cursor, message: Message) -> None:
    cursor.captured("smb2.unknown", cursor.left)


_Filler = Callable[[Cursor, Message], None]
_REQUESTS: dict[Command, _Filler] = {
    Command.NEGOTIATE: _fill_negotiate_request, Command.SESSION_SETUP: _fill_setup_request,
    Command.LOGOFF: _fill_logoff, Command.TREE_CONNECT: _fill_tree_request, Command.TREE_DISCONNECT: _fill_reserved,
    Command.CREATE: _fill_create_request, Command.CLOSE: _fill_close_request, Command.FLUSH: _fill_flush_request,
    Command.READ: _fill_read_request, Command.WRITE: _fill_write_request, Command.LOCK: _fill_lock_request,
    Command.IOCTL: _fill_ioctl_request, Command.CANCEL: _fill_cancel, Command.KEEP_ALIVE: _fill_reserved,
    Command.FIND: _fill_find_request, Command.NOTIFY: _fill_notify_request,
    Command.GET_INFO: _fill_get_info_request, Command.SET_INFO: _fill_set_info_request,
}  # fmt: skip
_RESPONSES: dict[Command, _Filler] = {
    Command.NEGOTIATE: _fill_negotiate_response, Command.SESSION_SETUP: _fill_setup_response,
    Command.LOGOFF: _fill_logoff, Command.TREE_CONNECT: _fill_tree_response, Command.TREE_DISCONNECT: _fill_reserved,
    Command.CREATE: _fill_create_response, Command.CLOSE: _fill_close_response, Command.FLUSH: _fill_reserved,
    Command.READ: _fill_read_response, Command.WRITE: _fill_write_response, Command.LOCK: _fill_reserved,
    Command.IOCTL: _fill_ioctl_response, Command.KEEP_ALIVE: _fill_reserved, Command.FIND: _fill_find_response,
    Command.NOTIFY: _fill_notify_response, Command.GET_INFO: _fill_get_info_response,
    Command.SET_INFO: _fill_set_info_response,
}  # fmt: skip
