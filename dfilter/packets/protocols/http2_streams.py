"""What HTTP/2 remembers of a conversation: header tables, windows, streams, bodies.

In: frames of both directions, in order.  Out: windows before and after, bodies put together, which request a
response answers.  What always holds: streams and bodies remembered are bounded.
"""

from __future__ import annotations

from collections import OrderedDict

from dfilter.packets.protocols.http2_hpack import HeaderDecoder
from dfilter.slotted import field, slotted

DEFAULT_WINDOW = 65535

MAX_STREAMS = 4096
"""Streams of a conversation remembered; beyond that the oldest is forgotten."""

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a body kept until its last frame."""

MAX_PIECES = 65_536
"""Frames of a body that are listed: those of one byte each must not eat memory."""


@slotted
class Initial:
    """The size with which windows of a side's streams begin. Where it changes, those that are open change with it
    (RFC 9113 section 6.9.2); it is held apart from them, so that a change costs nothing for each stream."""

    size: int = DEFAULT_WINDOW


@slotted
class Window:
    """A flow-control window (RFC 9113 section 5.2), as Wireshark 4.4 counts it.

    `moved`: what it has changed by since it was `initial`.

    All HTTP/2 frames of one captured frame show the window it began with; only the first of them moves it.
    """

    initial: Initial = field(default_factory=Initial)
    moved: int = 0
    _frame: int = 0
    _began: int = 0

    def move(self, frame: int, change: int) -> tuple[int, int]:
        """The window before and after a change in the captured frame `frame`."""
        if frame != self._frame:
            self._frame, self._began = frame, self.initial.size + self.moved
            self.moved += change
        return self._began, self._began + change


@slotted
class Half:
    """What one side sends on a stream: its headers, its body, the window that the other side gives it."""

    window: Window
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    frames: list[tuple[int, int]] = field(default_factory=list)

    @property
    def streams(self) -> bool:
        """Is the body a sequence of messages of its own (gRPC), not one to be put together?"""
        return self.headers.get(b"content-type", b"").startswith(b"application/grpc")

    def add(self, frame: int, data: bytes) -> None:
        if data and len(self.frames) < MAX_PIECES:
            self.frames.append((frame, len(data)))
        self.body += data[: MAX_BODY - len(self.body)]


@slotted
class StreamState:
    """One stream: what each side sends; the captured frame of the request, its time and who sent it."""

    halves: tuple[Half, Half]
    requester: int | None = None
    request_frame: int = 0
    request_time: int | None = None


@slotted
class Side:
    """One side of a conversation: its header table, and the windows that it gives the other side."""

    decoder: HeaderDecoder = field(default_factory=HeaderDecoder)
    initial_window: Initial = field(default_factory=Initial)
    sending_window: Window = field(default_factory=Window)


class Http2State:
    """The state of a conversation."""

    def __init__(self) -> None:
        self.sides = (Side(), Side())
        self._streams: OrderedDict[int, StreamState] = OrderedDict()

    def stream(self, number: int) -> StreamState:
        """The stream with this identifier, made on first use."""
        known = self._streams.get(number)
        if known is None:
            if len(self._streams) >= MAX_STREAMS:
                self._streams.popitem(last=False)
            windows = [Window(self.sides[1 - sender].initial_window) for sender in (0, 1)]
            known = self._streams[number] = StreamState((Half(windows[0]), Half(windows[1])))
        return known

    def set_initial_window(self, sender: int, window: int) -> None:
        """A SETTINGS frame of `sender`: the windows that it gives on streams, open ones too."""
        self.sides[sender].initial_window.size = window
