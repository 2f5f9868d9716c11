"""The bodies of SMB 1 commands (MS-CIFS section 2.2.4, MS-SMB section 2.2.4): parameter words and data bytes.

In: a position at a command's word count.  Out: the command's fields, and the command that follows in its chain.
What always holds: words and bytes are read within what their counts say.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.protocols.cursor import Cursor, mask_table, message_text, utf16_text
from dfilter.packets.protocols.dcerpc import looks_like as looks_like_dcerpc
from dfilter.packets.protocols.smb2_flags import ACCESS_MASK, CREATE_OPTIONS, SHARE_ACCESS
from dfilter.packets.protocols.smb_state import QUERY_PATH, Header, Request
from dfilter.packets.region import Region
from dfilter.packets.view import View

BODY = 32
TRANSACTION, NEGOTIATE, SESSION_SETUP, TREE_CONNECT, NT_CREATE, CLOSE = 0x25, 0x72, 0x73, 0x75, 0xA2, 0x04
_TRANSACTION2, _READ = 0x32, 0x2E
_FIND_FIRST = 1
_MAILSLOT = "\\MAILSLOT\\"
_EXTENDED_SECURITY = 0x80000000
_SECURITY_MODE = mask_table("""
    smb.sm.mode 0x1
    smb.sm.password 0x2
    smb.sm.signatures 0x4
    smb.sm.sig_required 0x8
""")
_CAPABILITIES = mask_table("""
    smb.server_cap.raw_mode 0x1
    smb.server_cap.mpx_mode 0x2
    smb.server_cap.unicode 0x4
    smb.server_cap.large_files 0x8
    smb.server_cap.nt_smbs 0x10
    smb.server_cap.rpc_remote_apis 0x20
    smb.server_cap.nt_status 0x40
    smb.server_cap.level_2_oplocks 0x80
    smb.server_cap.lock_and_read 0x100
    smb.server_cap.nt_find 0x200
    smb.server_cap.dfs 0x1000
    smb.server_cap.infolevel_passthru 0x2000
    smb.server_cap.large_readx 0x4000
    smb.server_cap.large_writex 0x8000
    smb.server_cap.lwio 0x10000
    smb.server_cap.unix 0x800000
    smb.server_cap.compressed_data 0x2000000
    smb.server_cap.dynamic_reauth 0x20000000
    smb.server_cap.extended_security 0x80000000
""")
_TRANSACTION_FLAGS = mask_table("""
    smb.transaction.flags.dtid 0x1
    smb.transaction.flags.owt 0x2
""")
_CREATE_FLAGS = mask_table("""
    smb.nt.create.oplock 0x2
    smb.nt.create.batch_oplock 0x4
    smb.nt.create.dir 0x8
    smb.nt.create.ext 0x10
""")
_FILE_ATTRIBUTES = mask_table("""
    smb.file_attribute.read_only 0x1
    smb.file_attribute.hidden 0x2
    smb.file_attribute.system 0x4
    smb.file_attribute.volume 0x8
    smb.file_attribute.directory 0x10
    smb.file_attribute.archive 0x20
    smb.file_attribute.device 0x40
    smb.file_attribute.normal 0x80
    smb.file_attribute.temporary 0x100
    smb.file_attribute.sparse 0x200
    smb.file_attribute.reparse 0x400
    smb.file_attribute.compressed 0x800
    smb.file_attribute.offline 0x1000
    smb.file_attribute.not_content_indexed 0x2000
    smb.file_attribute.encrypted 0x4000
""")
_CONNECT_FLAGS = mask_table("""
    smb.connect.flags.dtid 0x1
    smb.connect.flags.extendedsig 0x4
    smb.connect.flags.extendedresp 0x8
""")


def fill_command(cursor: Cursor, header: Header, command: int, *, has_andx: bool) -> tuple[int, int] | None:
    """One command's fields; the next command and its offset, None where no chain can go on."""
    if command == header.command and (header.response or command != TRANSACTION):
        fill_file(cursor, header)
    if header.response and header.request is not None and header.request.subcommand is not None:
        _fill_answered(cursor, header.request)
    words = cursor.u8("smb.wct")
    end = cursor.at + 2 * words
    following: tuple[int, int] | None = None
    if has_andx and words >= 2:
        following = cursor.u8("smb.cmd"), cursor.region.le16(cursor.at + 1)
        cursor.raw("smb.reserved", 1)
        cursor.u16("smb.andxoffset")
    fill_words = (_RESPONSE_WORDS if header.response else _REQUEST_WORDS).get((command, words))
    if fill_words is not None:
        fill_words(cursor, header)
    cursor.at = end
    count = cursor.u16("smb.bcc")
    data_end = cursor.at + count
    fill_bytes = (_RESPONSE_BYTES if header.response else _REQUEST_BYTES).get((command, words))
    if fill_bytes is not None and count:
        fill_bytes(Cursor(cursor.layer, cursor.region.clipped(0, data_end), cursor.at), header)
    cursor.at = data_end
    return following


