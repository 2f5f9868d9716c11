"""What a message that carries a multipart body tells about it: the content type with its boundary.

In: the content type, told just before the body is dissected.  Out: `Envelope`, emptied by the body that takes it.
"""

from __future__ import annotations

from dfilter.packets.session import Session
from dfilter.slotted import slotted


@slotted
class Envelope:
    """The content type of the multipart body that is dissected next; empty if nobody told."""

    value: bytes = b""

    def take(self) -> bytes:
        """The content type, which then is used up."""
        value, self.value = self.value, b""
        return value


def envelope(session: Session) -> Envelope:
    """The session's envelope."""
    return session.memory("mime_multipart", Envelope)
