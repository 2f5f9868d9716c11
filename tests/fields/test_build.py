"""Building is deterministic, reads odd listings right, and writes what the readers read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dfilter.fields import build
from dfilter.fields.shards import Shards, write_shards

TSV = """name\tkind\tprotocol\tversions\ttype/display base
ip\tP\t\t3.4,4.0,4.4,4.6\tPROTOCOL
ip.proto\tF\tip\t4.4,4.6\tUINT8/BASE_DEC
"""
VALUES = """V\tip.proto\t0x6\tTCP
E\tip.proto\t1\tx\t[Direct (indexed) Access]
R\tip.flags\t1\t0xf\twith\ta tab
T\tip.flags.df\tSet
on\tNot set
U\tip.len\t byte\t bytes
V\tip.kind\t'a'\tletter
V\tip.kind\t'\\x00'\tnul
"""


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    (tmp_path / "fields.tsv.gz").write_bytes(gzip.compress(TSV.encode()))
    (tmp_path / "values").write_text(VALUES.replace("Set\non", "Set"))
    return [f"{version}={tmp_path / 'values'}" for version in ("4.4", "4.6")]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, sources: list[str]) -> None:
    written = []
    for run in ("one", "two"):
        out = tmp_path / run
        out.mkdir()
        build.main(["--out", str(out), "fields", str(tmp_path / "fields.tsv.gz"), *sources])
        build.main(["--out", str(out), "values", *sources])
        written.append({path.name: path.read_bytes() for path in sorted(out.iterdir())})
    assert written[0] == written[1]
    assert list(written[0]) == ["fields.bin", "heads.bin", "value_fields.bin", "value_tables.bin"]
    block = Shards(tmp_path / "one" / "fields.bin").block(0)
    assert block.split(b"\0", 2)[0] == b"ip\nip.proto"


def test_listings_are_read_row_by_row(tmp_path: Path, sources: list[str]) -> None:
    listed = build.read_values(tmp_path / "values")
    assert listed.rows["ip.proto"] == [["V", "0x6", "TCP"]]
    assert listed.rows["ip.flags"] == [["R", "1", "0xf", "with\ta tab"]]
    assert listed.rows["ip.kind"] == [["V", "'a'", "letter"], ["V", "'\\x00'", "nul"]]
    assert list(listed.units) == ["ip.len"]


def test_a_line_that_is_none_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.tsv.gz"
    path.write_bytes(gzip.compress(b"header\nip\tX\t\t4.6\tPROTOCOL\n"))
    with pytest.raises(ValueError, match="not a registry line"):
        build.read_registry(path)


def test_both_label_versions_are_needed(sources: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"4\.6=FILE"):
        build.main(["values", sources[0]])


def test_shards_find_the_block_of_a_key(tmp_path: Path) -> None:
    write_shards(tmp_path / "x", [("b", b"one"), ("d", b"two")])
    shards = Shards(tmp_path / "x")
    assert [shards.block(shards.number_for(key)) for key in ("a", "b", "c", "d", "z")] == [
        b"one", b"one", b"one", b"two", b"two",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="sorted"):
        write_shards(tmp_path / "y", [("b", b""), ("a", b"")])
    (tmp_path / "z").write_bytes(b"something else")
    with pytest.raises(ValueError, match="not a dfilter data file"):
        Shards(tmp_path / "z")
