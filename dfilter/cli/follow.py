"""`dfilter follow KIND STREAM CAPTURE`: what the two ends of a stream sent, in order.

In: a stream, by number or by a filter that selects it.  Out: the stream as `tshark -z follow` prints it, or files.
Always: both directions are told apart, missing bytes show as gaps, and no file is overwritten unless asked for.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

import dfilter
from dfilter.cli.arguments import add_macros, add_target
from dfilter.cli.colour import add_color
from dfilter.cli.decode_as import Rules, add_decode_as, decode_rules
from dfilter.cli.guard import Exit, say, wrong_usage
from dfilter.cli.keep import Folder
from dfilter.cli.paint import BLUE, DIM, RED, Paint, painter
from dfilter.cli.sources import given_macros
from dfilter.cli.text import visible

KINDS: Final = ("tcp", "udp", "tls", "http", "http2")
FORMS: Final = ("ascii", "hex", "raw", "utf-8", "yaml")
_STYLES: Final = {0: RED, 1: BLUE, None: DIM}


def arguments(parser: ArgumentParser) -> None:
    """The command line of `follow`."""
    text = "tcp, udp: what was sent; tls: decrypted data; http, http2: headers and unpacked bodies"
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=text)
    text = (
        "a number, as tcp.stream or udp.stream shows it, or a filter that selects its frames; of http2 behind it a "
        "comma and the number of the stream inside: 0,1"
    )
    parser.add_argument("stream", metavar="STREAM", help=text)
    parser.add_argument("capture", metavar="CAPTURE", help="pcap or pcapng, also gzip or zstd; - is standard input")
    parser.add_argument("--format", choices=FORMS, help="how bytes are shown (default: ascii)")
    text = "save what was sent instead: of http each body as a file, else a file for each end"
    parser.add_argument("--save", metavar="DIR", help=text)
    parser.add_argument("--force", action="store_true", help="of --save: overwrite files that exist")
    add_decode_as(parser)
    add_color(parser)
    add_target(parser)
    add_macros(parser)


def command(options: Namespace) -> int:
    """Print or save the stream."""
    if options.force and options.save is None:
        wrong_usage("--force goes with --save")
    if options.save is not None and options.format is not None:
        wrong_usage("--format is about what is printed; --save writes the bytes as they were sent")
    stream, rules = _stream(options), decode_rules(options.decode_as)
    inner = split_substream(options.kind, options.stream)[1]
    if options.save is None:
        followed = dfilter.follow_stream(options.capture, options.kind, stream, substream=inner, decode_as=rules)
        print_stream(followed, options.format or "ascii", painter(options.color))
    elif options.kind == "http":
        _save_bodies(options, stream, rules)
    else:
        _save_ends(options, stream, rules)
    return Exit.OK


def _stream(options: Namespace) -> int | dfilter.Filter:
    text = split_substream(options.kind, options.stream)[0]
    if text.isascii() and text.isdigit():
        return int(text)
    return dfilter.compile(text, target=options.target, macros=given_macros(options.macros))


def split_substream(kind: str, text: str) -> tuple[str, int | None]:
    """What selects the stream, and of http2 the number of the stream inside."""
    if kind != "http2":
        return text, None
    outer, comma, inner = text.rpartition(",")
    if not comma or not (inner.strip().isascii() and inner.strip().isdigit()):
        wrong_usage("http2 needs the number of the stream inside the connection, too: dfilter follow http2 0,1 CAPTURE")
    return outer.strip(), int(inner)


def print_stream(followed: dfilter.Followed, form: str, paint: Paint) -> None:
    """Print a stream in one of `FORMS`."""
    terminal = sys.stdout.isatty()
    for node, text in followed.lines(form):
        shown = _for_terminal(text) if terminal else text
        sys.stdout.write(paint(shown, _STYLES[node]) + "\n")
    _say_held(followed)


def _say_held(followed: dfilter.Followed) -> None:
    """What is left out is not left out in silence."""
    if followed.held:
        say(f"warning: {followed.held} bytes come after bytes that the capture lacks and that nobody acknowledged; "
            "they are left out, as Wireshark does")  # fmt: skip


def _for_terminal(text: str) -> str:
    """A terminal gets nothing that moves its cursor but line ends and the tabs that mark node 1."""
    marks = len(text) - len(text.lstrip("\t"))
    rows = text[marks:].replace("\r\n", "\n").split("\n")
    return "\t" * marks + "\n".join(map(visible, rows))


def _save_bodies(options: Namespace, stream: int | dfilter.Filter, rules: Rules | None) -> None:
    with Folder(options.save, options.force) as folder:
        for body in dfilter.http_bodies(options.capture, stream, decode_as=rules):
            with folder.create(body.name) as file:
                file.write(body.data)
            described = f"frame {body.frame}, {body.content_type or 'no type'}, {len(body.data)} bytes"
            print(f"{visible(str(Path(options.save) / body.name))}: {visible(described)}")
        if not folder.count:
            say("the stream has no HTTP bodies")


def _save_ends(options: Namespace, stream: int | dfilter.Filter, rules: Rules | None) -> None:
    """A file for each end that sent something; gaps are left out, and said."""
    inner = split_substream(options.kind, options.stream)[1]
    followed = dfilter.follow_stream(options.capture, options.kind, stream, substream=inner, decode_as=rules)
    sizes, gaps = [0, 0], [0, 0]
    with Folder(options.save, options.force) as folder:
        number = followed.index if inner is None else f"{followed.index}-{inner}"
        names = [f"{options.kind}-{number}-node{node}.bin" for node in (0, 1)]
        files = [folder.create(name) for name in names]
        for piece in followed:
            files[piece.node].write(piece.data)
            sizes[piece.node] += len(piece.data)
            gaps[piece.node] += piece.missing
        for file in files:
            file.close()
    _say_held(followed)
    for node, name in enumerate(names):
        sender = f", sent by {followed.nodes[node]}" if followed.nodes else ""
        missing = f", {gaps[node]} bytes missing" if gaps[node] else ""
        print(f"{visible(str(Path(options.save) / name))}: {sizes[node]} bytes{sender}{missing}")
