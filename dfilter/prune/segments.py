"""The TCP segments of a chunk as arrays, from the columns of the shapes that have them.

In: the frames of each shape.  Out: `Segments` in file order, and the frames whose TCP header is longer than the
segment.  What always holds: two segments have the same key if their endpoints are the same; other keys differ but for
an accident that nobody can bring about, as the hash is keyed anew in every process.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.compile.columns import ChunkLike, Columns, Shaped
from dfilter.packets.declare import Shape
from dfilter.prune.conversations import Segments

Array = npt.NDArray[Any]

ODD = list(np.frombuffer(os.urandom(32), np.uint64) | np.uint64(1))
ADD = list(np.frombuffer(os.urandom(16), np.uint64))
"""What the hash is keyed with."""
IPV6_HEADER = 40


def segments_of(chunk: ChunkLike, shaped: Sequence[Shaped]) -> tuple[Segments, Array]:
    """The segments in file order, and the rows of frames that have none after all."""
    parts = [_read(chunk, branch.shape, columns) for branch, columns in shaped if branch.shape.last == "tcp"]
    if not parts:
        empty = np.zeros(0, np.int64)
        return Segments(*(empty for _ in range(12))), empty
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    rows, ends, others, sport, dport, seq, ack, flags, window, start, length, whole = joined
    order = np.argsort(rows)
    fits = length[order] >= 0
    unfit = rows[order[~fits]]
    order = order[fits]
    keys, senders = _keys(ends[order], others[order], sport[order], dport[order])
    rest = (column[order] for column in (sport, dport, seq, ack, flags, window, start, length, whole))
    return Segments(rows[order], keys, senders, *rest), unfit


def key_of(addresses: tuple[bytes, bytes], ports: tuple[int, int]) -> tuple[int, int]:
    """The key and the sender of one segment, the same as for columns."""
    ends = [np.array([_address(address)], np.uint64) for address in addresses]
    keys, senders = _keys(*ends, *(np.array([port]) for port in ports))
    return int(keys[0]), int(senders[0])


def _address(address: bytes) -> int:
    if len(address) == 16:
        high, low = (np.array([int.from_bytes(half, "big")], np.uint64) for half in (address[:8], address[8:]))
        return int(_fold(high, low)[0])
    return int.from_bytes(address[:8], "big")


def _fold(high: Array, low: Array) -> Array:
    return _mixed(high * ODD[2] + ADD[1]) ^ low


def _mixed(value: Array) -> Array:
    value = (value ^ (value >> np.uint64(31))) * ODD[0]
    value = (value ^ (value >> np.uint64(29))) * ODD[1]
    mixed: Array = value ^ (value >> np.uint64(32))
    return mixed


def _keys(sources: Array, targets: Array, source_ports: Array, target_ports: Array) -> tuple[Array, Array]:
    first = _mixed(sources + ADD[0]) + source_ports.astype(np.uint64) * ODD[3]
    second = _mixed(targets + ADD[0]) + target_ports.astype(np.uint64) * ODD[3]
    senders = first > second
    low, high = np.where(senders, second, first), np.where(senders, first, second)
    return _mixed(low * ODD[2] + _mixed(high)), senders.astype(np.int64)


def packet_end(shape: Shape, columns: Columns) -> Array:
    """Where in its frame each IP packet ends, by its own header."""
    if "ip" in shape.layers:
        at = shape.layers["ip"]
        return at + columns.number(at + 2, 2).astype(np.int64)
    at = shape.layers["ipv6"]
    return at + IPV6_HEADER + columns.number(at + 4, 2).astype(np.int64)


def _read(chunk: ChunkLike, shape: Shape, columns: Columns) -> tuple[Array, ...]:
    number = columns.number
    tcp = shape.layers["tcp"]
    if "ip" in shape.layers:
        at = shape.layers["ip"]
        source, target = number(at + 12, 4).astype(np.uint64), number(at + 16, 4).astype(np.uint64)
    else:
        at = shape.layers["ipv6"]
        source = _fold(number(at + 8, 8), number(at + 16, 8))
        target = _fold(number(at + 24, 8), number(at + 32, 8))
    stop = packet_end(shape, columns)
    payload = tcp + (number(tcp + 12, 1) >> 4).astype(np.int64) * 4
    whole = stop <= np.minimum(chunk.captured, chunk.wire)[columns.rows]
    words = (number(tcp + 4, 4), number(tcp + 8, 4), number(tcp + 13, 1), number(tcp + 14, 2))
    return (columns.rows, source, target, number(tcp, 2).astype(np.int64), number(tcp + 2, 2).astype(np.int64),
            *(word.astype(np.int64) for word in words), columns.starts + payload, stop - payload, whole)  # fmt: skip
