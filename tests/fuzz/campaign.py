"""Dissect damaged captures for a while and note what must not happen.

In: captures, seconds, a seed.  Out: `Findings`: exceptions out of a view, faults in dissectors, slow frames, memory.
What always holds: a frame counts as slow only if it is so again alone; what a run did can be repeated by its seed.
"""

from __future__ import annotations

import gc
import random
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from dfilter.captures.read import open_capture
from dfilter.errors import CaptureError
from dfilter.packets.session import RawFrame, Session
from tests.fuzz.mutate import mutated

SLOW = 0.050
"""Seconds that no frame may take; for frames longer than `ORDINARY`, seconds for that many bytes."""
ORDINARY = 32_768
MAX_FRAMES = 150
"""Frames of one capture: enough for handshakes and reassembly, few enough to see many captures."""
TRIES = 5
"""How often a frame is measured again; the fastest counts: the machine may be busy."""
WINDOW = 60
"""Frames dissected before a slow frame, so that it is slow in the same state."""


@dataclass(slots=True)
class Findings:
    """What went wrong, one line each, and how much was seen."""

    rounds: int = 0
    frames: int = 0
    faults: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def growth(self) -> int:
        """Bytes of resident memory gained since a fifth of the run was over; 0 where that cannot be told."""
        settled = self.memory[len(self.memory) // 5 :]
        return max(settled[-1] - settled[0], 0) if settled else 0


def load(path: Path) -> list[RawFrame]:
    """The first frames of a capture; none of a file that is no capture."""
    try:
        with open_capture(path) as capture:
            return [RawFrame(frame.number, frame.time, frame.data, frame.wire_length, frame.link_type)
                    for frame in islice(capture, MAX_FRAMES)]  # fmt: skip
    except CaptureError:
        return []


def run(paths: Sequence[Path], seconds: float, seed: int) -> Findings:
    """Damage and dissect until the time is over."""
    findings = Findings()
    end = time.monotonic() + seconds
    for path, frames in _captures(paths, random.Random(seed)):
        if time.monotonic() >= end:
            break
        round_seed = f"{seed}/{findings.rounds}"
        _dissect(findings, f"{path.name} seed {round_seed}", mutated(frames, random.Random(round_seed)), end)
        findings.rounds += 1
        if findings.rounds % 20 == 0:
            gc.collect()
            findings.memory.append(resident_memory())
    return findings


def _captures(paths: Sequence[Path], rng: random.Random) -> Iterator[tuple[Path, list[RawFrame]]]:
    """Captures by chance, without end; only the one in use is held in memory."""
    while True:
        path = rng.choice(paths)
        frames = load(path)
        if frames:
            yield path, frames


def _dissect(findings: Findings, where: str, frames: Sequence[RawFrame], end: float) -> None:
    session = Session()
    for index, frame in enumerate(frames):
        if time.monotonic() >= end:
            return
        started = time.perf_counter()
        try:
            look_at_everything(session, frame)
        except Exception:
            findings.faults.append(f"{where} frame {frame.number}: {traceback.format_exc(limit=-3)}")
            return
        spent = time.perf_counter() - started
        findings.frames += 1
        allowed = SLOW * max(len(frame.data) / ORDINARY, 1)
        if spent > allowed:
            spent = min(spent, _measured_again(frames[max(index - WINDOW, 0) : index + 1]))
            if spent > allowed:
                findings.slow.append(f"{where} frame {frame.number}: {spent * 1000:.0f} ms")
        findings.slowest = max(findings.slowest, spent)
    findings.faults += [f"{where} frame {number}: {error}" for number, error in session.internal_errors]


def look_at_everything(session: Session, frame: RawFrame) -> None:
    """Dissect a frame and read every field, as a filter that asks for all of them would."""
    view = session.dissect(frame)
    view.complete()
    for layer in view.layers:
        layer.item_bytes()
    for name in {each.name for layer in view.layers for each in layer.protocol.fields if each.is_header}:
        session.reader_of(name)(view)
    if view.source and view.protocol:
        _ = view.info


def _measured_again(frames: Sequence[RawFrame]) -> float:
    """The shortest time that the last of these frames takes after the others."""
    best = float("inf")
    for _ in range(TRIES):
        session = Session()
        for frame in frames[:-1]:
            session.dissect(frame)
        started = time.perf_counter()
        look_at_everything(session, frames[-1])
        best = min(best, time.perf_counter() - started)
    return best


def resident_memory() -> int:
    """Bytes of memory in use by this process; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    if not sys.platform.startswith("linux") or not status.exists():
        return 0
    return int(status.read_text("ascii").split()[1]) * 4096