def _text(cursor: Cursor, name: str, unicode: bool) -> None:
    text, at, length = message_text(cursor.region, cursor.at, unicode)
    cursor.layer.add(name, text, cursor.region.start + at, length)
    cursor.at = at + length


def fill_file(cursor: Cursor, header: Header) -> None:
    """The file that the command is about, and what is known of how it was opened."""
    if header.fid is None:
        return
    layer, at = cursor.layer, cursor.absolute
    layer.add("smb.fid", header.fid, at, 2)
    file = header.file
    if file is None:
        return
    layer.add("smb.fid.opened_in", file.opened_in, at)
    for frame in layer.view.session.foresight_for("smb.fid.closed_in", file.opened_in):
        layer.add("smb.fid.closed_in", frame, at)
    layer.add("smb.file", file.name, at)
    for name, value, size, bits in (
            ("smb.create_flags", file.create_flags, 4, _CREATE_FLAGS), ("smb.access_mask", file.access, 4, ACCESS_MASK),
            ("smb.file_attribute", file.attributes, 4, _FILE_ATTRIBUTES),
            ("smb.share_access", file.share, 4, SHARE_ACCESS),
            ("smb.create_options", file.options, 4, CREATE_OPTIONS)):  # fmt: skip
        layer.add(name, value, at, size)
        for bit_name, mask in bits:
            layer.add(bit_name, bool(value & mask), at, size)
    layer.add("smb.create.disposition", file.disposition, at)


def _fill_answered(cursor: Cursor, request: Request) -> None:
    """On the response of a transaction, what its request asked for."""
    layer, at = cursor.layer, cursor.absolute
    layer.add("smb.trans2.cmd", request.subcommand, at)
    if request.level is not None:
        layer.add("smb.qpi_loi", request.level, at)
        layer.add("smb.file", request.text, at)


def _negotiate_dialects(cursor: Cursor, header: Header) -> None:
    layer = cursor.layer
    while cursor.left > 1:
        start = cursor.absolute
        form = cursor.peek(1)
        text = cursor.region.rest(cursor.at + 1).split(b"\0", 1)[0]
        name = text.decode("latin-1")
        layer.add("smb.dialect", name, start, len(text) + 2)
        layer.add("smb.buffer_format", form, start, 1)
        layer.add("smb.dialect.name", name, start + 1, len(text) + 1)
        cursor.skip(len(text) + 2)


def _negotiate_words(cursor: Cursor, header: Header) -> None:
    cursor.u16("smb.dialect.index")
    cursor.flags("smb.sm", 1, _SECURITY_MODE)
    cursor.integers((("smb.max_mpx_count", 2), ("smb.max_vcs", 2), ("smb.max_bufsize", 4), ("smb.max_raw", 4),
                     ("smb.session_key", 4)))  # fmt: skip
    cursor.flags("smb.server_cap", 4, _CAPABILITIES)
    cursor.filetime("smb.system.time")
    zone = cursor.peek(2)
    cursor.layer.add("smb.server_timezone", zone - 0x10000 if zone & 0x8000 else zone, cursor.absolute, 2)
    cursor.skip(2)
    cursor.u8("smb.challenge_length")


def _negotiate_bytes(cursor: Cursor, header: Header) -> None:
    capabilities = cursor.region.le32(BODY + 1 + 19)
    if capabilities & _EXTENDED_SECURITY:
        cursor.guid("smb.server_guid")
        cursor.captured("smb.security_blob", cursor.left)
        return
    length = cursor.region.u8(BODY + 1 + 33)
    if length:
        cursor.captured("smb.challenge", length)
    if cursor.left > 0:
        _name(cursor, "smb.primary_domain", header.unicode)
    if cursor.left > 0:
        _name(cursor, "smb.server", header.unicode)


