"""NFS and the mount protocol (RFC 1094, RFC 1813): procedures, file handles, names, and how calls ended.

In: what a remote procedure call or its reply carries.  Out: an `nfs` or `mount` layer.  What always holds: what is left
behind an answer that says no is data, as in Wireshark 4.4; attributes and directories in the others are not read.
"""

from __future__ import annotations

import zlib

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import DissectionError, Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

NFS_PROGRAM, MOUNT_PROGRAM = 100003, 100005
NULL, GETATTR, LOOKUP, READ, WRITE, RENAME, LINK, COMMIT = 0, 1, 3, 6, 7, 14, 15, 21
LAST_V2, LAST_V3 = 17, 21
CREATES = (8, 9, 10, 11)
NAMED_V3 = frozenset({3, 8, 9, 10, 11, 12, 13, RENAME})
NAMED_V2 = frozenset({4, 9, 10, 11, 13, 14, 15})
STATFS_V2 = frozenset({1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17})
MOUNT, UNMOUNT = 1, 3
HANDLE_BYTES = 32
"""Of the second version, where handles have one length."""
ATTRIBUTES, BEFORE = 84, 24
"""Bytes of a file's attributes, and of what is told of them before a change."""
ONE_FILE = frozenset({3, 4, 5, 6, 16, 17, 18, 19, 20})
"""Procedures whose failures tell the attributes of one file; but for two, all others tell them before and after."""

NFS = Protocol(
    "nfs",
    "NFS",
    fields=computed_table("""
        nfs.procedure_v2 UINT32
        nfs.procedure_v3 UINT32
        nfs.procedure_v4 UINT32
        nfs.status2      UINT32
        nfs.status3      UINT32
        nfs.status       UINT32
        nfs.fh.length    UINT32
        nfs.fh.hash      UINT32
        nfs.fhandle      BYTES
        nfs.name         STRING
        nfs.offset3      UINT64
        nfs.count3       UINT32
    """),
    carries=("data",),
)
MOUNT_PROTOCOL = Protocol(
    "mount",
    "MOUNT",
    fields=computed_table("""
        mount.procedure_v1 UINT32
        mount.procedure_v2 UINT32
        mount.procedure_v3 UINT32
        mount.path         STRING
        mount.status       UINT32
    """),
    carries=("data",),
    shares=("nfs.fh.length", "nfs.fh.hash", "nfs.fhandle"),
)
BY_PROGRAM = {NFS_PROGRAM: NFS, MOUNT_PROGRAM: MOUNT_PROTOCOL}


@frozen
class Procedure:
    """Which one is called, and whether this is the call or its reply."""

    program: int
    version: int
    number: int
    is_call: bool


def dissect_program(view: View, region: Region, procedure: Procedure) -> None:
    """A call's arguments or a reply's results; damage in them ends the frame's dissection."""
    layer = view.push(BY_PROGRAM[procedure.program], region)
    layer.state = procedure
    try:
        rest = _left_over(region, procedure)
    except DissectionError:
        return  # the filler meets it
    if rest < region.reported_length:
        layer.set_length(rest)
        view.call_data(region.sub(rest))


def _left_over(region: Region, procedure: Procedure) -> int:
    """Where the bytes begin that belong to nothing: behind what there is not, or behind a failure."""
    whole = region.reported_length
    if procedure.number == NULL:
        return 0
    if procedure.is_call or whole < 4 or region.u32(0) == 0:
        return whole
    if procedure.program == MOUNT_PROGRAM:
        return 4 if procedure.number == MOUNT else whole
    if procedure.version == 2:
        return 4 if procedure.number in STATFS_V2 else whole
    if procedure.version != 3 or procedure.number > LAST_V3:
        return whole
    at = 4
    for size in _told_of_failure(procedure.number):
        at += 4 + (size if region.u32(at) else 0)
    return at


