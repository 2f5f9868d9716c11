"""DCE/RPC: binds, calls and their answers."""

from __future__ import annotations

import struct
import uuid

from tests.packets.protocols.windows_wire import Talk, check, ntlm_negotiate, survives

INTERFACE, NDR = uuid.UUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860")


def fragment(kind: int, body: bytes, auth: bytes = b"", call: int = 1) -> bytes:
    trailer = struct.pack("<BBBBI", 10, 2, 0, 0, 0) + auth if auth else b""
    size = 16 + len(body) + len(trailer)
    return struct.pack("<BBBB4sHHI", 5, 0, kind, 3, b"\x10\0\0\0", size, len(auth), call) + body + trailer


def bind() -> bytes:
    syntax = INTERFACE.bytes_le + struct.pack("<HH", 3, 0) + NDR.bytes_le + struct.pack("<I", 2)
    return fragment(11, struct.pack("<HHIBBHHBB", 5840, 5840, 0, 1, 0, 0, 0, 1, 0) + syntax, ntlm_negotiate())


def test_a_bind_names_the_interface() -> None:
    talk = Talk(135)
    whole = bind()
    talk.say(whole[:30])
    talk.say(whole[30:])
    view = talk.views()[1]
    check(view, {"dcerpc.pkt_type": [11], "dcerpc.cn_bind_to_uuid": [INTERFACE.bytes], "dcerpc.cn_bind_if_ver": [3],
                 "dcerpc.cn_bind_trans_id": [NDR.bytes], "dcerpc.auth_type": [10],
                 "ntlmssp.messagetype": [1]})  # fmt: skip


def test_a_response_has_the_operation_of_its_request() -> None:
    talk = Talk(50111)
    talk.say(bind())
    talk.say(fragment(0, struct.pack("<IHH", 4, 0, 15) + b"stub"))
    talk.say(fragment(2, struct.pack("<IHBB", 4, 0, 0, 0) + b"stub"), back=True)
    _, first, second = talk.views()
    check(first, {"dcerpc.opnum": [15], "dcerpc.response_in": [3, 3], "dcerpc.cn_ctx_id.no_bind": []})
    check(second, {"dcerpc.opnum": [15], "dcerpc.request_in": [2, 2], "dcerpc.time": [10**9]})


def test_without_a_bind_the_stub_is_all_there_is() -> None:
    talk = Talk(50111)
    talk.say(fragment(0, struct.pack("<IHH", 4, 0, 15) + b"stub"))
    talk.say(fragment(2, struct.pack("<IHBB", 4, 0, 0, 0) + b"answer"), back=True)
    first, second = talk.views()
    check(first, {"dcerpc.stub_data": [b"stub"], "dcerpc.cn_ctx_id.no_bind": [None], "dcerpc.response_in": []})
    check(second, {"dcerpc.stub_data": [b"answer"], "dcerpc.opnum": []})


def test_other_bytes_are_left_alone() -> None:
    talk = Talk(50111)
    talk.say(b"\5\0\x30\3" + bytes(30))
    assert "dcerpc" not in talk.views()[0].by_name


def test_damage() -> None:
    talk = Talk(135)
    talk.say(bind())
    talk.say(fragment(0, struct.pack("<IHH", 4, 0, 15) + b"stub"))
    survives(talk.packets)
