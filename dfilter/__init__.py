"""Wireshark display filters: check them, compile them, run them on packets and captures, without Wireshark.

    import dfilter

    dfilter.check("tcp.port == 80 && ip.addr").colour
    dfilter.compile("tcp.port in {80, 443}").matches(frame_bytes)
    for frame in dfilter.read("capture.pcapng.gz", "http.host"):
        print(frame.number, frame["http.host"])

What the names below need is loaded on first use, so that checking a filter loads nothing of packets or captures.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

# Two rooms have the names of two functions below.  Loading the (empty) packages here, before the functions take
# their names, keeps a later import of their modules from hiding the functions.
import dfilter.check
import dfilter.compile  # noqa: F401
from dfilter.errors import (
    CaptureError,
    CaptureWarning,
    DecodeAsError,
    DfilterError,
    FilterError,
    FilterSyntaxError,
    FilterTypeError,
    NotFoundError,
    PluginWarning,
    RecordError,
    UnknownFieldError,
    UnsupportedFieldError,
)
from dfilter.fields.versions import NEWEST, Version

TYPE_CHECKING = False  # as typing's, which takes longer to load than a filter to check
if TYPE_CHECKING:
    from typing import Any, overload

    from dfilter.captures.progress import watching
    from dfilter.captures.write import CaptureWriter
    from dfilter.check.complete import Completion, Completions
    from dfilter.check.diagnostics import Colour, Diagnostic, Fix, Severity, Verdict
    from dfilter.check.explain import FieldUse
    from dfilter.check.fix import Repair
    from dfilter.check.report import Finding, to_github, to_json, to_sarif
    from dfilter.detail import Detail, FieldDetail, LayerDetail, detail_of, show_frame
    from dfilter.filter import Filter
    from dfilter.filterset import FilterSet
    from dfilter.follow.bodies import Body, http_bodies
    from dfilter.follow.follow import Followed, follow_stream
    from dfilter.packets.session import Session
    from dfilter.packets.view import View
    from dfilter.records.filter import RecordFilter
    from dfilter.records.schema import RecordField, Schema
    from dfilter.repairs import check_macro, complete, fix, format, migrate
    from dfilter.scan import frames, read
    from dfilter.stats.conversations import Conversations, Endpoints
    from dfilter.stats.gather import Statistics, StatisticsTable, statistics, table_of
    from dfilter.stats.hierarchy import Hierarchy
    from dfilter.stats.intervals import Intervals
    from dfilter.workbench import Explanation, FieldEntry, explain, find_fields
else:

    def overload(function):
        return function


__version__ = "0.1.0"

__all__ = [
    "Body",
    "CaptureError",
    "CaptureWarning",
    "CaptureWriter",
    "Colour",
    "Completion",
    "Completions",
    "Conversations",
    "DecodeAsError",
    "Detail",
    "DfilterError",
    "Diagnostic",
    "Endpoints",
    "Explanation",
    "FieldDetail",
    "FieldEntry",
    "FieldUse",
    "Filter",
    "FilterError",
    "FilterSet",
    "FilterSyntaxError",
    "FilterTypeError",
    "Finding",
    "Fix",
    "Followed",
    "Hierarchy",
    "Intervals",
    "LayerDetail",
    "NotFoundError",
    "PluginWarning",
    "RecordError",
    "RecordField",
    "RecordFilter",
    "Repair",
    "Schema",
    "Session",
    "Severity",
    "Statistics",
    "StatisticsTable",
    "UnknownFieldError",
    "UnsupportedFieldError",
    "Verdict",
    "View",
    "__version__",
    "check",
    "check_all",
    "check_macro",
    "compile",
    "complete",
    "detail_of",
    "explain",
    "find_fields",
    "fix",
    "follow_stream",
    "format",
    "frames",
    "http_bodies",
    "migrate",
    "read",
    "show_frame",
    "statistics",
    "table_of",
    "to_github",
    "to_json",
    "to_sarif",
    "watching",
]

_HOMES = {
    "CaptureWriter": "dfilter.captures.write",
    "Colour": "dfilter.check.diagnostics",
    "Diagnostic": "dfilter.check.diagnostics",
    "Fix": "dfilter.check.diagnostics",
    "Severity": "dfilter.check.diagnostics",
    "Verdict": "dfilter.check.diagnostics",
    "Filter": "dfilter.filter",
    "FilterSet": "dfilter.filterset",
    "Session": "dfilter.packets.session",
    "View": "dfilter.packets.view",
    "Conversations": "dfilter.stats.conversations",
    "Endpoints": "dfilter.stats.conversations",
    "Hierarchy": "dfilter.stats.hierarchy",
    "Intervals": "dfilter.stats.intervals",
    "Statistics": "dfilter.stats.gather",
    "StatisticsTable": "dfilter.stats.gather",
    "statistics": "dfilter.stats.gather",
    "table_of": "dfilter.stats.gather",
    "Detail": "dfilter.detail",
    "FieldDetail": "dfilter.detail",
    "LayerDetail": "dfilter.detail",
    "detail_of": "dfilter.detail",
    "show_frame": "dfilter.detail",
    "Followed": "dfilter.follow.follow",
    "Body": "dfilter.follow.bodies",
    "http_bodies": "dfilter.follow.bodies",
    "follow_stream": "dfilter.follow.follow",
    "RecordField": "dfilter.records.schema",
    "RecordFilter": "dfilter.records.filter",
    "Schema": "dfilter.records.schema",
    "watching": "dfilter.captures.progress",
    "frames": "dfilter.scan",
    "read": "dfilter.scan",
    "Completion": "dfilter.check.complete",
    "Completions": "dfilter.check.complete",
    "FieldUse": "dfilter.check.explain",
    "Repair": "dfilter.check.fix",
    "Finding": "dfilter.check.report",
    "to_github": "dfilter.check.report",
    "to_json": "dfilter.check.report",
    "to_sarif": "dfilter.check.report",
    "check_macro": "dfilter.repairs",
    "complete": "dfilter.repairs",
    "fix": "dfilter.repairs",
    "format": "dfilter.repairs",
    "migrate": "dfilter.repairs",
    "Explanation": "dfilter.workbench",
    "FieldEntry": "dfilter.workbench",
    "explain": "dfilter.workbench",
    "find_fields": "dfilter.workbench",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'dfilter' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def check(text: str, target: str | Version = NEWEST, *, macros: Mapping[str, str] | None = None,
          schema: Schema | None = None) -> Verdict:  # fmt: skip
    """Wireshark's verdict on a filter: green, yellow or red, with the reasons.

    Args:
        text: the filter; any text at all, nothing in it makes this raise.
        target: the Wireshark version that judges ("3.4", "4.0", "4.4", "4.6"; default: the newest).
        macros: name -> body, for `$name(...)` and `${name}`.
        schema: the fields of an embedder's records, in place of Wireshark's.

    Raises:
        ValueError: `target` is no version that dfilter knows.
    """
    from dfilter.check.check import check_text

    version = target if isinstance(target, Version) else Version.parse(target)
    return check_text(text, version, macros) if schema is None else check_text(text, version, macros, schema)


def check_all(text: str, *, macros: Mapping[str, str] | None = None) -> dict[str, Verdict]:
    """The verdicts of all versions side by side: "3.4", "4.0", "4.4", "4.6" -> `Verdict`; never raises on bad text."""
    from dfilter.check.check import check_all as judge

    return judge(text, macros)


@overload
def compile(text: str, *, target: str | Version = NEWEST, macros: Mapping[str, str] | None = None,
            selected: View | None = None, schema: None = None) -> Filter: ...  # fmt: skip


@overload
def compile(text: str, *, target: str | Version = NEWEST,  # noqa: F811
            macros: Mapping[str, str] | None = None,
            selected: Any = None, schema: Schema) -> RecordFilter: ...  # fmt: skip


def compile(text: str, *, target: str | Version = NEWEST,  # noqa: F811
            macros: Mapping[str, str] | None = None,
            selected: Any = None, schema: Schema | None = None) -> Filter | RecordFilter:  # fmt: skip
    """Compile a filter to a `Filter`, ready to be held against packets and captures, or to a `RecordFilter`.

    Args:
        text: the filter.
        target: the Wireshark version whose language it is in ("4.4"; default: the newest).
        macros: name -> body, for `$name(...)` and `${name}`.
        selected: the frame whose values field references (`$ip.src`) have; a field that it lacks has none, and
            every comparison with it is false. Without one that holds for all references.
        schema: the fields of an embedder's records, in place of Wireshark's: the filter is one over records, and
            `selected` a record.

    Raises:
        FilterError: one of its kinds, with `diagnostics`; `UnsupportedFieldError` for a field that Wireshark
            knows and dfilter does not dissect.
        ValueError: `target` is no version that dfilter knows.
    """
    if schema is not None:
        from dfilter.records.filter import compile_for_records

        version = target if isinstance(target, Version) else Version.parse(target)
        return compile_for_records(text, schema, version, macros, selected)
    from dfilter.filter import compile_filter

    return compile_filter(text, target=target, macros=macros, selected=selected)
