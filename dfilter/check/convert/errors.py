"""Why a literal is not a value of the type it is compared with.

In: nothing.  Out: `ConversionError`, which never leaves `dfilter.check`.
"""

from __future__ import annotations

NOT_CONVERTIBLE = "E401"
OUT_OF_RANGE = "E402"
BAD_BYTES = "E403"
BAD_ADDRESS = "E404"
BAD_TIME = "E405"
UNKNOWN_LABEL = "E406"
BAD_ARITHMETIC = "E407"


class ConversionError(Exception):
    """`code` and `message` of the diagnostic, and what else may help."""

    def __init__(self, code: str, message: str, notes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.notes = notes


_QUOTED_LENGTH = 120


def quoted(text: str) -> str:
    """`text` between double quotes, cut where it would flood a message."""
    if len(text) > _QUOTED_LENGTH:
        text = text[:_QUOTED_LENGTH] + "…"
    return f'"{text}"'
