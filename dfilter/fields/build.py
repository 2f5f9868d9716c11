"""Builds the package data of this room from what Wireshark lists of itself.

In: ``fields.tsv.gz`` (name, kind, owning protocol, versions, types; one line a name) and the outputs of
``tshark -G values``, each given as ``VERSION=FILE``.  Out: the files in ``dfilter/fields/data``.  A third
input lies beside this file, ``registered_twice.tsv``: what the listing cannot tell of fields registered
more than once.  4.4 knows the labels of the first registration only, 4.6 those of all, but turns a label
into a number only if all registrations agree (asked of both versions, label by label).
Always: the same input gives the same bytes; a line that cannot be read is an error, never skipped silently.

    python -m dfilter.fields.build fields FIELDS_TSV_GZ 4.4=VALUES 4.6=VALUES
    python -m dfilter.fields.build values 4.4=VALUES 4.6=VALUES
"""

from __future__ import annotations

import argparse
import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dfilter.fields import registry, values
from dfilter.fields.shards import DATA, write_shards
from dfilter.fields.suggest import HEADS_FILE
from dfilter.fields.types import SIGNED
from dfilter.fields.versions import Version
from dfilter.slotted import frozen

NAMES_A_BLOCK = 1024
FIELDS_A_BLOCK = 512
TABLES_BLOCK_CHARACTERS = 24_000
LABEL_VERSIONS = (Version.V4_4, Version.V4_6)
_ROW_KINDS = {"V": 4, "V64": 4, "R": 5, "T": 4}
TWICE_FILE = Path(__file__).parent / "registered_twice.tsv"
_SKIPPED_KINDS = frozenset({"E"})
_NO_PLURAL = "(no plural)"
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "0": 0}



@frozen
class Listed:
    """What one version's ``-G values`` lists: for each field its rows (kind first) and its unit."""

    rows: dict[str, list[list[str]]]
    units: dict[str, str]


@frozen
class RegistryLine:
    """One line of the TSV, checked."""

    name: str
    owner: str
    versions: str
    types: str


def read_registry(path: Path) -> list[RegistryLine]:
    """The lines of ``fields.tsv.gz``, sorted by name; `ValueError` for a line that is not one."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        next(file)
        lines = [_registry_line(text.rstrip("\n")) for text in file]
    return sorted(lines, key=lambda line: line.name)


def _registry_line(text: str) -> RegistryLine:
    name, kind, owner, versions, types = text.split("\t")
    if kind not in ("P", "F") or not name or len(name) > registry.MAX_NAME:
        raise ValueError(f"not a registry line: {text!r}")
    if kind == "P":
        owner = registry.OWNER_ITSELF
    elif owner == name.partition(".")[0]:
        owner = ""
    return RegistryLine(name, owner, versions, types)


def pack_fields(lines: Sequence[RegistryLine], listed: dict[Version, Listed]) -> list[tuple[str, bytes]]:
    """The blocks of the registry file, in the form `dfilter.fields.registry` describes."""
    blocks = []
    for start in range(0, len(lines), NAMES_A_BLOCK):
        batch = lines[start : start + NAMES_A_BLOCK]
        described = [_description(line, listed) for line in batch]
        numbers = {text: number for number, text in enumerate(dict.fromkeys(described))}
        codes = b"".join(numbers[text].to_bytes(2, "big") for text in described)
        names = "\n".join(line.name for line in batch).encode()
        blocks.append((batch[0].name, b"\0".join((names, "\n".join(numbers).encode(), codes))))
    return blocks


def _description(line: RegistryLine, listed: dict[Version, Listed]) -> str:
    labelled = ",".join(version.text for version in LABEL_VERSIONS if line.name in listed[version].rows)
    return "\t".join((line.owner, line.versions, line.types, labelled))


def read_twice() -> dict[str, list[str]]:
    """For each field in ``registered_twice.tsv`` the cells after its name."""
    lines = TWICE_FILE.read_text(encoding="utf-8").splitlines()
    cells = (line.split("\t") for line in lines if not line.startswith("#"))
    return {name: rest for name, *rest in cells}


def only_first(listed: Listed) -> Listed:
    """`listed` as 4.4 uses it: of a field registered more than once, the first registration's labels."""
    rows = dict(listed.rows)
    for name, (used, *_) in read_twice().items():
        if used != "-" and name in rows:
            rows[name] = rows[name][: int(used)]
    return Listed({name: some for name, some in rows.items() if some}, listed.units)


def read_values(path: Path) -> Listed:
    """What the output of ``tshark -G values`` at `path` lists.

    A line that starts with no kind and tab continues the label before it.  A name listed both with a value
    string and a range string is registered twice: the last kind counts, as everywhere in the filter
    language.
    """
    rows: dict[str, list[list[str]]] = defaultdict(list)
    units: dict[str, str] = {}
    row: list[str] = []
    for text in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        kind, tab, rest = text.partition("\t")
        if kind in _ROW_KINDS and tab:
            name, *row = rest.split("\t", _ROW_KINDS[kind] - 2)
            row.insert(0, kind)
            rows[name].append(row)
        elif kind == "U" and tab:
            name, one, many = rest.split("\t")
            units[name] = one + values.CELL_END + (one if many == _NO_PLURAL else many)
        elif kind not in _SKIPPED_KINDS and text and row:
            row[-1] += "\n" + text
    return Listed({name: _last_kind(found) for name, found in rows.items()}, units)


