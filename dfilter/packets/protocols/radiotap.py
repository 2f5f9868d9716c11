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
HT20 = (6.5, 13.0, 19.5, 26.0, 39.0, 52.0, 58.5, 65.0)
HT40 = (13.5, 27.0, 40.5, 54.0, 81.0, 108.0, 121.5, 135.0)
"""Mbit/s of one spatial stream in 20 and 40 MHz channels with the long guard interval."""
_KNOWN = ((8, 8), (1, 1), (1, 1), (2, 4), (2, 2), (1, 1), (1, 1), (2, 2), (2, 2), (2, 2), (1, 1), (1, 1), (1, 1),
          (1, 1), (2, 2), (2, 2), (1, 1), (1, 1), (4, 8), (1, 3))  # fmt: skip
"""(alignment, size) of the fields of the first presence bits."""
TSFT, FLAGS, RATE, CHANNEL, SIGNAL, NOISE, ANTENNA, MCS = 0, 1, 2, 3, 5, 6, 11, 19

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


def _rate(found: dict[int, tuple[int, int]]) -> float | None:
    """Mbit/s, as stated or, for HT frames, from the modulation index (IEEE 802.11-2020 section 19.5)."""
    if RATE in found:
        return found[RATE][0] / 2
    if MCS not in found:
        return None
    known, flags, index = found[MCS][0].to_bytes(3, "little")
    if known & 0x07 != 0x07 or index > 31:
        return None
    wide, short_guard = flags & 3 == 1, flags & 4
    base = (HT40 if wide else HT20)[index % 8] * (index // 8 + 1)
    return round(base * 10 / 9, 1) if short_guard else base


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
    for index in range(MAX_WORDS):
        word = layer.region.le32(4 + 4 * index)
        add("radiotap.present.word", word, start + 4 + 4 * index, 4)
        if not word & MORE_WORDS:
            break
    if TSFT in found:
        add("radiotap.mactime", found[TSFT][0], found[TSFT][1], 8)
    if FLAGS in found:
        flags, at = found[FLAGS]
        add("radiotap.flags", flags, at, 1)
        add("radiotap.flags.fcs", bool(flags & FCS_AT_END), at, 1)
        add("radiotap.flags.badfcs", bool(flags & 0x40), at, 1)
    rate = _rate(found)
    if rate is not None:
        add("radiotap.datarate", rate, found.get(RATE, found.get(MCS, (0, 0)))[1], 1)
    if CHANNEL in found:
        add("radiotap.channel.freq", found[CHANNEL][0] & 0xFFFF, found[CHANNEL][1], 2)
    for bit, name in ((SIGNAL, "radiotap.dbm_antsignal"), (NOISE, "radiotap.dbm_antnoise")):
        if bit in found:
            add(name, _signed(found[bit][0]), found[bit][1], 1)
    if ANTENNA in found:
        add("radiotap.antenna", found[ANTENNA][0], found[ANTENNA][1], 1)


@WLAN_RADIO.filler
def fill_wlan_radio(layer: Layer) -> None:
    start, add, found = layer.start, layer.add, layer.state or {}
    rate = _rate(found)
    if rate is not None:
        add("wlan_radio.data_rate", rate, start)
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
