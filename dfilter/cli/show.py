"""`dfilter show FRAME CAPTURE`: the layers of a frame with every field, beside its bytes.

In: a frame's number.  Out: for each layer its fields, each as a filter that selects it, ready to paste, with its
label and the bytes that it covers, and a hex dump; or JSON.
"""

from __future__ import annotations

import json
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterator
from itertools import zip_longest
from typing import Any, Final

import dfilter
from dfilter.cli.colour import add_color
from dfilter.cli.decode_as import add_decode_as, decode_rules
from dfilter.cli.guard import Exit, wrong_usage
from dfilter.cli.paint import BLUE, BOLD, CYAN, DIM, GREEN, MAGENTA, REVERSE, YELLOW, Paint, painter
from dfilter.cli.text import visible

_LAYER_STYLES: Final = (CYAN, GREEN, YELLOW, MAGENTA, BLUE)
_DUMP_WIDTH: Final = 76
_NARROWEST: Final = 44
"""Columns for the fields below which the dump does not fit beside them."""
_WIDEST: Final = 80
_PIPE_WIDTH: Final = 160


def arguments(parser: ArgumentParser) -> None:
    """The command line of `show`."""
    parser.add_argument("frame", type=int, metavar="FRAME", help="the frame's number, from 1 on")
    parser.add_argument("capture", metavar="CAPTURE", help="pcap or pcapng, also gzip or zstd; - is standard input")
    parser.add_argument("--field", metavar="NAME", help="mark this field or protocol, and its bytes")
    parser.add_argument("--json", action="store_true", help="JSON, with --field of that field only")
    add_decode_as(parser)
    add_color(parser)


def command(options: Namespace) -> int:
    """Print the frame."""
    if options.frame < 1:
        wrong_usage("frames are numbered from 1")
    detail = dfilter.show_frame(options.capture, options.frame, decode_as=decode_rules(options.decode_as))
    try:
        marked = [] if options.field is None else detail.named(options.field)
    except dfilter.FilterError as error:
        raise dfilter.NotFoundError(f"--field: {error}") from error
    if options.field is not None and not marked:
        raise dfilter.NotFoundError(f"frame {detail.number} has no {options.field}")
    if options.json:
        print(json.dumps(_document(detail, marked), indent=2, ensure_ascii=True))
    else:
        for line in lines(detail, marked, painter(options.color), shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns):
            print(line)
    return Exit.OK


def lines(detail: dfilter.Detail, marked: Collection[dfilter.FieldDetail], paint: Paint, width: int) -> Iterator[str]:
    """The frame as text, `width` columns wide where its fields are not longer."""
    captured = len(detail.sources[0])
    cut = "" if captured == detail.wire_length else f", {captured} captured"
    title = f"Frame {detail.number}: {detail.protocol} {visible(detail.info)}"
    yield paint(title, BOLD)
    yield f"{detail.wire_length} bytes{cut}"
    for index, layer in enumerate(detail.layers):
        yield ""
        style = _LAYER_STYLES[index % len(_LAYER_STYLES)]
        yield paint(f"{layer.title} ({layer.name})", f"{BOLD};{style}") + paint(_place(detail, layer), DIM)
        rows = [_field_row(field, field in marked, style, paint) for field in layer.fields]
        dump = list(_dump(detail, index, marked, style, paint))
        room = min(width - _DUMP_WIDTH, _WIDEST)
        yield from _beside(rows, dump, room) if room >= _NARROWEST else (*(row for row, _ in rows), *dump)


def _place(detail: dfilter.Detail, layer: dfilter.LayerDetail) -> str:
    where = f", bytes {layer.start} to {layer.start + layer.length - 1}" if layer.length else ""
    size = len(detail.sources[layer.source])
    return where + (f" of {size} put together, unpacked or decrypted" if layer.source else "")


def _field_row(field: dfilter.FieldDetail, marked: bool, style: str, paint: Paint) -> tuple[str, int]:
    """A field's line, and how many columns it takes."""
    selects = visible(field.filter or f"{field.name}: {field.text}")
    label = f"  ({visible(field.label)})" if field.label else ""
    last = field.start + field.length - 1
    where = "" if not field.length else f"  {field.start}" if field.length == 1 else f"  {field.start}-{last}"
    mark = ("> " if marked else "  ") + "  " * field.depth
    text = mark + paint(selects, REVERSE if marked else style if field.length else "")
    return text + label + paint(where, DIM), len(mark + selects + label + where)


def _beside(rows: list[tuple[str, int]], dump: list[str], room: int) -> Iterator[str]:
    """Fields at the left, bytes at the right; a field that needs more room has its line alone."""
    waiting = iter(dump)
    for row, columns in rows:
        if columns > room - 2:
            yield row
        else:
            yield (row + " " * (room - columns) + next(waiting, "")).rstrip()
    for line in waiting:
        yield (" " * room + line).rstrip()


def _dump(detail: dfilter.Detail, index: int, marked: Collection[dfilter.FieldDetail], style: str,
          paint: Paint) -> Iterator[str]:  # fmt: skip
    """The bytes of a layer that no later layer covers, 16 a line."""
    layer = detail.layers[index]
    if not layer.length or layer.name == "frame":
        return
    inner = [other.start for other in detail.layers[index + 1 :] if other.source == layer.source and other.length]
    end = min([layer.start + layer.length, *(start for start in inner if start >= layer.start)])
    lit = {at for field in layer.fields if field in marked for at in range(field.start, field.start + field.length)}
    data = detail.sources[layer.source]
    for start in range(layer.start, end, 16):
        yield _dump_line(data, start, min(start + 16, end), lit, style, paint)


def _dump_line(data: bytes, start: int, end: int, lit: Collection[int], style: str, paint: Paint) -> str:
    def shown(text: str, at: int) -> str:
        return paint(text, REVERSE if at in lit else style)

    digits, texts = "", ""
    for at, place in zip_longest(range(start, end), range(16)):
        gap = " " if place == 7 else ""
        digits += (shown(f"{data[at]:02x}", at) if at is not None else "  ") + " " + gap
        texts += shown(chr(data[at]) if 0x20 <= data[at] < 0x7F else ".", at) if at is not None else ""
    return f"{paint(f'{start:04x}', DIM)}  {digits} {texts}"


def _document(detail: dfilter.Detail, marked: Collection[dfilter.FieldDetail]) -> dict[str, Any]:
    layers = []
    for layer in detail.layers:
        fields = [_field_document(field) for field in layer.fields if not marked or field in marked]
        if fields or not marked:
            layers.append({"name": layer.name, "title": layer.title, "source": layer.source, "start": layer.start,
                           "length": layer.length, "fields": fields})  # fmt: skip
    return {"number": detail.number, "time": detail.time, "length": detail.wire_length, "protocol": detail.protocol,
            "info": detail.info, "sources": [data.hex() for data in detail.sources], "layers": layers}  # fmt: skip


def _field_document(field: dfilter.FieldDetail) -> dict[str, Any]:
    return {"name": field.name, "type": field.type, "value": field.text, "label": field.label, "filter": field.filter,
            "start": field.start, "length": field.length, "depth": field.depth}  # fmt: skip
