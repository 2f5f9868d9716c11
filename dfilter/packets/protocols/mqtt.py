"""MQTT 3.1, 3.1.1 and 5.0 over TCP. The version that CONNECT names is kept with the conversation."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import wait_for
from dfilter.packets.view import Layer, View

_FIELDS = """
    mqtt.hdrflags UINT8
    mqtt.msgtype UINT8
    mqtt.hdr_reserved UINT8
    mqtt.dupflag BOOLEAN
    mqtt.qos UINT8
    mqtt.retain BOOLEAN
    mqtt.retain_reserved UINT8
    mqtt.len UINT64
    mqtt.proto_len UINT16
    mqtt.protoname STRING
    mqtt.ver UINT8
    mqtt.conflags UINT8
    mqtt.conflag.uname BOOLEAN
    mqtt.conflag.passwd BOOLEAN
    mqtt.conflag.retain BOOLEAN
    mqtt.conflag.qos UINT8
    mqtt.conflag.willflag BOOLEAN
    mqtt.conflag.cleansess BOOLEAN
    mqtt.conflag.reserved BOOLEAN
    mqtt.kalive UINT16
    mqtt.clientid_len UINT16
    mqtt.clientid STRING
    mqtt.will_properties NONE
    mqtt.willtopic_len UINT16
    mqtt.willtopic STRING
    mqtt.willmsg_len UINT16
    mqtt.willmsg BYTES
    mqtt.username_len UINT16
    mqtt.username STRING
    mqtt.passwd_len UINT16
    mqtt.passwd STRING
    mqtt.conack.flags UINT8
    mqtt.conack.flags.reserved BOOLEAN
    mqtt.conack.flags.sp BOOLEAN
    mqtt.conack.val UINT8
    mqtt.topic_len UINT16
    mqtt.topic STRING
    mqtt.msgid UINT16
    mqtt.msg BYTES
    mqtt.sub.qos UINT8
    mqtt.suback.qos UINT8
    mqtt.subscription_options UINT8
    mqtt.subscription_options_reserved UINT8
    mqtt.subscription_options_retain UINT8
    mqtt.subscription_options_rap BOOLEAN
    mqtt.subscription_options_nl BOOLEAN
    mqtt.subscription_options_qos UINT8
    mqtt.properties NONE
    mqtt.property_len UINT64
    mqtt.property_id UINT8
    mqtt.prop_number UINT32
    mqtt.prop_string_len UINT32
    mqtt.prop_string STRING
    mqtt.prop_key_len UINT32
    mqtt.prop_key STRING
    mqtt.prop_value_len UINT32
    mqtt.prop_value STRING
    mqtt.connack.reason_code UINT8
    mqtt.puback.reason_code UINT8
    mqtt.pubrec.reason_code UINT8
    mqtt.pubrel.reason_code UINT8
    mqtt.pubcomp.reason_code UINT8
    mqtt.suback.reason_code UINT8
    mqtt.unsuback.reason_code UINT8
    mqtt.disconnect.reason_code UINT8
    mqtt.auth.reason_code UINT8
