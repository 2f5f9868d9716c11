"""TFTP (RFC 1350) with options (RFC 2347): requests to port 69, and the transfer on the ports chosen for it.

A request is remembered under its client's address and port; the server may answer from any port, which then
belongs to the transfer.
"""

from __future__ import annotations

from collections import OrderedDict

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import slotted

TFTP = Protocol(
    "tftp",
    "TFTP",
    fields=(
        header("tftp.opcode", T.UINT16, 0),
        computed("tftp.source_file", T.STRINGZ),
        computed("tftp.destination_file", T.STRINGZ, stateful=True),
        computed("tftp.type", T.STRINGZ),
        computed("tftp.option.name", T.STRINGZ),
        computed("tftp.option.value", T.STRINGZ),
        computed("tftp.block", T.UINT16),
        computed("tftp.block.full", T.UINT32, stateful=True),
        computed("tftp.request_frame", T.FRAMENUM, stateful=True),
        computed("tftp.error.code", T.UINT16),
        computed("tftp.error.message", T.STRINGZ),
        computed("tftp.error", T.NONE),
        computed("tftp.data", T.BYTES),
    ),
    over={"udp.port": (69,)},
    carries=("data",),
)

READ, WRITE, DATA, ACK, ERROR, OPTIONS = 1, 2, 3, 4, 5, 6
MODES = (b"octet", b"netascii", b"mail")
MAX_TRANSFERS = 16384
"""Transfers that are remembered; then the oldest is forgotten."""


@slotted(eq=True)
class Transfer:
    """A file on its way.

    Attributes:
        client, server: (address, port); the server's port is 0 until it answers.
        file: the name asked for.
        frame: the request's.
        block: the last block number with its wraps counted.
    """

    client: tuple[bytes, int]
    server: tuple[bytes, int]
    file: str
    frame: int
    block: int = 0


Transfers = OrderedDict[tuple[bytes, int], Transfer]


def _ends(view: View) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
    return (view.addresses[0], view.ports[0]), (view.addresses[1], view.ports[1])


def _known(view: View) -> Transfer | None:
    """The transfer that the frame belongs to."""
    transfers: Transfers = view.session.memory("tftp", OrderedDict)
    source, target = _ends(view)
    transfer = transfers.get(target)
    if transfer is not None and transfer.server[0] == source[0] and transfer.server[1] in (0, source[1]):
        return transfer
    transfer = transfers.get(source)
    return transfer if transfer is not None and transfer.server == target else None


def _looks_like(view: View, region: Region) -> bool:
    if view.quoted:
        return False
    if _known(view) is not None:
        return region.reported_length >= 4
    head = region.buf[region.start : min(region.end, region.start + 2)]
    if head not in (b"\0\x01", b"\0\x02"):
        return False
    parts = region.rest(2)[:600].split(b"\0", 2)
    return len(parts) == 3 and parts[0].isascii() and parts[0] != b"" and parts[1].lower() in MODES


TFTP.heuristics = {"udp": _looks_like}


@TFTP.dissector
def dissect_tftp(view: View, region: Region) -> None:
    layer = view.push(TFTP, region)
    opcode = region.u16(0)
    if opcode in (READ, WRITE):
        _dissect_request(layer)
        return
    if not view.quoted:
        _continue_transfer(layer, opcode)
    if opcode == DATA:
        region.u16(2)
        layer.set_length(4)
        view.call_data(region.sub(4))


def _dissect_request(layer: Layer) -> None:
    view = layer.view
    if view.quoted:
        return
    client, server = _ends(view)
    transfers: Transfers = view.session.memory("tftp", OrderedDict)
    name = layer.region.rest(2).split(b"\0", 1)[0].decode("utf-8", "replace")
    transfers[client] = Transfer(client, (server[0], 0), name, view.frame.number)
    transfers.move_to_end(client)
    if len(transfers) > MAX_TRANSFERS:
        transfers.popitem(last=False)


def _continue_transfer(layer: Layer, opcode: int) -> None:
    view, region = layer.view, layer.region
    transfer = _known(view)
    if transfer is not None:
        source, _ = _ends(view)
        if source != transfer.client:
            transfer.server = source
        layer.add("tftp.destination_file", transfer.file, layer.start)
        layer.add("tftp.request_frame", transfer.frame, layer.start)
    if opcode in (DATA, ACK) and region.length >= 4:
        block = region.u16(2)
        if transfer is not None:
            block = transfer.block = _unwrapped(transfer.block, block)
        layer.add("tftp.block.full", block, layer.start)


def _unwrapped(last: int, block: int) -> int:
    """The block number nearest to the last one whose low 16 bits are `block`."""
    candidate = last & ~0xFFFF | block
    if candidate + 0x8000 < last:
        return candidate + 0x10000
    return candidate - 0x10000 if candidate > last + 0x8000 and candidate >= 0x10000 else candidate


@TFTP.filler
def fill_tftp(layer: Layer) -> None:
    region = layer.region
    opcode = region.u16(0)
    if opcode in (READ, WRITE):
        offset = _text(layer, "tftp.source_file" if opcode == READ else "tftp.destination_file", 2)
        offset = _text(layer, "tftp.type", offset)
        _fill_options(layer, offset)
    elif opcode == OPTIONS:
        _fill_options(layer, 2)
    elif opcode in (DATA, ACK):
        layer.add("tftp.block", region.u16(2), layer.start + 2, 2)
    elif opcode == ERROR:
        layer.add("tftp.error.code", region.u16(2), layer.start + 2, 2)
        _text(layer, "tftp.error.message", 4)
        layer.add("tftp.error", None)
    elif region.length > 2:
        layer.add("tftp.data", region.rest(2), layer.start + 2, region.length - 2)


def _fill_options(layer: Layer, offset: int) -> None:
    while offset < layer.region.reported_length:
        offset = _text(layer, "tftp.option.name", offset)
        offset = _text(layer, "tftp.option.value", offset)


def _text(layer: Layer, name: str, offset: int) -> int:
    """A string that a NUL byte must end; the offset after it."""
    region = layer.region
    stop = region.buf.find(b"\0", region.start + offset, region.end)
    if stop < 0:
        raise region.beyond(region.end + 1) if region.end < region.reported_end else Malformed("no end of a string")
    at = region.start + offset
    layer.add(name, region.buf[at:stop].decode("utf-8", "replace"), at, stop + 1 - at)
    return stop + 1 - region.start


@TFTP.info_line
def tftp_info(layer: Layer) -> str:
    if layer.region.length < 2:
        return ""
    opcode = layer.region.u16(0)
    names = {READ: "Read Request", WRITE: "Write Request", DATA: "Data Packet", ACK: "Acknowledgement",
             ERROR: "Error Code", OPTIONS: "Option Acknowledgement"}  # fmt: skip
    text = names.get(opcode, f"Unknown ({opcode})")
    blocks = layer.computed("tftp.block")
    if blocks:
        return f"{text}, Block: {blocks[0]}"
    files = layer.computed("tftp.source_file") or layer.computed("tftp.destination_file")
    return f"{text}, File: {files[0]}" if files and opcode in (READ, WRITE) else text
