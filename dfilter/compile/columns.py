"""Filters over header fields, decided for many frames at once.

In: typed expressions, the shapes of common frames, and chunks of a capture.  Out: for each filter, which frames of
a chunk certainly match and which are not decided here.  What always holds: a decision is the closures' decision;
whatever is not plain stays undecided.

The terms (see `bounds`) are functions of numpy columns: each reads a header field of all frames of one shape at
once, straight from the capture's bytes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from mmap import mmap
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from dfilter.check.typed import Constant, Relation, TypedExpression
from dfilter.compile.bounds import Place, Surroundings
from dfilter.compile.column_sets import number_member, number_spans, pair_member
from dfilter.compile.joined import JoinedTerms
from dfilter.compile.shaped import Branch, branches
from dfilter.fields.types import ADDRESSES, UNSIGNED, FieldType
from dfilter.packets.declare import Measure, Shape
from dfilter.slotted import frozen, slotted

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[Any]

FEW = 6
"""Up to so many values, a set is tested by comparing with each."""

_ETHERNET = 1
_LOW_HALF = (1 << 64) - 1
_JOINS: dict[str, Any] = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}
_OPERATORS: dict[Relation, Callable[[Any, Any], Any]] = {
    Relation.EQ: operator.eq,
    Relation.NE: operator.ne,
    Relation.LT: operator.lt,
    Relation.LE: operator.le,
    Relation.GT: operator.gt,
    Relation.GE: operator.ge,
}


class ChunkLike(Protocol):
    """What this module needs of `dfilter.captures.index.Chunk`."""

    data: bytes | bytearray | mmap
    first: int
    starts: npt.NDArray[np.int64]
    captured: npt.NDArray[np.int64]
    wire: npt.NDArray[np.int64]
    link_types: npt.NDArray[np.int64] | int


class Verdict(NamedTuple):
    """What is known of a chunk's frames, a row for each filter: which certainly match, and which are undecided."""

    certain: Mask
    undecided: Mask

    @classmethod
    def blank(cls, count: int, size: int) -> Verdict:
        """A certain no for all."""
        return cls(*np.zeros((2, count, size), np.bool_))

    @classmethod
    def open(cls, count: int, size: int) -> Verdict:
        """Everything is undecided."""
        return cls(np.zeros((count, size), np.bool_), np.ones((count, size), np.bool_))


class Plan(Protocol):
    """Filters, ready to be held against chunks."""

    @property
    def count(self) -> int:
        """How many filters."""

    def decide(self, chunk: ChunkLike) -> Verdict:
        """What is known of this chunk's frames."""


@slotted
class Findings:
    """What is known of a chunk's frames beyond their headers.

    Attributes:
        certain, possible: for each deep test, of all frames.
        streams: the number of each frame's TCP conversation; -1 without one.
    """

    certain: list[Mask]
    possible: list[Mask]
    streams: npt.NDArray[np.int64]


class Columns:
    """Header fields of some frames of a chunk, read when first asked for.

    Attributes:
        rows: the frames' places in the chunk.
        starts: where they begin in its data.
        findings: what is known of all frames of the chunk by other means (see `deep`).
    """

    __slots__ = ("_cache", "_chunk", "_words", "findings", "rows", "starts")

    def __init__(self, chunk: ChunkLike, rows: Numbers, starts: Numbers, words: dict[int, Numbers]) -> None:
        self._chunk = chunk
        self.rows = rows
        self.starts = starts
        self.findings: Findings | None = None
        self._words = words
        self._cache: dict[tuple[int, int], Numbers] = {}

    @classmethod
    def of(cls, chunk: ChunkLike) -> Columns:
        """All frames of a chunk."""
        data = chunk.data
        words = {1: np.frombuffer(data, np.uint8)}
        for size in (2, 4, 8):
            # overlapping big-endian words: one at every byte
            words[size] = np.ndarray((max(len(data) - size + 1, 0),), f">u{size}", data, strides=(1,))
        return cls(chunk, np.arange(len(chunk.starts)), chunk.starts, words)

    def where(self, mask: Mask) -> Columns:
        """Only the frames for which `mask` is true."""
        return Columns(self._chunk, self.rows[mask], self.starts[mask], self._words)

    def at(self, rows: Numbers) -> Columns:
        """Only the frames at these places in the chunk."""
        return Columns(self._chunk, rows, self._chunk.starts[rows], self._words)

    def number(self, start: int, size: int) -> Numbers:
        """The unsigned big-endian number of 1 to 8 bytes at offset `start` of each frame."""
        key = (start, size)
        found = self._cache.get(key)
        if found is None:
            width = 1 << (size - 1).bit_length()
            found = self._words[width][self.starts + start]
            if width > 1:
                found = found.astype(f"u{width}")
            if width > size:
                found >>= found.dtype.type(8 * (width - size))
            self._cache[key] = found
        return found

    def measure(self, measure: Measure) -> Numbers:
        """The frames' numbers or lengths."""
        if measure is Measure.NUMBER:
            return self.rows + self._chunk.first
        if measure is Measure.STREAM:
            assert self.findings is not None
            return self.findings.streams[self.rows]
        return (self._chunk.wire if measure is Measure.LENGTH else self._chunk.captured)[self.rows]


