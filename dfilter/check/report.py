"""Verdicts for programs: JSON, SARIF 2.1.0, GitHub annotations.

In: `Finding`s: verdicts and where the filters stand.  Out: plain data, or lines of text.
What always holds: places are counted from 1, in characters; text survives as it is, lone bytes as U+FFFD.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dfilter.check.diagnostics import Diagnostic, Severity, Verdict
from dfilter.slotted import frozen

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}
_UNREADABLE = "unreadable-line"
"""The rule of a line that Wireshark cannot read."""


@frozen
class Finding:
    """A filter, where it stands, and the verdicts on it, a version each.

    `path`: the file, None for a filter from the command line.  `line`, `column`: where the filter begins in it.
    `verbatim`: a place in the filter is a place in the line.  `problem`: a line that is none of the file's format.
    """

    text: str
    verdicts: tuple[tuple[str, Verdict], ...]
    path: str | None = None
    line: int = 1
    column: int = 1
    name: str = ""
    verbatim: bool = True
    problem: str = ""

    def diagnostics(self) -> list[tuple[Diagnostic, list[str]]]:
        """Every diagnostic once, with the versions that have it."""
        found: dict[tuple[object, ...], tuple[Diagnostic, list[str]]] = {}
        for target, verdict in self.verdicts:
            for item in verdict.diagnostics:
                key = (item.code, item.span)  # the message may name the version
                found.setdefault(key, (item, []))[1].append(target)
        return list(found.values())

    def region(self, item: Diagnostic) -> tuple[int, int, int]:
        """Line, first column, and the column behind the place of a diagnostic."""
        before = self.text[: item.span.start]
        if not self.verbatim:
            return self.line, self.column, self.column + 1
        line_break = before.rfind("\n")
        column = item.span.start - line_break if line_break >= 0 else self.column + item.span.start
        return self.line + before.count("\n"), column, column + max(1, item.span.end - item.span.start)


def to_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """The findings as one JSON document."""
    return {"filters": [_filter(finding) for finding in findings]}


def _filter(finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {"filter": finding.text}
    if finding.path is not None:
        found |= {"path": finding.path, "line": finding.line, "column": finding.column, "name": finding.name}
    if finding.problem:
        found["problem"] = finding.problem
    found["verdicts"] = {target: verdict_json(verdict) for target, verdict in finding.verdicts}
    return found


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data; `start` and `end` are offsets in the filter, in characters from 0."""
    return {"colour": verdict.colour.value, "diagnostics": [_diagnostic(item) for item in verdict.diagnostics]}


def _diagnostic(item: Diagnostic) -> dict[str, Any]:
    return {
        "code": item.code,
        "severity": item.severity.value,
        "message": item.message,
        "start": item.span.start,
        "end": item.span.end,
        "labels": [{"start": x.span.start, "end": x.span.end, "text": x.text} for x in item.labels],
        "notes": list(item.notes),
        "fixes": [
            {"start": x.span.start, "end": x.span.end, "replacement": x.replacement, "safety": x.safety.value}
            for x in item.fixes
        ],
    }


def to_sarif(findings: Sequence[Finding], version: str) -> dict[str, Any]:
    """The findings as a SARIF 2.1.0 log (OASIS) with one run; `version` is dfilter's."""
    rules: dict[str, dict[str, Any]] = {}
    results: list[dict[str, Any]] = []
    for finding in findings:
        if finding.problem:
            rules.setdefault(_UNREADABLE, {"id": _UNREADABLE})
            results.append(_sarif_result(_UNREADABLE, "error", finding.problem, _location(finding, None)))
        for item, targets in finding.diagnostics():
            rules.setdefault(item.code, {"id": item.code})
            result = _sarif_result(item.code, _LEVELS[item.severity], _message(item, finding, targets),
                                   _location(finding, item))  # fmt: skip
            if item.fixes and finding.path is not None and finding.verbatim:
                result["fixes"] = _sarif_fixes(finding, item)
            results.append(result)
    driver = {"name": "dfilter", "version": version, "rules": [rules[code] for code in sorted(rules)]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _sarif_result(code: str, level: str, message: str, location: dict[str, Any]) -> dict[str, Any]:
    return {"ruleId": code, "level": level, "message": {"text": message}, "locations": [location]}


def _message(item: Diagnostic, finding: Finding, targets: list[str]) -> str:
    where = f" (Wireshark {', '.join(targets)})" if len(finding.verdicts) > 1 else ""
    return "\n".join((item.message + where, *item.notes))


def _location(finding: Finding, item: Diagnostic | None) -> dict[str, Any]:
    logical = [{"name": finding.name or finding.text[:200], "kind": "member"}]
    if finding.path is None:
        return {"logicalLocations": logical}
    region: dict[str, Any] = {"startLine": finding.line}
    if item is not None:
        line, column, end = finding.region(item)
        region = {"startLine": line, "startColumn": column, "endColumn": end}
    uri = _uri(finding.path)
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}, "logicalLocations": logical}


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path.replace("\\", "/").encode("utf-8", "surrogateescape"), safe="/:")


def _sarif_fixes(finding: Finding, item: Diagnostic) -> list[dict[str, Any]]:
    found = []
    for fix in item.fixes:
        first = finding.column + fix.span.start
        region = {"startLine": finding.line, "startColumn": first,
                  "endColumn": first + fix.span.end - fix.span.start}  # fmt: skip
        change = {"deletedRegion": region, "insertedContent": {"text": fix.replacement}}
        artifact = {"uri": _uri(finding.path or "")}
        changes = [{"artifactLocation": artifact, "replacements": [change]}]
        found.append({"description": {"text": fix.safety.value}, "artifactChanges": changes})
    return found


def to_github(findings: Iterable[Finding]) -> Iterable[str]:
    """The findings as workflow commands of GitHub Actions, a line each."""
    for finding in findings:
        if finding.problem:
            yield _command("error", finding, None, _UNREADABLE, finding.problem)
        for item, targets in finding.diagnostics():
            yield _command(_GITHUB[item.severity], finding, item, item.code, _message(item, finding, targets))


def _command(kind: str, finding: Finding, item: Diagnostic | None, code: str, message: str) -> str:
    properties = {"title": f"{code} {finding.name}".strip()}
    if finding.path is not None:
        line, column, end = (finding.line, 0, 0) if item is None else finding.region(item)
        properties = {"file": finding.path, "line": str(line)} | properties
        if column:
            properties |= {"col": str(column), "endColumn": str(end - 1)}
    else:
        message = f"{finding.text}\n{message}"
    joined = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    return f"::{kind} {joined}::{_escaped(message, '')}"


def _escaped(text: str, more: str) -> str:
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text
