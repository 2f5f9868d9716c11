"""The ways of conversations by number, so that many at once learn theirs.

In: the ports of conversations that begin.  Out: the numbers of their ways.  What always holds: the way with that number
is the one that `routes.Routes` has for these ports.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from dfilter.lowering import Lowerable
from dfilter.packets.declare import Protocol
from dfilter.packets.plain import Silent
from dfilter.packets.routes import Course, Routes, Way

Array = npt.NDArray[Any]
T = TypeVar("T")

COURSES = {course: number for number, course in enumerate(Course, 1)}
"""The numbers of courses."""


class Ways:
    """The ways that there were so far.

    Attributes:
        known: by number; `courses`: the number of the course of each.
        protocols: those that can be followed on one of them; `lowered`, `silents`: what their plain messages have.
        places: for each way the place of its protocol among these, -1 without one; `kinds`, `quiet`: 1 + the place of
            its protocol's lowered steps, of its silent messages, 0 without any.
    """

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self.known: list[Way] = []
        self.protocols: list[Protocol] = []
        self.lowered: list[Lowerable] = []
        self.silents: list[Silent] = []
        self.courses, self.kinds, self.quiet = (np.zeros(0, np.uint8) for _ in range(3))
        self.places = np.zeros(0, np.int64)
        self._numbers: dict[int, int] = {}
        self._by_server = np.full(1 << 16, -1, np.int64)

    def numbers(self, ports: Array, client: Array, opened: Array) -> Array:
        """The ways of conversations with these ports (of one end, of the other), the end that opened, and whether that
        is for certain."""
        servers = np.where(client == 0, ports[1], ports[0])
        for port in set(servers[opened & (self._by_server[servers] < 0)].tolist()):
            self._by_server[port] = self._number((port,))
        numbers: Array = self._by_server[servers]
        for place in np.flatnonzero(~opened).tolist():
            numbers[place] = self._number(tuple(sorted(ports[:, place].tolist())))
        return numbers

    def _number(self, ports: tuple[int, ...]) -> int:
        way = self._routes.way(ports)
        number = self._numbers.get(id(way))
        if number is None:
            number = self._numbers[id(way)] = len(self.known)
            self.known.append(way)
            protocol, plain = way.protocol, way.protocol.evidence.plain if way.protocol is not None else None
            self.courses = np.append(self.courses, np.uint8(COURSES[way.course]))
            self.places = np.append(self.places, _place(self.protocols, protocol) - 1)
            lowered, silent = (plain.lowered, plain.silent) if plain is not None else (None, None)
            self.kinds = np.append(self.kinds, np.uint8(_place(self.lowered, lowered)))
            self.quiet = np.append(self.quiet, np.uint8(_place(self.silents, silent)))
        return number


def _place(known: list[T], one: T | None) -> int:
    """1 + the place of one in the list, to which it is added if need be; 0 for none."""
    if one is None:
        return 0
    if one not in known:
        known.append(one)
    return 1 + known.index(one)
