"""UDP datagrams of a chunk: which can hold anything wanted, and what the tests say of plain ones.

In: where they lie.  Out: findings about their frames.  What always holds: as for `follow`;
a datagram is judged by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.pcap import Data
from dfilter.compile.columns import Findings
from dfilter.packets.declare import Protocol
from dfilter.packets.routes import Routes
from dfilter.prune.keys import MOST_KEYS, Keys
from dfilter.prune.samples import Samples
from dfilter.prune.search import begin
from dfilter.prune.sent import Sent

Array = npt.NDArray[Any]

_PORTS = 1 << 16
_SILENT, _FOLLOWED = 1, 2


class Datagrams:
    """Finds what is wanted in datagrams; `tests`: how many tests there are."""

    def __init__(self, routes: Routes, dissected: frozenset[str], samples: Samples, tests: int) -> None:
        self._tests = tests
        self._starts = routes.datagram_starts()
        self._kinds = np.zeros(_PORTS, np.uint8)
        """What the protocol of a port is: not dissected, followed, or any other (3); 0 without one."""
        self._leads = np.zeros(_PORTS, np.bool_)
        self._leads[sorted(routes.datagram_ports())] = True
        self._followed: list[_Followed] = []
        self._numbers = np.zeros(_PORTS, np.int64)
        """The place in `_followed` of the protocol of a port."""
        places: dict[str, int] = {}
        for port, protocol in routes.datagram_protocols().items():
            leads = self._starts is not None and protocol.name in routes.leading
            followed = leads and routes.can_follow(protocol, by_datagram=True)
            silent = protocol.name not in dissected and not protocol.may_decline
            if followed:
                self._numbers[port] = places.setdefault(protocol.name, len(self._followed))
                if self._numbers[port] == len(self._followed):
                    self._followed.append(_Followed(protocol, samples, routes.wanted_of(protocol)))
            self._kinds[port] = _SILENT if silent else _FOLLOWED if followed else 3

    def use_machine_code(self, *, thorough: bool) -> None:
        """From now on, where it can be had. `thorough`: as for `native.compile_function`."""
        for followed in self._followed:
            followed.keys.use_machine_code(thorough=thorough)

    def take(self, data: Data, sent: Sent, findings: Findings) -> None:
        """Judge a chunk's datagrams."""
        low, high = np.minimum(sent.source_ports, sent.target_ports), np.maximum(sent.source_ports, sent.target_ports)
        asked = np.where(self._kinds[low] > 0, low, high)
        kind = self._kinds[asked]
        possible = self._leads[low] | self._leads[high]
        possible |= True if self._starts is None else begin(data, sent.start, sent.length, self._starts)
        possible &= (sent.length != 0) & (kind != _SILENT)
        possible |= ~sent.sound
        followed = np.flatnonzero(possible & sent.sound & (kind == _FOLLOWED))
        spans = (sent.rows[followed], asked[followed], sent.start[followed], sent.length[followed])
        others = self._follow(data, spans, findings)
        possible[followed] = False
        for mask in findings.possible:
            mask[sent.rows[possible]] = True
            mask[others] = True

    def _follow(self, data: Data, spans: Sequence[Array], findings: Findings) -> Array:
        """Write down what is known of plain messages, of (row, port, start, length); the rows of the others."""
        rows, ports, starts, lengths = spans
        others: list[Array] = [rows[:0]]
        numbers = self._numbers[ports]
        for number in np.flatnonzero(np.bincount(numbers)).tolist():
            chosen = numbers == number
            answers = self._followed[number].ask(data, starts[chosen], lengths[chosen])
            for answer, those in answers:
                found = rows[chosen][those]
                if answer is None:
                    others.append(found)
                for test in range(self._tests if answer else 0):
                    if answer >> test & 1:  # type: ignore[operator]
                        findings.certain[test][found] = findings.possible[test][found] = True
        return np.concatenate(others)


class _Followed:
    """A protocol whose plain datagrams are followed, and what the tests say of them."""

    def __init__(self, protocol: Protocol, samples: Samples, wanted: Collection[str]) -> None:
        assert protocol.evidence.plain is not None
        self.protocol = protocol
        self.keys = Keys(protocol.evidence.plain, wanted)
        self._samples = samples
        self._distinct: dict[int | None, int] = {None: 0}
        """Each answer that there was, and its number."""
        self._answers = np.zeros(MOST_KEYS + 1, np.int64)
        """The number of the answer for each key; the last one is that for no key."""

    def ask(self, data: Data, starts: Array, lengths: Array) -> Iterator[tuple[int | None, Array]]:
        """Answers, None for none, each with a mask of the datagrams for which it is."""
        if self.keys.is_full:
            self.keys.clear()
            self._distinct = {None: 0}
        known = self.keys.count
        numbers = self.keys.find(data, starts, lengths)
        for turn in np.flatnonzero(numbers >= known).tolist():
            if numbers[turn] == known:  # the first one with this key
                known += 1
                start = int(starts[turn])
                whole = bytes(data[start : start + int(lengths[turn])])
                answer = self._samples.ask(self.protocol, self.keys.sample(whole), stream=False)
                self._answers[numbers[turn]] = self._distinct.setdefault(answer, len(self._distinct))
        found = self._answers[numbers]
        for answer, number in self._distinct.items():
            if (those := found == number).any():
                yield answer, those
