"""W104: a decimal number compared with bytes.

`eth.src[5] == 55` is the byte 0x37 from Wireshark 4.4 on; up to 4.0 its digits are hexadecimal: 0x55.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Fix, Safety, diagnostic
from dfilter.check.rules.context import Context, operands_of
from dfilter.check.typed import Constant, FieldRead, TypedExpression
from dfilter.fields.types import FieldType
from dfilter.fields.versions import Version

CODE = "W104"
_LARGEST_BYTE = 255


def check(context: Context) -> Iterator[Diagnostic]:
    """One warning for each number that the versions read differently."""
    for node in context.tests:
        if _without_raw(node):
            for operand in operands_of(node):
                if isinstance(operand, Constant) and operand.type is FieldType.BYTES:
                    yield from _warning(operand, context)


def _without_raw(node: TypedExpression) -> bool:
    """Versions that read numbers as hexadecimal have no `@`."""
    return not any(isinstance(operand, FieldRead) and operand.raw for operand in operands_of(node))


def _warning(operand: Constant, context: Context) -> Iterator[Diagnostic]:
    text = context.source(operand.span)
    if not text.isascii() or not text.isdigit() or len(text) > 3 or not isinstance(operand.value, bytes):
        return
    try:
        new = int(text, 8 if text[0] == "0" else 10)
    except ValueError:
        return
    if new > _LARGEST_BYTE or new == int(text, 16):
        return
    old_digits = text if len(text) % 2 == 0 else f"{text[:-1]}0{text[-1]}"
    old = ":".join(old_digits[place : place + 2] for place in range(0, len(old_digits), 2))
    message = f"{text} is the byte 0x{new:02x} from Wireshark 4.4 on, and {old} in hexadecimal up to 4.0"
    fixes: tuple[Fix, ...] = ()
    if context.version >= Version.V4_0 and len(operand.value) == 1:
        fixes = (Fix(operand.span, f"0x{operand.value.hex()}", Safety.SAFE),)
    yield diagnostic(CODE, message, operand.span, fixes=fixes)
