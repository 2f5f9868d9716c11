"""Frames and bytes over time as a PNG file, drawn by matplotlib (the extra `chart`).

In: intervals.  Out: a file.  Always: importing this module fails with a message that says what to install.
"""

from __future__ import annotations

import dfilter
from dfilter.cli.text import whole
from dfilter.whole import whole_file

try:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
except ImportError:
    raise dfilter.DfilterError("drawing needs matplotlib: pip install 'dfilter-engine[chart]'") from None

_SECOND = 10**9
_MOST = 10_000


def refuse_name(path: str) -> None:
    """Raises DfilterError: `path` does not end in .png."""
    if not path.lower().endswith(".png"):
        raise dfilter.DfilterError(f"--png {path}: the name must end in .png")


def draw(table: dfilter.Intervals, path: str, title: str) -> None:
    """Draw a step line each for frames and bytes; the file is written whole.

    Raises:
        OSError: it cannot be written.
    """
    rows = table.rows(_MOST)
    edges = [row.start / _SECOND for row in rows] + [(rows[-1].start + table.length) / _SECOND]
    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    frames = figure.add_subplot()
    frames.stairs([row.frames for row in rows], edges, fill=True, color="tab:blue", alpha=0.5)
    frames.set_ylabel(f"frames per {table.length / _SECOND:g} s", color="tab:blue")
    frames.set_xlabel("seconds since the first frame")
    octets = frames.twinx()
    octets.stairs([row.bytes for row in rows], edges, color="tab:red")
    octets.set_ylabel("bytes", color="tab:red")
    frames.set_title(whole(title).replace("$", r"\$")[:120], parse_math=False)
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=120)
