"""What SMB2 tells of files and file systems: information levels (MS-FSCC sections 2.4 and 2.5) and FSCTLs (2.3).

In: the buffer of a response or request, its class and level.  Out: its fields.  What always holds: lists go forward;
a level that is not known shows as `smb2.unknown`.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.smb2_flags import ACCESS_MASK, DEVICE_FLAGS, FILE_ATTRIBUTES, FS_ATTRIBUTES

FILE, FILE_SYSTEM, SECURITY, QUOTA = 1, 2, 3, 4
GET_REFERRALS, WAIT_FOR_PIPE, NETWORK_INTERFACES = 0x00060194, 0x00110018, 0x001401FC
VALIDATE_NEGOTIATE, OBJECT_ID = 0x00140204, (0x000900C0, 0x0009009C)
_INET, _INET6 = 2, 23

_MODES = (("file_write_through", 2), ("file_sequential_only", 4), ("file_no_intermediate_buffering", 8),
          ("file_synchronous_io_alert", 16), ("file_synchronous_io_nonalert", 32),
          ("file_delete_on_close", 0x1000))  # fmt: skip


def fill_info(cursor: Cursor, kind: int, level: int) -> None:
    """The buffer of a GetInfo response or a SetInfo request."""
    if cursor.left <= 0:
        return
    name, filler = (_FILE_LEVELS if kind == FILE else _FS_LEVELS if kind == FILE_SYSTEM else {}).get(level, ("", None))
    if kind == SECURITY:
        cursor.layer.add("smb2.sec_info_00", None, cursor.absolute, cursor.region.length)
    elif filler is None:
        cursor.captured("smb2.unknown", cursor.left)
    else:
        cursor.layer.add(name, None, cursor.absolute, cursor.region.length)
        filler(cursor)


def _times(cursor: Cursor) -> None:
    for name in ("create", "last_access", "last_write", "last_change"):
        cursor.filetime(f"smb2.{name}.time")


def _basic(cursor: Cursor) -> None:
    _times(cursor)
    cursor.flags("smb2.file_attribute", 4, FILE_ATTRIBUTES)
    cursor.captured("smb2.unknown", min(cursor.left, 4))


def _standard(cursor: Cursor) -> None:
    cursor.integers((("smb.alloc_size64", 8), ("smb.end_of_file", 8), ("smb.link_count", 4),
                     ("smb.delete_pending", 1), ("smb.is_directory", 1)))  # fmt: skip


def _mode(cursor: Cursor) -> None:
    value, at = cursor.peek(4), cursor.absolute
    cursor.u32("smb2.mode_info")
    for name, mask in _MODES:
        cursor.layer.add("smb2.mode." + name, 1 if value & mask else 0, at, 4)


def _all(cursor: Cursor) -> None:
    _basic(cursor)
    cursor.integers((("smb2.allocation_size", 8), ("smb2.eof", 8), ("smb2.nlinks", 4), ("smb2.delete_pending", 1),
                     ("smb2.is_directory", 1)))  # fmt: skip
    cursor.skip(2)
    cursor.integers((("smb2.file_id", 8), ("smb2.ea_size", 4)))
    cursor.flags("smb.access_mask", 4, ACCESS_MASK)
    cursor.u64("smb2.position_info")
    _mode(cursor)
    cursor.u32("smb2.alignment_info")
    cursor.utf16("smb2.filename", cursor.u32("smb2.filename.len"))


def _network_open(cursor: Cursor) -> None:
    _times(cursor)
    cursor.integers((("smb2.allocation_size", 8), ("smb2.eof", 8)))
    cursor.flags("smb2.file_attribute", 4, FILE_ATTRIBUTES)
    cursor.captured("smb2.unknown", min(cursor.left, 4))


def _disposition(cursor: Cursor) -> None:
    cursor.flags("", 1, (("smb2.disposition.delete_on_close", 1),))


def _rename(cursor: Cursor) -> None:
    cursor.flags("", 1, (("smb2.rename.replace_if", 1),))
    cursor.skip(7)
    cursor.raw("smb2.root_directory", 8)
    cursor.utf16("smb2.filename", cursor.u32("smb2.filename.len"))


def _named(cursor: Cursor) -> None:
    cursor.utf16("smb2.filename", cursor.u32("smb2.filename.len"))


def _end_of_file(cursor: Cursor) -> None:
    cursor.u64("smb.end_of_file")


def _allocation(cursor: Cursor) -> None:
    cursor.u64("smb.alloc_size64")


def _internal(cursor: Cursor) -> None:
    cursor.u64("smb.index_number")


def _ea(cursor: Cursor) -> None:
    cursor.u32("smb.ea.list_length")


def _position(cursor: Cursor) -> None:
    cursor.u64("smb2.position_info")


def _access(cursor: Cursor) -> None:
    cursor.flags("smb.access_mask", 4, ACCESS_MASK)


def _streams(cursor: Cursor) -> None:
    while cursor.left >= 24:
        start = cursor.at
        step = cursor.u32("smb.next_entry_offset")
        length = cursor.u32("smb.stream_name_len")
        cursor.integers((("smb.stream_size", 8), ("smb.alloc_size64", 8)))
        cursor.utf16("smb.stream_name", length)
        if step < 24:
            return
        cursor.at = start + step


def _volume(cursor: Cursor) -> None:
    cursor.filetime("smb.create.time")
    cursor.u32("smb.volume.serial")
    length = cursor.u32("smb.volume.label.len")
    cursor.raw("smb.reserved", 2)
    if length:
        cursor.utf16("smb.volume.label", length)


def _fs_size(cursor: Cursor) -> None:
    cursor.integers((("smb.alloc_size64", 8), ("smb.free_alloc_units", 8), ("smb.fs_sector_per_unit", 4),
                     ("smb.fs_bytes_per_sector", 4)))  # fmt: skip


def _fs_full_size(cursor: Cursor) -> None:
    cursor.integers((("smb.alloc_size64", 8), ("smb.caller_free_alloc_units", 8), ("smb.actual_free_alloc_units", 8),
                     ("smb.fs_sector_per_unit", 4), ("smb.fs_bytes_per_sector", 4)))  # fmt: skip


def _fs_device(cursor: Cursor) -> None:
    cursor.u32("smb.device.type")
    cursor.flags("smb.device", 4, DEVICE_FLAGS)


def _fs_attribute(cursor: Cursor) -> None:
    cursor.flags("smb.fs_attr", 4, FS_ATTRIBUTES)
    cursor.u32("smb.fs_max_name_len")
    cursor.utf16("smb.fs_name", cursor.u32("smb.fs_name.len"))


def _object_id(cursor: Cursor) -> None:
    cursor.layer.add("smb2.FILE_OBJECTID_BUFFER", None, cursor.absolute, 64)
    for name in ("object_id", "birth_volume_id", "birth_object_id", "domain_id"):
        cursor.guid("smb2." + name)


_Filler = Callable[[Cursor], None]
_FILE_LEVELS: dict[int, tuple[str, _Filler | None]] = {
    4: ("smb2.file_basic_info", _basic), 5: ("smb2.file_standard_info", _standard),
    6: ("smb2.file_internal_info", _internal), 7: ("smb2.file_ea_info", _ea), 8: ("smb2.file_access_info", _access),
    10: ("smb2.file_rename_info", _rename), 13: ("smb2.file_disposition_info", _disposition),
    14: ("smb2.file_position_info", _position), 16: ("smb2.file_mode_info", _mode), 18: ("smb2.file_all_info", _all),
    19: ("smb2.file_allocation_info", _allocation), 20: ("smb2.file_endoffile_info", _end_of_file),
    21: ("smb2.file_alternate_name_info", _named), 22: ("smb2.file_stream_info", _streams),
    34: ("smb2.file_network_open_info", _network_open), 48: ("smb2.file_normalized_name_info", _named),
}  # fmt: skip
_FS_LEVELS: dict[int, tuple[str, _Filler | None]] = {
    1: ("smb2.fs_volume_info", _volume), 3: ("smb2.fs_size_info", _fs_size), 4: ("smb2.fs_device_info", _fs_device),
    5: ("smb2.fs_attribute_info", _fs_attribute), 7: ("smb2.fs_full_size_info", _fs_full_size),
    8: ("smb2.fs_objectid_info", _object_id),
}  # fmt: skip


_DIRECTORY, _FULL, _BOTH, _NAMES, _ID_BOTH, _ID_FULL = 1, 2, 3, 12, 37, 38
_FIND_NAMES = {_DIRECTORY: "smb2.find.file_directory_info", _FULL: "smb2.find.full_directory_info",
               _BOTH: "smb2.find.both_directory_info", _NAMES: "",
               _ID_BOTH: "smb2.find.id_both_directory_info",
               _ID_FULL: "smb2.find.id_both_directory_info"}  # fmt: skip


def fill_find_entries(cursor: Cursor, level: int) -> None:
    """The directory entries of a Find response (MS-FSCC section 2.4.8 and others)."""
    if level not in _FIND_NAMES:
        return
    while cursor.left >= 12:
        start = cursor.at
        if _FIND_NAMES[level]:
            cursor.layer.add(_FIND_NAMES[level], None, cursor.absolute)
        step = cursor.u32("smb2.next_offset")
        cursor.u32("smb2.file_index")
        _fill_find_entry(cursor, level)
        if step < 12:
            return
        cursor.at = start + step


def _fill_find_entry(cursor: Cursor, level: int) -> None:
    if level != _NAMES:
        _times(cursor)
        cursor.integers((("smb2.eof", 8), ("smb2.allocation_size", 8)))
        cursor.flags("smb2.file_attribute", 4, FILE_ATTRIBUTES)
    length = cursor.u32("smb2.filename.len")
    if level in (_FULL, _BOTH, _ID_BOTH, _ID_FULL):
        cursor.u32("smb2.ea_size")
    if level in (_BOTH, _ID_BOTH):
        short = cursor.u8("smb2.short_name_len")
        cursor.raw("smb2.reserved", 1)
        at = cursor.at
        if short:
            cursor.utf16("smb2.shortname", min(short, 24))
        cursor.at = at + 24
    if level == _ID_BOTH:
        cursor.raw("smb2.reserved", 2)
    elif level == _ID_FULL:
        cursor.raw("smb2.reserved", 4)
    if level in (_ID_BOTH, _ID_FULL):
        cursor.u64("smb2.file_id")
    if length:
        cursor.utf16("smb2.filename", length)


def fill_ioctl(cursor: Cursor, function: int, incoming: bool) -> None:
    """The data of the FSCTLs that users look for."""
    if function == GET_REFERRALS and incoming:
        cursor.u16("smb.max_referral_level")
        cursor.utf16("smb.file", cursor.left)
    elif function == WAIT_FOR_PIPE and incoming:
        cursor.skip(8)
        length = cursor.peek(4)
        cursor.skip(6)
        cursor.utf16("smb2.fsctl.wait.name", length)
    elif function in OBJECT_ID and not incoming:
        _object_id(cursor)
    elif function == NETWORK_INTERFACES and not incoming:
        _network_interfaces(cursor)


def _network_interfaces(cursor: Cursor) -> None:
    """MS-SMB2 section 2.2.32.5."""
    name = "smb2.ioctl.network_interfaces."
    while cursor.left >= 152:
        start = cursor.at
        step = cursor.u32(name + "next_offset")
        cursor.u32(name + "index")
        cursor.flags(name + "capabilities", 4, ((name + "capabilities.rss", 1), (name + "capabilities.rdma", 2)))
        cursor.u32(name + "reserved")
        cursor.u64(name + "link_speed")
        _socket_address(cursor)
        if step < 152:
            return
        cursor.at = start + step


def _socket_address(cursor: Cursor) -> None:
    name = "smb2.windows.sockaddr."
    family = cursor.u16(name + "family")
    cursor.u16(name + "port")
    if family == _INET:
        cursor.raw(name + "in.addr", 4)
    elif family == _INET6:
        cursor.u32(name + "in6.flow_info")
        cursor.raw(name + "in6.addr", 16)
        cursor.u32(name + "in6.scope_id")
