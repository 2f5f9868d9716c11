"""What grows and what does not: sizes of captures, of sets, numbers of filters.

    python -m benchmarks.scale FOLDER [NAME OF A SET: run it over the capture FOLDER, and no more]

In: a folder for captures (made there if they are missing).  Out: a section of docs/benchmarks.md, printed.  Each
figure is the least of three rounds.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.compare import Runs, ours, run

ROUNDS = 3
SIZES = (1_000_000, 10_000_000)
SET_FRAMES = 2_000_000
ADDRESSES = 10_000
FILTERS = 200

_KINDS: tuple[Callable[[int], str], ...] = (
    lambda i: f"ip.addr == 10.0.{i % 20}.{i}",
    lambda i: f"tcp.port == {i * 7 + 1}",
    lambda i: f"udp.port == {i + 1} and ip.src == 10.0.0.0/{8 + i % 20}",
    lambda i: f"tcp.flags.syn == 1 && tcp.dstport == {i}",
    lambda i: f"frame.len > {i * 5} && ip.ttl < {i}",
    lambda i: f"ip.src == 192.0.2.{i} or ip.dst == 198.51.100.{i}",
    lambda i: f"ipv6.addr == 2001:db8::{i:x}",
    lambda i: f"tcp.port in {{{i}, {i + 1}, {i + 1000}..{i + 1010}}}",
)


def main(folder: Path) -> None:
    for size in {*SIZES, SET_FRAMES}:
        if not (folder / f"{size}.pcap").exists():
            # in a process of its own, or its memory would count as the first memory of what is measured
            command = [sys.executable, "-m", "benchmarks.make_capture", str(size), str(folder / f"{size}.pcap")]
            subprocess.run(command, check=True)
    print("## What grows\n\n`tcp.port == 443`, counted:\n")
    print("| frames | processor seconds | MB, largest process |\n| ---: | ---: | ---: |")
    for size in SIZES:
        runs = Runs(size)
        for _ in range(ROUNDS):
            run(ours("tcp.port == 443", folder / f"{size}.pcap"), runs)
        print(f"| {size:,} | {min(runs.cpu):.2f} | {runs.memory:.0f} |", flush=True)
    print(f"\nWhole processes over {SET_FRAMES:,} frames:\n")
    print("| filters | seconds | times one | processor seconds | times one |\n| --- | ---: | ---: | ---: | ---: |")
    first: tuple[float, float] | None = None
    for name in _sets():
        runs = Runs(SET_FRAMES)
        for _ in range(ROUNDS):
            run([sys.executable, "-m", "benchmarks.scale", str(folder / f"{SET_FRAMES}.pcap"), name], runs)
        wall, cpu = min(runs.wall), min(runs.cpu)
        first = first or (wall, cpu)
        print(f"| {name} | {wall:.2f} | {wall / first[0]:.2f} | {cpu:.2f} | {cpu / first[1]:.2f} |", flush=True)


def _sets() -> dict[str, list[str]]:
    chance = random.Random(3)
    addresses = {".".join(str(chance.randrange(1, 255)) for _ in range(4)) for _ in range(ADDRESSES)}
    networks = {".".join(str(chance.randrange(1, 255)) for _ in range(3)) + ".0/24" for _ in range(2000)}
    return {
        "one address": ["ip.addr == 10.0.5.77"],
        f"a set of {ADDRESSES:,} addresses": [f"ip.addr in {{{', '.join(sorted(addresses))}}}"],
        "an `or` of 3,000 addresses": [" or ".join(f"ip.addr == {each}" for each in sorted(addresses)[:3000])],
        "a set of 2,000 networks": [f"ip.addr in {{{', '.join(sorted(networks))}}}"],
        f"{FILTERS} filters in one pass": [_KINDS[i % len(_KINDS)](i) for i in range(FILTERS)],
    }


def scan(capture: Path, name: str) -> None:
    """Run one of the sets over a capture, and print how many frames all its filters select."""
    import dfilter

    filters = dfilter.FilterSet({str(number): text for number, text in enumerate(_sets()[name])})
    print(sum(map(len, filters.frames(capture).values())))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        scan(Path(sys.argv[1]), sys.argv[2])
    else:
        main(Path(sys.argv[1]))
