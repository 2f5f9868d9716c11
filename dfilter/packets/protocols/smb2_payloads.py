"""What SMB2 bodies name and carry: trees and files are remembered, blobs and pipes go on to their protocols.

In: a `Message`.  Out: state, and the layers above.  What always holds: damage inside a blob or a pipe ends only that.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import utf16_text
from dfilter.packets.protocols.dcerpc import looks_like as looks_like_dcerpc
from dfilter.packets.protocols.smb2_blobs import BODY, BUFFER_OVERFLOW, Blob, is_error, read_blob
from dfilter.packets.protocols.smb2_state import Command, Exchange, Message, Tree, connection, directory, remember
from dfilter.packets.region import Region
from dfilter.packets.view import View

PIPE = 2
"""The share type of named pipes."""
PIPE_TRANSCEIVE = 0x0011C017
_DATA_COMMANDS = (Command.READ, Command.WRITE, Command.IOCTL)


def dissect_body(view: View, message: Message) -> None:
    """Remember what the body names, and go on with what it carries; damage ends the frame."""
    if message.command >= len(Command) or is_error(message) or message.header_length < BODY:
        return
    region, exchange = message.region, message.exchange
    command = Command(message.command)
    if command in (Command.NEGOTIATE, Command.SESSION_SETUP):
        _go_on_with_blob(view, message)
    elif command is Command.TREE_CONNECT and exchange is not None:
        _note_tree(view, message)
    elif exchange is not None and not message.response:
        if command in (Command.GET_INFO, Command.SET_INFO):
            exchange.info = (region.u8(BODY + 2), region.u8(BODY + 3))
        elif command is Command.FIND:
            exchange.info = (0, region.u8(BODY + 2))
    if exchange is not None and view.session.needs.wants("_ws.col.info"):
        _note_name(view, message, exchange)
    if command in _DATA_COMMANDS:
        _go_on_with_data(view, message, command)


_FILE_AT = {
    Command.CLOSE: 8, Command.FLUSH: 8, Command.READ: 16, Command.WRITE: 16, Command.IOCTL: 8, Command.FIND: 8,
    Command.NOTIFY: 8, Command.GET_INFO: 24, Command.SET_INFO: 16, Command.LOCK: 8,
}  # fmt: skip
"""Where requests have the identifier of their file, from the body on."""
_FILE_SIZE = 16


def _note_name(view: View, message: Message, exchange: Exchange) -> None:
    """The packet list names the file of each request: keep what is opened under which identifier."""
    region, command, files = message.region, Command(message.command), connection(view).files
    if command is Command.CREATE and not message.response:
        blob = read_blob(region, BODY + 44)
        exchange.name = utf16_text(region.clipped(blob.offset, blob.length).rest())
    elif command is Command.CREATE and not message.status:
        remember(files, region.bytes(BODY + 64, _FILE_SIZE), exchange.name)
    elif command in _FILE_AT and not message.response and region.length >= BODY + _FILE_AT[command] + _FILE_SIZE:
        identifier = region.bytes(BODY + _FILE_AT[command], _FILE_SIZE)
        exchange.known = identifier in files
        exchange.name = files.get(identifier, "")
        if command is Command.FIND:
            blob = read_blob(region, BODY + 24)
            exchange.pattern = utf16_text(region.clipped(blob.offset, blob.length).rest())


def _note_tree(view: View, message: Message) -> None:
    region, exchange = message.region, message.exchange
    assert exchange is not None
    if not message.response:
        blob = read_blob(region, BODY + 4)
        exchange.name = utf16_text(region.clipped(blob.offset, blob.length).rest())
        return
    known = directory(view.session)
    if view.session.is_second_pass and (message.sesid, message.tid) in known.trees:
        return
    tree = Tree(exchange.name, region.u8(BODY + 2), message.frame)
    remember(known.trees, (message.sesid, message.tid), tree)


def _blob_of(message: Message) -> Blob | None:
    at = {(Command.NEGOTIATE, True): 56, (Command.SESSION_SETUP, False): 12,
          (Command.SESSION_SETUP, True): 4}.get((Command(message.command), message.response))  # fmt: skip
    return None if at is None else read_blob(message.region, BODY + at)


def _go_on_with_blob(view: View, message: Message) -> None:
    blob = _blob_of(message)
    if blob is None or blob.length == 0:
        return
    content = message.region.sub(blob.offset, blob.length)
    if content.length < content.reported_length:
        return
    name = "ntlmssp" if content.buf[content.start : content.start + 8] == b"NTLMSSP\0" else "gss-api"
    view.call_guarded(view.session.catalogue.protocols[name], content)


def _go_on_with_data(view: View, message: Message, command: Command) -> None:
    """What is read or written: DCE/RPC on a pipe, plain data else."""
    for content in _payloads(message, command):
        if content.length == 0:
            continue
        share = message.tree.share_type if message.tree is not None else None
        is_pipe = share in (PIPE, None) or command is Command.IOCTL
        if is_pipe and message.status != BUFFER_OVERFLOW and looks_like_dcerpc(content):
            view.call_guarded(view.session.catalogue.protocols["dcerpc"], content)
        else:
            view.call_data(content)


def _payloads(message: Message, command: Command) -> list[Region]:
    region = message.region
    if command is Command.READ and message.response:
        return [region.clipped(region.u8(BODY + 2), region.le32(BODY + 4))]
    if command is Command.WRITE and not message.response:
        return [region.clipped(region.le16(BODY + 2), region.le32(BODY + 4))]
    if command is not Command.IOCTL or region.le32(BODY + 4) != PIPE_TRANSCEIVE:
        return []
    incoming = read_blob(region, BODY + 24, (4, 4))
    outgoing = read_blob(region, BODY + (32 if message.response else 36), (4, 4))
    return [region.clipped(blob.offset, blob.length) for blob in (incoming, outgoing) if blob.length]
