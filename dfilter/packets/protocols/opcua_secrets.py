"""The keys of OPC UA channels that a capture file carries itself, and what they decrypt.

In: the Decryption Secrets Blocks of OPC UA that a section holds, lines like `client_key_1_2: 00ff` for channel 1 and
token 2.  Out: keys, and plain bytes.  What always holds: how many lines are kept is bounded; without the cryptography
library, or for keys of a length that AES does not have, there is nothing.
"""

from __future__ import annotations

import re
from typing import Any

from dfilter.packets.protocols.tls_secrets import section_of
from dfilter.packets.view import View
from dfilter.slotted import frozen

OPC_UA_KEY_LOG = 0x55414B4C
MAX_LINES = 100_000
BLOCK = 16
_LINE = re.compile(rb"(client|server)_(iv|key|siglen)_(\d{1,10})_(\d{1,10}): *([0-9A-Fa-f]{1,128})")


@frozen
class ChannelKeys:
    """What protects the messages of one side of a channel; `signature`: how long their signatures are."""

    key: bytes
    iv: bytes
    signature: int


class _KeyLog:
    def __init__(self) -> None:
        self.values: dict[tuple[str, str, int, int], bytes] = {}
        self._section: Any = None
        self._read = 0

    def update(self, section: Any) -> None:
        if section is not self._section:
            self._section, self._read = section, 0
        for kind, data in section.secrets[self._read :]:
            for found in _LINE.finditer(data) if kind == OPC_UA_KEY_LOG else ():
                if len(self.values) < MAX_LINES:
                    side, name, channel, token = found[1].decode(), found[2].decode(), int(found[3]), int(found[4])
                    self.values[side, name, channel, token] = found[5]
        self._read = len(section.secrets)


def channel_keys(view: View, side: str, channel: int, token: int) -> ChannelKeys | None:
    """The keys of one side ("client", "server") of a channel; None where the capture does not tell them."""
    section = section_of(view)
    if section is None or not section.secrets:
        return None
    log = view.session.memory("opcua.secrets", _KeyLog)
    log.update(section)
    key, iv, length = (log.values.get((side, name, channel, token)) for name in ("key", "iv", "siglen"))
    if key is None or iv is None or len(key) % 2 or len(iv) != 2 * BLOCK or not (length or b"0").isdigit():
        return None
    return ChannelKeys(bytes.fromhex(key.decode()), bytes.fromhex(iv.decode()), int(length or b"0"))


def decrypt(keys: ChannelKeys, data: bytes) -> bytes | None:
    """The plain bytes of a message behind its token, with padding and signature."""
    if len(data) % BLOCK or len(data) < BLOCK + keys.signature or len(keys.key) not in (16, 24, 32):
        return None
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    except ImportError:
        return None
    decryptor = Cipher(algorithms.AES(keys.key), modes.CBC(keys.iv)).decryptor()
    return bytes(decryptor.update(data) + decryptor.finalize())