Term = bool | Callable[[Columns], Mask]
"""A constant, or a function of columns."""


_Branch = Branch[Term]

Shaped = tuple[_Branch, Columns]
"""A shape's branch, and the frames that have it."""


@frozen(eq=False)
class ColumnPlan:
    """Filters, ready to be held against chunks; `count` of them."""

    count: int
    branches: tuple[_Branch, ...]
    anywhere: _Branch

    def alike(self) -> Numbers:
        """For each branch the first one that decides all in the same way, wherever its headers lie."""
        firsts: dict[tuple[Any, ...], int] = {}
        return np.array([firsts.setdefault(_way(branch), index) for index, branch in enumerate(self.branches)])

    def decide(self, chunk: ChunkLike) -> Verdict:
        """What is known of this chunk's frames."""
        columns = Columns.of(chunk)
        return self.settle(columns, self.split(chunk, columns))

    def split(self, chunk: ChunkLike, columns: Columns) -> list[Shaped]:
        """The frames that have a shape, by shape."""
        found: list[Shaped] = []
        if self.branches:
            least = min(branch.shape.minimum for branch in self.branches)
            plain = (chunk.captured >= least) & (chunk.link_types == _ETHERNET)
            work = [(branch, list(branch.shape.constants)) for branch in self.branches]
            _descend(work, columns.where(plain), chunk, found)
        return found

    def settle(self, columns: Columns, shaped: Sequence[Shaped]) -> Verdict:
        """What is known of a chunk's frames; undecided are those without a shape."""
        size = len(columns.rows)
        verdict, shapeless = Verdict.blank(self.count, size), np.ones(size, np.bool_)
        for branch, chosen in shaped:
            shapeless[chosen.rows] = False
            _settle(branch, chosen, verdict)
        verdict.undecided[:, np.flatnonzero(shapeless)] = True
        _settle(self.anywhere, columns, verdict)
        return verdict

    def amend(self, verdict: Verdict, columns: Columns, shaped: Sequence[Shaped]) -> None:
        """Decide of these frames anew, all of which have a shape."""
        verdict.certain[:, columns.rows] = verdict.undecided[:, columns.rows] = False
        for branch, chosen in shaped:
            _settle(branch, chosen, verdict)
        _settle(self.anywhere, columns, verdict)


_Work = Sequence[tuple[_Branch, list[tuple[int, bytes, bytes]]]]


def _descend(work: _Work, columns: Columns, chunk: ChunkLike, found: list[Shaped]) -> None:
    """Split the frames by the shapes' conditions; shapes that begin alike share the test."""
    groups: dict[tuple[int, bytes, bytes], list[tuple[_Branch, list[tuple[int, bytes, bytes]]]]] = {}
    for branch, conditions in work:
        if not conditions:
            _finish(branch, columns, chunk, found)
            continue
        groups.setdefault(conditions[0], []).append((branch, conditions[1:]))
    for (offset, mask, value), members in groups.items():
        chosen = columns
        if offset + len(value) > 42:  # beyond what every frame here holds
            chosen = chosen.where(chunk.captured[chosen.rows] >= offset + len(value))
        value_there = chosen.number(offset, len(value))
        if mask != b"\xff" * len(value):
            value_there = value_there & int.from_bytes(mask, "big")
        matching = value_there == int.from_bytes(value, "big")
        if matching.any():
            _descend(members, chosen.where(matching), chunk, found)


def _finish(branch: _Branch, columns: Columns, chunk: ChunkLike, shaped: list[Shaped]) -> None:
    shape = branch.shape
    whole = chunk.captured[columns.rows] >= shape.minimum
    if not whole.all():
        columns = columns.where(whole)
    guards = [columns.number(at, 2) >= least for at, least in shape.at_least]
    if shape.header_nibble is not None:
        guards.append(columns.number(shape.header_nibble, 1) >= 0x50)
    if guards:
        fits = reduce(operator.and_, guards)
        if not fits.all():
            columns = columns.where(fits)
    if len(columns.rows):
        shaped.append((branch, columns))


