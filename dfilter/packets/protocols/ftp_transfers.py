"""Which data connection belongs to which FTP command.

In: the addresses that PORT, PASV and EPSV announce, the commands that follow, the segments of data connections.
Out: `Transfer`s.  What always holds: as in Wireshark 4.4 an announced address serves one connection, the next
command of the control connection names the transfer, and the number of open announcements is bounded.
"""

from __future__ import annotations

from collections import OrderedDict

from dfilter.packets.session import Session
from dfilter.packets.view import View
from dfilter.slotted import slotted

MAX_ANNOUNCED = 16_384
"""Announcements that no connection has taken; beyond that the oldest is forgotten."""

Key = tuple[bytes, int | None, bytes, int]
"""The peer's address and port (None: any), then the announced address and port."""


@slotted
class Transfer:
    """One announced data connection; times in ns.

    Attributes:
        setup_frame: the frame that announces it.
        method: "PASV", "EPASV" or "PORT", as Wireshark names them.
        directory: the working directory when it was announced.
        command, command_frame: the command that came next.
        frames, length, first_frame, last_frame, first_time, last_time: of its segments with data.
    """

    setup_frame: int
    method: str
    directory: str
    command: str | None = None
    command_frame: int = 0
    frames: int = 0
    length: int = 0
    first_frame: int = 0
    last_frame: int = 0
    first_time: int | None = None
    last_time: int | None = None

    def note_data(self, frame: int, time: int | None, length: int) -> None:
        """Count one segment of the data connection."""
        if not self.frames:
            self.first_frame, self.first_time = frame, time
        self.frames += 1
        self.length += length
        self.last_frame, self.last_time = frame, time

    @property
    def duration_ms(self) -> int:
        """From the first to the last segment with data, whole milliseconds."""
        if self.first_time is None or self.last_time is None:
            return 0
        return max(self.last_time - self.first_time, 0) // 1_000_000

    @property
    def bitrate(self) -> int:
        """Kilobits a second, 0 for a transfer within one millisecond."""
        return self.length * 8 // self.duration_ms if self.duration_ms else 0


class Announced:
    """The data connections of a session that are announced and not there yet."""

    def __init__(self) -> None:
        self._open: OrderedDict[Key, Transfer] = OrderedDict()

    def add(self, key: Key, transfer: Transfer) -> None:
        if len(self._open) >= MAX_ANNOUNCED:
            self._open.popitem(last=False)
        self._open[key] = transfer

    def expects(self, view: View) -> bool:
        """Does this segment belong to an announced connection?"""
        return bool(self._open) and self._key(view) is not None

    def take(self, view: View) -> Transfer | None:
        """The transfer of this segment's connection, which it takes."""
        key = self._key(view) if self._open else None
        return None if key is None else self._open.pop(key)

    def _key(self, view: View) -> Key | None:
        (source, target), (source_port, target_port) = view.addresses, view.ports
        for peer, peer_port, address, port in ((source, source_port, target, target_port),
                                               (target, target_port, source, source_port)):  # fmt: skip
            for key in ((peer, peer_port, address, port), (peer, None, address, port)):
                if key in self._open:
                    return key
        return None


def announced(session: Session) -> Announced:
    """The session's announcements."""
    return session.memory("ftp", Announced)


LOOK_AHEAD_FIELDS = (
    "ftp-data.command", "ftp-data.command-frame", "ftp.command", "ftp.command-frame", "ftp.setup-frame",
    "ftp.command-response.frames", "ftp.command-response.bytes", "ftp.command-response.first-frame-num",
    "ftp.command-response.last-frame-num", "ftp.command-response.duration", "ftp.command-response.bitrate",
)  # fmt: skip
"""The fields that need to know of later frames."""


def foresee(session: Session, frame: int, what: object) -> None:
    """Hand an object that the first pass still changes to `frame` in the second pass."""
    for name in LOOK_AHEAD_FIELDS:
        if session.needs.wants(name):
            session.foresee(name, frame, what)
            return


def foreseen(session: Session, frame: int) -> list[object]:
    """The objects that `foresee` handed to `frame`; empty in a first pass."""
    for name in LOOK_AHEAD_FIELDS:
        if session.needs.wants(name):
            return session.foresight_for(name, frame)
    return []
