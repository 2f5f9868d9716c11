"""W105: a part of a string compared with what looks like bytes.

A slice of a string is a string from Wireshark 4.4 on, so `http.host[0:2] == 45:78` compares with that text; up to
4.0 it is bytes, and the filter compares with "Ex".
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.convert.bytestrings import parse_bytes
from dfilter.check.diagnostics import Diagnostic, Fix, Safety, diagnostic
from dfilter.check.rules.context import Context, operands_of
from dfilter.check.typed import Constant, Slice
from dfilter.fields.types import STRINGS
from dfilter.fields.versions import Version

CODE = "W105"


def check(context: Context) -> Iterator[Diagnostic]:
    """One warning for each unquoted byte string."""
    for node in context.tests:
        operands = list(operands_of(node))
        if not any(isinstance(operand, Slice) and operand.operand.type in STRINGS for operand in operands):
            continue
        for operand in operands:
            text = context.source(operand.span)
            if isinstance(operand, Constant) and parse_bytes(text, Version.V4_0) is not None:
                yield _warning(operand, text, context)


def _warning(operand: Constant, text: str, context: Context) -> Diagnostic:
    message = f"{text} is text from Wireshark 4.4 on, where a part of a string is a string, and bytes up to 4.0"
    fixes: tuple[Fix, ...] = ()
    if context.version >= Version.V4_4:
        fixes = (Fix(operand.span, f'"{text}"', Safety.SAFE),)
    elif isinstance(operand.value, bytes):
        escaped = "".join(f"\\x{octet:02x}" for octet in operand.value)
        fixes = (Fix(operand.span, f'"{escaped}"', Safety.SAFE),)
    return diagnostic(CODE, message, operand.span, fixes=fixes)
