"""Options of Multipath TCP (RFC 8684; version 0: RFC 6824), as Wireshark 4.4 shows them.

In: one option of kind 30.  Out: its fields on the TCP layer.  What always holds: nothing is read behind the option's
end; one that is shorter than its fields is damage.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.region import Region
from dfilter.packets.view import Layer

_N = "tcp.options.mptcp."

MULTIPATH_FIELDS = """
    tcp.options.mptcp.subtype                  UINT8
    tcp.options.mptcp.version                  UINT8
    tcp.options.mptcp.flags                    UINT8
    tcp.options.mptcp.checksumreq.flags        UINT8
    tcp.options.mptcp.extensibility.flag       UINT8
    tcp.options.mptcp.nomoresubflows.flag      UINT8
    tcp.options.mptcp.sha1.flag                UINT8
    tcp.options.mptcp.sha256.flag              UINT8
    tcp.options.mptcp.reserved.flag            UINT8
    tcp.options.mptcp.reserved                 UINT16
    tcp.options.mptcp.sendkey                  UINT64
    tcp.options.mptcp.recvkey                  UINT64
    tcp.options.mptcp.recvtok                  UINT32
    tcp.options.mptcp.sendrand                 UINT32
    tcp.options.mptcp.sendtrunchmac            UINT64
    tcp.options.mptcp.sendhmac                 BYTES
    tcp.options.mptcp.addaddrtrunchmac         UINT64
    tcp.options.mptcp.addrid                   UINT8
    tcp.options.mptcp.backup.flag              UINT8
    tcp.options.mptcp.datafin.flag             UINT8
    tcp.options.mptcp.dseqn8.flag              UINT8
    tcp.options.mptcp.dseqnpresent.flag        UINT8
    tcp.options.mptcp.dataack8.flag            UINT8
    tcp.options.mptcp.dataackpresent.flag      UINT8
    tcp.options.mptcp.rawdataack               UINT64
    tcp.options.mptcp.rawdataseqno             UINT64
    tcp.options.mptcp.subflowseqno             UINT32
    tcp.options.mptcp.datalvllen               UINT16
    tcp.options.mptcp.echo                     UINT8
    tcp.options.mptcp.ipver                    UINT8
    tcp.options.mptcp.ipv4                     IPv4
    tcp.options.mptcp.ipv6                     IPv6
    tcp.options.mptcp.port                     UINT16
    tcp.options.mptcp.flag_T.flag              BOOLEAN
    tcp.options.mptcp.flag_U.flag              BOOLEAN
    tcp.options.mptcp.flag_V.flag              BOOLEAN
    tcp.options.mptcp.flag_W.flag              BOOLEAN
    tcp.options.mptcp.rst_reason               UINT8
"""


class _Option:
    """The option's bytes, read one after another from behind kind and length."""

    def __init__(self, layer: Layer, body: Region) -> None:
        self.layer, self.body, self.at = layer, body, 3

    @property
    def left(self) -> int:
        return self.body.reported_length - self.at

    def number(self, name: str, size: int) -> int:
        value = int.from_bytes(self.body.bytes(self.at, size), "big")
        self.layer.add(_N + name, value, self.body.start + self.at, size)
        self.at += size
        return value

    def raw(self, name: str, size: int) -> None:
        self.layer.add(_N + name, self.body.bytes(self.at, size), self.body.start + self.at, size)
        self.at += size

    def flags(self, at: int, mask: int, names: tuple[tuple[str, int], ...]) -> int:
        """A byte of flags at `at`, which show as numbers: the byte under `mask`, then each of them."""
        value = self.body.u8(at) & mask
        self.layer.add(_N + "flags", value, self.body.start + at, 1)
        for name, bit in names:
            shift = (bit & -bit).bit_length() - 1
            self.layer.add(_N + name, (value & bit) >> shift, self.body.start + at, 1)
        return value


def fill_multipath(layer: Layer, offset: int, length: int) -> None:
    """The fields of the option of `length` bytes at `offset`."""
    option = _Option(layer, layer.region.clipped(offset, length))
    kind = option.body.u8(2) >> 4
    layer.add(_N + "subtype", kind, option.body.start + 2, 1)
    fill = _SUBTYPES.get(kind)
    if fill is not None:
        fill(option)


