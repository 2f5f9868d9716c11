"""FTP's data connections (RFC 959): the ones that a control connection announces, and those of port 20.

What looks like text is shown by its lines too, as in Wireshark 4.4.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed
from dfilter.packets.protocols.ftp_transfers import Transfer, announced, foresee, foreseen
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import slotted

TEXT_SAMPLE = 20
"""Bytes at the start of a segment that decide whether it is shown as text."""

_TEXT = bytes(range(0x20, 0x7F)) + b"\r\n"

FTP_DATA = Protocol(
    "ftp-data",
    "FTP-DATA",
    fields=(
        computed("ftp-data.setup-frame", T.FRAMENUM, stateful=True),
        computed("ftp-data.setup-method", T.STRING, stateful=True),
        computed("ftp-data.command", T.STRING, look_ahead=True),
        computed("ftp-data.command-frame", T.FRAMENUM, look_ahead=True),
        computed("ftp-data.current-working-directory", T.STRING, stateful=True),
    ),
    over={"tcp.port": (20,)},
    carries=("data-text-lines",),
)


@slotted
class _Connection:
    transfer: Transfer | None = None


def is_announced(view: View, region: Region) -> bool:
    """Does this segment open a data connection that was announced?"""
    return view.stream is not None and announced(view.session).expects(view)


FTP_DATA.heuristics["tcp.announced"] = is_announced


@FTP_DATA.dissector
def dissect_ftp_data(view: View, region: Region) -> None:
    layer = view.push(FTP_DATA, region)
    stream, frame = view.stream, view.frame
    if stream is not None:
        state = stream.conversation.state
        connection = state.get("ftp-data")
        if connection is None:
            connection = state["ftp-data"] = _Connection(announced(view.session).take(view))
            stream.conversation.protocol = FTP_DATA
        transfer = connection.transfer
        if transfer is not None:
            transfer.note_data(frame.number, frame.time, region.reported_length)
            foresee(view.session, frame.number, transfer)
            known = [found for found in foreseen(view.session, frame.number) if isinstance(found, Transfer)]
            layer.state = known[-1] if known else transfer
    if not region.rest()[:TEXT_SAMPLE].translate(None, _TEXT):
        view.call(view.session.catalogue.protocols["data-text-lines"], region)


@FTP_DATA.filler
def fill_ftp_data(layer: Layer) -> None:
    transfer: Transfer | None = layer.state
    if transfer is None:
        return
    layer.add("ftp-data.setup-frame", transfer.setup_frame, layer.start)
    layer.add("ftp-data.setup-method", transfer.method, layer.start)
    if transfer.command is not None:
        layer.add("ftp-data.command", transfer.command, layer.start)
        layer.add("ftp-data.command-frame", transfer.command_frame, layer.start)
    layer.add("ftp-data.current-working-directory", transfer.directory, layer.start)


@FTP_DATA.info_line
def ftp_data_info(layer: Layer) -> str:
    """How much, and what the control connection says of it."""
    text = f"FTP Data: {layer.region.reported_length} bytes"
    for name in ("setup-method", "command"):
        text += "".join(f" ({value})" for value in layer.computed(f"ftp-data.{name}")[:1])
    return text
