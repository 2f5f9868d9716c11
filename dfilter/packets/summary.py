"""What a packet list shows of a frame: source, destination, protocol, info.

In: a view.  Out: text.  What always holds: nothing here raises on packet bytes.
"""

from __future__ import annotations

from dfilter.fields.text import value_text
from dfilter.fields.types import FieldType
from dfilter.packets.columns import Columns
from dfilter.packets.region import DissectionError
from dfilter.packets.view import View

_ADDRESS_TYPES = {4: FieldType.IPv4, 16: FieldType.IPv6, 6: FieldType.ETHER}
_CONTROLS = dict.fromkeys((*range(32), 127), ".")


def endpoints(view: View) -> tuple[str, str]:
    """Source and destination: network addresses where there are any, else those of the link."""
    pair = view.addresses
    if not pair[0] and view.by_name.get("eth"):
        layer = view.by_name["eth"][0]
        pair = (layer.buf[6:12], layer.buf[0:6])
    source, destination = (_address_text(address) for address in pair)
    return source, destination


def _address_text(address: bytes) -> str:
    type_ = _ADDRESS_TYPES.get(len(address))
    return value_text(address, type_) if type_ is not None else address.hex(":")


def columns_of(view: View) -> Columns:
    """The protocol and info columns, written by the layers in their order."""
    view.complete()
    columns = Columns()
    for layer in view.layers:
        protocol = layer.protocol
        if not layer.number or layer.quoted:
            continue
        try:
            if protocol.write is not None:
                protocol.write(layer, columns)
            elif protocol.info is not None:
                columns.set(protocol.info(layer))
                columns.protocol = protocol.label or protocol.name.upper()
        except (DissectionError, IndexError, ValueError, KeyError):
            continue  # damage has a text of its own
    return columns


def protocol_label(view: View) -> str:
    """The name of the innermost protocol."""
    return columns_of(view).protocol


def info_text(view: View) -> str:
    """One line about the frame, without control characters."""
    return columns_of(view).info.translate(_CONTROLS)


def seconds_text(nanoseconds: int | None) -> str:
    """Seconds with microseconds, as tshark shows them; "" where there is no time."""
    if nanoseconds is None:
        return ""
    seconds, microseconds = divmod(abs(nanoseconds) // 1000, 1_000_000)
    return f"{'-' if nanoseconds < 0 else ''}{seconds}.{microseconds:06d}"


def texts(view: View, name: str) -> tuple[str, ...]:
    """Every value of a field as `tshark -T fields` prints it."""
    from dfilter.fields.registry import lookup
    from dfilter.fields.versions import Version

    info = lookup(name, Version.V4_4) or lookup(name, Version.V4_6)
    field = view.session.catalogue.fields.get(name)
    type_ = field.type if field is not None else FieldType.PROTOCOL
    display = info.display if info is not None else ""
    return tuple(value_text(value, type_, display, name) for value in view.get(name))
