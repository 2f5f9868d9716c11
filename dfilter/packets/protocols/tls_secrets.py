"""The secrets of TLS connections that a capture file carries itself.

In: the Decryption Secrets Blocks that pcapng sections hold (`Section.secrets`), TLS key logs (RFC 9850) among them.
Out: secrets by label and client random.  What always holds: a line that is no secret is passed over; how many are
kept is bounded; each block is read once.
"""

from __future__ import annotations

import re
from typing import Any

from dfilter.packets.view import View

TLS_KEY_LOG = 0x544C534B
MAX_SECRETS = 200_000
"""Lines kept: four or five a connection."""
_LINE = re.compile(rb"([A-Z0-9_]{1,64}) ([0-9A-Fa-f]{64}) ((?:[0-9A-Fa-f]{2}){32,64})")
"""Wireshark 4.4 takes what follows the secret for nothing."""
LABELS = frozenset({
    "CLIENT_RANDOM", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0", "CLIENT_EARLY_TRAFFIC_SECRET",
})  # fmt: skip


class KeyLog:
    """The secrets of a session, as far as its capture has told them."""

    def __init__(self) -> None:
        self._secrets: dict[tuple[str, bytes], bytes] = {}
        self._section: Any = None
        self._read = 0

    def find(self, label: str, client_random: bytes) -> bytes | None:
        """The secret of the connection with this client random; None if it is not known."""
        return self._secrets.get((label, client_random))

    def update(self, section: Any) -> None:
        """Read the blocks of a section that came since the last time."""
        if section is not self._section:
            self._section, self._read = section, 0
        for kind, data in section.secrets[self._read :]:
            if kind == TLS_KEY_LOG:
                self._add(data)
        self._read = len(section.secrets)

    def _add(self, text: bytes) -> None:
        for line in text.splitlines():
            if len(self._secrets) >= MAX_SECRETS:
                return
            found = _LINE.match(line)
            if found is not None:
                label, random, secret = found[1].decode("ascii"), found[2].decode("ascii"), found[3].decode("ascii")
                if label in LABELS:
                    self._secrets[label, bytes.fromhex(random)] = bytes.fromhex(secret)


def key_log(view: View) -> KeyLog | None:
    """The secrets told so far; None where the capture has told none."""
    section = section_of(view)
    if section is None or not section.secrets:
        return None
    known = view.session.memory("tls.secrets", KeyLog)
    known.update(section)
    return known


def section_of(view: View) -> Any:
    """The pcapng section of the frame, if it may hold secrets."""
    section = getattr(getattr(view.frame, "origin", None), "section", None)
    return section if getattr(section, "secrets", None) is not None else None
