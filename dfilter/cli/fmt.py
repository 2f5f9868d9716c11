"""`dfilter fmt FILTER...`: spell filters in one way, with the same meaning.

In: filters, files, folders.  Out: formatted filters on standard output, formatted files; exit code 1 if a text is no
filter, or with --check if one is not formatted.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import dfilter
from dfilter.cli.arguments import add_sources, add_target
from dfilter.cli.guard import Exit
from dfilter.cli.rewriting import Outcome, Rewrite, add_diff, rewrite
from dfilter.cli.sources import Source, sources
from dfilter.profiles import Entry

_NO_FILTER = "it is no filter; `dfilter check` says why"


def arguments(parser: ArgumentParser) -> None:
    """The command line of `fmt`."""
    add_sources(parser)
    add_target(parser)
    add_diff(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if something would change")


def command(options: Namespace) -> int:
    """Format what the arguments name."""
    failed = False
    for source in sources(options):
        summary = rewrite(source, _formatter(options.target), options, quiet=options.check and not options.diff)
        failed = failed or summary.refused > 0 or (options.check and summary.changed > 0)
        if options.check and summary.changed:
            filters = "1 filter" if summary.changed == 1 else f"{summary.changed} filters"
            print(f"{source.shown or 'FILTER'}: {filters} would change")
    return Exit.RED if failed else Exit.OK


def _formatter(target: str) -> Rewrite:
    def formatted(entry: Entry, source: Source) -> Outcome:
        if entry.macro and "$" in entry.text:
            return Outcome(entry.text)  # its parameters can stand for anything, operators too
        found = dfilter.format(entry.text, target, macros=source.macros(target))
        return Outcome(entry.text, _NO_FILTER) if found is None else Outcome(found)

    return formatted
