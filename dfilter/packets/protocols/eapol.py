"""EAP over LAN (IEEE 802.1X clause 11): the header, and EAPOL-Key frames (IEEE 802.11 clause 12.7)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.eap import EAP
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

EAP_PACKET, KEY = 0, 3
RC4_HEADER = 48
RC4_KEY, RSN_KEY, WPA_KEY = 1, 2, 254

EAPOL = Protocol(
    "eapol",
    "EAPOL",
    fields=(
        header("eapol.version", T.UINT8, 0),
        header("eapol.type", T.UINT8, 1),
        header("eapol.len", T.UINT16, 2),
        *computed_table("""
            eapol.keydes.type                    UINT8
            eapol.keydes.key_len                 UINT16
            eapol.keydes.replay_counter          UINT64
            eapol.keydes.key_iv                  BYTES
            eapol.keydes.key_index               UINT8
            eapol.keydes.key_index.type          BOOLEAN
            eapol.keydes.key_index.number        UINT8
            eapol.keydes.key_signature           BYTES
            eapol.keydes.key                     BYTES
            eapol.keydes.key.generated_locally   BOOLEAN
            wlan_rsna_eapol.keydes.msgnr         UINT8
            wlan_rsna_eapol.keydes.key_info      UINT16
            wlan_rsna_eapol.keydes.nonce         BYTES
            wlan_rsna_eapol.keydes.rsc           BYTES
            wlan_rsna_eapol.keydes.id            BYTES
            wlan_rsna_eapol.keydes.mic           BYTES
            wlan_rsna_eapol.keydes.data_len      UINT16
            wlan_rsna_eapol.keydes.data          BYTES
        """),
    ),
    over={"ethertype": (0x888E, 0x88C7)},
    carries=("eap",),
)

@EAPOL.dissector
def dissect_eapol(view: View, region: Region) -> None:
    layer = view.push(EAPOL, region, 4)
    length = region.u16(2)
    region.trim(4 + length)
    if region.u8(1) == EAP_PACKET:
        view.call(EAP, region.sub(4))
    elif length:
        layer.set_length(region.length)


@EAPOL.filler
def fill_eapol(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    if region.u8(1) != KEY or region.length < 5:
        return
    kind = region.u8(4)
    add("eapol.keydes.type", kind, start + 4, 1)
    if kind == RC4_KEY:
        _fill_rc4_key(layer)
    if kind not in (RSN_KEY, WPA_KEY):
        return
    mic = mic_length(region)
    info, size = region.u16(5), region.u16(81 + mic)
    number = message_number(info, size)
    if number:
        add("wlan_rsna_eapol.keydes.msgnr", number, start + 5)
    add("wlan_rsna_eapol.keydes.key_info", info, start + 5, 2)
    add("eapol.keydes.key_len", region.u16(7), start + 7, 2)
    add("eapol.keydes.replay_counter", region.u64(9), start + 9, 8)
    for name, at, length in (("wlan_rsna_eapol.keydes.nonce", 17, 32), ("eapol.keydes.key_iv", 49, 16),
                             ("wlan_rsna_eapol.keydes.rsc", 65, 8), ("wlan_rsna_eapol.keydes.id", 73, 8),
                             ("wlan_rsna_eapol.keydes.mic", 81, mic)):  # fmt: skip
        add(name, region.bytes(at, length), start + at, length)
    at = 81 + mic
    add("wlan_rsna_eapol.keydes.data_len", size, start + at, 2)
    if size:
        add("wlan_rsna_eapol.keydes.data", region.bytes(at + 2, size), start + at + 2, size)


def _fill_rc4_key(layer: Layer) -> None:
    """IEEE 802.1X-2004 clause 7.6."""
    walk = Cursor(layer, layer.region.clipped(0, 4 + layer.region.u16(2)), 5, big=True)
    walk.u16("eapol.keydes.key_len")
    walk.u64("eapol.keydes.replay_counter")
    walk.raw("eapol.keydes.key_iv", 16)
    index, at = walk.u8("eapol.keydes.key_index"), walk.absolute - 1
    layer.add("eapol.keydes.key_index.type", bool(index & 0x80), at, 1)
    layer.add("eapol.keydes.key_index.number", index & 0x7F, at, 1)
    walk.raw("eapol.keydes.key_signature", 16)
    if walk.left > 0:
        walk.raw("eapol.keydes.key", walk.left)
    layer.add("eapol.keydes.key.generated_locally", walk.at == RC4_HEADER, walk.absolute)


def mic_length(region: Region) -> int:
    """How long the integrity code is depends on a suite seen earlier; here, the length that makes the rest fit."""
    for length in (16, 24, 32):
        if region.length >= 83 + length and 83 + length + region.u16(81 + length) == region.reported_length:
            return length
    return 16


def message_number(info: int, data_length: int) -> int:
    """Which message of the four-way handshake; 0 for others (group keys)."""
    if not info & 0x0008:
        return 0
    acknowledge, mic, secure = info & 0x0080, info & 0x0100, info & 0x0200
    if acknowledge:
        return 3 if mic else 1
    return 4 if secure or not data_length else 2
