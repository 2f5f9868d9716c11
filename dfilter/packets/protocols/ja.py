"""Fingerprints of TLS hellos: JA3 and JA3S (Salesforce, 2017) and JA4 (FoxIO, 2023).

In: the lists of a hello.  Out: texts.  Values that clients insert at random (GREASE, RFC 8701) never count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from dfilter.packets.protocols.tls_extensions import HelloFacts

SERVER_NAME, ALPN = 0, 16
JA4_NOTHING = "000000000000"
_JA4_VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2",
                 0x0100: "s1", 0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3"}  # fmt: skip


def is_grease(value: int) -> bool:
    """Is it one of the sixteen 0x?A?A values with equal bytes?"""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


def _dashed(values: Iterable[int]) -> str:
    return "-".join(str(value) for value in values if not is_grease(value))


def ja3_text(hello: HelloFacts) -> str:
    """The text under a JA3: version, suites, extensions, groups, point formats."""
    lists = (hello.suites, hello.extensions, hello.groups, hello.point_formats)
    return ",".join([str(hello.version), *map(_dashed, lists)])


def ja3s_text(hello: HelloFacts) -> str:
    """The text under a JA3S: version, suite, extensions."""
    return ",".join([str(hello.version), _dashed(hello.suites), _dashed(hello.extensions)])


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _hex(values: Iterable[int]) -> list[str]:
    return [f"{value:04x}" for value in values if not is_grease(value)]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else JA4_NOTHING


def _alpn_ends(protocols: Sequence[bytes]) -> str:
    """First and last character of the first protocol name, of its hexadecimal form if they are not alphanumeric."""
    if not protocols or not protocols[0]:
        return "00"
    ends = protocols[0][:1] + protocols[0][-1:]
    if ends.isalnum():
        return ends.decode("ascii")
    shown = protocols[0].hex()
    return shown[0] + shown[-1]


def ja4(hello: HelloFacts, transport: str) -> tuple[str, str]:
    """(JA4, JA4_r) of a client hello; `transport` is t for TCP, q for QUIC, d for DTLS."""
    versions = [version for version in hello.versions if not is_grease(version)]
    version = _JA4_VERSIONS.get(max(versions, default=hello.version), "00")
    suites, extensions = sorted(_hex(hello.suites)), _hex(hello.extensions)
    head = (f"{transport}{version}{'d' if hello.has_server_name else 'i'}{min(len(suites), 99):02}"
            f"{min(len(extensions), 99):02}{_alpn_ends(hello.protocols)}")  # fmt: skip
    suite_text = ",".join(suites)
    skipped = (f"{SERVER_NAME:04x}", f"{ALPN:04x}")
    extension_text = ",".join(sorted(item for item in extensions if item not in skipped))
    if hello.signature_algorithms:
        extension_text += "_" + ",".join(_hex(hello.signature_algorithms))
    hashed = f"{head}_{_digest(suite_text)}_{_digest(extension_text)}"
    return hashed, f"{head}_{suite_text}_{extension_text}"