"""

MQTT = Protocol(
    "mqtt",
    "MQTT",
    fields=(*computed_table(_FIELDS), computed("mqtt.unknown_version", T.NONE, stateful=True)),
    over={"tcp.port": (1883,)},
)

(CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ,
 PINGRESP, DISCONNECT, AUTH) = range(1, 16)  # fmt: skip
VERSION_3_1, VERSION_3_1_1, VERSION_5 = 3, 4, 5
_ACKNOWLEDGEMENTS = {PUBACK: "puback", PUBREC: "pubrec", PUBREL: "pubrel", PUBCOMP: "pubcomp"}

_BYTE, _TWO, _FOUR, _VARIABLE, _STRING, _PAIR = range(6)
_PROPERTIES = {
    0x01: _BYTE, 0x02: _FOUR, 0x03: _STRING, 0x08: _STRING, 0x09: _STRING, 0x0B: _VARIABLE, 0x11: _FOUR,
    0x12: _STRING, 0x13: _TWO, 0x15: _STRING, 0x16: _STRING, 0x17: _BYTE, 0x18: _FOUR, 0x19: _BYTE, 0x1A: _STRING,
    0x1C: _STRING, 0x1F: _STRING, 0x21: _TWO, 0x22: _TWO, 0x23: _TWO, 0x24: _BYTE, 0x25: _BYTE, 0x26: _PAIR,
    0x27: _FOUR, 0x28: _BYTE, 0x29: _BYTE, 0x2A: _BYTE,
}  # fmt: skip
"""Property -> how its value is encoded (MQTT 5.0 section 2.2.2.2)."""


@MQTT.dissector
def dissect_mqtt(view: View, region: Region) -> bool | None:
    if view.stream is None:
        return False
    state = view.stream.conversation.state
    at = 0
    while at < region.length:
        head, length = _remaining_length(region, at)
        missing = at + head + length - region.length
        if missing > 0:
            wait_for(region, at, missing)
        part = region.clipped(at, head + length)
        if part.u8(0) >> 4 == CONNECT and part.length > 6:
            name = part.u16(head)
            if head + 2 + name < part.length:
                state["mqtt.version"] = part.u8(head + 2 + name)
        layer = view.push(MQTT, part)
        layer.state = state.get("mqtt.version")
        at += head + length
    return None


def _remaining_length(region: Region, at: int) -> tuple[int, int]:
    """Bytes of the fixed header, and of what follows it (MQTT 3.1.1 section 2.2.3)."""
    value = 0
    for index in range(4):
        if at + 1 + index >= region.length:
            wait_for(region, at, 1)
        byte = region.u8(at + 1 + index)
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return 2 + index, value
    return 5, value


class _Cursor:
    """Reads one message in order and adds what it reads to the layer."""

    def __init__(self, layer: Layer, at: int) -> None:
        self.layer, self.at = layer, at
        self.end = layer.region.reported_length

    @property
    def left(self) -> int:
        return self.end - self.at

    def number(self, name: str, size: int = 1) -> int:
        value = int.from_bytes(self.layer.region.bytes(self.at, size), "big")
        self.add(name, value, size)
        self.at += size
        return value

    def add(self, name: str, value: object, size: int = 1) -> None:
        self.layer.add("mqtt." + name, value, self.layer.start + self.at, size)

    def text(self, name: str, length_name: str) -> None:
        size = self.number(length_name, 2)
        self.add(name, self.layer.region.bytes(self.at, size).decode("utf-8", "replace"), size)
        self.at += size

    def raw(self, name: str, size: int) -> None:
        self.add(name, self.layer.region.bytes(self.at, size), size)
        self.at += size

    def variable(self, name: str) -> int:
        value = size = 0
        while size < 4:
            byte = self.layer.region.u8(self.at + size)
            value |= (byte & 0x7F) << 7 * size
            size += 1
            if byte < 0x80:
                break
        self.add(name, value, size)
        self.at += size
        return value

    def properties(self, name: str = "properties") -> None:
        self.layer.add("mqtt." + name, None, self.layer.start + self.at)
        size = self.variable("property_len")
        stop = self.at + size
        if stop > self.end:
            raise Malformed("properties that do not fit")
        while self.at < stop:
            self._property(_PROPERTIES.get(self.number("property_id"), -1))

    def _property(self, kind: int) -> None:
        if kind in (_BYTE, _TWO, _FOUR):
            self.number("prop_number", (1, 2, 4)[kind])
        elif kind == _VARIABLE:
            self.variable("prop_number")
        elif kind == _STRING:
            self.text("prop_string", "prop_string_len")
        elif kind == _PAIR:
            self.text("prop_key", "prop_key_len")
            self.text("prop_value", "prop_value_len")
        else:
            raise Malformed("an unknown property")


@MQTT.filler
def fill_mqtt(layer: Layer) -> None:
    version = layer.state
    if version not in (VERSION_3_1, VERSION_3_1_1, VERSION_5):
        layer.add("mqtt.unknown_version", None)
    cursor = _Cursor(layer, 0)
    flags = layer.region.u8(0)
    kind = flags >> 4
    cursor.add("hdrflags", flags)
    cursor.add("msgtype", kind)
    if kind == PUBLISH or (version == VERSION_3_1 and kind in (PUBREL, SUBSCRIBE, UNSUBSCRIBE)):
        cursor.add("dupflag", flags & 8 != 0)
        cursor.add("qos", flags >> 1 & 3)
        if kind == PUBLISH:
            cursor.add("retain", flags & 1 != 0)
        else:
            cursor.add("retain_reserved", flags & 1)
    else:
        cursor.add("hdr_reserved", flags & 15)
    cursor.at = 1
    cursor.variable("len")
    _fill_body(cursor, kind, flags, version)


def _fill_body(cursor: _Cursor, kind: int, flags: int, version: int | None) -> None:
    is_5 = version == VERSION_5
    if kind == CONNECT:
        _fill_connect(cursor)
    elif kind == CONNACK:
        _fill_connack(cursor, version)
    elif kind == PUBLISH:
        cursor.text("topic", "topic_len")
        if flags & 6:
            cursor.number("msgid", 2)
        if is_5:
            cursor.properties()
        if cursor.left:
            cursor.raw("msg", cursor.left)
    elif kind in _ACKNOWLEDGEMENTS:
        cursor.number("msgid", 2)
        if is_5 and cursor.left:
            cursor.number(_ACKNOWLEDGEMENTS[kind] + ".reason_code")
            if cursor.left:
                cursor.properties()
    elif kind in (SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK):
        _fill_subscription(cursor, kind, is_5)
    elif kind in (DISCONNECT, AUTH) and is_5 and cursor.left:
        cursor.number("disconnect.reason_code" if kind == DISCONNECT else "auth.reason_code")
        if cursor.left:
            cursor.properties()


def _fill_connect(cursor: _Cursor) -> None:
    cursor.text("protoname", "proto_len")
    version = cursor.number("ver")
    flags = cursor.layer.region.u8(cursor.at)
    cursor.add("conflags", flags)
    for name, mask in (("uname", 0x80), ("passwd", 0x40), ("retain", 0x20)):
        cursor.add("conflag." + name, flags & mask != 0)
    cursor.add("conflag.qos", flags >> 3 & 3)
    for name, mask in (("willflag", 4), ("cleansess", 2), ("reserved", 1)):
        cursor.add("conflag." + name, flags & mask != 0)
    cursor.at += 1
    cursor.number("kalive", 2)
    if version == VERSION_5:
        cursor.properties()
    cursor.text("clientid", "clientid_len")
    if flags & 4:
        if version == VERSION_5:
            cursor.properties("will_properties")
        cursor.text("willtopic", "willtopic_len")
        cursor.raw("willmsg", cursor.number("willmsg_len", 2))
    if flags & 0x80:
        cursor.text("username", "username_len")
    if flags & 0x40:
        cursor.text("passwd", "passwd_len")


def _fill_connack(cursor: _Cursor, version: int | None) -> None:
    flags = cursor.layer.region.u8(cursor.at)
    if version in (VERSION_3_1_1, VERSION_5):
        cursor.add("conack.flags", flags)
        cursor.add("conack.flags.sp", flags & 1 != 0)
    cursor.add("conack.flags.reserved", flags & 0xFE != 0)
    cursor.at += 1
    cursor.number("connack.reason_code" if version == VERSION_5 else "conack.val")
    if version == VERSION_5:
        cursor.properties()


def _fill_subscription(cursor: _Cursor, kind: int, is_5: bool) -> None:
    cursor.number("msgid", 2)
    if is_5:
        cursor.properties()
    while cursor.left:
        if kind == SUBACK:
            cursor.number("suback.reason_code" if is_5 else "suback.qos")
        elif kind == UNSUBACK:
            if not is_5:
                return
            cursor.number("unsuback.reason_code")
        else:
            cursor.text("topic", "topic_len")
            if kind == SUBSCRIBE:
                _fill_options(cursor, is_5)


def _fill_options(cursor: _Cursor, is_5: bool) -> None:
    if not is_5:
        cursor.number("sub.qos")
        return
    options = cursor.layer.region.u8(cursor.at)
    cursor.add("subscription_options_reserved", options >> 6)
    cursor.add("subscription_options_retain", options >> 4 & 3)
    cursor.add("subscription_options_rap", options & 8 != 0)
    cursor.add("subscription_options_nl", options & 4 != 0)
    cursor.add("subscription_options_qos", options & 3)
    cursor.number("subscription_options")


@MQTT.info_line
def mqtt_info(layer: Layer) -> str:
    names = ("Reserved", "Connect Command", "Connect Ack", "Publish Message", "Publish Ack", "Publish Received",
             "Publish Release", "Publish Complete", "Subscribe Request", "Subscribe Ack", "Unsubscribe Request",
             "Unsubscribe Ack", "Ping Request", "Ping Response", "Disconnect Req", "Authentication")  # fmt: skip
    topics = layer.computed("mqtt.topic")
    return names[layer.region.u8(0) >> 4] + "".join(f" [{topic}]" for topic in topics[:1])
