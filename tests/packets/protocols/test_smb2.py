"""SMB2: requests and responses, trees, files, compounds, and the logons inside."""

from __future__ import annotations

import struct

import pytest

from dfilter.packets.view import View
from tests.packets.protocols import http_wire
from tests.packets.protocols.windows_wire import (
    Talk,
    check,
    der,
    ntlm_authenticate,
    ntlm_negotiate,
    session,
    smb2,
    survives,
    utf16,
)

SESSION = 0x1122334455667788
DENIED, PENDING, MORE = 0xC0000022, 0x103, 0xC0000016
_NTLM_OID = der(6, bytes.fromhex("2b06010401823702020a"))


def setup_request(blob: bytes) -> bytes:
    return smb2(1, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(blob), 0) + blob, message=1, sesid=SESSION)


def setup_response(blob: bytes, status: int = 0) -> bytes:
    return smb2(1, struct.pack("<HHHH", 9, 0, 72, len(blob)) + blob, message=1, status=status, sesid=SESSION)


def tree_request(path: str) -> bytes:
    return smb2(3, struct.pack("<HHHH", 9, 0, 72, 2 * len(path)) + utf16(path), message=2, sesid=SESSION)


def tree_response(kind: int) -> bytes:
    body = struct.pack("<HBBIII", 16, kind, 0, 0x8000, 0x10, 0x1F01FF)
    return smb2(3, body, message=2, status=0, tid=5, sesid=SESSION)


def create_request(name: str, message: int = 3, chain: int = 0) -> bytes:
    fixed = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 0x12019F, 0x20, 7, 1, 0x40, 120, 2 * len(name), 0, 0)
    return smb2(5, fixed + utf16(name), message=message, tid=5, sesid=SESSION, chain=chain)


def error(command: int, status: int, message: int = 3) -> bytes:
    return smb2(command, struct.pack("<HBBI", 9, 0, 0, 0), message=message, status=status, tid=5, sesid=SESSION)


def talk(*messages: tuple[bytes, bool]) -> list[View]:
    return spoken(*messages).views()


def spoken(*messages: tuple[bytes, bool]) -> Talk:
    made = Talk(445)
    for data, back in messages:
        made.say(session(data), back)
    return made


def test_a_tree_is_known_by_name_in_every_frame() -> None:
    views = talk((create_request("early.txt"), False), (tree_request(r"\\srv\IPC$"), False), (tree_response(2), True))
    check(views[0], {"smb2.filename": ["early.txt"], "smb2.tree": [r"\\srv\IPC$"], "smb2.share_type": [2],
                     "smb2.tcon_frame": [3]})  # fmt: skip
    check(views[1], {"smb2.tree": [r"\\srv\IPC$"], "smb2.response_in": [3], "smb2.tid": [0]})
    check(views[2], {"smb2.share_flags.encrypt_data": [True], "smb2.share_caps.continuous_availability": [True],
                     "smb.access_mask": [0x1F01FF], "smb2.response_to": [2], "smb2.time": [10**9]})  # fmt: skip


def test_errors_replace_the_body() -> None:
    views = talk((create_request("a"), False), (error(5, PENDING), True), (error(5, DENIED), True))
    check(views[0], {"smb2.response_in": [3], "smb.share.access.read": [True], "smb2.create.disposition": [1]})
    check(views[2], {"smb2.nt_status": [DENIED], "smb2.error.byte_count": [0], "smb2.fid": [], "smb2.response_to": [1]})


def test_compounds_show_every_header() -> None:
    first = create_request("one.txt", 7)
    first = create_request("one.txt", 7, len(first) + -len(first) % 8).ljust(len(first) + -len(first) % 8, b"\0")
    close = smb2(6, struct.pack("<HHI", 24, 1, 0) + b"\xff" * 16, message=8, tid=5, sesid=SESSION, flags=4)
    view = talk((first + close, False))[0]
    check(view, {"smb2.cmd": [5, 6], "smb2.msg_id": [7, 8], "smb2.filename": ["one.txt"], "smb2.fid": [b"\xff" * 16],
                 "smb2.close.pq_attrib": [True]})  # fmt: skip


def test_a_logon_is_followed_to_the_user() -> None:
    offer = der(0x30, der(0xA0, der(0x30, _NTLM_OID)), der(0xA2, der(4, ntlm_negotiate())))
    token = der(0x60, der(6, bytes.fromhex("2b0601050502")), der(0xA0, offer))
    answer = der(0xA1, der(0x30, der(0xA0, der(10, b"\1")), der(0xA2, der(4, ntlm_authenticate("DOM", "bob", "PC")))))
    views = talk((setup_request(token), False), (setup_response(b"", MORE), True), (setup_request(answer), False),
                 (setup_response(b""), True))  # fmt: skip
    check(views[0], {"gss-api.OID": ["1.3.6.1.5.5.2"], "spnego.mechTypes": [1], "ntlmssp.messagetype": [1],
                     "ntlmssp.negotiate.domain": ["NULL"], "ntlmssp.negotiatentlm": [True]})  # fmt: skip
    check(views[1], {"smb2.nt_status": [MORE], "smb2.auth_frame": [4]})
    check(views[2], {"ntlmssp.auth.domain": ["DOM"], "ntlmssp.auth.username": ["bob"], "ntlmssp.auth.hostname": ["PC"],
                     "ntlmssp.ntlmv2_response.nb_domain_name": ["DOM"], "spnego.negResult": [1],
                     "ntlmssp.ntlmclientchallenge": [bytes(8)]})  # fmt: skip


def test_encrypted_messages_show_their_session() -> None:
    data = b"\xfdSMB" + bytes(16) + b"n" * 16 + struct.pack("<IHHQ", 6, 0, 1, SESSION) + b"secret"
    view = talk((data, False))[0]
    check(view, {"smb2.header.transform.enc_data": [b"secret"], "smb2.sesid": [SESSION], "smb2.cmd": []})


def test_a_buffer_outside_the_message_is_malformed() -> None:
    broken = bytearray(create_request("abc"))
    broken[64 + 46] = 0xFF
    view = talk((bytes(broken), False))[0]
    assert "_ws.malformed" in view.by_name
    check(view, {"smb2.cmd": [5], "smb2.filename": []})


def test_damage() -> None:
    token = der(0x60, der(6, bytes.fromhex("2b0601050502")), der(0xA0, der(0x30, der(0xA2, der(4, ntlm_negotiate())))))
    survives(spoken((setup_request(token), False), (tree_request(r"\\s\x"), False), (tree_response(1), True),
                    (create_request("file"), False), (error(5, DENIED), True)).packets)  # fmt: skip


CUT = """
    4   nbss _ws.short
    5   nbss data
    8   nbss smb2 _ws.short
    23  nbss smb2 _ws.short
    24  nbss smb2 smb2.cmd _ws.short
    51  nbss smb2 smb2.cmd _ws.short
    52  nbss smb2 smb2.cmd smb2.sesid _ws.short
    100 nbss smb2 smb2.cmd smb2.sesid _ws.short
"""
"""Bytes captured of a session setup, and what Wireshark 4.4 shows of it: nothing of a security blob that is cut."""


@pytest.mark.parametrize("line", CUT.strip().splitlines())
def test_cut_by_the_capture(line: str) -> None:
    captured, *shown = line.split()
    message = session(setup_request(ntlm_negotiate()))
    view = http_wire.Talk(445).client(message, snap=54 + int(captured)).views()[-1]
    names = ("nbss", "smb2", "smb2.cmd", "smb2.sesid", "ntlmssp", "data", "_ws.short")
    assert [name for name in names if name in view.by_name or view.get(name)] == shown