def _capable(option: _Option) -> None:
    version = option.body.u8(2) & 15
    option.layer.add(_N + "version", version, option.body.start + 2, 1)
    shared = (("checksumreq.flags", 0x80), ("extensibility.flag", 0x40))
    if version == 0:
        option.flags(3, 0xFF, (*shared, ("sha1.flag", 0x01), ("reserved.flag", 0x3E)))
    else:
        option.flags(3, 0xFF, (*shared, ("nomoresubflows.flag", 0x20), ("sha256.flag", 0x01), ("reserved.flag", 0x1E)))
    option.at = 4
    for name in ("sendkey", "recvkey"):
        if option.left >= 8:
            option.number(name, 8)
    if option.left >= 2:
        option.number("datalvllen", 2)


def _join(option: _Option) -> None:
    """Its length tells which step of the handshake it is."""
    length = option.body.reported_length
    if length == 24:
        option.at = 2
        option.layer.add(_N + "reserved", option.body.u16(2) & 0x0FFF, option.body.start + 2, 2)
        option.at = 4
        option.raw("sendhmac", 20)
        return
    option.flags(2, 0xFF, (("backup.flag", 0x01),))
    option.number("addrid", 1)
    if length == 12:
        option.number("recvtok", 4)
    elif length == 16:
        option.number("sendtrunchmac", 8)
    if length in (12, 16):
        option.number("sendrand", 4)


def _sequence(option: _Option) -> None:
    flags = option.flags(3, 0x1F, (("datafin.flag", 0x10), ("dseqn8.flag", 0x08), ("dseqnpresent.flag", 0x04),
                                   ("dataack8.flag", 0x02), ("dataackpresent.flag", 0x01)))  # fmt: skip
    option.at = 4
    if flags & 0x01:
        option.number("rawdataack", 8 if flags & 0x02 else 4)
    if flags & 0x04:
        option.number("rawdataseqno", 8 if flags & 0x08 else 4)
        option.number("subflowseqno", 4)
        option.number("datalvllen", 2)


def _add_address(option: _Option) -> None:
    """Version 0 states the kind of address where version 1 has its echo flag: 4 or 6."""
    low, length = option.body.u8(2) & 15, option.body.reported_length
    if low in (4, 6):
        option.layer.add(_N + "ipver", low, option.body.start + 2, 1)
    else:
        option.layer.add(_N + "echo", low & 1, option.body.start + 2, 1)
    option.number("addrid", 1)
    if low == 6 or (low != 4 and length >= 20):
        option.raw("ipv6", 16)
    else:
        option.raw("ipv4", 4)
    if option.left in (2, 10):
        option.number("port", 2)
    if option.left >= 8:
        option.number("addaddrtrunchmac", 8)


def _remove_address(option: _Option) -> None:
    while option.left > 0:
        option.number("addrid", 1)


def _priority(option: _Option) -> None:
    option.flags(2, 0xFF, (("backup.flag", 0x01),))
    if option.left > 0:
        option.number("addrid", 1)


def _fail(option: _Option) -> None:
    option.layer.add(_N + "reserved", option.body.u16(2) & 0x0FFF, option.body.start + 2, 2)
    option.at = 4
    option.number("rawdataseqno", 8)


def _fast_close(option: _Option) -> None:
    option.layer.add(_N + "reserved", option.body.u16(2) & 0x0FFF, option.body.start + 2, 2)
    option.at = 4
    option.number("recvkey", 8)


def _reset(option: _Option) -> None:
    value, at = option.body.u8(2), option.body.start + 2
    option.layer.add(_N + "flags", value, at, 1)
    for name, bit in (("U", 8), ("V", 4), ("W", 2), ("T", 1)):
        option.layer.add(f"{_N}flag_{name}.flag", bool(value & bit), at, 1)
    option.number("rst_reason", 1)


_SUBTYPES: dict[int, Callable[[_Option], None]] = {
    0: _capable, 1: _join, 2: _sequence, 3: _add_address, 4: _remove_address, 5: _priority, 6: _fail, 7: _fast_close,
    8: _reset,
}  # fmt: skip
