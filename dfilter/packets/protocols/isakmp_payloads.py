"""The payloads of IKE messages: security associations with their proposals, keys, identities, notifications.

In: a cursor behind the payload's header, and where it ends.  Out: its fields.  What always holds: what no rule here
knows is left as it is; proposals and transforms follow each other by their lengths.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.protocols.cursor import Cursor

FIELDS = """
    isakmp.nextpayload                        UINT8
    isakmp.flag_e                             BOOLEAN
    isakmp.flag_c                             BOOLEAN
    isakmp.flag_a                             BOOLEAN
    isakmp.flag_i                             BOOLEAN
    isakmp.flag_v                             BOOLEAN
    isakmp.flag_r                             BOOLEAN
    isakmp.length                             UINT32
    isakmp.typepayload                        UINT8
    isakmp.criticalpayload                    BOOLEAN
    isakmp.reserved7                          UINT8
    isakmp.reserved                           BYTES
    isakmp.payloadlength                      UINT16
    isakmp.enc.iv                             BYTES
    isakmp.enc.data                           NONE
    isakmp.sa.doi                             UINT32
    isakmp.sa.situation                       BYTES
    isakmp.sa.situation.identity_only         BOOLEAN
    isakmp.sa.situation.secrecy               BOOLEAN
    isakmp.sa.situation.integrity             BOOLEAN
    isakmp.prop.number                        UINT8
    isakmp.prop.protoid                       UINT32
    isakmp.spisize                            UINT8
    isakmp.spi                                BYTES
    isakmp.prop.transforms                    UINT8
    isakmp.trans.number                       UINT8
    isakmp.trans.id                           UINT8
    isakmp.tf.type                            UINT8
    isakmp.tf.id                              UINT16
    isakmp.tf.id.encr                         UINT16
    isakmp.tf.id.prf                          UINT16
    isakmp.tf.id.integ                        UINT16
    isakmp.tf.id.dh                           UINT16
    isakmp.tf.id.esn                          UINT16
    isakmp.ike.attr                           NONE
    isakmp.ike.attr.format                    BOOLEAN
    isakmp.ike.attr.type                      UINT16
    isakmp.ike.attr.length                    UINT16
    isakmp.ike.attr.value                     BYTES
    isakmp.ike.attr.encryption_algorithm      UINT16
    isakmp.ike.attr.hash_algorithm            UINT16
    isakmp.ike.attr.authentication_method     UINT16
    isakmp.ike.attr.group_description         UINT16
    isakmp.ike.attr.life_type                 UINT16
    isakmp.ike.attr.life_duration             UINT32
    isakmp.ike.attr.key_length                UINT16
    isakmp.ipsec.attr                         NONE
    isakmp.ipsec.attr.format                  BOOLEAN
    isakmp.ipsec.attr.type                    UINT16
    isakmp.ipsec.attr.length                  UINT16
    isakmp.ipsec.attr.value                   BYTES
    isakmp.ipsec.attr.life_type               UINT16
    isakmp.ipsec.attr.life_duration           UINT32
    isakmp.ipsec.attr.group_description       UINT16
    isakmp.ipsec.attr.encap_mode              UINT16
    isakmp.ipsec.attr.auth_algorithm          UINT16
    isakmp.ipsec.attr.key_length              UINT16
    isakmp.ike2.attr                          NONE
    isakmp.ike2.attr.format                   BOOLEAN
    isakmp.ike2.attr.type                     UINT16
    isakmp.ike2.attr.length                   UINT16
    isakmp.ike2.attr.value                    BYTES
    isakmp.ike2.attr.key_length               UINT16
    isakmp.key_exchange.dh_group              UINT16
    isakmp.key_exchange.data                  BYTES
    isakmp.id.type                            UINT8
    isakmp.id.protoid                         UINT8
    isakmp.id.port                            UINT16
    isakmp.id.data                            NONE
    isakmp.id.data.ipv4_addr                  IPv4
    isakmp.id.data.ipv6_addr                  IPv6
    isakmp.id.data.fqdn                       STRING
    isakmp.id.data.user_fqdn                  STRING
    isakmp.cert.encoding                      UINT8
    isakmp.cert.data                          NONE
    isakmp.certreq.type                       UINT8
    isakmp.hash                               BYTES
    isakmp.sig                                BYTES
    isakmp.nonce                              BYTES
    isakmp.auth.method                        UINT8
    isakmp.auth.data                          BYTES
    isakmp.notify.doi                         UINT32
    isakmp.notify.protoid                     UINT32
    isakmp.notify.msgtype                     UINT16
    isakmp.notify.data                        BYTES
    isakmp.notify.data.signature_hash_algorithms UINT16
    isakmp.delete.doi                         UINT32
    isakmp.delete.protoid                     UINT32
    isakmp.delete.spi                         BYTES
    isakmp.vid_bytes                          BYTES
    isakmp.ike.nat_hash                       BYTES
    isakmp.sak.nextpayload                    UINT8
    isakmp.sak.reserved                       UINT8
    isakmp.sak.payload_len                    UINT16
    isakmp.sak.protoid                        UINT8
    isakmp.sak.src_id_type                    UINT8
    isakmp.sak.src_id_port                    UINT16
    isakmp.sak.src_id_length                  UINT8
