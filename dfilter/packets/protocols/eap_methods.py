"""What EAP methods say in the clear (RFC 3748 section 5, RFC 4186, RFC 4187, draft-kamath-pppext-eap-mschapv2).

In: the layer of one EAP packet and the bytes behind its type.  Out: the fields of the method.  What always holds:
nothing here changes state; damage raises as `Region` does.  What is shown of damage is as observed in Wireshark 4.4.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import computed, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.view import Layer

REQUEST, RESPONSE = 1, 2
IDENTITY, NOTIFICATION, NAK, MD5, LEAP, SIM, AKA, MS_CHAP_V2, AKA_PRIME, EXPANDED = 1, 2, 3, 4, 17, 18, 23, 26, 50, 254
CHALLENGE, ANSWER, SUCCESS, FAILURE = 1, 2, 3, 4
SIM_NOTIFICATION, SIM_IDENTITY, SIM_ERROR = 12, 14, 22
MS_RESPONSE = 49
SIMPLE_CONFIGURATION = bytes.fromhex("00372a00000001")
"""Vendor and type of Wi-Fi Simple Configuration."""
_OTHERS = frozenset({33, 46, 47, 48, 49, 51})
"""Methods that Wireshark dissects and dfilter does not: MS-Authentication-TLV, PAX, PSK, SAKE, IKEv2, GPSK."""

METHOD_FIELDS = (
    *computed_table("""
        eap.identity                    STRING
        eap.identity.nonascii           NONE
        eap.identity.prefix             CHAR
        eap.identity.type               STRING
        eap.identity.mcc                UINT16
        eap.identity.mnc                UINT16
        eap.identity.actual_len         UINT16
        eap.identity.padding            BYTES
        eap.notification                STRING
        eap.desired_type                UINT8
        eap.mitm_attacks                NONE
        eap.dictionary_attacks          NONE
        eap.md5.value_size              UINT8
        eap.md5.value_size.overflow     NONE
        eap.md5.value                   BYTES
        eap.md5.extra_data              BYTES
        eap.leap.version                UINT8
        eap.leap.reserved               UINT8
        eap.leap.count                  UINT8
        eap.leap.peer_response          BYTES
        eap.leap.ap_response            BYTES
        eap.leap.name                   STRING
        eap.ms_chap_v2.opcode           UINT8
        eap.ms_chap_v2.id               UINT8
        eap.ms_chap_v2.length           UINT16
        eap.ms_chap_v2.length.invalid   NONE
        eap.ms_chap_v2.value_size       UINT8
        eap.ms_chap_v2.challenge        BYTES
        eap.ms_chap_v2.peer_challenge   BYTES
        eap.ms_chap_v2.reserved         BYTES
        eap.ms_chap_v2.nt_response      BYTES
        eap.ms_chap_v2.flags            UINT8
        eap.ms_chap_v2.response         BYTES
        eap.ms_chap_v2.name             STRING
        eap.ms_chap_v2.message          STRING
        eap.ms_chap_v2.failure_request  STRING
        eap.ms_chap_v2.data             BYTES
        eap.ext.vendor_id               UINT24
        eap.ext.vendor_type             UINT32
        eap.wps.code                    UINT8
        eap.wps.flags                   UINT8
        eap.wps.flags.more              BOOLEAN
        eap.wps.flags.length            BOOLEAN
        eap.wps.msglen                  UINT16
        eap.data                        BYTES
    """),
    *computed_table("""
        eap.leap.peer_challenge         BYTES
        eap.leap.ap_challenge           BYTES
    """, stateful=True),
    *(computed(f"eap.{method}.{name}", kind) for method in ("sim", "aka") for name, kind in (
        ("subtype", T.UINT8), ("reserved", T.UINT16), ("subtype.attribute", T.NONE), ("subtype.type", T.UINT8),
        ("subtype.len", T.UINT8), ("subtype.value", T.BYTES), ("notification_type", T.UINT16),
        ("error_code", T.UINT16))),
)  # fmt: skip

_PERMANENT = {"0": "EAP-AKA Permanent", "1": "EAP-SIM Permanent", "2": "EAP-AKA Pseudonym", "3": "EAP-SIM Pseudonym",
              "4": "EAP-AKA Reauth ID", "5": "EAP-SIM Reauth ID", "6": "EAP-AKA Prime Permanent",
              "7": "EAP-AKA Prime Pseudonym", "8": "EAP-AKA Prime Reauth ID"}  # fmt: skip


def fill_method(layer: Layer, type_: int, data: Region) -> None:
    """Add the fields of a method; `data` is what the packet holds behind its type, not empty."""
    fill = _METHODS.get(type_)
    if type_ in _OTHERS:
        return
    if fill is None:
        layer.add("eap.data", data.rest(), data.start, data.length)
    else:
        fill(layer, data)


def _text(layer: Layer, name: str, region: Region) -> None:
    layer.add(name, region.rest().split(b"\0", 1)[0].decode("utf-8", "replace"), region.start, region.length)


def _identity(layer: Layer, data: Region) -> None:
    raw = data.rest()
    if _mobile_identity(layer, data, raw):
        return
    text = raw.split(b"\0", 1)[0].decode("ascii", "replace")
    layer.add("eap.identity", text, data.start, data.length)
    if any(byte >= 0x80 for byte in raw):
        layer.add("eap.identity.nonascii", None, data.start, data.length)


def _mobile_identity(layer: Layer, data: Region, raw: bytes) -> bool:
    """The identity of a mobile subscriber (3GPP TS 23.003 section 14): a prefix, and the network in the realm."""
    user, _, realm = raw.decode("latin-1").partition("@")
    parts = realm.split(".")
    if len(parts) != 5 or parts[0] not in ("wlan", "nai") or parts[3] != "3gppnetwork":
        return False
    network, country = parts[1].removeprefix("mnc"), parts[2].removeprefix("mcc")
    if user[:1] not in _PERMANENT or not (network.isdecimal() and country.isdecimal()):
        return False
    layer.add("eap.identity.prefix", ord(user[0]), data.start, 1)
    layer.add("eap.identity.type", _PERMANENT[user[0]])
    layer.add("eap.identity.mnc", int(country) * 1000 + int(network))
    layer.add("eap.identity.mcc", int(country))
    return True


def _notification(layer: Layer, data: Region) -> None:
    _text(layer, "eap.notification", data)


def _nak(layer: Layer, data: Region) -> None:
    layer.add("eap.desired_type", data.u8(0), data.start, 1)


def _md5(layer: Layer, data: Region) -> None:
    layer.add("eap.mitm_attacks", None)
    walk = Cursor(layer, data, big=True)
    size = walk.u8("eap.md5.value_size")
    if size > walk.left:
        layer.add("eap.md5.value_size.overflow", None)
        size = walk.left
    walk.raw("eap.md5.value", size)
    if walk.left:
        walk.raw("eap.md5.extra_data", walk.left)


def _leap(layer: Layer, data: Region) -> None:
    layer.add("eap.dictionary_attacks", None)
    walk = Cursor(layer, data, big=True)
    walk.integers((("eap.leap.version", 1), ("eap.leap.reserved", 1)))
    size = walk.u8("eap.leap.count")
    is_request = layer.region.u8(0) == REQUEST
    if size == 8:
        walk.raw("eap.leap.peer_challenge" if layer.state.leap_step == 1 else "eap.leap.ap_challenge", size)
    else:
        walk.raw("eap.leap.ap_response" if is_request else "eap.leap.peer_response", size)
    if walk.left:
        _text(layer, "eap.leap.name", data.sub(walk.at))


def _ms_chap_v2(layer: Layer, data: Region) -> None:
    walk = Cursor(layer, data, big=True)
    opcode = walk.u8("eap.ms_chap_v2.opcode")
    if not walk.left:
        return
    walk.u8("eap.ms_chap_v2.id")
    size = walk.u16("eap.ms_chap_v2.length")
    if size != data.reported_length:
        layer.add("eap.ms_chap_v2.length.invalid", None)
    if opcode in (SUCCESS, FAILURE):
        name = "eap.ms_chap_v2.message" if opcode == SUCCESS else "eap.ms_chap_v2.failure_request"
        _text(layer, name, data.sub(walk.at, size - 4))
        return
    if opcode not in (CHALLENGE, ANSWER):
        walk.raw("eap.ms_chap_v2.data", walk.left)
        return
    value = walk.u8("eap.ms_chap_v2.value_size")
    if opcode == CHALLENGE:
        walk.raw("eap.ms_chap_v2.challenge", value)
    elif value == MS_RESPONSE:
        walk.raw("eap.ms_chap_v2.peer_challenge", 16)
        walk.raw("eap.ms_chap_v2.reserved", 8)
        walk.raw("eap.ms_chap_v2.nt_response", 24)
        walk.u8("eap.ms_chap_v2.flags")
    else:
        walk.raw("eap.ms_chap_v2.response", value)
    if size > 5 + value:
        _text(layer, "eap.ms_chap_v2.name", data.sub(walk.at, size - 5 - value))


def _attributes(method: str) -> Callable[[Layer, Region], None]:
    """EAP-SIM and EAP-AKA: a subtype and attributes, whose lengths count words of four bytes."""

    def fill(layer: Layer, data: Region) -> None:
        walk = Cursor(layer, data, big=True)
        walk.u8(f"eap.{method}.subtype")
        walk.u16(f"eap.{method}.reserved")
        while walk.left > 0:
            size = 4 * data.u8(walk.at + 1) if walk.left > 1 else 0
            start, type_ = walk.absolute, data.u8(walk.at)
            if size == 0 or size > walk.left:
                layer.add(f"eap.{method}.subtype.attribute", None, start, walk.left)
                walk.u8(f"eap.{method}.subtype.type")
                return
            layer.add(f"eap.{method}.subtype.attribute", None, start, size)
            walk.u8(f"eap.{method}.subtype.type")
            walk.u8(f"eap.{method}.subtype.len")
            _attribute(walk, method, type_, size - 2)

    return fill


def _attribute(walk: Cursor, method: str, type_: int, size: int) -> None:
    end = walk.at + size
    if type_ == SIM_NOTIFICATION:
        walk.u16(f"eap.{method}.notification_type")
    elif type_ == SIM_ERROR:
        walk.u16(f"eap.{method}.error_code")
    elif type_ == SIM_IDENTITY:
        length = walk.u16("eap.identity.actual_len")
        if length <= size - 2:
            _identity(walk.layer, walk.region.sub(walk.at, length))
            walk.at += length
            if walk.at < end:
                walk.raw("eap.identity.padding", end - walk.at)
    else:
        walk.raw(f"eap.{method}.subtype.value", size)
    walk.at = end


def _expanded(layer: Layer, data: Region) -> None:
    walk = Cursor(layer, data, big=True)
    walk.integers((("eap.ext.vendor_id", 3), ("eap.ext.vendor_type", 4)))
    if data.bytes(0, 7) != SIMPLE_CONFIGURATION or not walk.left:
        return
    walk.u8("eap.wps.code")
    flags = walk.flags("eap.wps.flags", 1, (("eap.wps.flags.more", 1), ("eap.wps.flags.length", 2)))
    if flags & 2:
        walk.u16("eap.wps.msglen")


_METHODS: dict[int, Callable[[Layer, Region], None]] = {
    IDENTITY: _identity, NOTIFICATION: _notification, NAK: _nak, MD5: _md5, LEAP: _leap, SIM: _attributes("sim"),
    AKA: _attributes("aka"), AKA_PRIME: _attributes("aka"), MS_CHAP_V2: _ms_chap_v2, EXPANDED: _expanded,
}  # fmt: skip
