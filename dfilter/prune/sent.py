"""The UDP datagrams of a chunk as arrays, from the columns of the shapes that have them.

In: the frames of each shape.  Out: `Sent`.  What always holds: datagrams are in the order of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.compile.columns import ChunkLike, Columns, Shaped
from dfilter.packets.declare import Shape
from dfilter.prune.segments import packet_end
from dfilter.slotted import slotted

Array = npt.NDArray[Any]

UDP_HEADER = 8


@slotted
class Sent:
    """UDP datagrams; all arrays are of one length.

    Attributes:
        rows: places of their frames in the chunk.
        start, length: of the payload in the chunk's data, as the UDP header has it.
        sound: it lies within the IP packet, and all of that was captured.
    """

    rows: Array
    source_ports: Array
    target_ports: Array
    start: Array
    length: Array
    sound: Array


def sent_of(chunk: ChunkLike, shaped: Sequence[Shaped]) -> Sent:
    """The datagrams of all shapes."""
    parts = [_read(chunk, branch.shape, columns) for branch, columns in shaped if branch.shape.last == "udp"]
    if not parts:
        empty = np.zeros(0, np.int64)
        return Sent(empty, empty, empty, empty, empty, np.zeros(0, np.bool_))
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(joined[0])
    return Sent(*(column[order] for column in joined))


def _read(chunk: ChunkLike, shape: Shape, columns: Columns) -> tuple[Array, ...]:
    udp, number = shape.layers["udp"], columns.number
    stop = packet_end(shape, columns)
    length = number(udp + 4, 2).astype(np.int64) - UDP_HEADER
    room = np.minimum(chunk.captured, chunk.wire)[columns.rows]
    sound = (length >= 0) & (udp + UDP_HEADER + length <= stop) & (stop <= room)
    return (columns.rows, number(udp, 2).astype(np.int64), number(udp + 2, 2).astype(np.int64),
            columns.starts + udp + UDP_HEADER, length, sound)  # fmt: skip
