"""How HTTP/2 begins: its preface, and SETTINGS (RFC 9113 sections 3.4, 6.5), in frames or an HTTP2-Settings header."""

from __future__ import annotations

from dfilter.packets.view import Layer

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""The first bytes of a client (RFC 9113 section 3.4)."""

_NAMES = {1: "header_table_size", 2: "enable_push", 3: "max_concurrent_streams", 4: "initial_window_size",
          5: "max_frame_size", 6: "max_header_list_size", 8: "extended_connect",
          9: "no_rfc7540_priorities"}  # fmt: skip

SETTINGS_TABLE = "\n".join((
    "http2.settings NONE", "http2.settings.id UINT16", "http2.settings.unknown UINT32",
    *(f"http2.settings.{name} UINT32" for name in _NAMES.values()),
))  # fmt: skip
"""The fields, for `computed_table`."""

SETTINGS_FIELDS = tuple(line.split()[0] for line in SETTINGS_TABLE.splitlines())


def add_settings(layer: Layer, payload: bytes, start: int) -> None:
    """Add each whole setting of `payload`, which lies at the absolute offset `start`."""
    for at in range(0, len(payload) - 5, 6):
        number = int.from_bytes(payload[at : at + 2], "big")
        value = int.from_bytes(payload[at + 2 : at + 6], "big")
        layer.add("http2.settings", None, start + at, 6)
        layer.add("http2.settings.id", number, start + at, 2)
        layer.add(f"http2.settings.{_NAMES.get(number, 'unknown')}", value, start + at + 2, 4)
