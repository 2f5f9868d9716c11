"""Text from packets on its way to a terminal or a file.

In: any text, hostile included.  Out: text without control characters, which could rewrite what a terminal shows, or
without what no document can hold.
"""

from __future__ import annotations

from typing import Final

_CONTROLS: Final = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_ESCAPED: Final = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _CONTROLS}


def whole(text: str) -> str:
    """Lone bytes of broken UTF-8, which no document can hold, as U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def visible(text: str) -> str:
    """Control characters, and those that reorder a line, as escapes; all else as it is."""
    return text if text.isascii() and text.isprintable() else text.translate(_ESCAPED)
