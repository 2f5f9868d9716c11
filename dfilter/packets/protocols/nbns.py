"""NetBIOS name service (RFC 1002 section 4.2) over UDP port 137.

In: one datagram.  Out: its layer; names are decoded as Wireshark 4.4 shows them, with the type byte in angle brackets.
What always holds: the fields come from the datagram alone, and are read on first touch.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.netbios_names import printable, read_netbios_name
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View

NB, NBSTAT = 32, 33
WACK = 7
_SUFFIXES = {
    0x00: "Workstation/Redirector", 0x01: "Browser", 0x02: "Workstation/Redirector",
    0x03: "Messenger service/Main name", 0x05: "Forwarded name", 0x06: "RAS Server service",
    0x1B: "Domain Master Browser", 0x1C: "Domain Controllers", 0x1D: "Local Master Browser",
    0x1E: "Browser Election Service", 0x1F: "Net DDE Service", 0x20: "Server service", 0x21: "RAS client service",
    0x22: "Exchange Interchange (MSMail Connector)", 0x23: "Exchange Store", 0x24: "Exchange Directory",
    0x2B: "Lotus Notes Server service", 0x30: "Modem sharing server service", 0x31: "Modem sharing client service",
    0x43: "SMS Clients Remote Control", 0x44: "SMS Administrators Remote Control Tool",
    0x45: "SMS Clients Remote Chat", 0x46: "SMS Clients Remote Transfer",
    0x4C: "DEC Pathworks TCP/IP Service on Windows NT", 0x52: "DEC Pathworks TCP/IP Service on Windows NT",
    0x6A: "Microsoft Exchange IMC", 0x87: "Microsoft Exchange MTA", 0xBE: "Network Monitor Agent",
    0xBF: "Network Monitor Analyzer",
}  # fmt: skip
"""What the last byte of a name says it is (Wireshark 4.4's words, which the name of an NB record ends in)."""

_REQUEST_FLAGS = (("nbns.flags.response", 0x8000), ("nbns.flags.truncated", 0x0200),
                  ("nbns.flags.recdesired", 0x0100), ("nbns.flags.broadcast", 0x0010))  # fmt: skip
_RESPONSE_FLAGS = (*_REQUEST_FLAGS, ("nbns.flags.authoritative", 0x0400), ("nbns.flags.recavail", 0x0080))
_STATISTICS = (
    ("nbns.jumpers", 1), ("nbns.test_result", 1), ("nbns.version_number", 2), ("nbns.period_of_statistics", 2),
    ("nbns.num_crcs", 2), ("nbns.num_alignment_errors", 2), ("nbns.num_collisions", 2), ("nbns.num_send_aborts", 2),
    ("nbns.num_good_sends", 4), ("nbns.num_good_receives", 4), ("nbns.numretransmits", 2),
    ("nbns.num_no_resource_conditions", 2), ("nbns.numcommand_blocks", 2), ("nbns.numpending_sessions", 2),
    ("nbns.max_num_pending_sessions", 2), ("nbns.max_total_sessions_possible", 2),
    ("nbns.session_data_packet_size", 2),
)  # fmt: skip
_NAME_FLAGS = (("nbns.name_flags.group", 0x8000), ("nbns.name_flags.drg", 0x1000), ("nbns.name_flags.cnf", 0x0800),
               ("nbns.name_flags.act", 0x0400), ("nbns.name_flags.prm", 0x0200))  # fmt: skip

NBNS = Protocol(
    "nbns",
    "NBNS",
    fields=computed_table("""
        nbns.id                          UINT16
        nbns.flags                       UINT16
        nbns.flags.response              BOOLEAN
        nbns.flags.opcode                UINT16
        nbns.flags.authoritative         BOOLEAN
        nbns.flags.truncated             BOOLEAN
        nbns.flags.recdesired            BOOLEAN
        nbns.flags.recavail              BOOLEAN
        nbns.flags.broadcast             BOOLEAN
        nbns.flags.rcode                 UINT16
        nbns.count.queries               UINT16
        nbns.count.answers               UINT16
        nbns.count.auth_rr               UINT16
        nbns.count.add_rr                UINT16
        nbns.name                        STRING
        nbns.type                        UINT16
        nbns.class                       UINT16
        nbns.ttl                         UINT32
        nbns.data_length                 UINT16
        nbns.data                        BYTES
        nbns.nb_flags                    UINT16
        nbns.nb_flags.group              BOOLEAN
        nbns.nb_flags.ont                UINT16
        nbns.addr                        IPv4
        nbns.number_of_names             UINT8
        nbns.netbios_name                STRING
        nbns.name_flags                  UINT16
        nbns.name_flags.group            BOOLEAN
        nbns.name_flags.ont              UINT16
        nbns.name_flags.drg              BOOLEAN
        nbns.name_flags.cnf              BOOLEAN
        nbns.name_flags.act              BOOLEAN
        nbns.name_flags.prm              BOOLEAN
        nbns.unit_id                     ETHER
        nbns.jumpers                     UINT8
        nbns.test_result                 UINT8
        nbns.version_number              UINT16
        nbns.period_of_statistics        UINT16
        nbns.num_crcs                    UINT16
        nbns.num_alignment_errors        UINT16
        nbns.num_collisions              UINT16
        nbns.num_send_aborts             UINT16
        nbns.num_good_sends              UINT32
        nbns.num_good_receives           UINT32
        nbns.numretransmits              UINT16
        nbns.num_no_resource_conditions  UINT16
        nbns.numcommand_blocks           UINT16
        nbns.numpending_sessions         UINT16
        nbns.max_num_pending_sessions    UINT16
        nbns.max_total_sessions_possible UINT16
        nbns.session_data_packet_size    UINT16
        nbns.incomplete_entry            NONE
    """),
    over={"udp.port": (137,)},
)


_ID_AND_FLAGS = 4
"""Bytes that tell what a message is: of one that the capture cut before, nothing is shown (as in Wireshark 4.4)."""


@NBNS.dissector
def dissect_nbns(view: View, region: Region) -> None:
    if region.length < min(_ID_AND_FLAGS, region.reported_length):
        view.mention(NBNS, region)
        region.need_all()
    view.push(NBNS, region)


@NBNS.filler
def fill_nbns(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region, big=True)
    cursor.u16("nbns.id")
    opcode = fill_flags(cursor)
    counts = [cursor.u16("nbns.count." + name) for name in ("queries", "answers", "auth_rr", "add_rr")]
    for _ in range(counts[0]):
        _fill_question(cursor)
    for _ in range(sum(counts[1:])):
        _fill_record(cursor, opcode)


def fill_flags(cursor: Cursor) -> int:
    """The flag word; its opcode. Some bits have a meaning in responses only."""
    flags, at = cursor.peek(2), cursor.absolute
    cursor.flags("nbns.flags", 2, _RESPONSE_FLAGS if flags & 0x8000 else _REQUEST_FLAGS)
    cursor.layer.add("nbns.flags.opcode", flags >> 11 & 15, at, 2)
    if flags & 0x8000:
        cursor.layer.add("nbns.flags.rcode", flags & 15, at, 2)
    return flags >> 11 & 15


def _fill_question(cursor: Cursor) -> None:
    layer, start = cursor.layer, cursor.absolute
    name, _, taken = read_netbios_name(cursor.region, cursor.at)
    cursor.region.need(cursor.at + taken, 4)
    layer.add("nbns.name", name, start, taken)
    cursor.skip(taken)
    cursor.u16("nbns.type")
    cursor.u16("nbns.class")


def _fill_record(cursor: Cursor, opcode: int) -> None:
    layer, start = cursor.layer, cursor.absolute
    name, suffix, taken = read_netbios_name(cursor.region, cursor.at)
    kind = cursor.region.u16(cursor.at + taken)
    cursor.region.need(cursor.at + taken, 10)
    if kind == NB and suffix is not None:
        name += f" ({_SUFFIXES.get(suffix, 'Unknown')})"
    layer.add("nbns.name", name, start + 1, taken - 1)  # Wireshark's item leaves out the first byte
    cursor.skip(taken)
    cursor.integers((("nbns.type", 2), ("nbns.class", 2), ("nbns.ttl", 4)))
    length = cursor.u16("nbns.data_length")
    end = cursor.at + length
    if kind == NB:
        _fill_addresses(cursor, end, opcode)
    elif kind == NBSTAT:
        _fill_status(cursor, end)
    else:
        cursor.raw("nbns.data", length)
    cursor.at = end


def _fill_addresses(cursor: Cursor, end: int, opcode: int) -> None:
    """NB_FLAGS and an address for each owner (RFC 1002 section 4.2.1.3); a WACK repeats the request's flags."""
    while cursor.at < end:
        if opcode == WACK:
            if end - cursor.at < 2:
                return _incomplete(cursor)
            fill_flags(cursor)
            continue
        if end - cursor.at < 2:
            return _incomplete(cursor)
        flags, at = cursor.peek(2), cursor.absolute
        cursor.flags("nbns.nb_flags", 2, (("nbns.nb_flags.group", 0x8000),))
        cursor.layer.add("nbns.nb_flags.ont", flags >> 13 & 3, at, 2)
        if end - cursor.at < 4:
            return _incomplete(cursor)
        cursor.raw("nbns.addr", 4)
    return None


def _fill_status(cursor: Cursor, end: int) -> None:
    """The names of a node and its statistics (RFC 1002 section 4.2.18)."""
    if cursor.at >= end:
        return _incomplete(cursor)
    for _ in range(cursor.u8("nbns.number_of_names")):
        if end - cursor.at < 18:
            return _incomplete(cursor)
        name = cursor.region.bytes(cursor.at, 16)
        cursor.layer.add("nbns.netbios_name", printable(name[:15]), cursor.absolute, 16)
        cursor.skip(16)
        flags, at = cursor.peek(2), cursor.absolute
        cursor.flags("nbns.name_flags", 2, _NAME_FLAGS)
        cursor.layer.add("nbns.name_flags.ont", flags >> 13 & 3, at, 2)
    if cursor.at < end:
        cursor.raw("nbns.unit_id", 6)
        cursor.integers(_STATISTICS)
    return None


def _incomplete(cursor: Cursor) -> None:
    """The data ends inside an entry; Wireshark 4.4 calls the frame malformed and goes on."""
    cursor.layer.add("nbns.incomplete_entry", None)
    cursor.layer.view.damaged(Malformed("an entry is cut short"))


@NBNS.info_line
def nbns_info(layer: Layer) -> str:
    flags = layer.computed("nbns.flags")
    if not flags:
        return ""
    names = {0: "Name query", 5: "Registration", 6: "Release", 7: "Wait acknowledgement", 8: "Refresh",
             9: "Refresh(altcode)", 15: "Multi-homed registration"}  # fmt: skip
    kinds, texts = layer.computed("nbns.type"), layer.computed("nbns.name")
    text = names.get(flags[0] >> 11 & 15, "Unknown operation") + (" response" if flags[0] & 0x8000 else "")
    if kinds and texts:
        kind = {NB: "NB", NBSTAT: "NBSTAT"}.get(kinds[0], "Unknown")
        text += f" {kind} {texts[0].partition(' (')[0]}"
    return text
