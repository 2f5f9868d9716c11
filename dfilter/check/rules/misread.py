"""W302: more is nested than Wireshark's parser can hold.

Beyond about a hundred pending symbols it forgets everything read so far and goes on behind that place, as if the
filter began there.  Where the rest happens to be a filter, it runs that one.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, diagnostic
from dfilter.check.rules.context import Context

CODE = "W302"
_SHOWN = 60


def check(context: Context) -> Iterator[Diagnostic]:
    """One warning for what is forgotten."""
    if context.forgotten is None:
        return
    rest = context.text[context.forgotten.end :].strip()
    what = "only what follows" if rest else "a filter that matches all"
    if 0 < len(rest) <= _SHOWN:
        what = f"`{rest}` alone"
    message = f"the filter is nested too deeply: Wireshark forgets this part and runs {what}"
    yield diagnostic(CODE, message, context.forgotten, notes=("dfilter selects the same frames as Wireshark",))
