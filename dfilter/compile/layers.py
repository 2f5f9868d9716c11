"""Reading fields: all values, those of some layers, raw bytes, labels, the selected frame.

In: `FieldRead` and `LabelRead` nodes and a `Reader`.  Out: operands.  What always holds: a name is looked up
once, here; a frame without the field yields an empty sequence.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from dfilter.check.typed import FieldRead, LabelRead, PlainRange
from dfilter.compile.operand import Operand, known, sequence_read, type_bounds
from dfilter.compile.reader import Reader, Source
from dfilter.fields.types import SIGNED, FieldType


def field_operand(node: FieldRead, reader: Reader, selected: Source | None) -> Operand:
    """The values of a field. `selected` is the selected frame; without one a reference has no values.

    Raises:
        UnsupportedFieldError: the reader does not know the name.
    """
    read = _reading(node, reader)
    if node.selected:
        values = () if selected is None else tuple(read(selected))
        return known(values, node.type)
    low, high = (None, None) if node.raw else type_bounds(node.type)
    return Operand(read, node.type, low=low, high=high, signed=node.type in SIGNED)


def existence(node: FieldRead, reader: Reader, selected: Source | None) -> Callable[[Source], bool]:
    """Is the field there (in one of the layers asked for)?"""
    if node.layers is None:
        exists = reader.exists(node.name)
    else:
        read = _reading(node, reader)

        def exists(source: Source) -> bool:
            return bool(read(source))

    if not node.selected:
        return exists
    answer = selected is not None and exists(selected)
    return lambda source: answer


def label_operand(node: LabelRead, reader: Reader, selected: Source | None) -> Operand:
    """The labels of a field's values; a value without one has its decimal text, or takes no part.

    A field with a unit has numbers with their unit (4.6).
    """
    read = sequence_read(field_operand(node.field, reader, selected))
    label = _label_finder(node.labels)
    if node.unit is not None:
        one, many = node.unit

        def measured(source: Source) -> Sequence[str]:
            return [f"{int(value)}{one if value == 1 else many}" for value in read(source)]

        return Operand(measured, FieldType.STRING)
    if node.unlabelled_as_number:

        def numbered(source: Source) -> Sequence[str]:
            return [_text_or_number(label(value), value) for value in read(source)]

        return Operand(numbered, FieldType.STRING)

    def labelled(source: Source) -> Sequence[str]:
        found = [label(value) for value in read(source)]
        return [text for text in found if text is not None]

    return Operand(labelled, FieldType.STRING)


def _text_or_number(text: str | None, value: int) -> str:
    return str(int(value)) if text is None else text


def _reading(node: FieldRead, reader: Reader) -> Callable[[Source], Sequence[Any]]:
    if node.layers is None:
        return reader.raw_values(node.name) if node.raw else reader.values(node.name)
    layered = reader.layered(node.name, node.raw)
    if len(node.layers) == 1 and node.layers[0].length == 1 and node.layers[0].start > 0:
        wanted = node.layers[0].start

        def one_layer(source: Source) -> Sequence[Any]:
            return [value for layer, value in layered(source)[1] if layer == wanted]

        return one_layer
    ranges = node.layers

    def some_layers(source: Source) -> Sequence[Any]:
        count, pairs = layered(source)
        if not pairs:
            return ()
        spans = [_layer_span(part, count) for part in ranges]
        return [value for layer, value in pairs if any(layer in span for span in spans)]

    return some_layers


def _layer_span(part: PlainRange, count: int) -> range:
    """Which of `count` layers a range names: clipped, 1-based, negative from the end (-1 is the last).

    Wireshark 4.4, 4.6: `[0:2]` and `[:2]` name layer 1 only (0 counts), and a range that ends at a negative
    layer (`[-2--1]`) names none.
    """
    start = part.start if part.start >= 0 else count + 1 + part.start
    if part.last is not None:
        return range(start, part.last + 1)
    if part.length is not None:
        return range(start, start + part.length)
    return range(start, count + 1)


def _label_finder(labels: tuple[tuple[int, int, str], ...]) -> Callable[[int], str | None]:
    """The first label of the table that covers a value; looked up by hash where every entry is one number."""
    if all(first == last for first, last, _ in labels):
        return {first: text for first, _, text in reversed(labels)}.get
    # Cut the number line at every end of a range; within a piece the answer is the same for all numbers.
    cuts = sorted({cut for first, last, _ in labels for cut in (first, last + 1)})
    pieces: list[str | None] = [None, *(_first_label(labels, cut) for cut in cuts)]
    return lambda value: pieces[bisect_right(cuts, value)]


def _first_label(labels: tuple[tuple[int, int, str], ...], value: int) -> str | None:
    return next((text for first, last, text in labels if first <= value <= last), None)
