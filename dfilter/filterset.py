"""Many filters, one pass.

In: named filters.  Out: for each frame the names that match, for each capture the frames of each name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dfilter.errors import FilterError
from dfilter.filter import Filter, Target, compile_filter, demand, dpkt_link_type
from dfilter.packets.session import Session, needs_of
from dfilter.packets.view import View
from dfilter.scan import DecodeAs, Source, frames_of_all, refer_to, union_of


def _compile(name: str, text: str, target: Target | None) -> Filter:
    try:
        return compile_filter(text, target=target)
    except FilterError as error:
        raise type(error)(f"filter {name!r}: {error}", error.diagnostics) from None


class FilterSet:
    """Named filters that share each frame's dissection.

    Args:
        filters: name -> filter text or compiled filter.
        target: the Wireshark version whose language the texts are in.

    Raises:
        FilterError: for the first text that does not compile; its message names the filter.
    """

    def __init__(self, filters: Mapping[str, str | Filter], *, target: Target | None = None) -> None:
        self.filters: dict[str, Filter] = {
            name: text if isinstance(text, Filter) else _compile(name, text, target)
            for name, text in filters.items()
        }
        self.needs = needs_of(union_of(each.needs for each in self.filters.values()))

    @property
    def look_ahead(self) -> bool:
        return self.needs.look_ahead

    def frames(self, capture: Source, *, decode_as: DecodeAs | None = None,
               selected: int | None = None) -> dict[str, list[int]]:  # fmt: skip
        """name -> numbers of the frames that it selects, all in one pass over the capture.

        Args:
            capture, decode_as: as for `dfilter.read`.
            selected: number of the frame whose values field references have; the capture is read up to it for
                each filter that has some.

        Raises:
            CaptureError: as `dfilter.frames`.
        """
        filters = list(self.filters.values())
        if selected is not None:
            filters = [refer_to(capture, each, selected, decode_as) for each in filters]
        found = frames_of_all(capture, filters, self.needs, decode_as)
        return dict(zip(self.filters, found, strict=True))

    def matches(self, packet: Any, link_type: int = 1) -> list[str]:
        """The names of the filters that a packet satisfies; what a packet can be: see `Filter.matches`."""
        if not isinstance(packet, View):
            if not isinstance(packet, bytes | bytearray | memoryview):
                link_type = dpkt_link_type(packet)
            packet = Session(self.needs).feed(bytes(packet), link_type=link_type)
        else:
            demand(self.needs, packet)
        return [name for name, compiled in self.filters.items() if compiled.test(packet)]
