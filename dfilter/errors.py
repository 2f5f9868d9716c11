"""The family of errors that dfilter raises; the public names of `dfilter`.

In: nothing.  Out: `FilterError` and its kinds (text that is not a filter), `CaptureError` (files),
`RecordError` (values in records).
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing's, which takes longer to load than a filter to check
if TYPE_CHECKING:
    from dfilter.check.diagnostics import Diagnostic


class DfilterError(Exception):
    """Everything that dfilter raises on purpose."""


class FilterError(DfilterError):
    """A filter that cannot be compiled; `diagnostics` says why, and `str()` shows it with carets.

    Args:
        message: the rendered diagnostics.
        diagnostics: all problems found, at least one of them an error.
    """

    def __init__(self, message: str, diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


class FilterSyntaxError(FilterError):
    """The text is not in the display-filter language."""


class FilterTypeError(FilterError):
    """The text parses, but an operator does not apply to its operands."""


class UnknownFieldError(FilterError):
    """A name that no protocol or field of the target version has."""


class UnsupportedFieldError(FilterError):
    """A name that Wireshark knows and that dfilter does not dissect yet: checking is fine, running is not."""


class CaptureError(DfilterError):
    """A file that cannot be read as a capture, or written; the message names it and the place."""


class DecodeAsError(DfilterError, ValueError):
    """A "decode as" rule for a table, key or protocol that does not exist; the message names it."""


class NotFoundError(DfilterError, LookupError):
    """A stream or frame that a capture does not have; the message says what it has."""


class RecordError(DfilterError, ValueError):
    """A value in a record that is not of its field's type, where the schema is strict.

    Args:
        field: the field's name.
        type: Wireshark's name of its type.
        value: what the record holds.
        reason: why it is no value of the type.
    """

    def __init__(self, field: str, type: str, value: object, reason: str = "") -> None:
        import reprlib  # shows the beginning of what is long, or deep

        why = f": {reason}" if reason else ""
        super().__init__(f"{field} is of type {type.lower()}, and the record holds {reprlib.repr(value)}{why}")
        self.field = field
        self.value = value
        self._given = (field, type, value, reason)

    def __reduce__(self) -> tuple[type[RecordError], tuple[str, str, object, str]]:
        return RecordError, self._given


class CaptureWarning(UserWarning):
    """A capture that could be read only in part; the message says at which byte it ends."""


class PluginWarning(UserWarning):
    """A package's protocol that is not used; the message names it and says why."""
