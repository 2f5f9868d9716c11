"""The frame itself: number, times, lengths, comments; and the pseudo protocols that mark damage.

In: the captured frame.  Out: a `frame` layer over all captured bytes, then the link layer's protocol.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Measure, Protocol, computed, computed_table
from dfilter.packets.protocols.list_columns import COLUMNS, add_columns
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
            frame.comment.expert     NONE
            frame.len_lt_caplen      NONE
        """),
        *computed_table("""
            frame.time_delta           RELATIVE_TIME
            frame.time_delta_displayed RELATIVE_TIME
            frame.time_relative        RELATIVE_TIME
        """, stateful=True),
    ),
    carries=("link", "_ws.col", "_ws.expert"),
)

MALFORMED = Protocol("_ws.malformed", "Malformed")
SHORT = Protocol("_ws.short", "Short")

_HIDDEN_LAYERS = frozenset({"frame", "isl", "_ws.expert", "_ws.malformed", "_ws.short"})
_SELECTED_BY_TYPE = "ethertype"
"""The state of layers after which Wireshark's protocol list shows "ethertype": an Ethernet type leads on."""

_ENCAPSULATION = {
    0: 15, 1: 1, 2: 184, 3: 148, 6: 2, 7: 8, 8: 3, 9: 4, 10: 6, 11: 10, 12: 7, 13: 38, 14: 7, 16:
    11, 18: 11, 19: 11, 32: 69, 50: 4, 51: 139, 99: 61, 100: 10, 101: 7, 104: 28, 105: 20, 106: 11,
    107: 26, 108: 174, 109: 38, 112: 28, 113: 25, 114: 30, 117: 39, 118: 29, 119: 21, 121: 32, 122:
    18, 123: 13, 127: 23, 128: 37, 129: 9, 130: 81, 131: 82, 133: 87, 135: 68, 136: 151, 137: 67,
    138: 62, 139: 75, 140: 42, 141: 43, 142: 101, 143: 33, 147: 45, 148: 46, 149: 47, 150: 48, 151:
    49, 152: 50, 153: 51, 154: 52, 155: 53, 156: 54, 157: 55, 158: 56, 159: 57, 160: 58, 161: 59,
    162: 60, 163: 24, 165: 63, 167: 76, 169: 66, 170: 178, 171: 179, 172: 77, 173: 78, 178: 83, 179:
    84, 180: 85, 181: 86, 183: 91, 184: 181, 186: 92, 187: 41, 188: 93, 189: 95, 190: 109, 192: 97,
    195: 104, 196: 100, 197: 98, 199: 103, 200: 197, 201: 99, 202: 147, 203: 131, 204: 19, 209: 112,
    210: 106, 211: 108, 212: 107, 213: 111, 214: 105, 215: 113, 220: 115, 224: 121, 225: 122, 226:
    124, 227: 125, 228: 129, 229: 130, 230: 127, 231: 146, 235: 132, 236: 133, 237: 157, 239: 141,
    240: 135, 241: 136, 242: 180, 243: 138, 245: 140, 248: 149, 249: 152, 250: 153, 251: 154, 252:
    155, 253: 158, 254: 159, 255: 160, 256: 161, 258: 171, 259: 172, 260: 173, 264: 177, 266: 182,
    268: 36, 270: 183, 271: 185, 272: 186, 273: 199, 274: 198, 275: 200, 276: 210, 279: 204, 280:
    205, 283: 206, 287: 211, 288: 208, 289: 220, 290: 212, 292: 214, 293: 215, 294: 216, 295: 217,
    296: 219, 298: 222, 299: 221,
}  # fmt: skip
"""LINKTYPE_* number -> what Wireshark 4.4 shows as frame.encap_type."""


@FRAME.dissector
def dissect_frame(view: View, region: Region) -> None:
    view.push(FRAME, region)
    if COLUMNS.name in view.session.reachable:
        add_columns(view, region)
    protocol = view.lookup("link", view.frame.link_type)
    if protocol is not None:
        view.call(protocol, region)
    elif not view.pass_over("wtap_encap", _ENCAPSULATION.get(view.frame.link_type, 0), region):
        view.call_data(region)


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
    if frame.wire_length < len(frame.data):
        add("frame.len_lt_caplen", None)
    _fill_capture_facts(layer)
    add("frame.protocols", protocol_list(view))


def _fill_capture_facts(layer: Layer) -> None:
    """What only some capture formats record: the interface, comments."""
    frame = layer.view.frame
    origin = getattr(frame, "origin", None)
    interface = getattr(frame, "interface", -1)
    if origin is not None and interface >= 0:
        layer.add("frame.section_number", origin.section.number)
        layer.add("frame.interface_id", interface)
        layer.add("frame.interface_name", origin.name or "unknown")
        if origin.description:
            layer.add("frame.interface_description", origin.description)
    for comment in getattr(frame, "comments", ()):
        layer.add("frame.comment", comment)
        layer.add("frame.comment.expert", None)


def protocol_list(view: View) -> str:
    """What `frame.protocols` shows: the layers' names, "eth:ethertype:ip:tcp"."""
    names: list[str] = []
    before = ""
    for layer in view.layers:
        name = layer.protocol.name
        if name in _HIDDEN_LAYERS or (name == "ip" and before == "mpls"):  # the reference leaves this one out
            continue
        before = name
        names.append(name)
        if layer.state == _SELECTED_BY_TYPE:
            names.append(_SELECTED_BY_TYPE)
    return ":".join(names)
