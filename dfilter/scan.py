"""A capture through a filter: frames in, matching frames out, in the order of the file.

In: a path, a file object or "-", and compiled filters.  Out: views or frame numbers.  What always holds: every
frame is dissected in file order, matching or not, as far as the filters need; a filter that looks ahead reads
the capture twice.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dfilter.captures.index import Chunk, chunk_bytes, chunks_of, rest_chunks
from dfilter.captures.read import Capture, open_capture
from dfilter.errors import CaptureError, CaptureWarning
from dfilter.filter import Filter, Target, compile_filter
from dfilter.native import pays
from dfilter.packets.decode_as import chosen_protocols
from dfilter.packets.dispatch import COLUMNS, catalogue
from dfilter.packets.reader import PacketReader
from dfilter.packets.session import Needs, Session, needs_of
from dfilter.packets.shapes import ANY_FRAME, SHAPES, TAGGED_SHAPES, TUNNELS, ShapeKnowledge
from dfilter.packets.view import View
from dfilter.parts import Numbers, Tally, rows_of_any, scan_in_parts
from dfilter.slotted import replace

if TYPE_CHECKING:
    from dfilter.compile.columns import Plan, Verdict

Source = str | PathLike[str] | BinaryIO
DecodeAs = Mapping[tuple[str, Any], str]
Foresight = dict[str, dict[int, list[Any]]]


def read(capture: Source, filter: str | Filter = "", *, fields: Iterable[str] | None = None,
         target: Target | None = None, decode_as: DecodeAs | None = None,
         selected: int | None = None) -> Iterator[View]:  # fmt: skip
    """The frames of a capture that a filter selects, one at a time, as they are found.

    Args:
        capture: a path, "-" for standard input, or a binary file object; pcap or pcapng, plain, gzip or zstd.
        filter: a display filter or a compiled one; the empty filter selects every frame.
        fields: the only fields that will be asked of the frames, so that nothing else is dissected; none of
            them for frames of which only number, time and bytes are wanted. Without it everything is dissected,
            and a field that looks ahead is known if the filter looks ahead too.
        target: the Wireshark version whose language the text is in.
        decode_as: (dispatch table, key) -> protocol: ``{("tcp.port", 8443): "tls"}``; `DecodeAsError` if there is no
            such table, key or protocol.
        selected: number of the frame of this capture whose values field references (`$ip.src`) have; a field that
            it lacks has none, and every comparison with it is false.

    Raises:
        FilterError: the filter does not compile.
        UnsupportedFieldError: one of `fields` is not dissected.
        CaptureError: the file is no capture, cannot be read, has no frame `selected`, or a filter that looks ahead
            or refers to a selected frame meets a stream that can be read only once.
    """
    compiled = _compiled(capture, filter, target, decode_as, selected)
    needs, look_ahead = _everything(compiled), compiled.look_ahead
    if fields is not None:
        fields = list(fields)
        needs = needs_of(union_of([compiled.needs, field_needs(fields)]))
        look_ahead = needs.look_ahead
        # what cannot be read twice may be a live capture: its frames do not wait for a chunk to fill
        plan = (column_plan([compiled], size_of(capture))
                if can_reread(capture) and not needs.stateful and not decode_as else None)  # fmt: skip
        if plan is not None:
            return _select_chunks(capture, plan, compiled, needs)
        if can_reread(capture) and needs.stateful and not decode_as:
            return _select_pruned(capture, compiled, needs, fields)
    views = dissect(capture, needs, look_ahead=look_ahead, decode_as=decode_as)
    test = compiled.test
    return (view for view in views if test(view))


def read_listed(capture: Source, filter: str | Filter = "", *, fields: Iterable[str] = (), target: Target | None = None,
                decode_as: DecodeAs | None = None, selected: int | None = None) -> Iterator[View]:  # fmt: skip
    """The frames that a filter selects, for a packet list: of them only the columns that layers write (addresses,
    ports, protocol, info) and `fields` will be asked for; else as `read`.
    """
    compiled = _compiled(capture, filter, target, decode_as, selected)
    needs, names = replace(_everything(compiled), look_ahead=compiled.look_ahead), list(fields)
    if decode_as or not can_reread(capture):
        views = dissect(capture, needs, look_ahead=needs.look_ahead, decode_as=decode_as)
        return (view for view in views if compiled.test(view))
    return _select_pruned(capture, compiled, needs, [*COLUMNS, *names])


def _everything(compiled: Filter) -> Needs:
    """All fields, found by as many looks as the filter takes by itself."""
    return replace(needs_of(None), second_look=compiled.needs.second_look)


def field_needs(fields: Iterable[str]) -> Needs:
    """What reading these fields needs; `UnsupportedFieldError` for one that is not dissected."""
    names = list(fields)
    reader = PacketReader()
    for name in names:
        reader.values(name)
    return needs_of(names)


def union_of(needs: Iterable[Needs]) -> frozenset[str] | None:
    """The names that any of these needs; None if one needs everything."""
    names: set[str] = set()
    for each in needs:
        if each.names is None:
            return None
        names |= each.names
    return frozenset(names)


def _compiled(capture: Source, filter: str | Filter, target: Target | None, decode_as: DecodeAs | None,
              selected: int | None) -> Filter:  # fmt: skip
    compiled = filter if isinstance(filter, Filter) else compile_filter(filter, target=target)
    if decode_as:
        chosen_protocols(decode_as, catalogue())
    return compiled if selected is None else refer_to(capture, compiled, selected, decode_as)


def refer_to(capture: Source, compiled: Filter, selected: int, decode_as: DecodeAs | None = None) -> Filter:
    """The filter with references that have the values of frame `selected` of the capture, read up to there.

    Raises:
        CaptureError: there is no such frame, or the capture can be read only once.
    """
    if not compiled.references:
        return compiled
    needs = needs_of(compiled.references)
    start = _rewindable(capture, "the selected frame is read before all others")
    number = 0
    for view in dissect(capture, needs, look_ahead=needs.look_ahead, decode_as=decode_as):
        number = view.number
        if number == selected:
            _rewind(capture, start)
            return compiled.with_selected(view)
    raise CaptureError(f"there is no frame {selected} to take the values of references from: the last is {number}")


def frames(capture: Source, filter: str | Filter, *, target: Target | None = None,
           decode_as: DecodeAs | None = None, selected: int | None = None) -> list[int]:  # fmt: skip
    """The numbers (1-based) of the frames that a filter selects; arguments and errors as for `read`."""
    compiled = _compiled(capture, filter, target, decode_as, selected)
    return frames_of_all(capture, [compiled], compiled.needs, decode_as)[0]


def count_frames(capture: Source, filter: str | Filter, *, target: Target | None = None,
                 decode_as: DecodeAs | None = None, selected: int | None = None) -> int:  # fmt: skip
    """How many frames a filter selects, in memory that does not grow with them; otherwise as `frames`."""
    compiled = _compiled(capture, filter, target, decode_as, selected)
    tally = Tally()
    _collect(capture, [compiled], compiled.needs, decode_as, [tally])
    return tally.count


def frames_of_all(capture: Source, filters: Sequence[Filter], needs: Needs,
                  decode_as: DecodeAs | None = None) -> list[list[int]]:  # fmt: skip
    """For each filter the numbers of the frames that it selects, in one pass; `needs` are those of all of them."""
    found: list[list[int]] = [[] for _ in filters]
    _collect(capture, filters, needs, decode_as, found)
    return found


def _collect(capture: Source, filters: Sequence[Filter], needs: Needs, decode_as: DecodeAs | None,
             found: Sequence[Numbers]) -> None:  # fmt: skip
    if not needs.stateful and not decode_as:
        plan = column_plan(filters, size_of(capture))
        if plan is not None:
            _scan_chunks(capture, plan, filters, needs, found)
            return
    if needs.stateful and not decode_as and can_reread(capture) and _scan_pruned(capture, filters, needs, found):
        return
    tests = [(compiled.test, numbers.append) for compiled, numbers in zip(filters, found, strict=True)]
    for view in dissect(capture, needs, look_ahead=needs.look_ahead, decode_as=decode_as):
        number = view.frame.number
        for test, append in tests:
            if test(view):
                append(number)


def _scan_pruned(capture: Source, filters: Sequence[Filter], needs: Needs, found: Sequence[Numbers]) -> bool:
    """Dissect only the conversations that columns and first bytes leave open; False where that does not pay."""
    from dfilter.prune.scan import pruner_of  # it loads numpy

    pruner = pruner_of(filters, needs)
    if pruner is None:
        return False
    looks = _Looks(capture)
    selected = pruner.select(looks.again) if pruner.look(looks.opened) else None
    if selected is None:
        looks.rewind()
        return False
    for numbers, more in zip(found, selected, strict=True):
        numbers.extend(more)
    _warn(looks.opened.warning)
    return True


def column_plan(filters: Sequence[Filter], size: int = 0) -> Plan | None:
    """The filters as functions of columns, where they can be; as machine code where a capture of `size` bytes pays."""
    from dfilter.compile.columns import build_columns  # numpy is loaded only to scan captures
    from dfilter.compile.machine import build_machine

    named = [(compiled.plan.expression, compiled.fields) for compiled in filters]
    shapes, known = (*SHAPES, *TAGGED_SHAPES, *TUNNELS), ShapeKnowledge(catalogue())
    plan: Plan | None = build_machine(named, shapes, ANY_FRAME, known) if pays(size) else None
    return plan or build_columns(named, shapes, ANY_FRAME, known)


def size_of(capture: Source) -> int:
    """Bytes of a capture that is a file with a name, as it lies there; else 0."""
    if not isinstance(capture, str | PathLike) or not Path(capture).is_file():
        return 0
    return Path(capture).stat().st_size


def _scan_chunks(capture: Source, plan: Plan, filters: Sequence[Filter], needs: Needs,
                 found: Sequence[Numbers]) -> None:  # fmt: skip
    """Let columns decide what they can; only the rest becomes views."""
    session = Session(needs)
    opened = open_capture(capture)
    begun = scan_in_parts(opened, plan, filters, session, found)
    for chunk in chunks_of(opened, chunk_bytes(len(filters))) if begun is None else rest_chunks(opened, *begun):
        certain, undecided = decide(plan, chunk)
        for row in rows_of_any(undecided):
            view = session.dissect(chunk.frame(row))
            for index, compiled in enumerate(filters):
                if undecided[index][row]:
                    certain[index][row] = compiled.test(view)
        for mask, numbers in zip(certain, found, strict=True):
            numbers.extend((mask.nonzero()[0] + chunk.first).tolist())
    _warn(opened.warning)


def decide(plan: Plan, chunk: Chunk) -> Verdict:
    """What columns decide of a chunk: nothing where the capture holds secrets, as what is decrypted may be anything."""
    from dfilter.compile.columns import Verdict

    return Verdict.open(plan.count, len(chunk)) if chunk.has_secrets else plan.decide(chunk)


def _select_chunks(capture: Source, plan: Plan, compiled: Filter, needs: Needs) -> Iterator[View]:
    """The views of the frames that a filter selects; frames that columns reject never become views."""
    session = Session(needs)
    opened = open_capture(capture)
    for chunk in chunks_of(opened):
        certain, undecided = decide(plan, chunk)
        for row in rows_of_any([certain[0], undecided[0]]):
            view = session.dissect(chunk.frame(row))
            if certain[0][row] or compiled.test(view):
                yield view
    _warn(opened.warning)


def _select_pruned(capture: Source, compiled: Filter, needs: Needs, fields: Sequence[str]) -> Iterator[View]:
    """The views of the frames that a filter selects; only what they depend on is dissected, where that can be told."""
    from dfilter.prune.scan import pruner_of
    from dfilter.prune.shown import DependsError

    pruner, last, test = pruner_of([compiled], compiled.needs, needs, fields), 0, compiled.test
    if pruner is not None:
        looks = _Looks(capture)
        found = pruner.views(looks.again) if pruner.look(looks.opened) else None
        try:
            for view in found or ():
                last = view.number
                yield view
            if found is not None:
                _warn(looks.opened.warning)
                return
        except DependsError:
            pass  # what follows depends on frames that were left out
        looks.rewind()
    views = dissect(capture, needs, look_ahead=needs.look_ahead)
    yield from (view for view in views if view.number > last and test(view))


class _Looks:
    """A capture that is looked at twice: `opened` for the first time."""

    def __init__(self, capture: Source) -> None:
        self._capture = capture
        self._start = _rewindable(capture, "conversations are looked at before they are dissected")
        self.opened = open_capture(capture)

    def again(self) -> Capture:
        """The capture from its beginning."""
        self.rewind()
        return open_capture(self._capture)

    def rewind(self) -> None:
        _rewind(self._capture, self._start)


def dissect(capture: Source, needs: Needs, *, look_ahead: bool = False,
            decode_as: DecodeAs | None = None) -> Iterator[View]:  # fmt: skip
    """The views of all frames of a capture, after a first pass over it if anything looks ahead."""
    foresight: Foresight | None = None
    if look_ahead or (needs.second_look and can_reread(capture)):
        foresight = first_pass(capture, needs, decode_as)
    session = Session(needs, decode_as=decode_as, foresight=foresight)
    opened = open_capture(capture)
    for frame in opened:
        yield session.dissect(frame)
    _warn(opened.warning)


def _warn(text: str | None) -> None:
    if text:
        warnings.warn(text, CaptureWarning, stacklevel=3)


def first_pass(capture: Source, needs: Needs, decode_as: DecodeAs | None) -> Foresight:
    """What later frames tell about earlier ones."""
    start = _rewindable(capture, "this filter needs later frames to judge earlier ones")
    session = Session(needs, decode_as=decode_as)
    for frame in open_capture(capture):
        session.dissect(frame)
    _rewind(capture, start)
    return session.foreseen


def can_reread(capture: Source) -> bool:
    """Can the capture be read a second time?"""
    if isinstance(capture, str | PathLike):
        return str(capture) != "-" and not Path(capture).is_fifo()
    seekable = getattr(capture, "seekable", None)
    return seekable is not None and bool(seekable())


def _rewindable(capture: Source, reason: str) -> int | None:
    """The position to come back to for a second pass; None for a path, which is opened anew."""
    if not can_reread(capture):
        raise CaptureError(f"{reason}, so the capture must be read twice, "
                           "and standard input or a pipe can be read only once: save it to a file first")
    return None if isinstance(capture, str | PathLike) else capture.tell()


def _rewind(capture: Source, start: int | None) -> None:
    if start is not None:
        capture.seek(start)  # type: ignore[union-attr]
