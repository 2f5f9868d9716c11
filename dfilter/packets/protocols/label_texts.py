"""The label of a value, for lines of the packet list."""

from __future__ import annotations

from dfilter.fields.values import labels
from dfilter.fields.versions import Version


def label_of(field: str, value: int, otherwise: str = "Unknown") -> str:
    """What Wireshark 4.4 calls `value` of `field`; `otherwise` where it has no name for it."""
    table = labels(field, Version.V4_4) or ()
    return next((text for first, last, text in table if first <= value <= last), otherwise)
