"""Conversations without connections: UDP streams, numbered in order of appearance.

In: a view whose addresses and ports are set.  Out: stream number, packet number and times on its layer.  A packet
that an error message quotes has a stream (it may even be its first), but is not counted in it, as in Wireshark 4.4.
"""

from __future__ import annotations

from dataclasses import dataclass

from dfilter.packets.view import Layer, View


@dataclass(slots=True)
class _Stream:
    index: int
    packets: int
    first_time: int
    previous_time: int


class DatagramStreams:
    """All conversations of one protocol in a session, by their two (address, port) ends."""

    def __init__(self) -> None:
        self._streams: dict[tuple[tuple[bytes, int], tuple[bytes, int]], _Stream] = {}

    def number(self, view: View, layer: Layer, prefix: str) -> None:
        """Add `prefix`.stream, .stream.pnum, .time_relative and .time_delta to the layer."""
        first, second = zip(view.addresses, view.ports, strict=True)
        key = (first, second) if first <= second else (second, first)
        time = view.frame.time or 0
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream(len(self._streams), 0, time, time)
        layer.add(f"{prefix}.stream", stream.index)
        if view.quoted:
            return
        stream.packets += 1
        layer.add(f"{prefix}.stream.pnum", stream.packets)
        layer.add(f"{prefix}.time_relative", time - stream.first_time)
        layer.add(f"{prefix}.time_delta", time - stream.previous_time)
        stream.previous_time = time
