"""From text to verdict to running filter: parsing, checking, compiling, and a fresh `dfilter check`.

    python -m pytest benchmarks/test_language.py --benchmark-only

Groups `parse`, `check`, `compile`: one round is one tutorial filter, warm (its modules are loaded, the text was not
seen before where that would matter). Group `many`: 10,000 filters as people publish them. Group `process`: a fresh
process, beside the bare interpreter.
"""

from __future__ import annotations

import compileall
import itertools
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dfilter
from dfilter.language.parser import parse

ROOT = Path(__file__).parent.parent
_LINES = (ROOT / "tests/captures/tutorial_filters.txt").read_text("utf-8").splitlines()
TUTORIAL = [
    line.replace("{client}", "192.0.2.1").replace("{resolver}", "192.0.2.53")
    for line in _LINES
    if line[:1] not in ("", "#")
]
SHAPES = (
    "ip.addr == {address}",
    "tcp.port == {port} || udp.port == {port}",
    "ip.addr == {address} and tcp.port in {{{port}, 443, 8000..8100}}",
    "!(arp or icmp or dns) and ip.src != {address}",
    'http.request.method == "POST" and http.request.uri contains "/{port}.php"',
    'http.host matches "^host{port}\\\\.example\\\\.(com|net)$"',
    'tls.handshake.type == 1 and tls.handshake.extensions_server_name contains "n{port}"',
    'dns.qry.name contains "d{port}" && dns.flags.response == 0',
    'frame contains "{port}" && tcp.flags.syn == 1 && tcp.flags.ack == 0',
    "eth.addr[0:3] == 00:{byte}:83 || (bootp and ip.ttl < {byte})",
    "tcp.stream eq {port} && tcp.len > {byte} xor tcp.analysis.retransmission",
    'smb2.filename contains "{port}" || kerberos.CNameString == "u{port}"',
)
"""As in published collections: addresses, ports, strings, sets, patterns, deprecated names."""


def published(count: int) -> Iterator[str]:
    """Different filters of these shapes."""
    chance = random.Random(3)
    for shape in itertools.islice(itertools.cycle(SHAPES), count):
        address = ".".join(str(chance.randrange(1, 255)) for _ in range(4))
        yield shape.format(address=address, port=chance.randrange(1, 65536), byte=chance.randrange(10, 100))


@pytest.fixture
def one_by_one() -> Any:
    """The tutorial's filters in turn, a call each."""
    turn = itertools.cycle(TUTORIAL)
    return lambda: ((next(turn),), {})


@pytest.mark.parametrize("target", ["3.4", "4.0", "4.4", "4.6"])
@pytest.mark.benchmark(group="check")
def test_check(benchmark: Any, one_by_one: Any, target: str) -> None:
    for text in TUTORIAL:
        assert dfilter.check(text, target).text == text
    benchmark.pedantic(lambda text: dfilter.check(text, target), setup=one_by_one, rounds=500)
    assert benchmark.stats.stats.median < 0.001


@pytest.mark.benchmark(group="parse")
def test_parse(benchmark: Any, one_by_one: Any) -> None:
    assert all(parse(text).tree is not None for text in TUTORIAL)
    benchmark.pedantic(lambda text: parse(text), setup=one_by_one, rounds=500)


@pytest.mark.benchmark(group="compile")
def test_compile(benchmark: Any, one_by_one: Any) -> None:
    assert all(dfilter.compile(text).text == text for text in TUTORIAL)
    benchmark.pedantic(lambda text: dfilter.compile(text), setup=one_by_one, rounds=200)


@pytest.mark.benchmark(group="many")
def test_ten_thousand(benchmark: Any) -> None:
    texts = list(published(10_000))
    colours = benchmark.pedantic(lambda: [dfilter.check(text).colour for text in texts], rounds=1)
    assert len(colours) == 10_000
    assert "red" not in colours
    assert benchmark.stats.stats.max < 15


@pytest.mark.parametrize("command", ["pass", "check"])
@pytest.mark.benchmark(group="process")
def test_fresh_process(benchmark: Any, command: str) -> None:
    compileall.compile_dir(str(ROOT / "dfilter"), quiet=2)  # as an installer leaves it
    module = [sys.executable, "-m", "dfilter", "check", "tcp.port == 443 && ip.addr == 192.0.2.1"]
    arguments = module if command == "check" else [sys.executable, "-c", "pass"]
    benchmark.pedantic(lambda: subprocess.run(arguments, check=True, capture_output=True, cwd=ROOT), rounds=40)
