"""`-T parquet` and `-T arrow`: chosen fields as a typed table in a file (needs pyarrow).

In: frames.  Out: a file of Apache Parquet, or of Arrow's IPC format, in batches.
Always: the file is whole or absent; memory is bounded by a batch.  A column is a list, since a frame may have several
values of a field, unless the first or the last of them is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from importlib import import_module
from types import TracebackType
from typing import Any, Final, Self

import dfilter
from dfilter.cli.guard import wrong_usage
from dfilter.cli.printer import Printer
from dfilter.cli.text import whole
from dfilter.column import Values
from dfilter.whole import whole_file

BATCH: Final = 8192
"""Frames a batch."""


class ArrowPrinter(Printer):
    """Writes the values of `values`; with several captures the capture's name is the first column."""

    def __init__(self, path: str, kind: str, values: Sequence[Values], occurrence: str, several: bool) -> None:
        try:
            arrow: Any = import_module("pyarrow")
            import_module("pyarrow.parquet")
        except ImportError:
            wrong_usage(f"-T {kind} needs pyarrow: pip install 'dfilter-engine[arrow]'")
        self._arrow = arrow
        self._path = path
        self._files = ExitStack()
        self._kind, self._values, self._several = kind, values, several
        self._pick = _PICKED[occurrence]
        self._schema = self._make_schema(lists=occurrence == "a")
        self._rows: list[list[Any]] = []
        self._writer: Any = None

    def _make_schema(self, lists: bool) -> Any:
        arrow = self._arrow
        types = {"text": arrow.string(), "integer": arrow.uint64(), "signed": arrow.int64(),
                 "number": arrow.float64(), "truth": arrow.bool_(),
                 "time": arrow.timestamp("ns", tz="UTC")}  # fmt: skip
        fields = [("capture", arrow.string())] if self._several else []
        for each in self._values:
            type_ = types[each.kind]
            fields.append((whole(each.text), arrow.list_(type_) if lists else type_))
        return arrow.schema(fields)

    def __enter__(self) -> Self:
        file = self._files.enter_context(whole_file(self._path))
        if self._kind == "parquet":
            self._writer = self._arrow.parquet.ParquetWriter(file, self._schema)
        else:
            self._writer = self._arrow.ipc.new_file(file, self._schema)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        with self._files:
            if error is not None:
                self._discard()
                raise error  # through the file, which is then not kept
            self._flush()
            self._writer.close()

    def _discard(self) -> None:
        """Let the writer go; what it still has to say of a file that is not kept does not matter."""
        with suppress(Exception):
            self._writer.close()

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Add the row of `frame`, found in the capture `name`."""
        row: list[Any] = [whole(name)] if self._several else []
        self._rows.append(row + [self._pick(_values(each, frame)) for each in self._values])
        if len(self._rows) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        columns = [self._arrow.array(column, field.type)
                   for column, field in zip(zip(*self._rows, strict=True), self._schema, strict=True)]  # fmt: skip
        batch = self._arrow.record_batch(columns, schema=self._schema)
        if self._kind == "parquet":
            self._writer.write_batch(batch)
        else:
            self._writer.write(batch)
        self._rows = []


def _first(found: Sequence[Any]) -> Any:
    return found[0] if found else None


def _last(found: Sequence[Any]) -> Any:
    return found[-1] if found else None


_PICKED: Final[dict[str, Callable[[Sequence[Any]], Any]]] = {"a": list, "f": _first, "l": _last}


def _values(values: Values, frame: dfilter.View) -> Sequence[Any]:
    return values.read(frame) if values.kind == "text" or values.native is None else values.native(frame)
