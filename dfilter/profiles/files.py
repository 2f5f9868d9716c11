"""Files and folders of filters.

In: paths.  Out: the files with filters that they stand for, documents, and macros; written files.
Always: a file is written whole or not at all, and keeps its permissions; a link stays one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from dfilter.profiles.document import Document, Format, ProfileError, parse_document
from dfilter.whole import whole_file

MAX_SIZE = 64 * 1024 * 1024
"""Bytes of a file of filters; a larger one is refused."""
_SAMPLE = 50
"""Lines that decide about the format of a file with a name of its own."""

_BY_NAME = {format.value: format for format in Format if format is not Format.LIST}
_OPERATOR = re.compile(r"[=<>~&|^]|!=|(?:eq|ne|[lg][te]|in|and|or|xor|contains|matches)\b")
"""What a filter never begins with: the quoted word before it is then no name, but part of a filter."""


def decode(data: bytes) -> str:
    """The text of a file; bytes that are no UTF-8 survive a round trip."""
    return data.decode("utf-8", "surrogateescape")


def guess_format(name: str, text: str) -> Format:
    """The format of a file: by its name, else by its lines (exported files have any name)."""
    known = _BY_NAME.get(name)
    if known is not None:
        return known
    sample = [line for line in map(str.strip, text.split("\n", 4 * _SAMPLE)) if line and not line.startswith("#")]
    sample = sample[:_SAMPLE]
    for format in (Format.COLORFILTERS, Format.DFILTER_BUTTONS, Format.DFILTER_MACROS, Format.DFILTERS):
        if sample and all(_fits(line, format) for line in sample):
            return format
    return Format.LIST


def _fits(line: str, format: Format) -> bool:
    found = parse_document(line, format)
    if not found.entries:
        return False
    return format is not Format.DFILTERS or not _OPERATOR.match(found.entries[0].text)


def read_file(path: Path, format: Format | None = None) -> Document:
    """The document in a file.

    Raises:
        OSError: it cannot be read.
        ProfileError: it is too large, or no text.
    """
    with path.open("rb") as file:
        data = file.read(MAX_SIZE + 1)
    if len(data) > MAX_SIZE:
        raise ProfileError(f"{path}: larger than {MAX_SIZE} bytes")
    if b"\0" in data:
        raise ProfileError(f"{path}: not a file of filters: it holds NUL bytes, which text in UTF-8 does not")
    text = decode(data)
    return parse_document(text, format or guess_format(path.name, text))


def files_in(path: Path) -> Iterator[Path]:
    """The files that `path` stands for: itself, or the files of a profile folder and of the profiles below it."""
    if not path.is_dir():
        yield path
        return
    for name in _BY_NAME:
        if (path / name).is_file():
            yield path / name
    below = path / "profiles"
    if below.is_dir():
        for folder in sorted(below.iterdir()):
            if folder.is_dir():
                yield from (folder / name for name in _BY_NAME if (folder / name).is_file())


def macros_of(document: Document) -> dict[str, str]:
    """The macros that a document defines, by name; of two with one name the last counts."""
    return {entry.name: entry.text for entry in document.entries if entry.macro}


def macros_beside(path: Path, *, old: bool) -> Mapping[str, str] | None:
    """The macros of the profile in which a file lies; None if it defines none.

    `old`: for Wireshark up to 4.2, which keeps them in `dfilter_macros`; from 4.4 on they are in `dmacros`.  Where
    there is only the other file, that one counts.
    """
    folder = path.parent
    names = [format.value for format in (Format.DMACROS, Format.DFILTER_MACROS)]
    for name in reversed(names) if old else names:
        if (folder / name).is_file():
            return macros_of(read_file(folder / name))
    return None


def write_file(path: Path, text: str) -> None:
    """Replace a file's content in one step, or make the file.

    Raises:
        OSError: it cannot be written; then the file is as it was.
    """
    with whole_file(path) as file:
        file.write(text.encode("utf-8", "surrogateescape"))
