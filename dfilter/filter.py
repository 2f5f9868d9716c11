"""A compiled filter, and what it can be held against.

In: filter text.  Out: `Filter`, by `compile_filter` (public name: `dfilter.compile`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from dfilter.check.check import analyse
from dfilter.check.diagnostics import Verdict
from dfilter.check.refusal import refusal
from dfilter.collecting import LARGE, collecting_later
from dfilter.compile.direct import Otherwise, build_direct
from dfilter.compile.plan import Plan, make_plan
from dfilter.errors import UnsupportedFieldError
from dfilter.fields.versions import NEWEST, Version
from dfilter.packets.dispatch import catalogue
from dfilter.packets.reader import PacketReader
from dfilter.packets.session import Needs, Session, needs_of
from dfilter.packets.shapes import SHAPES, ShapeKnowledge
from dfilter.packets.view import View

Target = str | Version


class _Direct:
    """A method in whose place a filter gets a function of its own when it is first asked for, if there can be one.

    That is a call less for each frame, where all takes 0.3 µs; and filters that are never asked need none.
    """

    def __init__(self, method: Callable[..., bool]) -> None:
        self._method = method

    def __get__(self, compiled: Filter | None, _: type[Filter]) -> Callable[..., bool]:
        if compiled is None:
            return self._method
        method = self._method.__get__(compiled)
        direct = None if compiled.needs.stateful else direct_test(compiled.plan, method)
        if direct is not None:
            direct.__doc__ = method.__doc__
        found = compiled.__dict__["matches"] = direct or method
        return found


class Filter:
    """A filter, ready to run; immutable, and safe to share between threads. Another process gets it as text.

    Attributes:
        text: what was compiled.
        verdict: what the check said: colour and diagnostics.
        fields: names of the fields it reads.
        protocols: names of the protocols it tests, or whose fields it reads.
        references: names of the fields whose values it takes from the selected frame (`$ip.src`).
        stateful: its answer for a frame depends on frames before it.
        look_ahead: its answer for a frame depends on frames after it, so a capture is read twice.
    """

    def __init__(self, text: str, verdict: Verdict, compiled: Plan, needs: Needs, version: Version,
                 macros: Mapping[str, str] | None = None) -> None:  # fmt: skip
        self.text = text
        self.verdict = verdict
        self.fields = compiled.fields
        self.protocols = compiled.protocols
        self.references = compiled.references
        self.needs = needs
        self.version = version
        self.plan = compiled
        self._macros = None if macros is None else dict(macros)
        self._has_selected = False
        self.test: Callable[[View], bool] = compiled.test

    @property
    def stateful(self) -> bool:
        return self.needs.stateful

    @property
    def look_ahead(self) -> bool:
        return self.needs.look_ahead

    def matches(self, packet: Any, link_type: int = 1) -> bool:
        """Does one packet satisfy the filter?

        Args:
            packet: a frame's bytes; a `View` from `Session.feed` or `dfilter.read`; or a dpkt packet of the link
                or network layer. Bytes and dpkt packets are taken by themselves, as the first of a session.
            link_type: LINKTYPE_* number of bytes (default 1, Ethernet).

        Raises:
            TypeError: `packet` is none of these.
            LookupError: the view's session does not dissect what the filter reads.
        """
        if isinstance(packet, bytes):
            return self.test(Session(self.needs).feed(packet, link_type=link_type))
        if isinstance(packet, View):
            demand(self.needs, packet)
            return self.test(packet)
        if isinstance(packet, bytearray | memoryview):
            return self.matches(bytes(packet), link_type)
        link_type = dpkt_link_type(packet)
        return self.matches(bytes(packet), link_type)

    if not TYPE_CHECKING:
        matches = _Direct(matches)

    def with_selected(self, selected: View) -> Filter:
        """The same filter with field references (`$ip.src`) that have the values of the frame `selected`.

        A field that the frame lacks has no value: every comparison with it is false, as in Wireshark 4.x. Without
        a selected frame that holds for all references.

        Raises:
            LookupError: the view's session does not dissect a field that is referred to.
        """
        for name in sorted(self.references):
            selected.get(name)
        plan = make_plan(self.plan.expression, PacketReader(version=self.version), selected, self.version)
        found = Filter(self.text, self.verdict, plan, self.needs, self.version, self._macros)
        found._has_selected = True
        return found

    def __copy__(self) -> Filter:
        return self

    def __deepcopy__(self, _: object) -> Filter:
        return self

    def __reduce__(self) -> tuple[Callable[..., Filter], tuple[str, Version, dict[str, str] | None]]:
        """Its text, to be compiled anew; `TypeError` where it has values of a selected frame."""
        if self._has_selected and self.references:
            raise TypeError("a filter with values of a selected frame cannot be pickled: compile it where it is used")
        return _compile_again, (self.text, self.version, self._macros)

    def __repr__(self) -> str:
        return f"dfilter.compile({self.text!r})"


def direct_test(compiled: Plan, otherwise: Otherwise) -> Callable[..., Any] | None:
    """The filter as a function of an Ethernet frame's bytes, where its fields allow one."""
    return build_direct(compiled.expression, compiled.fields, SHAPES, ShapeKnowledge(catalogue()), otherwise)


