"""Bytes that no protocol claims."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

DATA = Protocol(
    "data",
    "Data",
    fields=(computed("data.data", T.BYTES), computed("data.len", T.INT32)),
    second_look=True,
)


@DATA.dissector
def dissect_data(view: View, region: Region) -> None:
    if region.reported_length > 0:
        view.push(DATA, region)


@DATA.filler
def fill_data(layer: Layer) -> None:
    value = layer.item_bytes()
    layer.add("data.data", value, layer.start, len(value))
    layer.add("data.len", len(value), layer.start)
