"""Damaged captures: streams, bodies, statistics and details of them end, with an error of dfilter's at most."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

import dfilter
from dfilter.cli.paint import painter
from dfilter.cli.show import lines
from dfilter.stats.gather import KINDS

CAPTURES = Path(__file__).parents[1] / "captures"


def damaged(name: str, seed: int) -> bytes:
    """A capture with bytes changed, and perhaps cut."""
    chance = random.Random(seed)
    data = bytearray((CAPTURES / name).read_bytes())
    for _ in range(40):
        data[chance.randrange(24, len(data))] = chance.randrange(256)
    if seed % 2:
        del data[chance.randrange(len(data) // 2, len(data)) :]
    return bytes(data)


@pytest.mark.filterwarnings("ignore::dfilter.CaptureWarning")
@pytest.mark.parametrize(("name", "seed"), [("bot-http.pcap", 1), ("ftp-exfiltration.pcap", 2), ("spambot.pcap", 3)])
def test_nothing_but_errors_of_dfilter(name: str, seed: int) -> None:
    data, reached = damaged(name, seed), 0
    for kind in ("tcp", "udp", "tls", "http"):
        try:
            reached += sum(1 for _ in dfilter.follow_stream(io.BytesIO(data), kind, 0).lines("hex"))
        except dfilter.DfilterError:
            continue
    try:
        reached += sum(1 for _ in dfilter.http_bodies(io.BytesIO(data), 0))
        kinds = [kind for kind in KINDS if not kind.startswith("io,stat")]
        reached += dfilter.statistics(io.BytesIO(data), [*kinds, "io,stat,auto"]).frames
        detail = dfilter.show_frame(io.BytesIO(data), 22)
        reached += sum(1 for _ in lines(detail, detail.layers[-1].fields, painter(), 120))
    except dfilter.DfilterError:
        pass
    assert reached
