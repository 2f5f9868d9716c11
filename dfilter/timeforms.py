"""The forms in which a packet list shows a frame's time.

In: nothing.  Out: their names, as `tshark -t` has them.  Always: importing this module loads nothing.
"""

from __future__ import annotations

TIME_FORMATS = ("a", "ad", "adoy", "d", "dd", "e", "r", "u", "ud", "udoy")
"""Absolute (local; with date; with day of year), delta, delta to the frame shown before, seconds since 1970, relative
to the first frame, UTC (with date; with day of year)."""
