"""The packet list's line of an SMB message (version 1).

In: a layer and its title.  Out: the line.  Source: what Wireshark 4.4 shows.
"""

from __future__ import annotations

from typing import Any

from dfilter.packets.protocols.label_texts import label_of
from dfilter.packets.view import Layer

_QUERY_PATH, _QUERY_FILE = 5, 7
_TRANSACTION2 = 0x32
_FUNCTIONS = {0: "OPEN2", 1: "FIND_FIRST2", 2: "FIND_NEXT2", 3: "QUERY_FS_INFO", 4: "SET_FS_INFO",
              _QUERY_PATH: "QUERY_PATH_INFO", 6: "SET_PATH_INFO", _QUERY_FILE: "QUERY_FILE_INFO",
              8: "SET_FILE_INFO", 16: "GET_DFS_REFERRAL"}  # fmt: skip
"""MS-CIFS section 2.2.2.2."""
_ABOUT_FILE = frozenset({0x04, 0x05, 0x2E, 0x2F, 0xA2, 0x08})
_CREATE, _READ, _WRITE, _TREE_CONNECT = 0xA2, 0x2E, 0x2F, 0x75


def message_text(layer: Layer, title: str, response: bool) -> str:
    """The command, which way it goes, and what it is about."""
    text = f"{title} {'Response' if response else 'Request'}"
    command = _first(layer, "smb.cmd")
    status = _first(layer, "smb.nt_status")
    failed = f", Error: {label_of('smb.nt_status', status, f'Unknown (0x{status:08x})')}" if response and status else ""
    if command == _TRANSACTION2:
        return text + _transaction(layer, response) + failed
    if command == _CREATE and not response:
        return f"{text}, Path: {_first(layer, 'smb.file') or ''}"
    if command == _TREE_CONNECT and not response:
        return f"{text}, Path: {_first(layer, 'smb.path') or ''}"
    fids = layer.computed("smb.fid")
    if command in _ABOUT_FILE and fids:
        text += f", FID: 0x{fids[0]:04x}"
    return text + _amount(layer, command, response) + failed


def _amount(layer: Layer, command: int | None, response: bool) -> str:
    """How much is read or written."""
    if command == _READ and not response:
        return f", {_first(layer, 'smb.maxcount_low')} bytes at offset {_first(layer, 'smb.offset')}"
    if command == _READ:
        length = _first(layer, "smb.data_len_low")
        return f", {length} bytes" if length is not None else ""
    if command == _WRITE and not response:
        return f", {_first(layer, 'smb.data_len_low')} bytes at offset {_first(layer, 'smb.offset')}"
    return ""


def _transaction(layer: Layer, response: bool) -> str:
    function = _first(layer, "smb.trans2.cmd")
    text = f", {_FUNCTIONS.get(function, function)}"
    fids = layer.computed("smb.fid")
    if function == _QUERY_FILE and fids:
        text = f", FID: 0x{fids[0]:04x}{text}" if response else f"{text}, FID: 0x{fids[0]:04x}"
    if response:
        total = _first(layer, "smb.tdc")
        return text + (f", Data: {_first(layer, 'smb.dc')} of {total}" if total else "")
    level = _first(layer, "smb.qpi_loi")
    if level is not None:
        text += f", {label_of('smb.qpi_loi', level)}"
    files = layer.computed("smb.file") if function == _QUERY_PATH else ()
    return text + "".join(f", Path: {name}" for name in files[:1])


def _first(layer: Layer, name: str) -> Any:
    values = layer.computed(name)
    return values[0] if values else None
