"""The tutorial's filters on the tutorial's captures select the frames that Wireshark selects.

In: tests/captures/tutorial.tsv, recorded by tests/captures/record.py from Wireshark 4.4.  Always holds: the
captures are the ones that tests/captures/make.py makes.
"""

import gzip
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import dfilter

CAPTURES = Path(__file__).parent / "captures"
TABLE = CAPTURES / "tutorial.tsv"


def expand(ranges: str) -> list[int]:
    """Frame numbers of "1-3,7"; "-" is none."""
    if ranges == "-":
        return []
    numbers: list[int] = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return numbers


def rows() -> Iterator[tuple[str, str, list[int]]]:
    for line in TABLE.read_text().splitlines():
        if not line.startswith("#"):
            capture, expression, frames = line.split("\t")
            yield capture, expression, expand(frames)


ROWS = list(rows())
NAMES = sorted({capture for capture, _, _ in ROWS})


@pytest.mark.parametrize(("capture", "expression", "expected"), ROWS, ids=[f"{c}: {e}" for c, e, _ in ROWS])
def test_filter_selects_what_wireshark_selects(capture: str, expression: str, expected: list[int]) -> None:
    assert dfilter.frames(str(CAPTURES / capture), expression, target="4.4") == expected


@pytest.mark.parametrize("capture", NAMES)
def test_one_pass_with_all_filters_selects_the_same(capture: str) -> None:
    wanted = {expression: expected for name, expression, expected in ROWS if name == capture}
    together = dfilter.FilterSet({expression: expression for expression in wanted}, target="4.4")
    assert together.frames(str(CAPTURES / capture)) == wanted


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the captures made anew."""
    folder = tmp_path_factory.mktemp("captures")
    subprocess.run([sys.executable, str(CAPTURES / "make.py"), str(folder)], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("capture", NAMES)
def test_captures_are_what_the_script_makes(remade: Path, capture: str) -> None:
    new, committed = (remade / capture).read_bytes(), (CAPTURES / capture).read_bytes()
    if capture.endswith(".gz"):  # how well deflate packs is the zlib's business
        new, committed = gzip.decompress(new), gzip.decompress(committed)
    assert new == committed


def test_the_script_makes_the_captures_of_the_table_and_no_other(remade: Path) -> None:
    assert sorted(path.name for path in remade.iterdir()) == NAMES


def test_captures_are_small() -> None:
    assert all((CAPTURES / name).stat().st_size < 60_000 for name in NAMES)


def test_every_filter_asked_of_all_captures_tells_frames_apart() -> None:
    sizes = {capture: len(expected) for capture, expression, expected in ROWS if expression == "frame"}
    answers: dict[str, dict[str, int]] = defaultdict(dict)
    for capture, expression, expected in ROWS:
        answers[expression][capture] = len(expected)
    common = {expression: found for expression, found in answers.items() if len(found) == len(NAMES)}
    assert len(common) > 30
    silent = [expression for expression, found in common.items() if not any(found.values())]
    everything = [expression for expression, found in common.items() if found == sizes]
    assert silent == []
    assert everything == ["frame"]