def _told_of_failure(number: int) -> tuple[int, ...]:
    """The sizes of what a failure may tell of files (RFC 1813 section 3.3), each behind a word that says whether."""
    if number == GETATTR:
        return ()
    if number in ONE_FILE:
        return (ATTRIBUTES,)
    if number == LINK:
        return (ATTRIBUTES, BEFORE, ATTRIBUTES)
    return (BEFORE, ATTRIBUTES) * (2 if number == RENAME else 1)


@NFS.filler
def fill_nfs(layer: Layer) -> None:
    procedure: Procedure = layer.state
    if procedure.version in (2, 3, 4):
        layer.add(f"nfs.procedure_v{procedure.version}", procedure.number)
    if procedure.number == NULL or procedure.version not in (2, 3):
        return
    cursor = Cursor(layer, layer.region, big=True)
    if not procedure.is_call:
        if procedure.version == 3 or procedure.number in STATFS_V2:
            cursor.mark("nfs.status", 4, cursor.peek(4))
            failed = cursor.u32(f"nfs.status{procedure.version}")
            if procedure.version == 3 and not failed:
                _fill_result_v3(cursor, procedure.number)
    elif procedure.version == 2:
        _fill_call_v2(cursor, procedure.number)
    elif procedure.number <= LAST_V3:
        _fill_call_v3(cursor, procedure.number)
    layer.region.need_all()


def _fill_call_v2(cursor: Cursor, number: int) -> None:
    if number not in (3, 7) and number <= LAST_V2:
        _fill_handle(cursor, HANDLE_BYTES)
        if number in NAMED_V2:
            _fill_text(cursor, "nfs.name")


def _fill_call_v3(cursor: Cursor, number: int) -> None:
    _fill_handle(cursor, cursor.u32("nfs.fh.length"))
    if number in NAMED_V3:
        _fill_text(cursor, "nfs.name")
    if number in (RENAME, LINK):
        _fill_handle(cursor, cursor.u32("nfs.fh.length"))
        _fill_text(cursor, "nfs.name")
    elif number in (READ, WRITE, COMMIT):
        cursor.u64("nfs.offset3")
        cursor.u32("nfs.count3")


def _fill_result_v3(cursor: Cursor, number: int) -> None:
    """Handles, and how many bytes were read or written."""
    if number == LOOKUP or (number in CREATES and cursor.peek(4)):
        cursor.skip(0 if number == LOOKUP else 4)
        _fill_handle(cursor, cursor.u32("nfs.fh.length"))
    elif number in (READ, WRITE):
        for size in _told_of_failure(number):
            cursor.skip(4 + (size if cursor.peek(4) else 0))
        cursor.u32("nfs.count3")


def _fill_handle(cursor: Cursor, size: int) -> None:
    handle = cursor.region.bytes(cursor.at, size)
    cursor.mark("nfs.fh.hash", size, zlib.crc32(handle))
    cursor.raw("nfs.fhandle", size)
    cursor.skip(-size % 4)


def _fill_text(cursor: Cursor, name: str) -> None:
    """A string behind its length, in whole words (RFC 4506 section 4.11)."""
    size = cursor.peek(4)
    cursor.skip(4)
    text = cursor.region.bytes(cursor.at, size).decode("utf-8", "replace")
    cursor.mark(name, size, text)
    cursor.skip(size + -size % 4)


@MOUNT_PROTOCOL.filler
def fill_mount(layer: Layer) -> None:
    procedure: Procedure = layer.state
    if procedure.version in (1, 2, 3):
        layer.add(f"mount.procedure_v{procedure.version}", procedure.number)
    cursor = Cursor(layer, layer.region, big=True)
    if procedure.is_call and procedure.number in (MOUNT, UNMOUNT):
        _fill_text(cursor, "mount.path")
    elif not procedure.is_call and procedure.number == MOUNT and cursor.u32("mount.status") == 0:
        _fill_handle(cursor, cursor.u32("nfs.fh.length") if procedure.version == 3 else HANDLE_BYTES)
    layer.region.need_all()
