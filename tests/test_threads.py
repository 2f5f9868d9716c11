"""Compiled filters, filter sets and the catalogue are shared by threads; sessions and captures belong to one each."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dfilter

CAPTURES = Path(__file__).parent / "captures"
BOT, RAT, SPAM = (str(CAPTURES / name) for name in ("bot-http.pcap", "rat-dns.pcapng", "spambot.pcap"))
FILTERS = ["http.request", "tcp.port == 443", "tcp.analysis.flags", 'dns.qry.name contains "example"',
           "tls.handshake.type == 1 or (tcp.flags.syn == 1 and tcp.flags.ack == 0)", 'frame matches "user[0-9]"',
           "http.response_in", "tcp.stream == 3", 'lower(http.host) contains "panel"']  # fmt: skip
THREADS = 8


def at_once(work: Callable[[int], object]) -> list[object]:
    """`work(number)` in every thread, begun together."""
    start = threading.Barrier(THREADS)

    def run(number: int) -> object:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_one_filter_on_captures_in_many_threads() -> None:
    compiled = [dfilter.compile(text) for text in FILTERS]
    captures = (BOT, RAT, SPAM)
    alone = [[dfilter.frames(capture, one) for one in compiled] for capture in captures]

    def work(number: int) -> bool:
        capture = number % len(captures)
        return [dfilter.frames(captures[capture], one) for one in compiled] == alone[capture]

    assert all(at_once(work))


def test_one_filter_on_frames_in_many_threads() -> None:
    frames = [frame.data for frame in dfilter.read(SPAM, "", fields=())]
    compiled = [dfilter.compile(text) for text in FILTERS]
    together = dfilter.FilterSet({text: text for text in FILTERS})

    def answers() -> list[object]:
        session = dfilter.Session()
        views = [session.feed(data) for data in frames]
        return [[one.matches(data) for data in frames] + [one.matches(view) for view in views] for one in compiled] + [
            [together.matches(data) for data in frames]
        ]

    alone = answers()
    assert all(found == alone for found in at_once(lambda _: answers()))


def test_the_first_use_may_be_in_many_threads() -> None:
    """A fresh process, in which nothing is loaded when eight threads begin."""
    code = f"""
import sys, threading, dfilter
found, start = [], threading.Barrier({THREADS})
def work(number):
    start.wait()
    dfilter.check(["tcp.prt == 1", "dns && ip || udp", "http.host", "a b"][number % 4])
    found.append(dfilter.frames({BOT!r}, "http.request and tcp.dstport in {{80, 8080}}"))
sys.setswitchinterval(1e-5)
threads = [threading.Thread(target=work, args=(number,)) for number in range({THREADS})]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found), len(set(map(tuple, found))), len(found[0]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CAPTURES.parents[1]
    )
    assert done.stdout.split()[:2] == [str(THREADS), "1"], done.stderr
    assert int(done.stdout.split()[2]) > 3
