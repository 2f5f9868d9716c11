"""A filter compiled for records.

In: filter text and a schema.  Out: `RecordFilter`, by `compile_for_records` (public name: `dfilter.compile` with
`schema=`).  What always holds: matching a record raises nothing of its own but for a strict schema, whatever the
record holds, and changes nothing: filters are safe to share between threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dfilter.check.check import analyse
from dfilter.check.diagnostics import Verdict
from dfilter.check.refusal import refusal
from dfilter.check.typed import TypedExpression
from dfilter.compile.closures import build
from dfilter.compile.plan import Plan, make_plan
from dfilter.fields.versions import Version
from dfilter.records.direct import build_direct
from dfilter.records.reader import RecordReader
from dfilter.records.schema import Schema

if TYPE_CHECKING:
    from dfilter.records.tables import Mask


class RecordFilter:
    """A filter over records of a schema; immutable, and safe to share between threads.

    Attributes:
        text: what was compiled.
        verdict: what the check said: colour and diagnostics.
        schema: the fields it may name.
        fields: names of the fields it reads.
        selected: the record whose values field references (`$net.ip`) have, None without one.
        plan: the typed expression and the closures that give it its meaning.
    """

    def __init__(self, text: str, verdict: Verdict, schema: Schema, plan: Plan, version: Version,
                 macros: Mapping[str, str] | None = None, selected: Any = None) -> None:  # fmt: skip
        self.text = text
        self.verdict = verdict
        self.schema = schema
        self.fields = plan.fields
        self.plan = plan
        self.version = version
        self.selected = selected
        self._macros = None if macros is None else dict(macros)
        direct = build_direct(plan.expression, schema, self.part)
        if direct is not None:
            # the generated function in the method's place: a call less where the whole takes 0.2 µs
            object.__setattr__(self, "matches", direct)

    def part(self, expression: TypedExpression) -> Callable[[Any], bool]:
        """The closures' test of one part of a filter over this schema."""
        return build(expression, RecordReader(self.schema), self.selected, self.version)

    def matches(self, record: Any) -> bool:
        """Does one record satisfy the filter?

        Args:
            record: a mapping, nested or with dotted keys; or an object, whose attributes are read.

        Raises:
            RecordError: the schema is strict, and a value that the filter reads is not of its field's type.
        """
        return self.plan.test(record)

    def select(self, records: Iterable[Any]) -> Iterator[Any]:
        """The records that satisfy the filter, in order, as they come."""
        return filter(self.matches, records)

    def mask(self, frame: Any) -> Mask:
        """Which rows of a pandas or polars data frame satisfy the filter, as a boolean series of the same kind.

        Columns are keys of records. Arithmetic on whole columns decides where it can; the answers are those of
        `matches` for each row.

        Raises:
            TypeError: `frame` is no data frame of pandas or polars.
            RecordError: as for `matches`.
        """
        from dfilter.records.tables import mask_of

        return mask_of(self, frame)

    def __reduce__(self) -> tuple[Callable[..., RecordFilter], tuple[Any, ...]]:
        """Its text and schema, to be compiled anew."""
        return compile_for_records, (self.text, self.schema, self.version, self._macros, self.selected)

    def __repr__(self) -> str:
        return f"dfilter.compile({self.text!r}, schema={self.schema!r})"


def compile_for_records(text: str, schema: Schema, version: Version,
                        macros: Mapping[str, str] | None = None, selected: Any = None) -> RecordFilter:  # fmt: skip
    """Compile a filter over the fields of a schema; arguments and errors as for `dfilter.compile`."""
    analysis = analyse(text, version, macros, schema)
    if analysis.typed is None:
        raise refusal(analysis.verdict)
    plan = make_plan(analysis.typed, RecordReader(schema), selected, version)
    return RecordFilter(text, analysis.verdict, schema, plan, version, macros, selected)
