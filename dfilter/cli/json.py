"""`-T json`: frames as a JSON array, in the shape of tshark's.

In: frames, and field names or none for all fields.  Out: one JSON document on standard output, frame by frame.
Always: the document is complete, also when reading stops early.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

import dfilter

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CONTROLS: Final = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *range(0xD800, 0xE000), 0x2028, 0x2029)}


class JsonPrinter:
    """Prints the array; with several captures each frame says in `_capture` which it is from."""

    def __init__(self, names: Sequence[str], several: bool) -> None:
        self._names = names
        self._several = several
        self._started = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        if not isinstance(error, OSError):
            print("\n]" if self._started else "[]")

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Print the object of `frame`, found in the capture `name`."""
        document: dict[str, Any] = {"_capture": name} if self._several else {}
        document |= {"_index": f"packets-{_date(frame.time)}", "_type": "doc", "_score": None}
        document["_source"] = {"layers": self._chosen(frame) if self._names else _all(frame)}
        text = json.dumps(document, ensure_ascii=False, indent=2).translate(_CONTROLS)
        print(",\n" if self._started else "[\n", end="")
        self._started = True
        print("  " + text.replace("\n", "\n  "), end="")

    def _chosen(self, frame: dfilter.View) -> dict[str, list[str]]:
        values = {name: frame.text(name) for name in self._names}
        return {name: list(texts) for name, texts in values.items() if texts}


def _all(frame: dfilter.View) -> dict[str, dict[str, list[str]]]:
    """protocol -> field -> texts, protocols in order of appearance."""
    frame.complete()
    found: dict[str, dict[str, list[str]]] = {}
    for layer in list(frame.layers):
        if layer.protocol.name in found or not layer.number:  # 0: only tried, in `frame.protocols` alone
            continue
        texts = ((field.name, list(frame.text(field.name))) for field in layer.protocol.fields)
        found[layer.protocol.name] = {name: values for name, values in texts if values}
    return found


def _date(nanoseconds: int | None) -> str:
    try:
        return (_EPOCH + timedelta(seconds=(nanoseconds or 0) // 10**9)).strftime("%Y-%m-%d")
    except OverflowError:
        return "1970-01-01"
