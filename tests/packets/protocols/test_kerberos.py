"""Kerberos: requests, replies, errors, record marks, and tickets in GSS-API tokens."""

from __future__ import annotations

from tests.packets.builders import dissect
from tests.packets.protocols.windows_wire import Talk, check, datagram, der, survives

TIME = der(0x18, b"20240102030405Z")
TIME_NS = 1_704_164_645 * 10**9


def number(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def text(value: str) -> bytes:
    return der(0x1B, value.encode())


def name(kind: int, *parts: str) -> bytes:
    return der(0x30, der(0xA0, number(kind)), der(0xA1, der(0x30, *map(text, parts))))


def as_request() -> bytes:
    padata = der(0x30, der(0x30, der(0xA1, number(128)), der(0xA2, der(4, der(0x30, der(0xA0, der(1, b"\xff")))))))
    body = der(0x30, der(0xA0, der(3, b"\0\x40\x81\0\x10")), der(0xA1, name(1, "alice")),
               der(0xA2, text("EXAMPLE.COM")),
               der(0xA3, name(2, "krbtgt", "EXAMPLE.COM")), der(0xA5, TIME), der(0xA7, number(0x7FFFFFF0)),
               der(0xA8, der(0x30, number(18), number(-133))))  # fmt: skip
    return der(0x6A, der(0x30, der(0xA1, number(5)), der(0xA2, number(10)), der(0xA3, padata), der(0xA4, body)))


def krb_error(code: int) -> bytes:
    info = der(0x30, der(0x30, der(0xA0, number(18)), der(0xA1, text("EXAMPLE.COMalice"))))
    methods = der(0x30, der(0x30, der(0xA1, number(19)), der(0xA2, der(4, info))))
    return der(0x7E, der(0x30, der(0xA0, number(5)), der(0xA1, number(30)), der(0xA4, TIME), der(0xA5, number(7)),
                         der(0xA6, number(code)), der(0xA9, text("EXAMPLE.COM")), der(0xAA, name(2, "krbtgt")),
                         der(0xAC, der(4, methods))))  # fmt: skip


def test_a_request_and_its_error() -> None:
    request = datagram(as_request(), 88)
    views = dissect([request, datagram(krb_error(25), 88), datagram(krb_error(6), 88)])
    check(views[0], {"kerberos.msg_type": [10], "kerberos.CNameString": ["alice"], "kerberos.realm": ["EXAMPLE.COM"],
                     "kerberos.SNameString": ["krbtgt", "EXAMPLE.COM"], "kerberos.till": [TIME_NS],
                     "kerberos.nonce": [0x7FFFFFF0], "kerberos.ENCTYPE": [18, -133], "kerberos.response_in": [2],
                     "kerberos.KDCOptions.forwardable": [True], "kerberos.KDCOptions.renewable": [True],
                     "kerberos.KDCOptions.proxy": [False], "kerberos.include_pac": [True]})  # fmt: skip
    check(views[1], {"kerberos.error_code": [25], "kerberos.info2_salt": ["EXAMPLE.COMalice"], "kerberos.etype": [18],
                     "kerberos.response_to": [1], "kerberos.time": [10**9], "kerberos.stime": [TIME_NS]})  # fmt: skip
    check(views[2], {"kerberos.response_to": []})


def test_records_over_tcp_are_put_together() -> None:
    message = as_request()
    record = len(message).to_bytes(4, "big") + message
    talk = Talk(88)
    talk.say(record[:50])
    talk.say(record[50:] + record)
    first, second = talk.views()
    check(first, {"kerberos.msg_type": []})
    check(second, {"kerberos.rm.length": [len(message)] * 2, "kerberos.CNameString": ["alice"] * 2})


def test_other_bytes_are_no_kerberos() -> None:
    view = dissect([datagram(b"\x30\x05hello", 88)])[0]
    assert "kerberos" not in view.by_name


def test_damage() -> None:
    survives([datagram(as_request(), 88), datagram(krb_error(25), 88)], rounds=150)
