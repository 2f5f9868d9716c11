"""`_ws.col`: the columns of Wireshark's packet list, as fields.

In: a frame with all its layers.  Out: one value a column, the texts that `tshark -T fields` prints.
Source: `tshark -G fields` of Wireshark 4.4, and its answers.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.region import Region
from dfilter.packets.summary import columns_of, endpoints, seconds_text, time_digits
from dfilter.packets.view import Layer, View

COLUMNS = Protocol(
    "_ws.col",
    "Columns",
    fields=computed_table(
        """
        _ws.col.cls_time       STRING
        _ws.col.def_dst        STRING
        _ws.col.def_src        STRING
        _ws.col.info           STRING
        _ws.col.number         STRING
        _ws.col.packet_length  STRING
        _ws.col.protocol       STRING
        """,
        stateful=True,
    ),
    second_look=True,
)


def add_columns(view: View, region: Region) -> None:
    """Give the frame its columns; they are no layer of it."""
    view.by_name[COLUMNS.name] = [Layer(view, COLUMNS, region, region.start, 1, 0)]


@COLUMNS.filler
def fill_columns(layer: Layer) -> None:
    """Every layer is read first: the innermost has the last word."""
    view = layer.view
    columns = columns_of(view)
    source, destination = endpoints(view)
    layer.add("_ws.col.number", str(view.number))
    layer.add("_ws.col.cls_time", seconds_text(view.time_relative, time_digits(view)))
    layer.add("_ws.col.def_src", source)
    layer.add("_ws.col.def_dst", destination)
    layer.add("_ws.col.protocol", columns.protocol)
    layer.add("_ws.col.packet_length", str(view.frame.wire_length))
    layer.add("_ws.col.info", columns.info)
