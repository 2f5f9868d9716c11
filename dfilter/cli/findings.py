"""Verdicts on many filters, in the format that was asked for.

In: sources.  Out: text, JSON, SARIF or GitHub annotations on standard output, and an exit code.
Always: every filter is checked, whatever the others are like; a line that cannot be read counts as red.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import dfilter
from dfilter.cli.arguments import NEWEST, VERSIONS
from dfilter.cli.check import show
from dfilter.cli.colour import AUTO, NEVER, in_colour, painted
from dfilter.cli.guard import Exit, wrong_usage
from dfilter.cli.sources import Source, sources
from dfilter.cli.text import visible, whole

_RANKS = ("green", "yellow", "red")
_WIDTH = 7
_LONGEST = 200
"""Characters of a filter that a line of the list shows."""


def check_all(options: Namespace) -> int:
    """Check every filter of every source, and print what was found."""
    if options.all_targets and options.target != NEWEST:
        wrong_usage("--target and --all-targets exclude each other")
    if options.color not in (AUTO, NEVER) and options.format != "text":
        wrong_usage(f"--format {options.format} has no colours: --color goes with --format text")
    targets = VERSIONS if options.all_targets else (options.target,)
    found = (finding for source in sources(options) for finding in _findings(source, targets))
    if options.format == "text":
        worst = _print_text(found, targets, many=_many(options), colour=in_colour(options.color))
    else:
        kept = list(found)
        worst = max(map(_rank, kept), default=0)
        _print_report(kept, options.format)
    return Exit.RED if worst >= (1 if options.strict else 2) else Exit.OK


def _many(options: Namespace) -> bool:
    """Anything but a single filter from the command line."""
    return len(options.filters) != 1 or bool(options.file)


def _findings(source: Source, targets: Sequence[str]) -> Iterator[dfilter.Finding]:
    """What is to be said of each filter, and of each line that cannot be read, in the order of their lines."""
    found = [_finding(source, number, targets) for number in range(len(source.document.entries))]
    for line in source.document.unreadable:
        found.append(dfilter.Finding("", (), source.shown, line.line, problem=line.reason))
    yield from sorted(found, key=lambda finding: finding.line)


def _finding(source: Source, number: int, targets: Sequence[str]) -> dfilter.Finding:
    entry = source.document.entries[number]
    verdicts = []
    for target in targets:
        macros = source.macros(target)
        ask = dfilter.check_macro if entry.macro else dfilter.check
        verdicts.append((target, ask(entry.text, target, macros=macros)))
    return dfilter.Finding(entry.text, tuple(verdicts), source.shown, entry.line, entry.column, entry.name,
                           entry.verbatim)  # fmt: skip


def _rank(finding: dfilter.Finding) -> int:
    if finding.problem:
        return _RANKS.index("red")
    return max(_RANKS.index(verdict.colour.value) for _, verdict in finding.verdicts)


def _print_report(findings: list[dfilter.Finding], format: str) -> None:
    if format == "github":
        for line in dfilter.to_github(findings):
            print(whole(line))
        return
    document = dfilter.to_json(findings) if format == "json" else dfilter.to_sarif(findings, dfilter.__version__)
    print(whole(json.dumps(document, indent=2, ensure_ascii=False)))


# --- text


def _print_text(findings: Iterable[dfilter.Finding], targets: Sequence[str], *, many: bool, colour: bool) -> int:
    worst = 0
    counts: Counter[str] = Counter()
    if len(targets) > 1:
        print(" ".join(f"{target:<{_WIDTH}}" for target in targets).rstrip())
    for finding in findings:
        rank = _rank(finding)
        worst = max(worst, rank)
        counts[_RANKS[rank]] += 1
        many = many or finding.path is not None
        if len(targets) > 1:
            _print_row(finding, colour=colour)
        elif many:
            _print_entry(finding, rank, colour=colour)
        else:
            show(finding.verdicts[0][1], colour=colour)
    if many:
        filters = "1 filter" if counts.total() == 1 else f"{counts.total()} filters"
        print(f"{filters}: " + ", ".join(f"{counts[each]} {each}" for each in _RANKS))
    return worst


def _print_row(finding: dfilter.Finding, *, colour: bool) -> None:
    """A row of the matrix, then each diagnostic once with the versions that have it."""
    if finding.problem:
        print(f"{painted('red', _WIDTH * 4 + 3, on=colour)} {_where(finding)}{finding.problem}")
        return
    cells = (painted(verdict.colour.value, _WIDTH, on=colour) for _, verdict in finding.verdicts)
    print(" ".join(cells), _title(finding))
    colours = {verdict.colour for _, verdict in finding.verdicts}
    for item, versions in finding.diagnostics() if colours != {dfilter.Colour.GREEN} else ():
        every = len(versions) == len(finding.verdicts)
        print(f"  Wireshark {'3.4 to 4.6' if every else ', '.join(versions)}:")
        print(_indented(dfilter.Verdict(dfilter.Colour.RED, (item,), finding.text).render(colour=colour)))


def _print_entry(finding: dfilter.Finding, rank: int, *, colour: bool) -> None:
    if finding.problem:
        print(f"{painted('red', _WIDTH, on=colour)} {_where(finding)}{finding.problem}")
        return
    if rank or finding.path is None:
        print(f"{painted(_RANKS[rank], _WIDTH, on=colour)} {_title(finding)}")
    if rank:
        print(_indented(finding.verdicts[0][1].render(colour=colour)))


def _title(finding: dfilter.Finding) -> str:
    name = f'"{visible(finding.name)}" ' if finding.name else ""
    shown = finding.text if len(finding.text) <= _LONGEST else finding.text[: _LONGEST - 1] + "…"
    return f"{_where(finding)}{name}{visible(shown)}"


def _where(finding: dfilter.Finding) -> str:
    return "" if finding.path is None else f"{visible(finding.path)}:{finding.line}: "


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
