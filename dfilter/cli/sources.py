"""Where filters come from: arguments, standard input, files, profile folders.

In: arguments.  Out: `Source`s, each with the filters of one file, or with one filter of the command line.
Always: an argument is a filter, unless Wireshark refuses it and a file has that name.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import dfilter
from dfilter.cli.guard import wrong_usage
from dfilter.profiles import (
    Document,
    Entry,
    Format,
    decode,
    files_in,
    guess_format,
    macros_beside,
    macros_of,
    parse_document,
    read_file,
)
from dfilter.slotted import frozen

STANDARD_INPUT = "-"
_OLD = ("3.4", "4.0")


@frozen
class Source:
    """Filters that belong together.

    `path`: None for a filter of the command line; "-" for standard input.  `given`: the macros of --macros; `own`:
    those that the document itself defines.
    """

    document: Document
    path: Path | None
    given: Mapping[str, str] | None
    own: Mapping[str, str]

    @property
    def shown(self) -> str | None:
        """The path as messages show it."""
        return None if self.path is None else str(self.path)

    def macros(self, target: str) -> Mapping[str, str] | None:
        """The macros that hold for the filters here: those given, else the profile's; None for Wireshark's own."""
        if self.given is not None:
            return self.given
        if self.own or self.path is None or str(self.path) == STANDARD_INPUT:
            return self.own or None
        return _beside(self.path.resolve(), target in _OLD)


@cache
def _beside(path: Path, old: bool) -> Mapping[str, str] | None:
    """The macros of a file's profile, read once a command."""
    return macros_beside(path, old=old)


def sources(options: Namespace) -> Iterator[Source]:
    """The sources that the arguments name, in their order, files given by -f last."""
    if not options.filters and not options.file:
        wrong_usage("a FILTER or a file is missing; - reads standard input")
    form = None if options.form is None else Format(options.form)
    given = given_macros(options.macros)
    for argument in options.filters:
        if argument == STANDARD_INPUT:
            yield _standard_input(form, given)
        elif is_path(argument):
            yield from _files(argument, form, given)
        else:
            yield of_argument(argument, given)
    for path in options.file:
        if path == STANDARD_INPUT:
            yield _standard_input(form, given)
        else:
            yield from _files(path, form, given)


def of_argument(text: str, given: Mapping[str, str] | None = None) -> Source:
    """One filter of the command line; line breaks in it are its own."""
    entry = Entry("", text, 1, 1, 0, len(text))
    return _source(Document(text, Format.LIST, (entry,), ()), None, given)


def is_path(argument: str) -> bool:
    """Is it a file or folder, and no filter of any version?"""
    return os.path.exists(argument) and dfilter.check(argument).colour == "red"  # noqa: PTH110 - any text is allowed


def given_macros(paths: list[str]) -> dict[str, str] | None:
    """The macros of the files of --macros; None without any file."""
    if not paths:
        return None
    found: dict[str, str] = {}
    for path in paths:
        document = read_file(Path(path))
        if not any(entry.macro for entry in document.entries):
            document = parse_document(document.text, Format.DMACROS)
        found |= macros_of(document)
    return found


def _standard_input(form: Format | None, given: Mapping[str, str] | None) -> Source:
    text = decode(sys.stdin.buffer.read())
    return _source(parse_document(text, form or guess_format("", text)), Path(STANDARD_INPUT), given)


def _source(document: Document, path: Path | None, given: Mapping[str, str] | None) -> Source:
    return Source(document, path, given, macros_of(document))


def _files(path: str, form: Format | None, given: Mapping[str, str] | None) -> Iterator[Source]:
    found = list(files_in(Path(path)))
    if not found:
        raise FileNotFoundError(f"{path}: no files of filters in this folder")
    for file in found:
        yield _source(read_file(file, form), file, given)
