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
        known = message.exchange is not None and message.exchange.known
        file = f" File: {name}" if name or known else ""
        return _range(layer, message) + _level(layer, message) + file + _search(layer, message)
    return _search(layer, message)


def _search(layer: Layer, message: Message) -> str:
    """What a Find asks for, also behind its answer."""
    levels = layer.computed("smb2.find.infolevel")
    if message.command != Command.FIND or message.exchange is None or not levels:
        return ""
    return f" {label_of('smb2.find.infolevel', levels[0])} Pattern: {message.exchange.pattern}"


def _level(layer: Layer, message: Message) -> str:
    """What kind of information is asked for or set: FILE_INFO/SMB2_FILE_STANDARD_INFO."""
    kinds = layer.computed("smb2.class")
    if message.command not in (Command.GET_INFO, Command.SET_INFO) or not kinds:
        return ""
    name = {1: "file_info", 2: "fs_info", 3: "sec_info"}.get(kinds[0], "")
    levels = layer.computed(f"smb2.{name}.infolevel") if name else ()
    level = "".join(f"/{label_of(f'smb2.{name}.infolevel', value)}" for value in levels[:1])
    return f" {label_of('smb2.class', kinds[0])}{level}"


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