def _last_kind(rows: list[list[str]]) -> list[list[str]]:
    last = rows[-1][0][0]
    return [row for row in rows if row[0][0] == last]


def _number(text: str, signed: bool) -> int:
    if text.startswith("'"):
        return _character(text[1:-1])
    number = int(text, 0)
    return number - 2**32 if signed and 2**31 <= number < 2**32 else number


def _character(text: str) -> int:
    if not text.startswith("\\") or len(text) == 1:
        return ord(text)
    if text[1] == "x":
        return int(text[2:], 16)
    return _ESCAPES.get(text[1], ord(text[1]))


def _table(name: str, rows: list[list[str]], version: Version) -> str:
    """The rows in the text form that `dfilter.fields.values` reads."""
    if rows[0][0] == "T":
        rows = [["V", number, label] for row in rows for number, label in zip("10", row[1:], strict=True)]
    info = registry.lookup(name, version)
    signed = info is not None and info.type in SIGNED
    packed = []
    for _, *numbers, label in rows:
        ends = dict.fromkeys(str(_number(text, signed)) for text in numbers)
        packed.append(values.RANGE.join(ends) + values.CELL_END + label)
    return values.ROW_END.join(dict.fromkeys(packed))


def _covered(listed: dict[Version, Listed]) -> list[str]:
    """The listed names whose protocol is covered, sorted."""
    every: set[str] = set().union(*({*version.rows, *version.units} for version in listed.values()))
    return sorted(name for name in every if any(values.known(name, version) for version in LABEL_VERSIONS))


def pack_values(listed: dict[Version, Listed]) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    """The blocks of the two files that `dfilter.fields.values` reads: the fields, the tables."""
    numbers: dict[str, int] = {}
    twice = read_twice()
    lines = []
    for name in _covered(listed):
        cells = [name]
        for version in LABEL_VERSIONS:
            rows = listed[version].rows.get(name)
            cells.append(_key(numbers.setdefault(_table(name, rows, version), len(numbers))) if rows else "")
        _, *loose = twice.get(name, ("-", "-"))
        unit = next((listed[v].units[name] for v in reversed(LABEL_VERSIONS) if name in listed[v].units), "")
        lines.append("\t".join((*cells, unit, values.CELL_END.join(loose) if loose != ["-"] else "")))
    return list(_field_blocks(lines)), list(_table_blocks(list(numbers)))


def _key(number: int) -> str:
    return f"{number:05d}"


def _field_blocks(lines: list[str]) -> Iterator[tuple[str, bytes]]:
    for start in range(0, len(lines), FIELDS_A_BLOCK):
        batch = lines[start : start + FIELDS_A_BLOCK]
        yield batch[0].partition("\t")[0], "\n".join(batch).encode()


def _table_blocks(tables: list[str]) -> Iterator[tuple[str, bytes]]:
    batch: list[str] = []
    for number, table in enumerate(tables):
        if batch and sum(map(len, batch)) + len(table) > TABLES_BLOCK_CHARACTERS:
            yield _key(number - len(batch)), values.TABLE_END.join(batch).encode()
            batch = []
        batch.append(table)
    if batch:
        yield _key(len(tables) - len(batch)), values.TABLE_END.join(batch).encode()


def _heads(lines: Iterable[RegistryLine]) -> bytes:
    """The first parts of all names, the candidates for a misspelt protocol."""
    heads = sorted({line.name.partition(".")[0] for line in lines})
    return zlib.compress("\n".join(heads).encode(), 9)


def build_fields(tsv: Path, listed: dict[Version, Listed], out: Path) -> None:
    """Write the registry files into `out`."""
    lines = read_registry(tsv)
    write_shards(out / registry.FIELDS_FILE, pack_fields(lines, listed))
    (out / HEADS_FILE).write_bytes(_heads(lines))


def build_values(listed: dict[Version, Listed], out: Path) -> None:
    """Write the label files into `out`; the registry files must be built already."""
    fields, tables = pack_values(listed)
    write_shards(out / values.FIELDS_FILE, fields)
    write_shards(out / values.TABLES_FILE, tables)


def _listed(arguments: Sequence[str]) -> dict[Version, Listed]:
    pairs = (argument.partition("=") for argument in arguments)
    listed = {Version.parse(version): read_values(Path(path)) for version, _, path in pairs}
    if set(listed) != set(LABEL_VERSIONS):
        raise SystemExit(f"needed, once each: {', '.join(f'{v.text}=FILE' for v in LABEL_VERSIONS)}")
    return {**listed, Version.V4_4: only_first(listed[Version.V4_4])}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line described at the top."""
    parser = argparse.ArgumentParser(prog="python -m dfilter.fields.build")
    parser.add_argument("--out", type=Path, default=DATA, help="folder to write into")
    commands = parser.add_subparsers(dest="command", required=True)
    fields = commands.add_parser("fields", help="the registry of names")
    fields.add_argument("tsv", type=Path)
    for command in (fields, commands.add_parser("values", help="the labels of values")):
        command.add_argument("values", nargs="+", metavar="VERSION=FILE", help="output of tshark -G values")
    options = parser.parse_args(arguments)
    listed = _listed(options.values)
    if options.command == "fields":
        build_fields(options.tsv, listed, options.out)
    else:
        build_values(listed, options.out)


if __name__ == "__main__":
    main()