def _name(cursor: Cursor, name: str, unicode: bool) -> None:
    """A string of the negotiation, which starts wherever it starts."""
    if not unicode:
        _text(cursor, name, unicode=False)
        return
    data = cursor.region.rest(cursor.at)
    size = next((at for at in range(0, len(data) - 1, 2) if data[at : at + 2] == b"\0\0"), len(data) & ~1)
    cursor.layer.add(name, utf16_text(data[:size]), cursor.absolute, min(size + 2, len(data)))
    cursor.skip(size + 2)


def _setup_words(cursor: Cursor, header: Header) -> None:
    cursor.integers((("smb.max_buf", 2), ("smb.max_mpx_count", 2), ("smb.vc", 2), ("smb.session_key", 4)))


def _setup_plain_words(cursor: Cursor, header: Header) -> None:
    _setup_words(cursor, header)
    cursor.integers((("smb.ansi_pwlen", 2), ("smb.unicode_pwlen", 2)))
    cursor.raw("smb.reserved", 4)
    cursor.flags("smb.server_cap", 4, _CAPABILITIES)


def _setup_plain_bytes(cursor: Cursor, header: Header) -> None:
    at = cursor.at - 2 - 8 - 4
    ansi, unicode = cursor.region.le16(at), cursor.region.le16(at + 2)
    if ansi:
        cursor.captured("smb.ansi_password", ansi)
    if unicode:
        cursor.captured("smb.unicode_password", unicode)
    _texts(cursor, header, ("account", "primary_domain", "native_os", "native_lanman"))


def _texts(cursor: Cursor, header: Header, names: tuple[str, ...]) -> None:
    for name in names:
        if cursor.left <= 0:
            return
        _text(cursor, "smb." + name, header.unicode)


def _setup_blob_words(cursor: Cursor, header: Header) -> None:
    _setup_words(cursor, header)
    cursor.u16("smb.security_blob_len")
    cursor.raw("smb.reserved", 4)
    cursor.flags("smb.server_cap", 4, _CAPABILITIES)


def _setup_blob_bytes(cursor: Cursor, header: Header) -> None:
    cursor.captured("smb.security_blob", cursor.region.le16(cursor.at - 2 - 10))
    _texts(cursor, header, ("native_os", "native_lanman"))


def _setup_response_words(cursor: Cursor, header: Header) -> None:
    cursor.flags("smb.setup.action", 2, (("smb.setup.action.guest", 1),))


def _setup_blob_response_words(cursor: Cursor, header: Header) -> None:
    _setup_response_words(cursor, header)
    cursor.u16("smb.security_blob_len")


def _setup_response_bytes(cursor: Cursor, header: Header) -> None:
    _texts(cursor, header, ("native_os", "native_lanman", "primary_domain"))


def _setup_blob_response_bytes(cursor: Cursor, header: Header) -> None:
    cursor.captured("smb.security_blob", cursor.region.le16(cursor.at - 4))
    _texts(cursor, header, ("native_os", "native_lanman"))


def _tree_words(cursor: Cursor, header: Header) -> None:
    cursor.flags("smb.connect.flags", 2, _CONNECT_FLAGS)
    cursor.u16("smb.pwlen")


def _tree_bytes(cursor: Cursor, header: Header) -> None:
    cursor.captured("smb.password", cursor.region.le16(cursor.at - 4))
    _text(cursor, "smb.path", header.unicode)
    if cursor.left > 0:
        _text(cursor, "smb.service", unicode=False)


def _tree_response_bytes(cursor: Cursor, header: Header) -> None:
    _text(cursor, "smb.service", unicode=False)
    if cursor.left > 0:
        _text(cursor, "smb.native_fs", header.unicode)


def _create_words(cursor: Cursor, header: Header) -> None:
    cursor.raw("smb.reserved", 1)
    cursor.u16("smb.file_name_len")
    cursor.flags("smb.create_flags", 4, _CREATE_FLAGS)
    cursor.u32("smb.rfid")
    cursor.flags("smb.access_mask", 4, ACCESS_MASK)
    cursor.u64("smb.alloc_size64")
    cursor.flags("smb.file_attribute", 4, _FILE_ATTRIBUTES)
    cursor.flags("smb.share_access", 4, SHARE_ACCESS)
    cursor.u32("smb.create.disposition")
    cursor.flags("smb.create_options", 4, CREATE_OPTIONS)
    cursor.u32("smb.impersonation.level")


