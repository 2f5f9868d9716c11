"""The frame itself: number, times, lengths, comments; and the pseudo protocols that mark damage.

In: the captured frame.  Out: a `frame` layer over all captured bytes, then the link layer's protocol.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Measure, Protocol, computed, computed_table
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

FRAME = Protocol(
    "frame",
    "Frame",
    fields=(
        computed("frame.number", T.UINT32, measure=Measure.NUMBER),
        computed("frame.len", T.UINT32, measure=Measure.LENGTH),
        computed("frame.cap_len", T.UINT32, measure=Measure.CAPTURED),
        *computed_table("""
            frame.time               ABSOLUTE_TIME
            frame.time_utc           ABSOLUTE_TIME
            frame.time_epoch         ABSOLUTE_TIME
            frame.offset_shift       RELATIVE_TIME
            frame.encap_type         INT16
            frame.marked             BOOLEAN
            frame.ignored            BOOLEAN
            frame.protocols          STRING
            frame.interface_id       UINT32
            frame.interface_name     STRING
            frame.interface_description STRING
            frame.section_number     UINT32
            frame.comment            STRING
        """),
        *computed_table("""
            frame.time_delta           RELATIVE_TIME
            frame.time_delta_displayed RELATIVE_TIME
            frame.time_relative        RELATIVE_TIME
        """, stateful=True),
    ),
    carries=("link",),
)

MALFORMED = Protocol("_ws.malformed", "Malformed", fields=(computed("_ws.expert", T.NONE),))
SHORT = Protocol("_ws.short", "Short")

_HIDDEN_LAYERS = frozenset({"frame", "_ws.malformed", "_ws.short"})
_SELECTED_BY_TYPE = "ethertype"
"""The state of layers after which Wireshark's protocol list shows "ethertype": an Ethernet type leads on."""

_ENCAPSULATION = {1: 1, 0: 15, 108: 15, 101: 7, 12: 7, 14: 7, 228: 129, 229: 130, 113: 25, 276: 210, 9: 4, 51: 4,
                  105: 20, 127: 23, 195: 104, 50: 19}  # fmt: skip
"""LINKTYPE_* number -> what Wireshark shows as frame.encap_type."""


@FRAME.dissector
def dissect_frame(view: View, region: Region) -> None:
    view.push(FRAME, region)
    protocol = view.lookup("link", view.frame.link_type)
    if protocol is None:
        view.call_data(region)
    else:
        view.call(protocol, region)


@FRAME.filler
def fill_frame(layer: Layer) -> None:
    view = layer.view
    frame = view.frame
    add = layer.add
    add("frame.number", frame.number)
    add("frame.len", frame.wire_length)
    add("frame.cap_len", len(frame.data))
    add("frame.encap_type", _ENCAPSULATION.get(frame.link_type, 0))
    add("frame.marked", False)
    add("frame.ignored", False)
    if frame.time is not None:
        for name in ("frame.time", "frame.time_utc", "frame.time_epoch"):
            add(name, frame.time)
        add("frame.offset_shift", 0)
        add("frame.time_delta", view.time_delta)
        add("frame.time_delta_displayed", view.time_delta)
        add("frame.time_relative", view.time_relative)
    _fill_capture_facts(layer)
    add("frame.protocols", protocol_list(view))


def _fill_capture_facts(layer: Layer) -> None:
    """What only some capture formats record: the interface, comments."""
    frame = layer.view.frame
    interface = getattr(frame, "interface", None)
    if interface is not None:
        layer.add("frame.interface_id", interface)
    for name in ("interface_name", "interface_description"):
        text = getattr(frame, name, None)
        if text:
            layer.add("frame." + name, text)
    section = getattr(frame, "section_number", None)
    if section is not None:
        layer.add("frame.section_number", section)
    for comment in getattr(frame, "comments", ()):
        layer.add("frame.comment", comment)


def protocol_list(view: View) -> str:
    """What `frame.protocols` shows: the layers' names, "eth:ethertype:ip:tcp"."""
    names: list[str] = []
    for layer in view.layers:
        name = layer.protocol.name
        if name in _HIDDEN_LAYERS:
            continue
        names.append(name)
        if layer.state == _SELECTED_BY_TYPE:
            names.append(_SELECTED_BY_TYPE)
    return ":".join(names)
