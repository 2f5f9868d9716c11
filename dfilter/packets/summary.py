"""What a packet list shows of a frame: source, destination, protocol, info.

In: a view.  Out: text.  What always holds: nothing here raises on packet bytes.
"""

from __future__ import annotations

from dfilter.fields.text import value_text
from dfilter.fields.types import FieldType
from dfilter.packets.region import DissectionError
from dfilter.packets.view import Layer, View

_ADDRESS_TYPES = {4: FieldType.IPv4, 16: FieldType.IPv6, 6: FieldType.ETHER}
_UNTITLED = frozenset({"frame", "data", "_ws.malformed", "_ws.short"})
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


def title_layer(view: View) -> Layer | None:
    """The layer that names the frame: the innermost with a line to show for itself."""
    for layer in reversed(view.layers):
        if layer.protocol.info is not None and layer.protocol.name not in _UNTITLED:
            return layer
    return view.layers[-1] if view.layers else None


def protocol_label(view: View) -> str:
    layer = title_layer(view)
    return "" if layer is None else layer.protocol.label or layer.protocol.name.upper()


def info_text(view: View) -> str:
    """One line about the frame, without control characters."""
    layer = title_layer(view)
    if layer is None or layer.protocol.info is None:
        return ""
    try:
        text = layer.protocol.info(layer)
    except (DissectionError, IndexError, ValueError, KeyError):
        text = ""  # damage shows in the line below
    damage = "[Malformed Packet]" if "_ws.malformed" in view.by_name else ""
    return " ".join(filter(None, (text.translate(_CONTROLS), damage)))


def texts(view: View, name: str) -> tuple[str, ...]:
    """Every value of a field as `tshark -T fields` prints it."""
    from dfilter.fields.registry import lookup
    from dfilter.fields.versions import Version

    info = lookup(name, Version.V4_4) or lookup(name, Version.V4_6)
    field = view.session.catalogue.fields.get(name)
    type_ = field.type if field is not None else FieldType.PROTOCOL
    display = info.display if info is not None else ""
    return tuple(value_text(value, type_, display, name) for value in view.get(name))
