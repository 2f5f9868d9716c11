"""When Python looks for garbage.

In: work that makes many objects, none of which is garbage.  Out: the same, without looking in vain.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

LARGE = 1 << 14
"""Characters of a filter from which looking for garbage takes a fifth of compiling it."""


@contextmanager
def collecting_later() -> Iterator[None]:
    """While this lasts no garbage is collected, in any thread; after it as before."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
