"""What a packet list shows of a frame: source, destination, protocol, info.

In: a view.  Out: text.  What always holds: nothing here raises on packet bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.fields.text import value_text
from dfilter.fields.types import FieldType
from dfilter.packets.columns import Columns
from dfilter.packets.region import DissectionError, Remarked
from dfilter.packets.view import Layer, View

_ADDRESS_TYPES = {4: FieldType.IPv4, 16: FieldType.IPv6, 6: FieldType.ETHER}
_DAMAGE = {"_ws.malformed": "[Malformed Packet]", "_ws.short": "[Packet size limited during capture]"}
_CONTROLS = dict.fromkeys((*range(32), 127), ".")


def endpoints(view: View) -> tuple[str, str]:
    """Source and destination: network addresses where there are any, else those of the link."""
    pair = network_endpoints(view)
    return pair if pair[0] else link_endpoints(view)


def network_endpoints(view: View) -> tuple[str, str]:
    """Source and destination of the network layer; "" where there is none."""
    source, destination = (_address_text(address) for address in view.addresses)
    return source, destination


def link_endpoints(view: View) -> tuple[str, str]:
    """Source and destination of the link; "" where it has none."""
    layers = view.by_name.get("eth")
    if not layers:
        return "", ""
    layer = layers[0]
    return _address_text(layer.buf[6:12]), _address_text(layer.buf[0:6])


def _address_text(address: bytes) -> str:
    type_ = _ADDRESS_TYPES.get(len(address))
    return value_text(address, type_) if type_ is not None else address.hex(":")


def columns_of(view: View) -> Columns:
    """The protocol and info columns, written by the layers in their order."""
    view.complete()
    columns = Columns()
    shown = [layer for layer in view.layers if layer.number and not layer.quoted]
    told = [] if view.session.is_second_pass else list(reversed(view.told))
    for layer in shown:
        while told and told[-1][0] <= layer.index:
            _tell(columns, *told.pop()[1:3])
        _written(layer.protocol.write or _write_line, layer, columns)
    for _, text, protocol, _ in reversed(told):
        _tell(columns, text, protocol)
    for layer in shown:
        if layer.protocol.conclude is not None:
            _written(layer.protocol.conclude, layer, columns)
    damage = [layer for layer in shown if layer.protocol.name in _DAMAGE and not isinstance(layer.state, Remarked)]
    for name in dict.fromkeys(layer.protocol.name for layer in damage):
        columns.append(_DAMAGE[name])
    return columns


def _tell(columns: Columns, text: str, protocol: str) -> None:
    columns.set(text)
    columns.protocol = protocol or columns.protocol


def _written(write: Callable[[Layer, Columns], None], layer: Layer, columns: Columns) -> None:
    try:
        write(layer, columns)
    except (DissectionError, IndexError, ValueError, KeyError):
        return  # damage has a text of its own


def _write_line(layer: Layer, columns: Columns) -> None:
    """The line of a protocol that has nothing but a line."""
    if layer.protocol.info is not None:
        columns.set(layer.protocol.info(layer))
        columns.protocol = layer.protocol.label or layer.protocol.name.upper()


def protocol_label(view: View) -> str:
    """The name of the innermost protocol."""
    return _column(view, "protocol") or columns_of(view).protocol


def info_text(view: View) -> str:
    """One line about the frame, without control characters."""
    return (_column(view, "info") or columns_of(view).info).translate(_CONTROLS)


def _column(view: View, name: str) -> str:
    """A column that the frame has as a field, where it has: it is made once only."""
    layers = view.by_name.get("_ws.col")
    return str(layers[0].computed(f"_ws.col.{name}")[0]) if layers else ""


def seconds_text(nanoseconds: int | None, digits: int = 6) -> str:
    """Seconds with `digits` decimals, as tshark shows them; "" where there is no time."""
    if nanoseconds is None:
        return ""
    seconds, fraction = divmod(abs(nanoseconds), 10**9)
    return f"{'-' if nanoseconds < 0 else ''}{seconds}{fraction_text(fraction, digits)}"


def fraction_text(nanoseconds: int, digits: int) -> str:
    """The decimals of a second with their point; what is finer is cut off."""
    return f".{nanoseconds:09d}"[: digits + 1] if digits else ""


def time_digits(view: View) -> int:
    """How many decimals of a second the packet list shows: as many as the capture's clock has, nine at most."""
    origin = getattr(view.frame, "origin", None)
    units: int = origin.units if origin is not None else 1_000_000
    return min(len(str(units - 1)) if units > 1 else 0, 9)


def texts(view: View, name: str) -> tuple[str, ...]:
    """Every value of a field as `tshark -T fields` prints it."""
    from dfilter.fields.registry import lookup
    from dfilter.fields.versions import Version

    info = lookup(name, Version.V4_4) or lookup(name, Version.V4_6)
    field = view.session.catalogue.fields.get(name)
    type_ = field.type if field is not None else FieldType.PROTOCOL
    display = info.display if info is not None else ""
    if type_ is FieldType.PROTOCOL and field is None:
        from dfilter.packets.item_texts import item_text

        return tuple(item_text(value) if isinstance(value, Layer) else name for value in view.get(name))
    return tuple(value_text(value, type_, display, name) for value in view.get(name))
