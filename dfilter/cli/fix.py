"""`dfilter fix FILTER...`: repair filters, or carry them from one Wireshark version to another.

In: filters, files, folders.  Out: repaired filters on standard output, repaired files; exit code 1 if one stays red.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import dfilter
from dfilter.cli.arguments import NEWEST, VERSIONS, add_sources, add_target
from dfilter.cli.guard import Exit, wrong_usage
from dfilter.cli.rewriting import Outcome, add_diff, rewrite
from dfilter.cli.sources import Source, sources
from dfilter.profiles import Entry


def arguments(parser: ArgumentParser) -> None:
    """The command line of `fix`."""
    add_sources(parser)
    add_target(parser)
    add_diff(parser)
    parser.add_argument("--unsafe", action="store_true", help="also apply fixes that guess what was meant")
    parser.add_argument("--from", dest="old", choices=VERSIONS, metavar="VERSION",
                        help="the version for which the filters were written; needs --to")  # fmt: skip
    parser.add_argument("--to", dest="new", choices=VERSIONS, metavar="VERSION",
                        help="the version that is to select the same frames; needs --from")  # fmt: skip


def command(options: Namespace) -> int:
    """Repair what the arguments name."""
    if (options.old is None) != (options.new is None):
        wrong_usage("--from and --to go together")
    if options.old is not None and options.target != NEWEST:
        wrong_usage("--target and --to exclude each other")

    def repaired(entry: Entry, source: Source) -> Outcome:
        target = options.new or options.target
        macros = source.macros(target)
        if options.old is None:
            done = dfilter.fix(entry.text, target, macros=macros, unsafe=options.unsafe, macro=entry.macro)
            if done.refused and not options.unsafe:
                guessed = dfilter.fix(entry.text, target, macros=macros, unsafe=True, macro=entry.macro)
                return Outcome(done.text, done.refused + ("" if guessed.refused else "; --unsafe makes it"))
        else:
            done = dfilter.migrate(entry.text, options.old, target, macros=macros, unsafe=options.unsafe,
                                   macro=entry.macro)  # fmt: skip
        return Outcome(done.text, done.refused)

    refused = sum(rewrite(source, repaired, options).refused for source in sources(options))
    return Exit.RED if refused else Exit.OK