def _create_response_words(cursor: Cursor, header: Header) -> None:
    cursor.u8("smb.oplock.level")
    cursor.skip(2)
    cursor.u32("smb.create.action")
    cursor.filetime("smb.create.time")
    cursor.skip(8)
    cursor.filetime("smb.last_write.time")
    cursor.filetime("smb.change.time")
    cursor.flags("smb.file_attribute", 4, _FILE_ATTRIBUTES)
    cursor.integers((("smb.alloc_size64", 8), ("smb.end_of_file", 8), ("smb.file_type", 2)))
    cursor.skip(2)
    cursor.u8("smb.is_directory")


def _extended_create_response_words(cursor: Cursor, header: Header) -> None:
    _create_response_words(cursor, header)
    cursor.guid("smb.volume_guid")
    cursor.u64("smb.create.file_id_64b")
    cursor.flags("smb.access_mask", 4, ACCESS_MASK)
    cursor.flags("smb.access_mask", 4, ACCESS_MASK)


def _create_bytes(cursor: Cursor, header: Header) -> None:
    _text(cursor, "smb.file", header.unicode)


def _transaction_words(cursor: Cursor, header: Header) -> None:
    cursor.integers((("smb.tpc", 2), ("smb.tdc", 2), ("smb.mpc", 2), ("smb.mdc", 2), ("smb.msc", 1)))
    cursor.raw("smb.reserved", 1)
    cursor.flags("smb.transaction.flags", 2, _TRANSACTION_FLAGS)
    cursor.u32("smb.timeout")
    cursor.raw("smb.reserved", 2)
    cursor.integers((("smb.pc", 2), ("smb.po", 2), ("smb.dc", 2), ("smb.data_offset", 2), ("smb.sc", 1)))
    cursor.raw("smb.reserved", 1)


def _transaction_bytes(cursor: Cursor, header: Header) -> None:
    """The name; a pipe's file shows here on a request, and once more on a response."""
    fill_file(cursor, header)
    _text(cursor, "smb.trans_name", header.unicode)


def _transaction_response_bytes(cursor: Cursor, header: Header) -> None:
    fill_file(cursor, header)


def _transaction2_words(cursor: Cursor, header: Header) -> None:
    _transaction_words(cursor, header)
    cursor.u16("smb.trans2.cmd")


def _transaction2_bytes(cursor: Cursor, header: Header) -> None:
    """The parameters of the subcommands that name files (MS-CIFS sections 2.2.6.2 and 2.2.6.6)."""
    region = cursor.region
    subcommand, offset = region.le16(BODY + 1 + 28), region.le16(BODY + 1 + 20)
    cursor.at = max(cursor.at, offset)
    if subcommand == QUERY_PATH and cursor.left > 6:
        cursor.u16("smb.qpi_loi")
        cursor.raw("smb.reserved", 4)
        _text(cursor, "smb.file", header.unicode)
    elif subcommand == _FIND_FIRST and cursor.left > 12:
        cursor.skip(2)
        cursor.u16("smb.search_count_max")
        cursor.skip(2)
        cursor.u16("smb.ff2_loi")
        cursor.u32("smb.storage_type")
        _text(cursor, "smb.search_pattern", header.unicode)


def _transaction_response_words(cursor: Cursor, header: Header) -> None:
    cursor.integers((("smb.tpc", 2), ("smb.tdc", 2)))
    cursor.raw("smb.reserved", 2)
    cursor.integers((("smb.pc", 2), ("smb.po", 2), ("smb.pd", 2), ("smb.dc", 2), ("smb.data_offset", 2),
                     ("smb.data_disp", 2), ("smb.sc", 1)))  # fmt: skip
    cursor.raw("smb.reserved", 1)


def _read_words(cursor: Cursor, header: Header) -> None:
    cursor.skip(2)
    cursor.integers((("smb.offset", 4), ("smb.maxcount_low", 2), ("smb.mincount", 2), ("smb.maxcount_high", 4),
                     ("smb.remaining", 2)))  # fmt: skip
    if cursor.region.u8(BODY) == 12:
        cursor.u32("smb.offset_high")


def _read_response_words(cursor: Cursor, header: Header) -> None:
    cursor.integers((("smb.remaining", 2), ("smb.dcm", 2)))
    cursor.raw("smb.reserved", 2)
    cursor.integers((("smb.data_len_low", 2), ("smb.data_offset", 2), ("smb.data_len_high", 4)))
    cursor.raw("smb.reserved", 6)


