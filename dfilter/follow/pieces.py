"""What a followed stream is made of.

In: nothing.  Out: `Piece` and `Node`.  What always holds: the pieces of one direction are in the order of the stream.
"""

from __future__ import annotations

import ipaddress

from dfilter.slotted import frozen


@frozen
class Node:
    """One end of a stream; `address` as text, `port` 0 to 65535."""

    address: str
    port: int

    @classmethod
    def of(cls, address: bytes, port: int) -> Node:
        """The node of an address in bytes (IPv4 or IPv6; others in hexadecimal digits)."""
        if len(address) in (4, 16):
            return cls(str(ipaddress.ip_address(address)), port)
        return cls(address.hex(":"), port)

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@frozen
class Piece:
    """Bytes that one end sent.

    Attributes:
        frame: the frame that brought them; of a gap, the frame that showed it to be one.
        time: of that frame, ns since 1970-01-01 UTC; None for a gap, or where the capture has no times.
        node: 0 or 1, the index of the sender in `Followed.nodes`.
        data: the bytes; empty for a gap.
        missing: how many bytes the capture lacks here; 0 but for a gap.
    """

    frame: int
    time: int | None
    node: int
    data: bytes
    missing: int = 0

    @property
    def shown(self) -> bytes:
        """The bytes, or what Wireshark 4.4 shows in place of a gap."""
        return b"[%d bytes missing in capture file]\0" % self.missing if self.missing else self.data
