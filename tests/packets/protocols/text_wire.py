"""Conversations of text protocols written as tables, and what is to be seen in them.

In: a script, one segment a line ("C text" from the client, "S text" from the server, with Python's escapes) and a
table of expectations ("field: frame=value frame=value ...", values as Python writes them, `;` between several).
Frames 1 to 3 are the handshake.
"""

from __future__ import annotations

import random
from typing import Any

from dfilter.packets.session import RawFrame, Session
from dfilter.packets.view import View
from tests.packets.protocols.http_wire import Talk, shown, two_passes


def conversation(port: int, script: str) -> Talk:
    """The frames of a script."""
    talk = Talk(port)
    for line in script.strip().splitlines():
        sender, _, text = line.strip().partition(" ")
        payload = text.encode("latin-1").decode("unicode_escape").encode("latin-1")
        (talk.client if sender == "C" else talk.server)(payload)
    return talk


def plain(value: Any) -> str:
    """A value as the tables write it; items without a value are "-"."""
    return "-" if value is None or not isinstance(value, str | int | bytes) else repr(value)


def check(views: list[View], expectations: str) -> None:
    """Every field of the table has exactly these values in exactly these frames."""
    for line in expectations.strip().splitlines():
        field, _, rest = line.strip().partition(": ")
        found = {frame: ";".join(map(plain, values)) for frame, values in shown(views, field).items()}
        wanted = {}
        for part in rest.split(" | "):
            if part.strip() not in ("", "none"):
                frame, _, value = part.strip().partition("=")
                wanted[int(frame)] = value
        assert found == wanted, field


def check_script(port: int, script: str, expectations: str) -> None:
    check(conversation(port, script).views(), expectations)


def check_damage(port: int, script: str, rounds: int = 40) -> None:
    """Random bytes in the segments of a script: nothing raises, nothing fails inside."""
    rng = random.Random(port)
    frames = conversation(port, script).frames
    for _ in range(rounds):
        session = Session()
        for number, (data, length) in enumerate(frames, 1):
            broken = bytearray(data)
            for _ in range(rng.randint(0, 4)):
                if len(broken) > 54:
                    broken[rng.randrange(54, len(broken))] = rng.choice((0, 0x0A, 0x0D, 0x20, 0xFF, rng.randrange(256)))
            session.dissect(RawFrame(number, number * 10**7, bytes(broken), length, 1)).complete()
        assert not session.internal_errors


__all__ = ["check", "check_damage", "check_script", "conversation", "two_passes"]
