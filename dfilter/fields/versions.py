"""The Wireshark versions whose language dfilter speaks.

In: nothing.  Out: `Version`, ordered; `NEWEST`, the default target.
"""

from __future__ import annotations

from enum import IntEnum


class Version(IntEnum):
    """A Wireshark release line; members compare in order of release."""

    V3_4 = 304
    V4_0 = 400
    V4_4 = 404
    V4_6 = 406

    @property
    def text(self) -> str:
        """The spelling users type: ``"4.6"``."""
        return f"{self // 100}.{self % 100}"

    @classmethod
    def parse(cls, text: str) -> Version:
        """The version spelled `text`; `ValueError` names the versions that exist."""
        for version in cls:
            if version.text == text:
                return version
        known = ", ".join(version.text for version in cls)
        raise ValueError(f"unknown Wireshark version {text!r}; known versions: {known}")


NEWEST = Version.V4_6
