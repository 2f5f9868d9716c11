"""NFS and its mounts behind remote procedure calls: arguments, how replies end, what is left as data."""

from __future__ import annotations

import struct

import pytest

from dfilter.packets.session import RawFrame, Session
from tests.packets.protocols.wire_table import ADDRESSES, disagreements, faults_when_cut

NFS, MOUNT, OTHER = 100003, 100005, 100001
HANDLE = "00000004 66666666"
XID = "00000001"


def call(program: int, version: int, procedure: int, body: str) -> str:
    words = (0, 2, program, version, procedure, 0, 0, 0, 0)
    return XID + struct.pack(">9I", *words).hex() + body


CALLS = f"""
udp/2049: {call(NFS, 3, 3, HANDLE + "00000003 61626300")}
    nfs.name == "abc" and nfs.fhandle == 66:66:66:66 and nfs.fh.length == 4 and nfs.procedure_v3 == 3 and not data
udp/2049: {call(NFS, 3, 6, HANDLE + "0000000000001000 00000200")}
    nfs.offset3 == 4096 and nfs.count3 == 512
udp/2049: {call(NFS, 3, 14, HANDLE + "00000001 61000000" + HANDLE + "00000001 62000000")}
    nfs.name == "a" and nfs.name == "b" and count(nfs.fhandle) == 2
udp/2049: {call(NFS, 2, 4, "bb" * 32 + "ffffffff 2edddddd")}
    nfs.fhandle and nfs.procedure_v2 == 4 and _ws.malformed
udp/2049: {call(NFS, 3, 0, "")}
    nfs and not data
udp/2049: {call(NFS, 3, 0, "01020304")}
    nfs and data.data == 01:02:03:04
udp/635: {call(MOUNT, 3, 1, "00000004 2f657870")}
    mount.path == "/exp" and mount.procedure_v3 == 1
"""


def test_calls() -> None:
    assert list(disagreements(CALLS)) == []


def test_cut_calls_are_no_faults() -> None:
    assert faults_when_cut(CALLS) == []


REPLIES = [
    (NFS, 3, 3, "00000000 00000004 66666666 00000000 00000000", "nfs.fhandle", 0),
    (NFS, 3, 3, "00000002 00000000 01020304", "nfs.status3", 4),
    (NFS, 3, 3, "00000002 00000001" + "00" * 84 + "0102", "nfs.status", 2),
    (NFS, 3, 14, "00000002" + "00" * 16, "nfs.status3", 0),
    (NFS, 3, 15, "00000002" + "00" * 12 + "ff", "nfs.status3", 1),
    (NFS, 3, 7, "00000000 00000000 00000000 00000020 00000002" + "00" * 8, "nfs.count3", 0),
    (NFS, 3, 1, "41414141 01", "nfs.status3", 1),
    (NFS, 2, 4, "00000002 01020304", "nfs.status2", 4),
    (MOUNT, 3, 1, "42424242 0102", "mount.status", 2),
    (MOUNT, 3, 1, "00000000 00000004 66666666 00000000", "nfs.fhandle", 0),
    (MOUNT, 3, 0, "01020304", "mount.procedure_v3", 4),
]


def datagram(payload: str, *, back: bool = False) -> bytes:
    content = bytes.fromhex(payload)
    source, target = (b"\x0a\0\0\1", b"\x0a\0\0\2")[:: -1 if back else 1]
    ports = (2049, 700) if back else (700, 2049)
    udp = struct.pack(">HHHH", *ports, 8 + len(content), 0) + content
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, source, target)
    return ADDRESSES + b"\x08\0" + head + udp


@pytest.mark.parametrize(("program", "version", "procedure", "result", "field", "left"), REPLIES)
def test_replies(program: int, version: int, procedure: int, result: str, field: str, left: int) -> None:
    session = Session()
    asked = datagram(call(program, version, procedure, HANDLE + HANDLE + "00000000" * 4))
    answer = datagram(XID + "00000001" + "00000000" * 4 + result, back=True)
    session.dissect(RawFrame(1, 0, asked, len(asked), 1))
    view = session.dissect(RawFrame(2, 0, answer, len(answer), 1))
    view.complete()
    assert view.get(field)
    assert [len(data) for data in view.get("data.data")] == ([left] if left else [])
    assert "_ws.malformed" not in view.by_name
    assert not session.internal_errors
