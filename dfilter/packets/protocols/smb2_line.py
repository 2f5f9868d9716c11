"""The packet list's line of an SMB2 message.

In: a layer and its message.  Out: the line.  Source: what Wireshark 4.4 shows.
"""

from __future__ import annotations

from dfilter.packets.protocols.label_texts import label_of
from dfilter.packets.protocols.smb2_state import Command, Message
from dfilter.packets.view import Layer

_FILE_COMMANDS = frozenset({Command.CLOSE, Command.FIND, Command.GET_INFO, Command.SET_INFO, Command.NOTIFY,
                            Command.READ, Command.WRITE, Command.IOCTL, Command.FLUSH, Command.LOCK})  # fmt: skip


def message_text(layer: Layer, message: Message) -> str:
    """The command, which way it goes, what went wrong, and what it is about."""
    text = f"{message.title} {'Response' if message.response else 'Request'}"
    if message.response and message.status:
        text += f", Error: {label_of('smb2.nt_status', message.status, f'Unknown (0x{message.status:08x})')}"
    return text + _subject(layer, message)


def _subject(layer: Layer, message: Message) -> str:
    name = _name(layer, message)
    if message.command == Command.TREE_CONNECT and not message.response:
        return f" Tree: {name}" if name else ""
    if message.command == Command.CREATE and not (message.response and message.status):
        return f" File: {name}"
    if message.command in _FILE_COMMANDS and not message.response:
        return _range(layer, message) + (f" File: {name}" if name else "")
    return ""


def _range(layer: Layer, message: Message) -> str:
    kind = {Command.READ: "read", Command.WRITE: "write"}.get(Command(message.command))
    if kind is None:
        return ""
    lengths, offsets = layer.computed(f"smb2.{kind}_length"), layer.computed("smb2.file_offset")
    return f" Len:{lengths[0]} Off:{offsets[0]}" if lengths and offsets else ""


def _name(layer: Layer, message: Message) -> str:
    field = "smb2.tree" if message.command == Command.TREE_CONNECT else "smb2.filename"
    names = layer.computed(field)
    if names:
        return str(names[0])
    return message.exchange.name if message.exchange is not None else ""