def _way(branch: _Branch) -> tuple[Any, ...]:
    """What a branch decides, and how; equal for branches that decide alike."""
    doubted = id(branch) if any(doubt is not None for doubt in branch.doubt) else None
    terms = [None if bounds is None else (bounds.certain, bounds.possible) for bounds in branch.bounds]
    return doubted, branch.shape.open, *terms


def _settle(branch: _Branch, columns: Columns, verdict: Verdict) -> None:
    """Write down what a shape's bounds say of its frames; of an open shape's, only what they decide."""
    rows, narrows = columns.rows, branch.shape.open
    doubtful: dict[int, Numbers] = {}
    for index, bounds in enumerate(branch.bounds):
        if bounds is None:
            if not narrows:
                verdict.undecided[index][rows] = True
            continue
        if bounds.certain is True or callable(bounds.certain):
            verdict.certain[index][rows[_mask(bounds.certain, columns)]] = True
        if narrows:
            verdict.undecided[index][rows] = False  # both bounds are one: see `_branch`
        elif bounds.possible is not bounds.certain:
            verdict.undecided[index][rows] = _mask(bounds.possible, columns) & ~verdict.certain[index][rows]
        doubt = branch.doubt[index]
        if doubt is not None:
            if id(doubt) not in doubtful:
                doubtful[id(doubt)] = _behind(doubt, branch.shape.ports or 0, columns)
            if len(doubtful[id(doubt)]):
                verdict.certain[index][doubtful[id(doubt)]] = False
                verdict.undecided[index][doubtful[id(doubt)]] = True


def _behind(ports: Mask, at: int, columns: Columns) -> Numbers:
    """The rows of frames with one of these ports."""
    found: Numbers = columns.rows[ports[columns.number(at, 2)] | ports[columns.number(at + 2, 2)]]
    return found


def _mask(term: Term, columns: Columns) -> Mask:
    if isinstance(term, bool):
        return np.full(len(columns.rows), term)
    return term(columns)


def build_columns(filters: Sequence[tuple[TypedExpression, Iterable[str]]], shapes: Sequence[Shape], anywhere: Shape,
                  surroundings: Surroundings) -> ColumnPlan | None:  # fmt: skip
    """The plan for filters, each with the names it reads; None where no shape decides anything of any."""
    found = branches(filters, shapes, anywhere, surroundings, ColumnTerms())
    return None if found is None else ColumnPlan(found.count, found.shaped, found.anywhere)


class ColumnTerms(JoinedTerms):
    """Terms as functions of `Columns`."""

    def __init__(self) -> None:
        super().__init__()
        self._members: dict[tuple[frozenset[int | bytes], int], Callable[..., Mask]] = {}

    def join(self, functions: Sequence[Any], operation: str) -> Term:
        join = _JOINS[operation]

        def term(columns: Columns) -> Mask:
            result: Mask = join(functions[0](columns), functions[1](columns))
            for function in functions[2:]:
                join(result, function(columns), out=result)
            return result

        return term

    def invert(self, function: Any) -> Term:
        return lambda columns: ~function(columns)

    def compare(self, place: Place, relation: Relation, constant: Constant) -> Term | None:
        field, value = place.field, constant.value
        if field.type is FieldType.BOOLEAN:
            read = _reader(place)
            if not isinstance(value, bool) or relation not in (Relation.EQ, Relation.NE) or read is None:
                return None
            wanted = value == (relation is Relation.EQ)
            return lambda columns: (read(columns) != 0) == wanted
        if isinstance(value, bytes) and field.type is FieldType.IPv6:
            prefix = 128 if constant.prefix is None else constant.prefix
            return _compare_wide(place.start, relation, value, prefix)
        if isinstance(value, bytes) and field.type in (FieldType.ETHER, FieldType.IPv4) and len(value) == field.size:
            drop = 0 if constant.prefix is None else 32 - constant.prefix
            return _compare_number(_reader(place), relation, int.from_bytes(value, "big") >> drop, drop)
        if isinstance(value, int) and value >= 0 and field.type in UNSIGNED:
            return _compare_number(_reader(place), relation, value, 0)
        return None

    def member(self, place: Place, values: frozenset[int | bytes]) -> Term | None:
        if place.field.type is FieldType.IPv6:
            start, wide = place.start, self._member(values, 16)
            return lambda columns: wide(columns.number(start, 8), columns.number(start + 8, 8))
        read = _reader(place)
        if read is None:
            return None
        if len(values) <= FEW:
            equal = [_compare_number(read, Relation.EQ, number, 0) for number in sorted(_numbers(values))]
            either: Term = self.any_of([term for term in equal if term is not None])
            return either
        member = self._member(values, place.field.size or 8)
        return lambda columns: member(read(columns))

    def _member(self, values: frozenset[int | bytes], size: int) -> Callable[..., Mask]:
        """The search for these values in columns of so many bytes, made once."""
        found = self._members.get((values, size))
        if found is None:
            wide = [value for value in values if isinstance(value, bytes)]
            found = pair_member(wide) if size == 16 else number_member(_numbers(values), size)
            self._members[values, size] = found
        return found

    def spans(self, place: Place, spans: Sequence[tuple[int, int]]) -> Term | None:
        field = place.field
        read = _reader(place)
        bits = 8 * field.size
        if field.type is FieldType.IPv6:  # networks up to /64, by their upper half
            if any(low & _LOW_HALF or ~high & _LOW_HALF for low, high in spans):
                return None
            start, bits = place.start, 64
            read, spans = (lambda columns: columns.number(start, 8)), [(low >> 64, high >> 64) for low, high in spans]
        edges = [edge for low, high in spans for edge in (low, high + 1)]
        if read is None or field.measure is not None or not edges or edges[-1] >= 1 << 64:
            return None
        inside = number_spans(edges, bits)
        return lambda columns: inside(read(columns))

    def masked(self, place: Place, mask: int) -> Term | None:
        read = _reader(place)
        if read is None or place.field.type not in UNSIGNED:
            return None
        kept = mask & ((1 << (63 if place.field.measure is not None else 8 * place.field.size)) - 1)
        return lambda columns: (read(columns) & kept) != 0


