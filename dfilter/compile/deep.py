"""Filters over what lies beyond the headers: which frames their headers decide, and which tests go deeper.

In: typed expressions, shapes, and what is known of fields in them.  Out: a `DeepPlan`: a column plan whose deep tests
read `Findings`, and these tests.  What always holds: as for columns; a deep test is false where its findings say that
it is not possible, true where they say it is certain, and undecided else.

Most frames hold nothing that a deep test asks for: `DeepPlan.barren` is what headers decide of those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dfilter.check.typed import Exists, FieldRead, TypedExpression
from dfilter.compile.bounds import Bounds, Decider, Place, Surroundings, Terms, is_plain
from dfilter.compile.columns import ColumnPlan, Columns, ColumnTerms, Mask
from dfilter.compile.plan import field_reads
from dfilter.compile.shaped import Branches, branches
from dfilter.fields.types import FieldType
from dfilter.packets.declare import Field, Measure, Shape
from dfilter.slotted import frozen

STREAM = "tcp.stream"
RETRANSMISSION = "tcp.analysis.retransmission"
ODDITIES = frozenset({"tcp.analysis.lost_segment", "tcp.analysis.ack_lost_segment", "tcp.analysis.out_of_order",
                      "tcp.analysis.zero_window", "tcp.analysis.zero_window_probe",
                      "tcp.analysis.zero_window_probe_ack"})  # fmt: skip
"""What is only in conversations in which something is out of the ordinary."""
_STREAM_FIELD = Field(STREAM, FieldType.UINT32, size=4, measure=Measure.STREAM)


@frozen(eq=False)
class DeepPlan:
    """`columns` decides with the findings about `tests`.

    Attributes:
        analysed: indices of tests for what the analysis of TCP finds; the value: is it that a segment was sent again?
        names: those that the tests read; `opened`: those of which they ask more than whether they are there.
        headers: names that headers decide, as far as these do not come once more inside a TCP conversation.
        by_header: for each filter, whether it reads any of the latter.
        barren: what is decided, computed in a given way, of frames in which no deep test is possible; None where
            something else about their conversation is asked too.
    """

    columns: ColumnPlan
    tests: tuple[TypedExpression, ...]
    analysed: dict[int, bool]
    names: frozenset[str]
    opened: frozenset[str]
    headers: frozenset[str]
    by_header: tuple[bool, ...]
    barren: Callable[[Terms[Any]], Branches[Any] | None]


def build_deep(filters: Sequence[tuple[TypedExpression, Iterable[str]]], shapes: Sequence[Shape], anywhere: Shape,
               surroundings: Surroundings) -> DeepPlan | None:  # fmt: skip
    """The plan for filters, each with the names it reads; None where headers and findings cannot tell enough."""
    headers = {carrier for shape in shapes for carrier in shape.layers}
    named = [(expression, tuple(names)) for expression, names in filters]
    every = {name for _, names in named for name in names}
    analysed = every & {RETRANSMISSION, *ODDITIES}
    deep = analysed.union(name for name in every if surroundings.is_beyond(name, headers))
    if any(surroundings.is_remembered(name) for name in every - deep - {STREAM}):
        return None
    tests: dict[TypedExpression, int] = {}
    kinds: dict[int, bool] = {}
    found_by: dict[int, Bounds[Any]] = {}

    class _Decider(Decider[Any]):
        def _deep(self, expression: TypedExpression) -> Bounds[Any] | None:
            reads = list(field_reads(expression))
            if all(read.name not in deep or read.selected for read in reads):
                return None
            if self._shape.open:
                return self.unknown
            if not analysed.isdisjoint(read.name for read in reads):
                return self._analysis(expression)
            if self._shape.ports is None:
                follows = any(surroundings.may_follow(read.name, self._shape) for read in reads)
                return self.unknown if follows else Bounds(False, False)
            return self._finding(expression)

        def _analysis(self, expression: TypedExpression) -> Bounds[Any]:
            match expression:
                case Exists(operand=FieldRead(name=name) as read) if is_plain(read):
                    if "tcp" not in self._shape.layers:
                        return Bounds(False, False)
                    kinds[tests.setdefault(expression, len(tests))] = name == RETRANSMISSION
                    return self._finding(expression)
                case _:
                    return self.unknown

        def _finding(self, expression: TypedExpression) -> Bounds[Any]:
            index = tests.setdefault(expression, len(tests))
            return found_by.setdefault(index, _finding(index))

        def _places(self, read: FieldRead) -> list[Place] | None:
            if read.name == STREAM and is_plain(read) and "tcp" in self._shape.layers:
                return [Place(_STREAM_FIELD, 0)]
            return super()._places(read)

    class _Barren(_Decider):
        def _finding(self, expression: TypedExpression) -> Bounds[Any]:
            return Bounds(False, False)

    by_header = [(expression, [name for name in names if name not in deep - analysed]) for expression, names in named]
    outside = _OutsideTcp(surroundings)

    def barren(terms: Terms[Any]) -> Branches[Any] | None:
        return None if STREAM in every else branches(by_header, shapes, anywhere, outside, terms, _Barren)

    found = branches(by_header, shapes, anywhere, outside, ColumnTerms(), _Decider)
    if found is None or any(None in branch.bounds for branch in found.shaped if branch.shape.ports is not None):
        return None
    if not {"tcp", "udp"} <= {branch.shape.last for branch in found.shaped}:
        return None
    opened = {read.name for test in tests for read in field_reads(test) if not _asks_presence(test)}
    return DeepPlan(ColumnPlan(found.count, found.shaped, found.anywhere), tuple(tests), kinds, frozenset(deep),
                    frozenset(opened), frozenset(every - deep | analysed),
                    tuple(bool(names) for _, names in by_header), barren)  # fmt: skip


def _asks_presence(test: TypedExpression) -> bool:
    return isinstance(test, Exists) and isinstance(test.operand, FieldRead) and is_plain(test.operand)


class _OutsideTcp:
    """What is known of fields in shapes, whatever TCP conversations may carry."""

    def __init__(self, known: Surroundings) -> None:
        self._known = known
        self.fields_in, self.is_beyond = known.fields_in, known.is_beyond
        self.may_follow, self.is_remembered = known.may_follow, known.is_remembered

    def doubtful_ports(self, names: Iterable[str], shape: Shape) -> frozenset[int] | None:
        return frozenset() if shape.last == "tcp" else self._known.doubtful_ports(names, shape)


def _finding(index: int) -> Bounds[Any]:
    def certain(columns: Columns) -> Mask:
        assert columns.findings is not None
        return columns.findings.certain[index][columns.rows]

    def possible(columns: Columns) -> Mask:
        assert columns.findings is not None
        return columns.findings.possible[index][columns.rows]

    return Bounds(certain, possible)
