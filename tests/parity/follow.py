"""Hold followed streams against `tshark -q -z follow,KIND,FORM,N` of a real Wireshark, every stream of some captures.

    python -m tests.parity.follow [--seed 6] [--captures 50] [--kind tcp] [--form raw] [FOLDER or FILE ...]

In: captures (default: those of ../shared/conformance that have such streams, picked by chance), and the oracle.
Out: how many streams were compared and how many are equal; the first difference of each that is not.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import dfilter
from dfilter.captures.read import open_capture
from dfilter.follow.follow import Followed
from dfilter.follow.pieces import Piece
from dfilter.follow.sources import SOURCES, STREAM_FIELDS, Source
from dfilter.packets.session import Session, needs_of
from tests.parity.compare import ORACLE

CAPTURES = Path(__file__).parents[3] / "shared/conformance/captures"
BATCH = 100
"""Streams that one run of the reference follows."""
RULE = "=" * 67


class AllStreams:
    """All streams of a capture in one pass; what `follow_stream` does for one."""

    def __init__(self, path: Path, kind: str, streams: list[int]) -> None:
        self.sources: dict[int, Source] = {index: SOURCES[kind](index) for index in streams}
        self.pieces: dict[int, list[Piece]] = {index: [] for index in streams}
        session = Session(needs_of({STREAM_FIELDS[kind], kind}))
        for frame in open_capture(path):
            view = session.dissect(frame)
            layers = view.by_name.get(STREAM_FIELDS[kind].partition(".")[0], ())
            for index in {number for layer in layers for number in layer.computed(STREAM_FIELDS[kind])}:
                if index in self.sources:
                    self.pieces[index] += self.sources[index].pieces(view)

    def text(self, kind: str, index: int, form: str) -> str:
        followed = Followed(kind, "", self.sources[index])
        followed._pieces = iter(self.pieces[index])
        return "\n".join(line for _, line in followed.lines(form)).lstrip("\n")


def reference_streams(path: Path, kind: str, version: str) -> list[int]:
    """The numbers of the streams with packets of this kind, as the reference sees them."""
    command = [ORACLE, version, "tshark", "-n", "-r", str(path), "-T", "fields", "-e", STREAM_FIELDS[kind], "-Y", kind]
    out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return sorted({int(number) for number in re.findall(r"\d+", out)})


def reference_texts(path: Path, kind: str, form: str, streams: list[int], version: str) -> Iterator[tuple[int, str]]:
    """(stream, what the reference prints of it)."""
    batch = 1 if form == "yaml" else BATCH  # its output does not tell which stream it is of
    for start in range(0, len(streams), batch):
        command = [ORACLE, version, "tshark", "-q", "-n", "-r", str(path)]
        for index in streams[start : start + batch]:
            command += ["-z", f"follow,{kind},{form},{index}"]
        out = subprocess.run(command, capture_output=True, check=False).stdout.decode("utf-8", "replace")
        if form == "yaml":
            yield streams[start], out.rstrip("\n")
            continue
        for block in re.split(rf"(?=\n{RULE}\nFollow: )", out):
            found = re.search(r"^Filter: \S+ eq (\d+)$", block, re.M)
            if found:
                yield int(found[1]), block.strip("\n")


def difference(ours: str, theirs: str) -> str:
    """Where two texts begin to differ."""
    for number, (mine, other) in enumerate(zip_longest(ours.split("\n"), theirs.split("\n")), 1):
        if mine != other:
            return f"line {number}:\n    dfilter   {str(mine)[:150]}\n    reference {str(other)[:150]}"
    return "nowhere"


def compare(path: Path, kind: str, form: str, version: str, show: int = 3) -> tuple[int, int]:
    """(streams compared, streams equal) of a capture; prints the first differences."""
    streams = reference_streams(path, kind, version)
    if not streams:
        return 0, 0
    try:
        ours = AllStreams(path, kind, streams)
    except dfilter.CaptureError as error:
        print(f"{path.name}: {error}")
        return 0, 0
    compared = equal = 0
    for index, theirs in reference_texts(path, kind, form, streams, version):
        compared += 1
        mine = ours.text(kind, index, form)
        if mine == theirs.lstrip("\n"):
            equal += 1
        elif compared - equal <= show:
            print(f"{path} stream {index}: {difference(mine, theirs)}")
    return compared, equal


def captures(arguments: list[str], count: int, seed: int) -> list[Path]:
    """The captures in an order by chance; all that were named, in their order."""
    if arguments:
        return [each for name in arguments for each in _files(Path(name))]
    every = _files(CAPTURES)
    return random.Random(seed).sample(every, len(every))


def _files(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def run(paths: list[Path], count: int, kind: str, form: str, version: str) -> tuple[int, int, int]:
    """(captures with such streams, streams compared, streams equal)."""
    used = compared = equal = 0
    for path in paths:
        if used == count:
            break
        found, same = compare(path, kind, form, version)
        used += found > 0
        compared += found
        equal += same
    return used, compared, equal


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--captures", type=int, default=50)
    parser.add_argument("--kind", choices=("tcp", "udp", "tls", "http"), default="tcp")
    parser.add_argument("--form", default="raw")
    parser.add_argument("--version", default="4.4", help="of the reference")
    options = parser.parse_args()
    warnings.simplefilter("ignore", dfilter.CaptureWarning)
    chosen = captures(options.paths, options.captures, options.seed)
    count = len(chosen) if options.paths else options.captures
    used, compared, equal = run(chosen, count, options.kind, options.form, options.version)
    print(f"seed {options.seed}: {used} captures, {compared} {options.kind} streams compared, {equal} equal")
    return 0 if compared == equal else 1


if __name__ == "__main__":
    sys.exit(main())