_DPKT_LINK_TYPES = {"Ethernet": 1, "SLL": 113, "SLL2": 276, "Loopback": 0, "IP": 228, "IP6": 229, "PPP": 9,
                    "Radiotap": 127, "IEEE80211": 105}  # fmt: skip


def dpkt_link_type(packet: Any) -> int:
    """The LINKTYPE_* number with which the bytes of a dpkt packet start; `TypeError` for anything else."""
    kind = type(packet)
    if kind.__module__.partition(".")[0] == "dpkt" and kind.__name__ in _DPKT_LINK_TYPES:
        return _DPKT_LINK_TYPES[kind.__name__]
    raise TypeError(f"cannot match {kind.__module__}.{kind.__name__}: give the frame's bytes, a view, or a dpkt "
                    "packet of the link or network layer")


def demand(needs: Needs, view: View) -> None:
    """`LookupError` where the session of a view was not asked for all that a filter reads: it would find nothing."""
    dissected = view.session.needs
    if dissected is needs or dissected.names is None:
        return
    if needs.names is None or not needs.names <= dissected.names:
        lacking = sorted(needs.names - dissected.names)[:3] if needs.names else ["every protocol"]
        raise LookupError(f"the view's session does not dissect {', '.join(lacking)}, which the filter reads: feed the "
                          "frame to a Session() without needs, or name the fields in `fields` of `read`")  # fmt: skip


def _compile_again(text: str, version: Version, macros: dict[str, str] | None) -> Filter:
    return compile_filter(text, target=version, macros=macros)


def parse_target(target: Target | None) -> Version:
    """The version that `target=` names; the newest for None."""
    if target is None:
        return NEWEST
    return target if isinstance(target, Version) else Version.parse(target)


def compile_filter(text: str, *, target: Target | None = None, macros: Mapping[str, str] | None = None,
                   selected: View | None = None) -> Filter:  # fmt: skip
    """Compile a display filter.

    Args:
        text: the filter.
        target: the Wireshark version whose language it is ("4.4"; default: the newest).
        macros: name -> body, for `$name(...)` and `${name}`.
        selected: the frame whose values references (`$ip.src`) have; see `Filter.with_selected`.

    Raises:
        FilterError: one of its kinds, with `diagnostics`; `UnsupportedFieldError` for a field that Wireshark
            knows and dfilter does not dissect.
        LookupError: the session of `selected` does not dissect a field that is referred to.
    """
    version = parse_target(target)
    is_large = isinstance(text, str) and len(text) >= LARGE  # what is no text is refused below
    with collecting_later() if is_large else nullcontext():
        analysis = analyse(text, version, macros)
        if analysis.typed is None:
            raise refusal(analysis.verdict)
        try:
            compiled = make_plan(analysis.typed, PacketReader(version=version), version=version)
        except UnsupportedFieldError as error:
            raise UnsupportedFieldError(f"{text}\n{error}", analysis.verdict.diagnostics) from None
    found = Filter(text, analysis.verdict, compiled, needs_of(compiled.fields), version, macros)
    return found if selected is None else found.with_selected(selected)
