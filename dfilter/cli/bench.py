"""`dfilter bench FILTER CAPTURE`: how fast a filter is on a capture, and what the time goes into.

In: a filter and a capture.  Out: frames a second by gear, seconds by stage, the share that columns leave undecided.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from dfilter.cli.arguments import add_target
from dfilter.cli.guard import Exit, wrong_usage


def arguments(parser: ArgumentParser) -> None:
    """The command line of `bench`."""
    parser.add_argument("filter", metavar="FILTER", help="a display filter")
    parser.add_argument("capture", metavar="CAPTURE", help="pcap or pcapng, also gzip or zstd; a file")
    add_target(parser)


def command(options: Namespace) -> int:
    """Measure, and print what was found."""
    from dfilter.measure import measure  # it loads numpy

    if options.capture == "-":
        wrong_usage("standard input can be read only once; bench reads the capture more often")
    found = measure(options.filter, options.capture, target=options.target)
    share = found.undecided / found.frames if found.frames else 0.0
    print(f"{found.matches:,} of {found.frames:,} frames match")
    print("\ngear                          frames a second")
    for name, rate in found.gears.items():
        print(f"{name:<28}{rate:>17,.0f}")
    print("\nstage                                 seconds")
    for name, seconds in found.stages.items():
        print(f"{name:<28}{seconds:>17.3f}")
    if "columns" in found.gears:
        print(f"\nColumns left {found.undecided:,} frames ({share:.2%}) to the closures.")
    elif found.streams is not None:
        print(f"\nOf {found.streams:,} TCP conversations {found.dissected_streams:,} were dissected, "
              f"in all {found.dissected_frames:,} frames ({share:.2%}).")  # fmt: skip
    else:
        print("\nThe filter needs every frame dissected: there are no columns for it.")
    if found.direct_undecided is not None:
        print(f"The direct test of `matches` left {found.direct_undecided:.2%} of the first frames to them.")
    return Exit.OK
