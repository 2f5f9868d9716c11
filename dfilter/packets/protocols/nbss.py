"""NetBIOS session service (RFC 1002 section 4.3) over TCP port 139, and SMB straight over TCP port 445.

In: the bytes of one segment, or messages put together.  Out: a layer for each message, and the SMB message in it.
What always holds, as in Wireshark 4.4: bytes that cannot begin a message are "continuation data", the whole segment;
whether lengths have 24 bits (direct SMB, MS-SMB2 section 2.1) or 17 is seen from the first message's payload.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.netbios_names import read_netbios_name
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT, NeedMore
from dfilter.packets.view import Layer, View

MESSAGE, REQUEST, POSITIVE, NEGATIVE, RETARGET, KEEP_ALIVE = 0x00, 0x81, 0x82, 0x83, 0x84, 0x85
_FIXED_LENGTHS = {POSITIVE: 0, NEGATIVE: 1, RETARGET: 6, KEEP_ALIVE: 0}
_SMB2_MAGIC = (b"\xfeSMB", b"\xfdSMB", b"\xfcSMB")
_SMB_MAGIC = (b"\xffSMB", *_SMB2_MAGIC, b"\xfbSMB")
_DIRECT_PORT = 445

NBSS = Protocol(
    "nbss",
    "NBSS",
    fields=computed_table("""
        nbss.type                UINT8
        nbss.flags               UINT8
        nbss.flags.e             BOOLEAN
        nbss.length              UINT24
        nbss.called_name         STRING
        nbss.calling_name        STRING
        nbss.error_code          UINT8
        nbss.retarget_ip_address IPv4
        nbss.retarget_port       UINT16
        nbss.continuation_data   BYTES
    """),
    over={"tcp.port": (139, 445)},
    carries=("smb", "smb2", "data"),
)


@NBSS.dissector
def dissect_nbss(view: View, region: Region) -> None:
    if region.length < 4 and region.length == region.reported_length and view.stream is not None:
        raise NeedMore(region.start, ONE_MORE_SEGMENT)
    if region.length < 4 < region.reported_length:
        view.push(NBSS, region).state = None
        return
    direct = _is_direct(view, region)
    if not direct and not _begins_message(region):
        view.push(NBSS, region).state = None
        return
    at = 0
    while at < region.reported_length:
        if view.stream is not None and region.length == region.reported_length:
            missing = _missing(region, at, direct)
            if missing:
                raise NeedMore(region.start + at, missing)
        length = _message_length(region, at, direct)
        _dissect_message(view, region.clipped(at, 4 + length), direct)
        at += 4 + length


def _is_direct(view: View, region: Region) -> bool:
    if region.length < 8 or region.buf[region.start] != MESSAGE or region.u24(1) == 0:
        return False
    if region.buf[region.start + 4 : region.start + 8] not in _SMB_MAGIC:
        return False
    return _DIRECT_PORT in view.ports or region.buf is view.frame.data


def _begins_message(region: Region) -> bool:
    """Can a message begin here?"""
    kind, flags = region.u8(0), region.u8(1)
    if flags & 0xFE:
        return False
    length = (flags & 1) << 16 | region.u16(2)
    if kind == MESSAGE:
        return length > 0
    return kind == REQUEST or _FIXED_LENGTHS.get(kind) == length


def _message_length(region: Region, at: int, direct: bool) -> int:
    return region.u24(at + 1) if direct else (region.u8(at + 1) & 1) << 16 | region.u16(at + 2)


def _missing(region: Region, at: int, direct: bool) -> int:
    """How many bytes the message at `at` still lacks, or a constant of the reassembly; 0 for none."""
    if region.length - at < 4:
        return ONE_MORE_SEGMENT
    return max(at + 4 + _message_length(region, at, direct) - region.length, 0)


def _dissect_message(view: View, message: Region, direct: bool) -> None:
    layer = view.push(NBSS, message)
    layer.state = direct
    payload = message.sub(4)
    if message.u8(0) != MESSAGE or payload.reported_length == 0:
        return
    magic = payload.buf[payload.start : min(payload.start + 4, payload.end)]
    if len(magic) < 4 <= payload.reported_length and b"\xffSMB".startswith(magic):
        raise payload.beyond(payload.start + 4)  # SMB's recogniser looks that far
    name = "smb" if magic == b"\xffSMB" else "smb2" if magic in _SMB2_MAGIC else ""
    if name:
        view.call_guarded(view.session.catalogue.protocols[name], payload)
    else:
        view.call_data(payload)


@NBSS.filler
def fill_nbss(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region, big=True)
    if layer.state is None:
        cursor.raw("nbss.continuation_data", layer.region.length)
        return
    kind = cursor.u8("nbss.type")
    if layer.state:
        cursor.integer("nbss.length", 3)
        return
    flags = cursor.flags("nbss.flags", 1, (("nbss.flags.e", 0x01),))
    layer.add("nbss.length", (flags & 1) << 16 | cursor.peek(2), cursor.absolute - 1, 3)
    cursor.skip(2)
    if kind == REQUEST:
        for field in ("nbss.called_name", "nbss.calling_name"):
            name, _, taken = read_netbios_name(layer.region, cursor.at)
            layer.add(field, name, cursor.absolute, taken)
            cursor.skip(taken)
    elif kind == NEGATIVE:
        cursor.u8("nbss.error_code")
    elif kind == RETARGET:
        cursor.raw("nbss.retarget_ip_address", 4)
        cursor.u16("nbss.retarget_port")
