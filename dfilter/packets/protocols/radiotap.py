"""Radiotap headers (radiotap.org) in front of 802.11 frames, and Wireshark's summary of them (`wlan_radio`)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

FCS_AT_END = 0x10
MORE_WORDS = 0x80000000
MAX_WORDS = 32
_KNOWN = ((8, 8), (1, 1), (1, 1), (2, 4), (2, 2), (1, 1), (1, 1), (2, 2), (2, 2), (2, 2), (1, 1), (1, 1), (1, 1),
          (1, 1), (2, 2), (2, 2))  # fmt: skip
"""(alignment, size) of the fields of the first presence bits."""
TSFT, FLAGS, RATE, CHANNEL, SIGNAL, NOISE, ANTENNA = 0, 1, 2, 3, 5, 6, 11

RADIOTAP = Protocol(
    "radiotap",
    "Radiotap",
    fields=(
        header("radiotap.version", T.UINT8, 0),
        header("radiotap.pad", T.UINT8, 1),
        header("radiotap.length", T.UINT16, 2, little_endian=True),
        *computed_table("""
            radiotap.present          NONE
            radiotap.present.word     UINT32
            radiotap.mactime          UINT64
            radiotap.flags            UINT8
            radiotap.flags.fcs        BOOLEAN
            radiotap.flags.badfcs     BOOLEAN
            radiotap.datarate         FLOAT
            radiotap.channel.freq     UINT32
            radiotap.dbm_antsignal    INT8
            radiotap.dbm_antnoise     INT8
            radiotap.antenna          UINT8
        """),
    ),
    over={"link": (127,)},
    carries=("wlan_radio", "wlan"),
)

WLAN_RADIO = Protocol(
    "wlan_radio",
    "802.11 radio information",
    fields=computed_table("""
        wlan_radio.data_rate   FLOAT
        wlan_radio.channel     UINT32
        wlan_radio.frequency   UINT16
        wlan_radio.signal_dbm  INT8
        wlan_radio.noise_dbm   INT8
        wlan_radio.timestamp   UINT64
    """),
)


@RADIOTAP.dissector
def dissect_radiotap(view: View, region: Region) -> None:
    length = region.le16(2)
    layer = view.push(RADIOTAP, region, length)
    region.need(0, 8)
    found = layer.state = _read(region.clipped(0, length))
    view.push(WLAN_RADIO, region.sub(length), 0).state = found
    frame = region.sub(length)
    flags = found.get(FLAGS)
    if flags and flags[0] & FCS_AT_END and frame.reported_length >= 4:
        frame = frame.clipped(0, frame.reported_length - 4)
    call_name(view, "wlan", frame)


def _read(region: Region) -> dict[int, tuple[int, int]]:
    """Presence bit -> (value, absolute offset) of the first word's fields."""
    words = [region.le32(4)]
    while words[-1] & MORE_WORDS and len(words) < MAX_WORDS:
        words.append(region.le32(4 + 4 * len(words)))
    at = 4 + 4 * len(words)
    found: dict[int, tuple[int, int]] = {}
    for bit, (alignment, size) in enumerate(_KNOWN):
        if not words[0] >> bit & 1:
            continue
        at += -at % alignment
        found[bit] = int.from_bytes(region.bytes(at, size), "little"), region.start + at
        at += size
    return found


def _signed(value: int) -> int:
    return value - 256 if value > 127 else value


def channel_of(frequency: int) -> int | None:
    """The channel number of a centre frequency in MHz."""
    if frequency == 2484:
        return 14
    if 2407 < frequency < 2484:
        return (frequency - 2407) // 5
    if 5000 < frequency < 5900:
        return (frequency - 5000) // 5
    return None


@RADIOTAP.filler
def fill_radiotap(layer: Layer) -> None:
    start, add, found = layer.start, layer.add, layer.state or {}
    add("radiotap.present", None, start + 4, 4)
    add("radiotap.present.word", layer.region.le32(4), start + 4, 4)
    if TSFT in found:
        add("radiotap.mactime", *found[TSFT], 8)
    if FLAGS in found:
        flags, at = found[FLAGS]
        add("radiotap.flags", flags, at, 1)
        add("radiotap.flags.fcs", bool(flags & FCS_AT_END), at, 1)
        add("radiotap.flags.badfcs", bool(flags & 0x40), at, 1)
    if RATE in found:
        add("radiotap.datarate", found[RATE][0] / 2, found[RATE][1], 1)
    if CHANNEL in found:
        add("radiotap.channel.freq", found[CHANNEL][0] & 0xFFFF, found[CHANNEL][1], 2)
    for bit, name in ((SIGNAL, "radiotap.dbm_antsignal"), (NOISE, "radiotap.dbm_antnoise")):
        if bit in found:
            add(name, _signed(found[bit][0]), found[bit][1], 1)
    if ANTENNA in found:
        add("radiotap.antenna", *found[ANTENNA], 1)


@WLAN_RADIO.filler
def fill_wlan_radio(layer: Layer) -> None:
    start, add, found = layer.start, layer.add, layer.state or {}
    if RATE in found:
        add("wlan_radio.data_rate", found[RATE][0] / 2, start)
    if CHANNEL in found:
        frequency = found[CHANNEL][0] & 0xFFFF
        number = channel_of(frequency)
        if number is not None:
            add("wlan_radio.channel", number, start)
        add("wlan_radio.frequency", frequency, start)
    for bit, name in ((SIGNAL, "wlan_radio.signal_dbm"), (NOISE, "wlan_radio.noise_dbm")):
        if bit in found:
            add(name, _signed(found[bit][0]), start)
    if TSFT in found:
        add("wlan_radio.timestamp", found[TSFT][0], start)
