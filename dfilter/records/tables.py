"""A filter over a pandas or polars data frame: which rows satisfy it.

In: a `RecordFilter` and a frame whose columns are keys of records.  Out: a boolean series of the frame's own kind.
What always holds: the answers are those of `matches` for the row as a record.  A condition on one column of numbers
against a constant is arithmetic on the whole column; any other condition on one column is asked once for each
different value in it; conditions on several columns are asked row by row.  Neither library is needed to import this.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from dfilter.check.typed import (
    Always,
    Comparison,
    Conjunction,
    Constant,
    Disjunction,
    ExclusiveDisjunction,
    FieldRead,
    Negation,
    TypedExpression,
)
from dfilter.compile.plan import field_reads
from dfilter.fields.types import FLOATS, INTEGERS
from dfilter.records.schema import Schema
from dfilter.records.values import integer_bounds

if TYPE_CHECKING:
    from dfilter.records.filter import RecordFilter

Mask = Any
"""A pandas or polars series of booleans; neither library is known to the type checker."""
Bits = np.ndarray[Any, np.dtype[np.bool_]]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


class _Table(Protocol):
    """What is asked of a frame of either library."""

    names: Sequence[str]
    rows: int

    def values(self, name: str) -> Sequence[Any]:
        """The objects of a column, in order."""

    def numbers(self, name: str) -> np.ndarray[Any, Any] | None:
        """A column of whole numbers or floats without gaps, as an array; None for another column."""

    def series(self, bits: Bits) -> Mask:
        """The answer, as the library has it."""


def mask_of(compiled: RecordFilter, frame: Any) -> Mask:
    """The rows of `frame` that satisfy a filter; see `RecordFilter.mask`."""
    table = _table(frame)
    return table.series(_Rows(compiled, table).expression(compiled.plan.expression))


def _table(frame: Any) -> _Table:
    library = type(frame).__module__.partition(".")[0]
    if type(frame).__name__ == "DataFrame" and library in ("pandas", "polars"):
        return _Pandas(frame) if library == "pandas" else _Polars(frame)
    kind = f"{type(frame).__module__}.{type(frame).__qualname__}"
    hint = ": call its collect() first" if type(frame).__name__ == "LazyFrame" else ""
    raise TypeError(f"mask() takes a DataFrame of pandas or polars, not {kind}{hint}")


class _Pandas:
    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.names: Sequence[str] = [name for name in frame.columns if isinstance(name, str)]
        self.rows = len(frame)

    def values(self, name: str) -> Sequence[Any]:
        return cast(Sequence[Any], self._column(name).tolist())

    def numbers(self, name: str) -> np.ndarray[Any, Any] | None:
        column = self._column(name)
        return column.to_numpy() if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf" else None

    def series(self, bits: Bits) -> Mask:
        pandas = import_module("pandas")
        return pandas.Series(bits, index=self._frame.index, dtype=bool)

    def _column(self, name: str) -> Any:
        column = self._frame[name]
        if getattr(column, "ndim", 1) != 1:
            raise ValueError(f"the data frame has several columns called {name!r}: a record has one value of a key")
        return column


class _Polars:
    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.names: Sequence[str] = list(frame.columns)
        self.rows = frame.height

    def values(self, name: str) -> Sequence[Any]:
        return cast(Sequence[Any], self._frame[name].to_list())

    def numbers(self, name: str) -> np.ndarray[Any, Any] | None:
        column = self._frame[name]
        plain = (column.dtype.is_integer() or column.dtype.is_float()) and column.null_count() == 0
        return column.to_numpy() if plain and column.dtype.__class__.__name__ != "Int128" else None

    def series(self, bits: Bits) -> Mask:
        polars = import_module("polars")
        return polars.Series("", bits, dtype=polars.Boolean)


class _Rows:
    """One filter over one table."""

    def __init__(self, compiled: RecordFilter, table: _Table) -> None:
        self._compiled = compiled
        self._schema: Schema = compiled.schema
        self._table = table

    def expression(self, node: TypedExpression) -> Bits:
        match node:
            case Always():
                return np.ones(self._table.rows, np.bool_)
            case Conjunction():
                return cast(Bits, np.logical_and.reduce([self.expression(item) for item in node.items]))
            case Disjunction():
                return cast(Bits, np.logical_or.reduce([self.expression(item) for item in node.items]))
            case ExclusiveDisjunction():
                return cast(Bits, np.logical_xor.reduce([self.expression(item) for item in node.items]))
            case Negation():
                return ~self.expression(node.operand)
        columns = self._columns(node)
        if len(columns) == 1:
            bits = self._by_arithmetic(node, columns[0])
            return self._by_value(node, columns[0]) if bits is None else bits
        return self._by_row(node, columns)

    def _columns(self, node: TypedExpression) -> list[str]:
        """The columns on which a condition's answer depends."""
        keys: set[str] = set()
        for read in field_reads(node):
            for name in (read.name, *self._schema.below(read.name)):
                field = self._schema.fields.get(name)
                keys.update((*(field.keys or (name,)), *field.when[:1]) if field is not None else ())
        return [name for name in self._table.names if any(_leads(name, key) for key in keys)]

    def _by_row(self, node: TypedExpression, columns: Sequence[str]) -> Bits:
        test = self._compiled.part(node)
        records = _records(columns, [self._table.values(name) for name in columns], self._table.rows)
        return np.fromiter(map(test, records), np.bool_, self._table.rows)

    def _by_value(self, node: TypedExpression, column: str) -> Bits:
        """Each different value is asked once."""
        test, values = self._compiled.part(node), self._table.values(column)
        if len(set(map(type, values)) - {type(None)}) > 1:  # then 1, 1.0 and True would be one
            return np.fromiter((test({column: value}) for value in values), np.bool_, self._table.rows)
        try:
            known = {value: test({column: value}) for value in set(values)}
        except TypeError:  # lists or mappings
            return np.fromiter((test({column: value}) for value in values), np.bool_, self._table.rows)
        return np.fromiter(map(known.__getitem__, values), np.bool_, self._table.rows)

    def _by_arithmetic(self, node: TypedExpression, column: str) -> Bits | None:
        """A column of numbers compared with a constant; None for anything else."""
        if not isinstance(node, Comparison):
            return None
        field, constant, sign = node.left, node.right, node.relation.value
        if isinstance(field, Constant):
            field, constant, sign = constant, field, _MIRRORED.get(sign, sign)
        if not isinstance(field, FieldRead) or not isinstance(constant, Constant) or field.raw or field.layers:
            return None
        kind, value = self._schema.types.get(field.name), constant.value
        declared = self._schema.fields.get(field.name)
        if kind is None or declared is None or declared.when or self._schema.strict or field.selected:
            return None
        if (declared.keys or (field.name,)) != (column,):
            return None
        numbers = self._table.numbers(column)
        if numbers is None:
            return None
        if kind in INTEGERS and isinstance(value, int):
            return _whole(numbers, value, sign, integer_bounds(kind))
        if kind in FLOATS and isinstance(value, float) and value == value and numbers.dtype == np.float64:
            return cast(Bits, ~np.isnan(numbers) & _OPERATORS[sign](numbers, value))
        return None


def _whole(numbers: np.ndarray[Any, Any], value: int, sign: str, bounds: tuple[int, int]) -> Bits | None:
    """Whole numbers within the bounds of a type that stand in a relation to a constant within them."""
    if numbers.dtype.kind not in "iu" or not bounds[0] <= value <= bounds[1]:
        return None
    low, high = int(np.iinfo(numbers.dtype).min), int(np.iinfo(numbers.dtype).max)
    if not low <= value <= high:
        return None
    found: Bits = _OPERATORS[sign](numbers, value)
    if bounds[0] > low:
        found &= numbers >= bounds[0]
    if bounds[1] < high:
        found &= numbers <= bounds[1]
    return found


def _leads(column: str, key: str) -> bool:
    """Can values of `key` lie in this column?"""
    return column == key or key.startswith(column + ".")


def _records(names: Sequence[str], columns: Sequence[Sequence[Any]], rows: int) -> Iterator[Mapping[str, Any]]:
    if not names:
        return iter([{}] * rows)
    return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