"""
SITUATION = (("isakmp.sa.situation.identity_only", 1), ("isakmp.sa.situation.secrecy", 2),
             ("isakmp.sa.situation.integrity", 4))  # fmt: skip
PROPOSAL, TRANSFORM = 2, 3
ISAKMP_PROTOCOL = 1
TRANSFORM_IDS = {1: "encr", 2: "prf", 3: "integ", 4: "dh", 5: "esn"}
ATTRIBUTES = {
    "ike": {1: "encryption_algorithm", 2: "hash_algorithm", 3: "authentication_method", 4: "group_description",
            11: "life_type", 12: "life_duration", 14: "key_length"},
    "ipsec": {1: "life_type", 2: "life_duration", 3: "group_description", 4: "encap_mode", 5: "auth_algorithm",
              6: "key_length"},
    "ike2": {14: "key_length"},
}  # fmt: skip
SHORT_FORM = 0x8000
HASH_ALGORITHMS = 16431


def fill_sa(cursor: Cursor, end: int, second: bool) -> None:
    """A security association with its proposals."""
    if not second:
        if cursor.u32("isakmp.sa.doi") != 1:
            return
        cursor.mark("isakmp.sa.situation", 4, cursor.region.bytes(cursor.at, 4))
        cursor.parts(4, (), SITUATION)
    while cursor.at < end:
        stop, following = _sub_header(cursor, PROPOSAL)
        if stop is None:
            return
        cursor.u8("isakmp.prop.number")
        protocol = cursor.u8("isakmp.prop.protoid")
        size = cursor.u8("isakmp.spisize")
        cursor.u8("isakmp.prop.transforms")
        if size:
            cursor.raw("isakmp.spi", size)
        while cursor.at < stop:
            if not _fill_transform(cursor, second, protocol):
                return
        cursor.at = stop
        if following != PROPOSAL:
            return


def _sub_header(cursor: Cursor, kind: int) -> tuple[int | None, int]:
    """The header of a proposal or transform: where it ends (None: nowhere) and what follows."""
    length, following = cursor.peek(2, skip=2), cursor.peek(1)
    cursor.mark("isakmp.typepayload", length, kind)
    end = cursor.at + length
    cursor.u8("isakmp.nextpayload")
    cursor.raw("isakmp.reserved", 1)
    cursor.u16("isakmp.payloadlength")
    if length < 8:
        return None, following
    cursor.region.bytes(cursor.at, length - 4)
    return end, following


def _fill_transform(cursor: Cursor, second: bool, protocol: int) -> bool:
    stop, _ = _sub_header(cursor, TRANSFORM)
    if stop is None:
        return False
    if second:
        kind = cursor.u8("isakmp.tf.type")
        cursor.raw("isakmp.reserved", 1)
        name = TRANSFORM_IDS.get(kind)
        cursor.u16("isakmp.tf.id." + name if name else "isakmp.tf.id")
        family = "ike2"
    else:
        cursor.u8("isakmp.trans.number")
        cursor.u8("isakmp.trans.id")
        cursor.raw("isakmp.reserved", 2)
        family = "ike" if protocol == ISAKMP_PROTOCOL else "ipsec"
    while cursor.at < stop:
        _fill_attribute(cursor, family)
    cursor.at = stop
    return True


def _fill_attribute(cursor: Cursor, family: str) -> None:
    prefix, word = f"isakmp.{family}.attr", cursor.peek(2)
    short = bool(word & SHORT_FORM)
    length = 2 if short else cursor.peek(2, skip=2)
    cursor.mark(prefix, 4 if short else 4 + length)
    cursor.parts(2, ((prefix + ".type", 0x7FFF),), ((prefix + ".format", SHORT_FORM),))
    if not short:
        cursor.u16(prefix + ".length")
    name = ATTRIBUTES[family].get(word & 0x7FFF)
    if length:
        cursor.mark(prefix + ".value", length, cursor.region.bytes(cursor.at, length))
        if name and (length == 2 or (length <= 4 and name == "life_duration")):
            cursor.mark(f"{prefix}.{name}", length, cursor.peek(length))
    cursor.skip(length)


def _fill_key(cursor: Cursor, end: int, second: bool) -> None:
    if second:
        cursor.u16("isakmp.key_exchange.dh_group")
        cursor.raw("isakmp.reserved", 2)
    cursor.raw("isakmp.key_exchange.data", end - cursor.at)


def _fill_identity(cursor: Cursor, end: int, second: bool) -> None:
    kind = cursor.u8("isakmp.id.type")
    if second:
        cursor.raw("isakmp.reserved", 3)
    else:
        cursor.u8("isakmp.id.protoid")
        cursor.u16("isakmp.id.port")
    length = end - cursor.at
    cursor.mark("isakmp.id.data", length)
    if kind in (2, 3):
        cursor.text("isakmp.id.data.fqdn" if kind == 2 else "isakmp.id.data.user_fqdn", length)
    elif kind == 1:
        cursor.raw("isakmp.id.data.ipv4_addr", 4)
    elif kind == 5:
        cursor.raw("isakmp.id.data.ipv6_addr", 16)


def _fill_certificate(cursor: Cursor, end: int, second: bool) -> None:
    cursor.u8("isakmp.cert.encoding")
    cursor.mark("isakmp.cert.data", end - cursor.at)


def _fill_request(cursor: Cursor, end: int, second: bool) -> None:
    cursor.u8("isakmp.certreq.type")


def _whole(name: str) -> Callable[[Cursor, int, bool], None]:
    def fill(cursor: Cursor, end: int, second: bool) -> None:
        cursor.raw(name, end - cursor.at)

    return fill


def _fill_authentication(cursor: Cursor, end: int, second: bool) -> None:
    cursor.u8("isakmp.auth.method")
    cursor.raw("isakmp.reserved", 3)
    cursor.raw("isakmp.auth.data", end - cursor.at)


def _fill_notification(cursor: Cursor, end: int, second: bool) -> None:
    if not second:
        cursor.u32("isakmp.notify.doi")
    cursor.u8("isakmp.notify.protoid")
    size = cursor.u8("isakmp.spisize")
    kind = cursor.u16("isakmp.notify.msgtype")
    if size:
        cursor.raw("isakmp.spi", size)
    left = end - cursor.at
    cursor.mark("isakmp.notify.data", left, cursor.region.bytes(cursor.at, left))
    while kind == HASH_ALGORITHMS and end - cursor.at >= 2:
        cursor.u16("isakmp.notify.data.signature_hash_algorithms")


def _fill_deletion(cursor: Cursor, end: int, second: bool) -> None:
    if not second:
        cursor.u32("isakmp.delete.doi")
    cursor.u8("isakmp.delete.protoid")
    size = cursor.u8("isakmp.spisize")
    cursor.skip(2)
    while size and end - cursor.at >= size:
        cursor.raw("isakmp.delete.spi", size)


def _fill_group_keys(cursor: Cursor, end: int, second: bool) -> None:
    """The SA KEK payload of group keys (RFC 6407)."""
    names = (("nextpayload", 1), ("reserved", 1), ("payload_len", 2), ("protoid", 1), ("src_id_type", 1),
             ("src_id_port", 2))  # fmt: skip
    cursor.integers((f"isakmp.sak.{name}", size) for name, size in names)
    length = cursor.u8("isakmp.sak.src_id_length")
    cursor.region.bytes(cursor.at, length)


PAYLOADS: dict[int, Callable[[Cursor, int, bool], None]] = {
    4: _fill_key, 34: _fill_key, 5: _fill_identity, 35: _fill_identity, 36: _fill_identity, 6: _fill_certificate,
    37: _fill_certificate, 7: _fill_request, 38: _fill_request, 8: _whole("isakmp.hash"), 9: _whole("isakmp.sig"),
    10: _whole("isakmp.nonce"), 40: _whole("isakmp.nonce"), 39: _fill_authentication, 11: _fill_notification,
    41: _fill_notification, 12: _fill_deletion, 42: _fill_deletion, 13: _whole("isakmp.vid_bytes"),
    43: _whole("isakmp.vid_bytes"), 20: _whole("isakmp.ike.nat_hash"), 130: _whole("isakmp.ike.nat_hash"),
    15: _fill_group_keys,
}  # fmt: skip
"""Payload -> its fields; security associations and encrypted payloads have functions of their own."""
