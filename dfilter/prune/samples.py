"""What tests say of a plain message: found by dissecting it.

In: tests, the protocol of messages, their bytes.  Out: which tests are true.  What always holds: the answer is that of
the protocol's own code on the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dfilter.packets.declare import Protocol
from dfilter.packets.region import DissectionError, Region
from dfilter.packets.session import RawFrame, Session, needs_of
from dfilter.packets.streams.conversation import Conversation, Stream
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import View

Test = Callable[[View], bool]


class Samples:
    """Finds answers; bit `i` of an answer is test `i`."""

    def __init__(self, tests: Sequence[Test], names: Iterable[str]) -> None:
        self._tests = tests
        self._session = Session(needs_of(names))

    @property
    def holds_without(self) -> bool:
        """Is one of the tests true where nothing that it reads is there?"""
        return self._answer(self._view()) != 0

    def ask(self, protocol: Protocol, data: bytes, *, stream: bool) -> int | None:
        """The answer for messages that `data` is wholly made of; None if they are not so plain after all."""
        view = self._view()
        if stream:
            ends = ((b"", 0), (b"", 1))
            view.stream = Stream(Conversation(0, ends, 0, 0, 0), 0, False, 0)
        try:
            view.call(protocol, Region(data, 0, len(data)))
        except (NeedMore, DissectionError):
            return None
        finally:
            view.stream = None
        answer = self._answer(view)
        if "_ws.malformed" in view.by_name or "_ws.short" in view.by_name:
            return None
        return answer

    def _view(self) -> View:
        return View(RawFrame(0, 0, b"", 0, 1), self._session)

    def _answer(self, view: View) -> int:
        return sum(1 << index for index, test in enumerate(self._tests) if test(view))
