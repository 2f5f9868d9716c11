"""TFTP transfers on ports of their own, STUN on any port, MQTT over TCP."""

from __future__ import annotations

import struct

import pytest

from tests.packets.protocols.datagram_wire import SECOND, check, malformed, udp, views
from tests.packets.protocols.text_wire import Talk


def test_a_transfer_goes_on_at_other_ports() -> None:
    request, data, ack, stranger = views([
        udp(b"\0\1a.txt\0octet\0blksize\x001024\0", 50000, 69), udp(b"\0\3\0\1hello", 40000, 50000, back=True),
        udp(b"\0\4\0\1", 50000, 40000), udp(b"\0\4\0\1", 50001, 40000)])  # fmt: skip
    check(request, "tftp.", opcode=1, source_file="a.txt", type="octet", option__name="blksize", option__value="1024")
    check(data, "tftp.", block=1, block__full=1, destination_file="a.txt", request_frame=1)
    check(data, "data.", data=b"hello")
    check(ack, "tftp.", opcode=4, request_frame=1)
    assert "tftp" not in stranger.by_name


@pytest.mark.parametrize(("payload", "is_tftp"), [(b"\0\1f\0octet\0", True), (b"\0\1f\0other\0", False),
                                                  (b"\0\1\0octet\0", False)])  # fmt: skip
def test_requests_are_recognised_on_other_ports(payload: bytes, is_tftp: bool) -> None:
    (view,) = views([udp(payload, 50000, 50001)])
    assert ("tftp" in view.by_name) is is_tftp


def test_block_numbers_wrap() -> None:
    blocks = (0xFFFE, 0xFFFF, 0, 1)
    packets = [udp(b"\0\2f\0octet\0", 50000, 69), udp(b"\0\4\0\0", 40000, 50000, back=True)]
    packets += [udp(struct.pack(">HH", 3, number) + b"x", 50000, 40000) for number in (0x7000, *blocks)]
    assert [view.get("tftp.block.full")[0] for view in views(packets)[3:]] == [0xFFFE, 0xFFFF, 0x10000, 0x10001]


@pytest.mark.parametrize("payload", [b"\0", b"\0\1file", b"\0\3\0", b"\0\5\0\1x"])
def test_damaged_tftp(payload: bytes) -> None:
    (view,) = views([udp(payload, 50000, 69)])
    assert malformed(view)


IDENTIFIER = bytes(range(12))


def stun(kind: int, attributes: bytes = b"", cookie: bytes = b"\x21\x12\xa4\x42") -> bytes:
    return struct.pack(">HH", kind, len(attributes)) + cookie + IDENTIFIER + attributes


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def test_stun_binding() -> None:
    mapped = attribute(0x20, b"\0\1\x25\xc0\x20\x10\xa7\x46")
    ask, reply = views([udp(stun(1), 40000, 50000), udp(stun(0x101, mapped), 50000, 40000, back=True)])
    check(ask, "stun.", type=1, id=IDENTIFIER, **{"response-in": 2})
    check(reply, "stun.", type__class=16, time=SECOND, att__ipv4=b"\1\2\3\4", att__port=1234, **{"response-to": 1})


ATTRIBUTES = [
    (attribute(6, b"user:pw"), {"att__username": "user:pw", "att__padding": 1}),
    (attribute(9, b"\0\0\4\1No"), {"att__error__class": 4, "att__error": 1, "att__error__reason": "No"}),
    (attribute(0x0D, b"\0\0\2\x58"), {"att__lifetime": 600}),
    (attribute(0x7777, b"ab"), {"unknown_attribute": None, "value": b"ab", "attribute": []}),
    (attribute(0x13, b"data"), {"value": b"data"}),
]


@pytest.mark.parametrize(("wire", "wanted"), ATTRIBUTES)
def test_stun_attributes(wire: bytes, wanted: dict[str, object]) -> None:
    (view,) = views([udp(stun(1, wire), 40000, 50000)])
    check(view, "stun.", **wanted)


@pytest.mark.parametrize(
    ("payload", "protocol"),
    [(stun(1, cookie=bytes(4)), "classicstun"), (stun(1)[:12], "data"), (stun(1) + b"x", "data"),
     (stun(0x4001), "data"), (b"\x40\0\0\4abcd", "data")],
)  # fmt: skip
def test_what_stun_is_not(payload: bytes, protocol: str) -> None:
    (view,) = views([udp(payload, 40000, 50000)])
    assert protocol in view.by_name
    assert "stun" not in view.by_name


def test_channel_data_follows_stun() -> None:
    _, channel = views([udp(stun(1), 40000, 50000), udp(b"\x40\0\0\4abcd", 40000, 50000)])
    check(channel, "stun.", channel=0x4000, length=4)
    check(channel, "data.", data=b"abcd")


def text(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


def packet(kind: int, body: bytes) -> bytes:
    return bytes([kind, len(body)]) + body


def connect(version: int, flags: int, tail: bytes) -> bytes:
    return packet(0x10, text(b"MQTT") + bytes([version, flags]) + b"\0\x3c" + tail)


def test_mqtt_3_1_1() -> None:
    tail = text(b"cid") + text(b"will/t") + text(b"bye") + text(b"usr") + text(b"pw")
    subscription = packet(0x82, b"\0\7" + text(b"x/#") + b"\1")
    sent = (connect(4, 0xEE, tail), packet(0x32, text(b"a/b") + b"\0\5hello"), subscription)
    *_, hello, publish, subscribe = Talk(1883).client(*sent).views()
    check(hello, "mqtt.", ver=4, clientid="cid", willtopic="will/t", willmsg=b"bye", username="usr", passwd="pw",
          kalive=60)  # fmt: skip
    check(publish, "mqtt.", msgtype=3, topic="a/b", msgid=5, msg=b"hello", qos=1, unknown_version=[])
    check(subscribe, "mqtt.", topic="x/#", sub__qos=1)


def test_mqtt_5_has_properties() -> None:
    sent = (connect(5, 2, b"\5\x11\0\0\0\x0a" + text(b"cid")), packet(0x32, text(b"a") + b"\0\5\2\1\1hi"))
    *_, hello, publish = Talk(1883).client(*sent).views()
    check(hello, "mqtt.", property_id=0x11, prop_number=10, clientid="cid")
    check(publish, "mqtt.", property_len=2, prop_number=1, msg=b"hi")


def test_mqtt_messages_span_and_share_segments() -> None:
    whole = packet(0x30, text(b"t") + b"x" * 50)
    *_, first, second = Talk(1883).client(whole[:20], whole[20:] + packet(0xC0, b"")).views()
    assert "mqtt" not in first.by_name
    check(second, "mqtt.", msgtype=[3, 12], msg=b"x" * 50)


def test_damaged_mqtt() -> None:
    *_, view = Talk(1883).client(packet(0x30, b"\0\x20ab")).views()
    check(view, "mqtt.", topic_len=32, topic=[], unknown_version=None)
    assert malformed(view)
