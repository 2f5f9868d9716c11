"""Bodies of a media type that has no protocol of its own (`media`)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol, computed
from dfilter.packets.protocols.carried_type import append_type
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

MEDIA = Protocol("media", "Media type", fields=(computed("media.type", T.BYTES),))


@MEDIA.dissector
def dissect_media(view: View, region: Region) -> None:
    view.push(MEDIA, region)


@MEDIA.filler
def fill_media(layer: Layer) -> None:
    value = layer.item_bytes()
    layer.add("media.type", value, layer.start, len(value))


@MEDIA.column_writer
def write_media(layer: Layer, columns: Columns) -> None:
    append_type(layer, columns)
