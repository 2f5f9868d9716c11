"""Captures and what Wireshark 4.4.18 makes of them, asked file by file: frames, and whether it complains.

Each line: name, the file, what is seen: one ``(length on the wire, bytes captured)`` a frame, then
"ok" (no message), "warning" (a message after the frames) or "error" (the file is refused).
"""

from __future__ import annotations

import struct

from tests.captures_room.make import (
    PACKET,
    block,
    enhanced,
    interface,
    old_packet,
    option,
    pcap,
    pcapng,
    record,
    section,
    simple,
)

R, E = record(), enhanced()
WHOLE = (60, 60)
MICRO, NANO, MODIFIED = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
BAD_OPTION = struct.pack("<HH", 1, 400) + b"abcd"


def custom(body: bytes, enterprise: int = 32473, kind: int = 0xBAD) -> bytes:
    return block(kind, struct.pack("<I", enterprise) + body)


PCAP = [
    ("no bytes", b"", [], "warning"),  # Wireshark is silent here; an empty file is worth a word
    ("header only", pcap(), [], "ok"),
    ("big endian", pcap(record(order=">"), order=">"), [WHOLE], "ok"),
    ("nanoseconds", pcap(R, magic=NANO), [WHOLE], "ok"),
    ("header cut", pcap()[:20], [], "error"),
    ("magic only", pcap()[:4], [], "error"),
    ("not a capture", b"hello world, not a capture at all\n", [], "error"),
    ("zeros", bytes(1000), [], "error"),
    ("record header cut", pcap(R, R[:10]), [WHOLE], "warning"),
    ("one byte left", pcap(R, R[:1]), [WHOLE], "warning"),
    ("data cut", pcap(R, R[:30]), [WHOLE], "warning"),
    ("data missing", pcap(R, R[:16]), [WHOLE], "warning"),
    ("first packet cut", pcap(R[:30]), [], "warning"),
    ("snaplen smaller than packets", pcap(R, R, snaplen=40), [WHOLE, WHOLE], "ok"),
    ("snaplen 0", pcap(R, snaplen=0), [WHOLE], "ok"),
    ("largest packet", pcap(record(bytes(262144)), R), [(262144, 262144), WHOLE], "ok"),
    ("packet too large", pcap(R, record(b"\xee" * 262145), R), [WHOLE], "warning"),
    ("packet absurd", pcap(R, record(captured=0xFFFFFFFF), R), [WHOLE], "warning"),
    ("DBus packets may be larger", pcap(record(bytes(300000)), link_type=231), [(300000, 300000)], "ok"),
    ("more captured than sent", pcap(record(wire=20), R), [(20, 60), WHOLE], "ok"),
    ("cut by snaplen", pcap(record(wire=2000), R), [(2000, 60), WHOLE], "ok"),
    ("absurd wire length", pcap(record(wire=0xFFFFFFFF)), [(0x7FFFFFFF, 60)], "ok"),
    ("empty packet", pcap(record(b""), R), [(0, 0), WHOLE], "ok"),
    ("version 2.2 swaps lengths", pcap(record(wire=2000, swapped=True), version=(2, 2)), [(2000, 60)], "ok"),
    (
        "version 2.3 may swap",
        pcap(record(wire=2000, swapped=True), R, version=(2, 3)),
        [(2000, 60), WHOLE],
        "ok",
    ),
    ("version 2.3 may not", pcap(record(wire=2000), R, version=(2, 3)), [(2000, 60), WHOLE], "ok"),
    ("version 543.0", pcap(record(wire=2000, swapped=True), version=(543, 0)), [(2000, 60)], "ok"),
    ("version 2.5", pcap(R, version=(2, 5)), [WHOLE], "ok"),
    ("version 1.0", pcap(R, version=(1, 0)), [], "error"),
    ("FCS length", pcap(R, link_type=0x24000001), [WHOLE], "ok"),
    ("reserved bits", pcap(R, link_type=0x10001), [], "error"),
    ("modified", pcap(record(extra=8), record(extra=8), magic=MODIFIED), [WHOLE, WHOLE], "ok"),
    ("modified, 28", pcap(*[record(extra=12)] * 4, magic=MODIFIED), [WHOLE] * 4, "ok"),
    ("modified in disguise", pcap(record(extra=8), record(extra=8)), [WHOLE, WHOLE], "ok"),
    ("modified in disguise, one", pcap(record(extra=8)), [WHOLE], "ok"),
    ("modified in disguise, 20", pcap(*[record(extra=4)] * 4), [WHOLE] * 4, "ok"),
    ("ones at the end", pcap(R, b"\xff" * 40), [WHOLE], "warning"),
    ("zeros at the end", pcap(R, bytes(40)), [WHOLE, (0, 0), (0, 0)], "warning"),
]