def _numbers(values: Iterable[int | bytes]) -> list[int]:
    return [value if isinstance(value, int) else int.from_bytes(value, "big") for value in values]


def _reader(place: Place) -> Callable[[Columns], Numbers] | None:
    """A function that reads a field of at most eight bytes as numbers."""
    field, start = place.field, place.start
    measure = field.measure
    if measure is not None:
        return lambda columns: columns.measure(measure)
    readable = (*UNSIGNED, *ADDRESSES, FieldType.ETHER, FieldType.BOOLEAN)
    if field.type not in readable or field.little_endian or not 0 < field.size <= 8:
        return None
    size, mask = field.size, field.mask
    if not mask:
        return lambda columns: columns.number(start, size)
    if field.type is FieldType.BOOLEAN:
        return lambda columns: columns.number(start, size) & mask
    shift = (mask & -mask).bit_length() - 1
    return lambda columns: (columns.number(start, size) & mask) >> shift


_Read = Callable[[Columns], Numbers]


def _compare_number(read: _Read | None, relation: Relation, value: int, drop: int) -> Term | None:
    """Compare with `value` after dropping the lowest `drop` bits."""
    if read is None:
        return None
    compare = _OPERATORS[relation]
    if value >= 1 << 63:
        return None
    if drop:
        if drop >= 32:
            return bool(compare(0, value))
        return lambda columns: np.asarray(compare(read(columns) >> drop, value))
    return lambda columns: np.asarray(compare(read(columns), value))


def _compare_wide(start: int, relation: Relation, value: bytes, prefix: int) -> Term:
    """Compare 16 bytes, of which the first `prefix` bits count, as two halves."""
    keep = ((1 << prefix) - 1) << (128 - prefix)
    wanted = int.from_bytes(value, "big") & keep
    high_keep, low_keep = (np.uint64(part) for part in divmod(keep, 1 << 64))
    high_wanted, low_wanted = (np.uint64(part) for part in divmod(wanted, 1 << 64))
    compare = _OPERATORS[relation]

    def term(columns: Columns) -> Mask:
        high = columns.number(start, 8) & high_keep
        if relation is Relation.EQ and not low_keep:
            return np.asarray(high == high_wanted)
        low = columns.number(start + 8, 8) & low_keep
        same = high == high_wanted
        if relation is Relation.EQ:
            return np.asarray(same & (low == low_wanted))
        if relation is Relation.NE:
            return np.asarray(~same | (low != low_wanted))
        strict = _OPERATORS[Relation.LT if relation in (Relation.LT, Relation.LE) else Relation.GT]
        result: Mask = strict(high, high_wanted) | (same & compare(low, low_wanted))
        return result

    return term
