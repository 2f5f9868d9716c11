"""One captured frame, and where it came from.

In: what the readers of this room found in a file.  Out: `Frame`, with its `Interface` and `Section`.
Always: a frame says everything that the writer needs to store it again without loss (`CaptureWriter`).
Times are whole nanoseconds since 1970-01-01 UTC; parts finer than that are cut off.
"""

from __future__ import annotations

import struct
from typing import Final

from dfilter.slotted import field, frozen, slotted

CUSTOM_BLOCK: Final = -1
"""`Frame.link_type` of a pcapng Custom Block, which Wireshark 4.4 numbers among the frames."""
JOURNAL_ENTRY: Final = -2
"""`Frame.link_type` of a pcapng systemd Journal Export Block, numbered among the frames likewise."""

OPTION_COMMENT: Final = 1

Options = tuple[tuple[int, bytes], ...]
"""pcapng options in file order: (code, value as stored, in the section's byte order)."""


@slotted
class Section:
    """A pcapng section; a file of another format counts as one section.

    Attributes:
        number: 1 for the first section of the file.
        byte_order: ``"<"`` or ``">"``, as in `struct`; that of the numbers inside `Options`.
        interfaces: those described so far, in order; it grows while the file is read.
        secrets: (type, bytes) of its Decryption Secrets Blocks so far, in order, as far as `MAX_SECRETS`
            allows; None where the format has no such blocks.
    """

    number: int = 1
    byte_order: str = "<"
    options: Options = ()
    interfaces: list[Interface] = field(default_factory=list)
    secrets: list[tuple[int, bytes]] | None = None


@frozen(eq=False)
class Interface:
    """What the file says of a capture interface (RFC draft-ietf-opsawg-pcapng, Interface Description Block).

    Attributes:
        id: place within its section (``frame.interface_id``), -1 where the format has no interfaces.
        link_type: a LINKTYPE_ number.
        units: clock ticks per second of the stored times.
        offset: seconds added to the stored times.
        fcs_length: bytes of frame check sequence at the end of each frame, None if the file does not say.
    """

    id: int
    link_type: int
    section: Section
    snaplen: int = 0
    units: int = 1_000_000
    offset: int = 0
    fcs_length: int | None = None
    options: Options = ()

    @property
    def name(self) -> str | None:
        """if_name, such as ``eth0``."""
        return self._text(2)

    @property
    def description(self) -> str | None:
        """if_description, for people."""
        return self._text(3)

    def _text(self, code: int) -> str | None:
        return next((_text(value) for found, value in self.options if found == code), None)


@slotted(eq=True)
class Frame:
    """A frame as stored. Not frozen, because one is made for every packet and freezing triples the cost.

    Attributes:
        number: 1 for the first frame of the file.
        time: nanoseconds since the epoch, None where none was stored (Simple Packet Block).
        data: the bytes captured.
        wire_length: bytes the frame had on the wire; at most 2**31 - 1, as Wireshark 4.4 reads it.
        link_type: a LINKTYPE_ number, or `CUSTOM_BLOCK` or `JOURNAL_ENTRY`.
        interface: ``frame.interface_id``, -1 where the format has none.
        origin: the interface, None for a frame made by hand.
        options: of its pcapng block.
    """

    number: int
    time: int | None
    data: bytes
    wire_length: int
    link_type: int = 1
    interface: int = -1
    origin: Interface | None = None
    options: Options = ()

    @property
    def comments(self) -> tuple[str, ...]:
        """Its comments in order, undecodable bytes as U+FFFD, each up to its first NUL (as Wireshark 4.4)."""
        return tuple(_text(value) for code, value in self.options if code == OPTION_COMMENT)

    @property
    def flags(self) -> int | None:
        """epb_flags (direction, reception type, errors), None where the file has none."""
        order = self.origin.section.byte_order if self.origin else "<"
        values = (value for code, value in self.options if code == 2 and len(value) == 4)
        return next((int(struct.unpack(order + "I", value)[0]) for value in values), None)


def _text(value: bytes) -> str:
    return value.partition(b"\0")[0].decode("utf-8", "replace")
