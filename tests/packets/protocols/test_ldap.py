"""LDAP: binds, searches, results, and messages that span segments."""

from __future__ import annotations

from tests.packets.builders import dissect
from tests.packets.protocols.windows_wire import Talk, check, datagram, der, ntlm_negotiate, survives


def message(identity: int, operation: bytes, *controls: bytes) -> bytes:
    return der(0x30, der(2, bytes([identity])), operation, *controls)


def search(filter_: bytes) -> bytes:
    return der(0x63, der(4, b"dc=x"), der(10, b"\2"), der(10, b"\0"), der(2, b"\0"), der(2, b"\0"), der(1, b"\0"),
               filter_, der(0x30, der(4, b"cn")))  # fmt: skip


RESULT = der(10, b"\0") + der(4) + der(4, b"fine\0")
EQUAL = der(0xA3, der(4, b"cn"), der(4, b"bob"))
BINARY = der(0xA3, der(4, b"guid"), der(4, b"\1\xff"))


def test_a_bind_carries_ntlm() -> None:
    talk = Talk(389)
    sasl = der(0xA3, der(4, b"GSS-SPNEGO"), der(4, ntlm_negotiate()))
    talk.say(message(1, der(0x60, der(2, b"\3"), der(4, b"me"), sasl)))
    talk.say(message(1, der(0x61, RESULT)), back=True)
    first, second = talk.views()
    check(first, {"ldap.messageID": [1], "ldap.protocolOp": [0], "ldap.authentication": [3],
                  "ldap.mechanism": ["GSS-SPNEGO"], "ntlmssp.messagetype": [1], "ldap.response_in": [2]})  # fmt: skip
    check(second, {"ldap.resultCode": [0], "ldap.errorMessage": ["fine"], "ldap.response_to": [1],
                   "ldap.time": [10**9]})  # fmt: skip


def test_searches_show_their_filter() -> None:
    paging = der(0x30, der(4, b"1.2.840.113556.1.4.319"), der(4, der(0x30, der(2, b"\x01\xf4"), der(4))))
    talk = Talk(389)
    talk.say(message(2, search(der(0xA0, der(0x87, b"objectClass"), EQUAL, der(0xA2, BINARY))), der(0xA0, paging)))
    check(talk.views()[0], {
        "ldap.protocolOp": [3], "ldap.scope": [2], "ldap.filter": [0], "ldap.and": [3], "ldap.and_item": [7, 3, 2],
        "ldap.not": [3], "ldap.present": ["objectClass"], "ldap.assertionValue": ["bob", "01:ff"],
        "ldap.AttributeDescription": ["cn"], "ldap.size": [500], "ldap.controlValue": []})  # fmt: skip


def test_messages_span_segments() -> None:
    mail = der(0x30, der(4, b"mail"), der(0x31, der(4, b"b@x"), der(4, b"c@x")))
    entry = der(0x64, der(4, b"cn=bob"), der(0x30, mail))
    stream = message(3, entry) + message(3, der(0x65, RESULT))
    talk = Talk(389)
    for start in range(0, len(stream), 20):
        talk.say(stream[start : start + 20], back=True)
    views = talk.views()
    assert sum(len(view.by_name.get("ldap", ())) for view in views) == 2
    check(views[-1], {"ldap.protocolOp": [5]})
    entries = [view for view in views if view.by_name.get("ldap")]
    check(entries[0], {"ldap.objectName": ["cn=bob"], "ldap.AttributeValue": [b"b@x", b"c@x"], "ldap.vals": [2]})


def test_filters_end_at_a_depth() -> None:
    nested = EQUAL
    for _ in range(300):
        nested = der(0xA0, nested)
    talk = Talk(389)
    talk.say(message(4, search(nested)))
    view = talk.views()[0]
    assert len(view.get("ldap.and_item")) == 123


def test_start_tls_hands_the_connection_over() -> None:
    talk = Talk(389)
    talk.say(message(1, der(0x77, der(0x80, b"1.3.6.1.4.1.1466.20037"))))
    talk.say(message(1, der(0x78, RESULT)), back=True)
    talk.say(b"\x16\3\1\0\4\1\0\0\0")
    views = talk.views()
    check(views[0], {"ldap.requestName": ["1.3.6.1.4.1.1466.20037"]})
    assert "tls" in views[2].by_name


def test_connectionless_ldap_shares_the_fields() -> None:
    view = dissect([datagram(message(5, search(EQUAL)), 389)])[0]
    assert "cldap" in view.by_name
    check(view, {"ldap.messageID": [5], "ldap.baseObject": ["dc=x"]})


def test_damage() -> None:
    talk = Talk(389)
    parts = der(0xA4, der(4, b"cn"), der(0x30, der(0x80, b"a"), der(0x82, b"z")))
    talk.say(message(2, search(der(0xA0, EQUAL, parts))))
    talk.say(message(2, der(0x65, RESULT)), back=True)
    survives(talk.packets, rounds=150)
