"""Hold the packet list's protocol and info against a real Wireshark.

    python -m tests.parity.columns FOLDER [--sample 150] [--seed 6] [--protocol TLS] [--show 10] [--keep FOLDER]

In: a folder with captures, and an oracle command whose `4.4 tshark` runs the reference (`-n`, one pass).  Out: by the
reference's protocol how many frames there are, in how many our protocol, our info, and both are the same; examples of
what differs.  `--keep` holds the reference's answers, so that they are asked for once.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from dfilter.captures.read import open_capture
from dfilter.errors import CaptureError
from dfilter.packets.session import Session, needs_of
from tests.parity.compare import ORACLE

Row = tuple[str, str]
_LARGEST = 2 * 1024 * 1024


def reference(path: Path, keep: Path | None) -> list[Row]:
    """Protocol and info of each frame, as the reference's packet list has them."""
    stored = keep / hashlib.sha256(str(path).encode()).hexdigest() if keep else None
    if stored is not None and stored.exists():
        text = stored.read_bytes()
    else:
        command = [ORACLE, "4.4", "tshark", "-n", "-r", str(path.resolve()), "-T", "fields",
                   "-e", "_ws.col.protocol", "-e", "_ws.col.info", "-E", "separator=/t"]  # fmt: skip
        text = subprocess.run(command, capture_output=True, check=False).stdout
        if stored is not None:
            stored.write_bytes(text)
    rows = (line.partition("\t") for line in text.decode("utf-8", "replace").split("\n")[:-1])
    return [(_unescaped(protocol), _unescaped(info)) for protocol, _, info in rows]


def _unescaped(text: str) -> str:
    """What stood in the column before the output escaped it."""
    return text.replace("\\\\", "\\")


def ours(path: Path) -> Iterator[Row]:
    """The same of dfilter."""
    session = Session(needs_of(None))
    try:
        for frame in open_capture(path):
            view = session.dissect(frame)
            view.complete()
            yield tuple("".join(view.text(name)) for name in ("_ws.col.protocol", "_ws.col.info"))  # type: ignore[misc]
    except CaptureError as error:
        print(f"{path}: {error}", file=sys.stderr)


def sample(folder: Path, size: int, seed: int) -> list[Path]:
    """Some of the captures below a folder, chosen at random; very large ones are left out."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size < _LARGEST)
    return sorted(random.Random(seed).sample(found, min(size, len(found))))


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the packet list with the reference's.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--protocol", action="append", default=[], help="show examples of this protocol only")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    shown: Counter[str] = Counter()
    for path in sample(options.folder, options.sample, options.seed):
        for number, (there, here) in enumerate(zip(reference(path, options.keep), ours(path), strict=False), 1):
            tally = counts[there[0]]
            tally.update(("frames",))
            tally.update(name for name, same in (("protocol", there[0] == here[0]), ("info", there[1] == here[1]),
                                                 ("both", there == here)) if same)  # fmt: skip
            wanted = not options.protocol or there[0] in options.protocol
            if there != here and wanted and shown[there[0]] < options.show:
                shown[there[0]] += 1
                print(f"{path}:{number}\n  wireshark {there}\n  dfilter   {here}")
    report(counts)


def report(counts: dict[str, Counter[str]]) -> None:
    """A line a protocol, those with most frames first."""
    total: Counter[str] = sum(counts.values(), Counter())
    print(f"{'':20} {'frames':>8} {'protocol':>9} {'info':>9} {'both':>9}")
    for name, tally in [("all", total), *sorted(counts.items(), key=lambda item: -item[1]["frames"])]:
        shares = (f"{100 * tally[part] / tally['frames']:8.2f}%" for part in ("protocol", "info", "both"))
        print(f"{name:20} {tally['frames']:8} {' '.join(shares)}")


if __name__ == "__main__":
    main()