_Filler = Callable[[Cursor, Header], None]
_Table = dict[tuple[int, int], _Filler]
_REQUEST_WORDS: _Table = {
    (SESSION_SETUP, 13): _setup_plain_words, (SESSION_SETUP, 12): _setup_blob_words, (TREE_CONNECT, 4): _tree_words,
    (NT_CREATE, 24): _create_words, (_TRANSACTION2, 15): _transaction2_words, (_READ, 10): _read_words,
    (_READ, 12): _read_words,
    **{(TRANSACTION, words): _transaction_words for words in range(14, 20)},
}  # fmt: skip
_REQUEST_BYTES: _Table = {
    (NEGOTIATE, 0): _negotiate_dialects, (SESSION_SETUP, 13): _setup_plain_bytes,
    (SESSION_SETUP, 12): _setup_blob_bytes, (_TRANSACTION2, 15): _transaction2_bytes,
    (TREE_CONNECT, 4): _tree_bytes, (NT_CREATE, 24): _create_bytes,
    **{(TRANSACTION, words): _transaction_bytes for words in range(14, 20)},
}  # fmt: skip
_RESPONSE_WORDS: _Table = {
    (NEGOTIATE, 17): _negotiate_words, (SESSION_SETUP, 3): _setup_response_words,
    (SESSION_SETUP, 4): _setup_blob_response_words, (NT_CREATE, 34): _create_response_words,
    (NT_CREATE, 42): _extended_create_response_words, (_READ, 12): _read_response_words,
    (_TRANSACTION2, 10): _transaction_response_words,
    **{(TRANSACTION, words): _transaction_response_words for words in range(10, 14)},
}  # fmt: skip
_RESPONSE_BYTES: _Table = {
    (NEGOTIATE, 17): _negotiate_bytes, (SESSION_SETUP, 3): _setup_response_bytes,
    (SESSION_SETUP, 4): _setup_blob_response_bytes, (TREE_CONNECT, 3): _tree_response_bytes,
    (TREE_CONNECT, 7): _tree_response_bytes,
    **{(TRANSACTION, words): _transaction_response_bytes for words in range(10, 14)},
}  # fmt: skip


def _is_extended(region: Region) -> bool:
    """Does a negotiation's response offer extended security?"""
    return bool(region.le32(BODY + 1 + 19) & _EXTENDED_SECURITY)


def dissect_blob(view: View, header: Header) -> None:
    """The security blob of a negotiation or session setup goes on to GSS-API or NTLM, if the capture holds
    all of it."""
    region = header.region
    if region.length <= BODY:
        return
    content: Region | None = None
    words = region.u8(BODY)
    at = BODY + 1 + 2 * words + 2
    if header.command == SESSION_SETUP and (words, header.response) in ((12, False), (4, True)):
        content = region.clipped(at, region.le16(BODY + 1 + (14 if words == 12 else 6)))
    elif (header.command, header.response, words) == (NEGOTIATE, True, 17) and _is_extended(region):
        content = region.clipped(at + 16, region.le16(at - 2) - 16)
    if content is None or content.length == 0 or content.length < content.reported_length:
        return
    ntlm = content.buf[content.start : content.start + 8] == b"NTLMSSP\0"
    view.call_guarded(view.session.catalogue.protocols["ntlmssp" if ntlm else "gss-api"], content)


def dissect_transaction(view: View, header: Header) -> None:
    """The data of a transaction: a mailslot's message, or a pipe's DCE/RPC."""
    region = header.region
    if header.command != TRANSACTION or region.length <= BODY + 1:
        return
    words = region.u8(BODY)
    protocols = view.session.catalogue.protocols
    at = BODY + 1
    if not header.response and 14 <= words < 20:
        data = region.clipped(region.le16(at + 24), region.le16(at + 22))
        name_at = at + 2 * words + 2
        name = region.rest(name_at)
        text = utf16_text(name[name_at & 1 :]) if header.unicode else name.split(b"\0", 1)[0].decode("latin-1")
        if text.upper().startswith(_MAILSLOT):
            setup = region.sub(at + 28, 2 * region.u8(at + 26))
            if "mailslot" in protocols:
                view.call_guarded(protocols["mailslot"], setup)
            return
    elif header.response and 10 <= words < 14:
        data = region.clipped(region.le16(at + 14), region.le16(at + 12))
    else:
        return
    if data.length and looks_like_dcerpc(data):
        view.call_guarded(protocols["dcerpc"], data)
