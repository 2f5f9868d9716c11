"""SMB 1 / CIFS (MS-CIFS, MS-SMB): header, AndX chains, and the bodies that open sessions, trees and files.

In: one message of the session or the datagram service.  Out: its layer, and what its security blobs, pipes and
mailslots carry.  What always holds: a chain of AndX commands goes forward only; strings are UTF-16 where the header
says so and else one byte a character.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor, mask_table
from dfilter.packets.protocols.smb_bodies import dissect_blob, dissect_transaction, fill_command
from dfilter.packets.protocols.smb_fields import SMB_FIELD_TABLE
from dfilter.packets.protocols.smb_line import message_text
from dfilter.packets.protocols.smb_state import Header, link, note
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import replace

HEADER_LENGTH = 32
MAX_CHAIN = 128
"""AndX commands of one message that are walked."""
NO_MORE = 0xFF
_ANDX = frozenset({0x24, 0x2D, 0x2E, 0x2F, 0x73, 0x74, 0x75, 0xA2})
_NT_STATUS = 0x4000
_LOOK_AHEAD = ("smb.response_in", "smb.path", "smb.fid.mapped_in", "smb.fid.closed_in")
_STATEFUL = ("smb.response_to", "smb.time", "smb.fid.opened_in")
_FLAGS = mask_table("""
    smb.flags.lock 0x01
    smb.flags.receive_buffer 0x02
    smb.flags.caseless 0x08
    smb.flags.canon 0x10
    smb.flags.oplock 0x20
    smb.flags.notify 0x40
    smb.flags.response 0x80
""")
_FLAGS2 = mask_table("""
    smb.flags2.long_names_allowed 0x0001
    smb.flags2.ea 0x0002
    smb.flags2.sec_sig 0x0004
    smb.flags2.compressed 0x0008
    smb.flags2.sec_sig_required 0x0010
    smb.flags2.long_names_used 0x0040
    smb.flags2.reparse_path 0x0400
    smb.flags2.esn 0x0800
    smb.flags2.dfs 0x1000
    smb.flags2.roe 0x2000
    smb.flags2.nt_error 0x4000
    smb.flags2.string 0x8000
""")

SMB = Protocol(
    "smb",
    "SMB",
    fields=tuple(
        replace(declared, look_ahead=declared.name in _LOOK_AHEAD, stateful=declared.name in _LOOK_AHEAD + _STATEFUL)
        for declared in computed_table(SMB_FIELD_TABLE)
    ),
    carries=("gss-api", "ntlmssp", "dcerpc", "data"),
    second_look=("smb.fid",),
)


@SMB.dissector
def dissect_smb(view: View, region: Region) -> bool | None:
    if region.length < 4 or region.buf[region.start : region.start + 4] != b"\xffSMB":
        return False
    if region.length < HEADER_LENGTH <= region.reported_length:
        view.mention(SMB, region)  # nothing is shown of a header that the capture cut
        raise region.beyond(region.start + HEADER_LENGTH)
    layer = view.push(SMB, region)
    if region.length < HEADER_LENGTH:
        raise region.beyond(region.start + HEADER_LENGTH)
    flags, flags2 = region.u8(9), region.le16(10)
    header = Header(
        region=region,
        command=region.u8(4),
        response=bool(flags & 0x80),
        unicode=bool(flags2 & 0x8000),
        nt_status=bool(flags2 & _NT_STATUS),
        status=region.le32(5),
        tid=region.le16(24),
        pid=region.le16(26),
        uid=region.le16(28),
        mid=region.le16(30),
    )
    layer.state = header
    if not view.quoted:
        note(view, header)
        dissect_blob(view, header)
        dissect_transaction(view, header)
    return None


@SMB.filler
def fill_smb(layer: Layer) -> None:
    header = layer.state
    if not isinstance(header, Header):
        if layer.region.length >= 4:
            layer.add("smb.server_component", layer.region.le32(0), layer.start, 4)
        return
    cursor = Cursor(layer, layer.region)
    cursor.u32("smb.server_component")
    link(layer, header)
    cursor.u8("smb.cmd")
    if header.nt_status:
        cursor.u32("smb.nt_status")
    else:
        cursor.u8("smb.error_class")
        cursor.raw("smb.reserved", 1)
        cursor.u16("smb.error_code")
    cursor.flags("smb.flags", 1, _FLAGS)
    cursor.flags("smb.flags2", 2, _FLAGS2)
    cursor.u16("smb.pid.high")
    cursor.raw("smb.signature", 8)
    cursor.raw("smb.reserved", 2)
    cursor.u16("smb.tid")
    if header.tree is not None:
        layer.add("smb.path", header.tree[0], cursor.absolute - 2)
        layer.add("smb.fid.mapped_in", header.tree[1], cursor.absolute - 2)
    cursor.integers((("smb.pid", 2), ("smb.uid", 2), ("smb.mid", 2)))
    _fill_chain(cursor, header)


def _fill_chain(cursor: Cursor, header: Header) -> None:
    command = header.command
    for _ in range(MAX_CHAIN):
        if cursor.left <= 0:
            return
        start = cursor.at
        following = fill_command(cursor, header, command, has_andx=command in _ANDX)
        if following is None:
            return
        command, offset = following
        if command == NO_MORE:
            return
        if offset <= start:
            raise Malformed("a chain of commands that does not advance")
        cursor.at = offset


@SMB.info_line
def smb_info(layer: Layer) -> str:
    header = layer.state
    if not isinstance(header, Header):
        return ""
    return message_text(layer, header.title, header.response)