PCAPNG = [
    ("plain", pcapng(E), [WHOLE], "ok"),
    ("section only", section(), [], "ok"),
    ("big endian", section(">") + interface(order=">") + enhanced(order=">"), [WHOLE], "ok"),
    ("two sections, two byte orders", pcapng(E) + section(">") + interface(order=">") + enhanced(order=">"),
     [WHOLE, WHOLE], "ok"),
    ("second section without interface", pcapng(E) + section() + E, [WHOLE], "warning"),
    ("no interface", section() + E, [], "warning"),
    ("interface between packets", pcapng(E, interface(101), enhanced(which=1)), [WHOLE, WHOLE], "ok"),
    ("unknown interface", pcapng(E, enhanced(which=5), E), [WHOLE], "warning"),
    ("simple packets", pcapng(simple(), E), [WHOLE, WHOLE], "ok"),
    ("simple packet cut by snaplen", section() + interface(snaplen=40) + simple(PACKET[:40], 60),
     [(60, 40)], "ok"),
    ("simple packet too short", pcapng(simple(wire=2000)), [], "warning"),
    ("simple packet too long", pcapng(simple(wire=40)), [], "warning"),
    ("old packets", pcapng(old_packet(), old_packet(drops=3)), [WHOLE, WHOLE], "ok"),
    ("unknown blocks", pcapng(block(0x0BAD0, b"abc"), block(0x80001234, b"hello"), E), [WHOLE], "ok"),
    ("long unknown block", pcapng(block(0x0BAD0, bytes(3 << 20)), E), [WHOLE], "ok"),
    ("long unknown block cut", pcapng(E, block(0x0BAD0, bytes(3 << 20))[:-9]), [WHOLE], "warning"),
    ("names, secrets, statistics", pcapng(
        block(4, bytes(4)), block(10, struct.pack("<II", 0x544C534B, 4) + b"abcd"), block(5, bytes(12)), E),
     [WHOLE], "ok"),
    ("names damaged", pcapng(block(4, struct.pack("<HH", 1, 400) + b"abcd"), E), [], "error"),
    ("secrets damaged", pcapng(block(10, struct.pack("<II", 0x544C534B, 400) + b"abcd"), E), [], "error"),
    ("statistics short", pcapng(block(5, b"ab"), E), [], "error"),
    ("custom blocks", pcapng(custom(b"abcd"), custom(b"abcdefgh", kind=0x40000BAD), E),
     [(4, 4), (8, 8), WHOLE], "ok"),
    ("custom block without number", pcapng(block(0xBAD, b""), E), [], "warning"),
    ("custom block of Netflix", pcapng(custom(b"abcd", 10949), E), [], "warning"),
    ("journal", section() + block(9, b"__REALTIME_TIMESTAMP=1465928333941153\n_X=1\n\n") + interface() + E,
     [(44, 44), WHOLE], "ok"),
    ("journal short", section() + block(9, b"MESSAGE=1\n\n") + interface() + E, [], "warning"),
    ("option too long", pcapng(enhanced(options=BAD_OPTION), E), [], "warning"),
    ("interface option too long", section() + interface(options=BAD_OPTION) + E, [], "error"),
    ("flags too short", pcapng(enhanced(options=option(2, b"ab"))), [], "warning"),
    ("hash empty", pcapng(enhanced(options=option(3, b""))), [], "warning"),
    ("custom option short", pcapng(enhanced(options=option(2988, b"abc"))), [], "warning"),
    ("unknown options", pcapng(enhanced(options=option(77, b"abc"))), [WHOLE], "ok"),
    ("resolution too fine", section() + interface(options=option(9, b"\x14")) + E, [], "error"),
    ("binary resolution too fine", section() + interface(options=option(9, b"\xc0")) + E, [], "error"),
    ("snaplen smaller than packets", section() + interface(snaplen=40) + E, [WHOLE], "ok"),
    ("more claimed than there", pcapng(E, enhanced(captured=100), E), [WHOLE], "warning"),
    ("packet absurd", pcapng(E, enhanced(captured=0xFFFFFFF0), E), [WHOLE], "warning"),
    ("packet too large", pcapng(E, enhanced(bytes(262145)), E), [WHOLE], "warning"),
    ("block of 0 bytes", pcapng(E, struct.pack("<II", 6, 0), E), [WHOLE], "warning"),
    ("block of 12 bytes", pcapng(E, struct.pack("<III", 6, 12, 12), E), [WHOLE], "warning"),
    ("block absurd", pcapng(E, struct.pack("<II", 0xBAD0, 0xFFFFFFF0), E), [WHOLE], "warning"),
    ("lengths differ", pcapng(E, block(0xBAD0, b"abcd", last=99), E), [WHOLE], "warning"),
    ("lengths differ at the start", section() + block(1, bytes(8), last=99) + E, [], "error"),
    ("odd length, padded", pcapng(E, block(0xBAD0, b"abcde", first=17, last=17), E), [WHOLE, WHOLE], "ok"),
    ("version 2.0", section(version=(2, 0)) + interface() + E, [], "error"),
    ("version 1.2", section(version=(1, 2)) + interface() + E, [WHOLE], "ok"),
    ("second section of 2.0", pcapng(E) + section(version=(2, 0)) + interface() + E, [WHOLE], "warning"),
    ("byte order unknown", section(magic=0x11111111) + interface() + E, [], "error"),
    ("cut in a block", pcapng(E, E[:40]), [WHOLE], "warning"),
    ("cut in a block header", pcapng(E, E[:4]), [WHOLE], "warning"),
    ("cut in the first packet", pcapng(E[:40]), [], "warning"),
    ("cut in an interface", section() + interface()[:10], [], "error"),
    ("zeros at the end", pcapng(E, bytes(100)), [WHOLE], "warning"),
    ("unknown link type", section() + interface(9999) + E, [WHOLE], "ok"),
]  # fmt: skip
