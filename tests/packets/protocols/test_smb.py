"""SMB 1: negotiation, session setup, AndX chains, files."""

from __future__ import annotations

import struct

import pytest

from tests.packets.protocols import http_wire
from tests.packets.protocols.windows_wire import Talk, check, ntlm_negotiate, session, survives, utf16


def smb(command: int, words: bytes, data: bytes, *, response: bool = False, flags2: int = 0xC801) -> bytes:
    header = struct.pack("<4sBIBHH8sHHHHH", b"\xffSMB", command, 0, 0x80 * response, flags2, 0, bytes(8), 0, 1, 2, 3, 4)
    return header + bytes([len(words) // 2]) + words + struct.pack("<H", len(data)) + data


def test_negotiation_and_setup() -> None:
    blob = ntlm_negotiate()
    text = utf16("Unix\0Samba\0")
    words = struct.pack("<BBHHHHIHII", 0xFF, 0, 0, 4356, 10, 1, 0, len(blob), 0, 0x80000000)
    talk = Talk(445)
    talk.say(session(smb(0x72, b"", b"\2NT LM 0.12\0\2SMB 2.002\0")))
    talk.say(session(smb(0x73, words, blob + b"\0" * (len(blob) % 2 == 0) + text)))
    talk.say(session(smb(0x72, b"\xff\xff", b"", response=True)), back=True)
    first, second, third = talk.views()
    check(first, {"smb.cmd": [0x72], "smb.dialect.name": ["NT LM 0.12", "SMB 2.002"], "smb.response_in": [3],
                  "smb.flags2.string": [True], "smb.nt_status": [0]})  # fmt: skip
    check(second, {"smb.cmd": [0x73, 0xFF], "ntlmssp.messagetype": [1], "smb.security_blob": [blob]})
    check(third, {"smb.response_to": [1], "smb.time": [2 * 10**9], "smb.flags.response": [True]})


def test_andx_commands_follow_each_other() -> None:
    second = b"\x02\xff\0\0\0\0\0"
    message = smb(0x74, struct.pack("<BBH", 0x74, 0, 39), b"", flags2=0) + second
    loop = smb(0x74, struct.pack("<BBH", 0x74, 0, 32), b"", flags2=0)
    talk = Talk(139)
    talk.say(session(message))
    talk.say(session(loop))
    first, looped = talk.views()
    check(first, {"smb.cmd": [0x74, 0x74, 0xFF], "smb.wct": [2, 2], "smb.error_class": [0]})
    check(looped, {"smb.cmd": [0x74, 0x74], "smb.andxoffset": [32]})


def test_a_file_is_named_when_it_is_opened() -> None:
    words = struct.pack("<BBHBHIIIQIIIIIB", 0xFF, 0, 0, 0, 10, 0x10, 0, 0x20089, 0, 0, 1, 1, 0, 2, 0)
    talk = Talk(445)
    talk.say(session(smb(0xA2, words, b"\0" + utf16("\\samr\0"))))
    check(talk.views()[0], {"smb.file": ["\\samr"], "smb.create.disposition": [1], "smb.access.read_control": [True]})


def test_damage() -> None:
    talk = Talk(445)
    talk.say(session(smb(0x72, b"", b"\2NT LM 0.12\0")))
    words = struct.pack("<HHHHBBHIHHHHHBBHHH", 0, 8, 0, 8, 0, 0, 0, 0, 0, 0, 0, 8, 80, 2, 0, 0x26, 1, 0)
    talk.say(session(smb(0x25, words, b"\0" + utf16("\\PIPE\\\0") + bytes(40))))
    survives(talk.packets)


CUT = """
    3   nbss
    4   nbss _ws.short
    7   nbss _ws.short
    35  nbss _ws.short
    36  nbss smb _ws.short
"""
"""Bytes captured of a negotiation, and what Wireshark 4.4 shows of it."""


@pytest.mark.parametrize("line", CUT.strip().splitlines())
def test_cut_by_the_capture(line: str) -> None:
    captured, *shown = line.split()
    message = session(smb(0x72, b"", b"\x02NT LM 0.12\0"))
    view = http_wire.Talk(445).client(message, snap=54 + int(captured)).views()[-1]
    assert [name for name in ("nbss", "smb", "data", "_ws.short") if name in view.by_name] == shown
