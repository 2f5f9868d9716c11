"""NetBIOS datagram service (RFC 1002 section 4.4) over UDP port 138.

In: one datagram.  Out: its layer, and an SMB message in it.  What always holds: fragments are not put together, as in
Wireshark 4.4; each hands on what it carries.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.netbios_names import read_netbios_name
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

DATAGRAMS = (0x10, 0x11, 0x12)
ERROR = 0x13
QUERIES = (0x14, 0x15, 0x16)

NBDGM = Protocol(
    "nbdgm",
    "NBDS",
    fields=computed_table("""
        nbdgm.type             UINT8
        nbdgm.flags            UINT8
        nbdgm.next             BOOLEAN
        nbdgm.first            BOOLEAN
        nbdgm.node_type        UINT8
        nbdgm.dgram_id         UINT16
        nbdgm.src.ip           IPv4
        nbdgm.src.port         UINT16
        nbdgm.dgram_len        UINT16
        nbdgm.pkt_offset       UINT16
        nbdgm.error_code       UINT8
        nbdgm.source_name      STRING
        nbdgm.destination_name STRING
    """),
    over={"udp.port": (138,)},
    carries=("smb", "data"),
)


@NBDGM.dissector
def dissect_nbdgm(view: View, region: Region) -> None:
    layer = view.push(NBDGM, region)
    kind = region.u8(0)
    if kind not in DATAGRAMS:
        layer.set_length({ERROR: 11}.get(kind, region.length if kind in QUERIES else 10))
        return
    at = 14
    for _ in range(2):
        at += read_netbios_name(region, at)[2]
    layer.set_length(at)
    payload = region.sub(at)
    if payload.reported_length <= 0:
        return
    if payload.buf[payload.start : payload.start + 4] == b"\xffSMB":
        view.call(view.session.catalogue.protocols["smb"], payload)
    else:
        view.call_data(payload)


@NBDGM.filler
def fill_nbdgm(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region, big=True)
    kind = cursor.u8("nbdgm.type")
    flags, at = cursor.peek(1), cursor.absolute
    cursor.flags("nbdgm.flags", 1, (("nbdgm.next", 0x01), ("nbdgm.first", 0x02)))
    layer.add("nbdgm.node_type", flags >> 2 & 3, at, 1)
    cursor.u16("nbdgm.dgram_id")
    cursor.raw("nbdgm.src.ip", 4)
    cursor.u16("nbdgm.src.port")
    if kind in DATAGRAMS:
        cursor.u16("nbdgm.dgram_len")
        cursor.u16("nbdgm.pkt_offset")
        _fill_name(cursor, "nbdgm.source_name")
        _fill_name(cursor, "nbdgm.destination_name")
    elif kind == ERROR:
        cursor.u8("nbdgm.error_code")
    elif kind in QUERIES:
        _fill_name(cursor, "nbdgm.destination_name")


def _fill_name(cursor: Cursor, field: str) -> None:
    name, _, taken = read_netbios_name(cursor.region, cursor.at)
    cursor.layer.add(field, name, cursor.absolute, taken)
    cursor.skip(taken)
