"""The functions of the filter language, mapped over every value of their argument.

In: a name, built arguments, the version whose behaviour counts.  Out: an operand.

What always holds (observed with 4.4 and 4.6, section 9.3 of the language notes): `upper`, `lower`,
`string`, `dec`, `hex` of a field or of a function without values give an empty list that takes part in
tests; `len` hands on what it gets; every other function without values is absent, except `count` (0 from
4.4 on) and the arguments that `max` and `min` skip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dfilter.check.typed import FieldRead, FunctionCall, LabelRead, TypedOperand
from dfilter.compile import addresses, integers, texts
from dfilter.compile.operand import (
    Operand,
    octets,
    octets_to_end,
    optional_read,
    sequence_read,
    type_bounds,
)
from dfilter.compile.reader import Source
from dfilter.compile.times import SECOND
from dfilter.fields.types import ADDRESSES, BYTE_LIKE, INTEGERS, STRINGS, TIMES, WIDTH_BITS, FieldType
from dfilter.fields.versions import Version

Mapping = Callable[[Any], Any]

_EMPTY_LIST_FUNCTIONS = frozenset({"upper", "lower", "string", "dec", "hex"})


def function_operand(node: FunctionCall, arguments: Sequence[Operand], version: Version) -> Operand:
    """The values of a function call.

    Raises:
        ValueError: a function that the language does not have (the checker lets none through).
    """
    name, argument = node.name, arguments[0]
    if name in ("max", "min"):
        return _extreme(name, arguments, node.type)
    if name == "count":
        return _count(argument, node.type, version)
    if name == "vals":
        return Operand(sequence_read(argument), node.type)
    mapping = _mapping(name, argument, version)
    if name in _EMPTY_LIST_FUNCTIONS and version >= Version.V4_4:
        return _mapped_counting(argument, mapping, node.type, _is_direct(node.arguments[0], version))
    if name == "len" and argument.empty_counts:
        return _mapped_counting(argument, mapping, node.type, direct=False)
    return _mapped(argument, mapping, node.type, _bounds(name, argument, node.type))


def _is_direct(argument: TypedOperand, version: Version) -> bool:
    """Does an absent argument still make an empty list? Slices and arithmetic do not, nor `vals()` in 4.4."""
    if isinstance(argument, LabelRead) or (isinstance(argument, FunctionCall) and argument.name == "vals"):
        return version >= Version.V4_6
    return isinstance(argument, FieldRead | FunctionCall)


def _bounds(name: str, argument: Operand, kind: FieldType) -> tuple[int | None, int | None]:
    if name != "abs":
        return type_bounds(kind)
    if argument.low is None or argument.high is None:
        return None, None
    return 0, max(abs(argument.low), abs(argument.high))


def _mapping(name: str, argument: Operand, version: Version) -> Mapping:
    match name:
        case "len":
            return _length(argument.type, version)
        case "upper":
            return lambda text: text.upper() if text.isascii() else text.translate(_TO_UPPER)
        case "lower":
            return lambda text: text.lower() if text.isascii() else text.translate(_TO_LOWER)
        case "string" if argument.type is FieldType.BYTES:
            return lambda _: ""  # of `@field`, as 4.4 and 4.6 have it
        case "string":
            return texts.string_format(argument.type, version)
        case "dec":
            return texts.decimal_text
        case "hex":
            return texts.hex_format(argument.type)
        case "abs":
            return integers.magnitude(argument, version) if argument.type in INTEGERS else abs
        case "float" | "double":
            return (lambda time: time / SECOND) if argument.type in TIMES else float
        case _:
            return _address_mapping(name)


def _address_mapping(name: str) -> Mapping:
    match name:
        case "ip_special_name":
            return lambda address: (addresses.special_block(address) or (None, None))[0]
        case "ip_special_mask":
            return lambda address: (addresses.special_block(address) or (None, None))[1]
        case "ip_linklocal":
            return addresses.is_link_local
        case "ip_multicast":
            return addresses.is_multicast
        case "ip_rfc1918":
            return addresses.is_rfc1918
        case "ip_ula":
            return addresses.is_unique_local
    raise ValueError(f"no function {name!r}")


def _length(kind: FieldType, version: Version) -> Mapping:
    """Texts: code points, up to 4.0 octets; what has no length of its own: the width of its type (≤ 4.0)."""
    if kind in STRINGS:
        return len if version >= Version.V4_4 else (lambda text: len(octets(text)))
    if kind is FieldType.PROTOCOL:
        covered = octets if version >= Version.V4_0 else octets_to_end
        return lambda layer: len(covered(layer))
    if kind in BYTE_LIKE | ADDRESSES:
        return len
    width = WIDTH_BITS.get(kind, 0) // 8
    return lambda value: width


def _mapped(
    argument: Operand, mapping: Mapping, kind: FieldType, bounds: tuple[int | None, int | None]
) -> Operand:
    read = sequence_read(argument)

    def values(source: Source) -> Sequence[Any]:
        results = [mapping(value) for value in read(source)]
        return [result for result in results if result is not None]

    low, high = bounds
    if argument.values is not None:
        return Operand(values, kind, values=tuple(values(None)), low=low, high=high, signed=argument.signed)
    return Operand(values, kind, low=low, high=high, signed=argument.signed and kind in INTEGERS)


def _mapped_counting(argument: Operand, mapping: Mapping, kind: FieldType, direct: bool) -> Operand:
    """`direct`: the argument's absence still leaves an empty list."""
    read = optional_read(argument)
    low, high = type_bounds(kind)

    def values(source: Source) -> Sequence[Any] | None:
        found = read(source)
        if found is None:
            return () if direct else None
        return [mapping(value) for value in found]

    if argument.values is not None:
        return Operand(values, kind, values=tuple(values(None) or ()), low=low, high=high)
    return Operand(values, kind, empty_counts=True, low=low, high=high)


def _count(argument: Operand, kind: FieldType, version: Version) -> Operand:
    read = sequence_read(argument)
    low, high = type_bounds(kind)
    if version >= Version.V4_4:
        return Operand(lambda source: (len(read(source)),), kind, low=low, high=high)

    def occurrences(source: Source) -> Sequence[int]:
        values = read(source)
        return (len(values),) if values else ()

    return Operand(occurrences, kind, low=low, high=high)


def _extreme(name: str, arguments: Sequence[Operand], kind: FieldType) -> Operand:
    """The greatest or least of all values of all arguments; arguments without values are skipped."""
    choose: Callable[..., Any] = max if name == "max" else min
    key = _sized_octets if kind is FieldType.PROTOCOL else None
    reads = [sequence_read(argument) for argument in arguments]

    def values(source: Source) -> Sequence[Any]:
        found = [value for read in reads for value in read(source)]
        return (choose(found, key=key),) if found else ()

    lows = [argument.low for argument in arguments]
    highs = [argument.high for argument in arguments]
    low = None if None in lows else min(number for number in lows if number is not None)
    high = None if None in highs else max(number for number in highs if number is not None)
    return Operand(values, kind, low=low, high=high, signed=any(argument.signed for argument in arguments))


def _sized_octets(value: Any) -> tuple[int, bytes]:
    data = octets(value)
    return len(data), data


_TO_UPPER = {small: small - 32 for small in range(ord("a"), ord("z") + 1)}
_TO_LOWER = {large: large + 32 for large in range(ord("A"), ord("Z") + 1)}
