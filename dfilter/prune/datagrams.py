"""UDP datagrams of a chunk: which can hold anything wanted, and what the tests say of plain ones.

In: the columns of the shapes that have UDP.  Out: findings about their frames.  What always holds: as for `follow`;
a datagram is judged by itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.pcap import Data
from dfilter.compile.columns import ChunkLike, Columns, Findings
from dfilter.packets.declare import Protocol, Shape
from dfilter.packets.routes import Routes
from dfilter.prune.samples import Samples

Array = npt.NDArray[Any]

_PORTS = 1 << 16
_SILENT, _FOLLOWED = 1, 2
_IPV6_HEADER = 40


class Datagrams:
    """Finds what is wanted in datagrams; `tests`: how many tests there are."""

    def __init__(self, routes: Routes, dissected: frozenset[str], samples: Samples, tests: int) -> None:
        self._samples = samples
        self._tests = tests
        self._starts = routes.datagram_starts()
        self._protocols = routes.datagram_protocols()
        self._kinds = np.zeros(_PORTS, np.uint8)
        """What the protocol of a port is: not dissected, followed, or any other (3); 0 without one."""
        self._leads = np.zeros(_PORTS, np.bool_)
        self._leads[sorted(routes.datagram_ports())] = True
        for port, protocol in self._protocols.items():
            followed = self._starts is not None and protocol.name in routes.leading and routes.can_follow(protocol)
            silent = protocol.name not in dissected and not protocol.may_decline
            self._kinds[port] = _SILENT if silent else _FOLLOWED if followed else 3

    def take(self, chunk: ChunkLike, shape: Shape, columns: Columns, findings: Findings) -> None:
        """Judge the datagrams of one shape."""
        udp = shape.layers["udp"]
        first, second = columns.number(udp, 2).astype(np.int64), columns.number(udp + 2, 2).astype(np.int64)
        low, high = np.minimum(first, second), np.maximum(first, second)
        length = columns.number(udp + 4, 2).astype(np.int64) - 8
        stop = columns.starts + self._stop(shape, columns)
        start = columns.starts + udp + 8
        room = np.minimum(chunk.captured, chunk.wire)[columns.rows] + columns.starts
        sound = (length >= 0) & (start + length <= stop) & (stop <= room)
        asked = np.where(self._kinds[low] > 0, low, high)
        kind = self._kinds[asked]
        possible = (self._leads[low] | self._leads[high] | self._recognised(columns, udp + 8, length)) & (length != 0)
        possible = (possible & (kind != _SILENT)) | ~sound
        followed = np.flatnonzero(possible & sound & (kind == _FOLLOWED))
        spans = (columns.rows[followed], asked[followed], start[followed], length[followed])
        rest = self._follow(chunk.data, zip(*(span.tolist() for span in spans), strict=True), findings)
        possible[followed] = False
        for mask in findings.possible:
            mask[columns.rows[possible]] = True
            mask[rest] = True

    def _stop(self, shape: Shape, columns: Columns) -> Array:
        """Where the IP datagram ends in its frame."""
        if "ip" in shape.layers:
            return shape.layers["ip"] + columns.number(shape.layers["ip"] + 2, 2).astype(np.int64)
        at = shape.layers["ipv6"]
        return at + _IPV6_HEADER + columns.number(at + 4, 2).astype(np.int64)

    def _recognised(self, columns: Columns, at: int, length: Array) -> Array:
        """Could a protocol that leads to something wanted take these datagrams for its own?"""
        if self._starts is None:
            return np.ones(len(length), np.bool_)
        found = np.zeros(len(length), np.bool_)
        for bits in self._starts:
            fits = length > max(offset for offset, _, _ in bits)
            for offset, mask, value in bits:
                fits &= columns.number(at + offset, 1) & mask == value
            found |= fits
        return found

    def _follow(self, data: Data, spans: Any, findings: Findings) -> list[int]:
        """Write down what is known of plain messages; the rows of the others."""
        known, rest = self._samples.known, []
        for row, port, start, length in spans:
            protocol = self._protocols[port]
            found = self._step(protocol, data, start, start + length)
            if found is None:
                rest.append(row)
                continue
            key = (protocol.name, found)
            answer = known.get(key)
            if answer is None:
                whole = bytes(data[start : start + length])
                answer = self._samples.ask(key, protocol, whole, stream=False)
            if answer is None:
                rest.append(row)
            elif answer:
                for index in range(self._tests):
                    if answer >> index & 1:
                        findings.certain[index][row] = findings.possible[index][row] = True
        return rest

    def _step(self, protocol: Protocol, data: Data, start: int, end: int) -> Any:
        """The key of a message that fills the datagram; None if it is not so plain."""
        plain = protocol.evidence.plain
        found = plain.step(data, start, end, None) if plain is not None else None
        return found[1] if found is not None and found[0] == end - start else None
