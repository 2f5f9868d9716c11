"""Conversations without connections: UDP streams, numbered in order of appearance.

In: a view whose addresses and ports are set.  Out: stream number, packet number and times on its layer.  A packet
that an error message quotes has a stream (it may even be its first), but is not counted in it, as in Wireshark 4.4.
"""

from __future__ import annotations

from dfilter.packets.streams.remembered import Remembered
from dfilter.packets.view import Layer, View
from dfilter.slotted import slotted

MAX_STREAMS = 262_144
"""Streams known. One that is silent while half as many others speak can be forgotten: should it speak again, it
counts as a new one."""


@slotted(eq=True)
class _Stream:
    index: int
    packets: int
    first_time: int
    previous_time: int


class DatagramStreams:
    """All conversations of one protocol in a session, by their two (address, port) ends."""

    def __init__(self) -> None:
        self._streams: Remembered[bytes, _Stream] = Remembered(MAX_STREAMS)
        self._count = 0

    def number(self, view: View, layer: Layer, prefix: str) -> None:
        """Add `prefix`.stream, .stream.pnum, .time_relative and .time_delta to the layer."""
        (source, target), (source_port, target_port) = view.addresses, view.ports
        first, second = source + source_port.to_bytes(2, "big"), target + target_port.to_bytes(2, "big")
        key = first + second if first <= second else second + first
        time = view.frame.time or 0
        stream = self._streams.get(key)
        if stream is None:
            stream = _Stream(self._count, 0, time, time)
            self._count += 1
            self._streams.put(key, stream)
        layer.add(f"{prefix}.stream", stream.index)
        if view.quoted:
            return
        stream.packets += 1
        layer.add(f"{prefix}.stream.pnum", stream.packets)
        layer.add(f"{prefix}.time_relative", time - stream.first_time)
        layer.add(f"{prefix}.time_delta", time - stream.previous_time)
        stream.previous_time = time
