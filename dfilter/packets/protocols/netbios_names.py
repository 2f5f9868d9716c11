"""NetBIOS names: first-level encoding and how a name is shown (RFC 1001 section 14).

In: encoded names.  Out: the texts that Wireshark 4.4 shows.  What always holds: bounded work, never an exception
on any text; a name that breaks the encoding becomes a text that says so.
"""

from __future__ import annotations

from dfilter.packets.region import Malformed, Region

_NAME_LENGTH = 16
MAX_NAME = 1023
"""Bytes of a name, scope and dots included, beyond which it is damaged."""
_NOT_A_LETTER = "not between A and Z in first-level encoding"


def decode_label(label: bytes) -> tuple[bytes, str]:
    """The 16 bytes that the first label stands for, or an empty string and what is wrong with it."""
    decoded = bytearray()
    for index in range(0, len(label), 2):
        if len(decoded) == _NAME_LENGTH:
            break
        if not 0x41 <= label[index] <= 0x5A:
            return b"", f"Illegal NetBIOS name (1st character {_NOT_A_LETTER})"
        if index + 1 == len(label):
            return b"", "Illegal NetBIOS name (odd number of bytes)"
        if not 0x41 <= label[index + 1] <= 0x5A:
            return b"", f"Illegal NetBIOS name (2nd character {_NOT_A_LETTER})"
        decoded.append(((label[index] - 0x41) << 4 | (label[index + 1] - 0x41)) & 0xFF)
    if len(decoded) != _NAME_LENGTH:
        return b"", f"Illegal NetBIOS name ({len(decoded)} bytes long)"
    return bytes(decoded), ""


def printable(name: bytes) -> str:
    """Name bytes as text: what is not printable ASCII in angle brackets, trailing spaces dropped."""
    shown = name.rstrip(b" ") or name
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else f"<{byte:02x}>" for byte in shown)


def read_netbios_name(region: Region, at: int) -> tuple[str, int | None, int]:
    """The name at `at`, in a message that is the region.

    Returns:
        its text with the type byte in angle brackets and the scope; the type byte, None for a name that is
        damaged; how many bytes it takes.
    """
    text, taken = _labels(region, at)
    label, dot, scope = text.partition(b".")
    decoded, problem = decode_label(label) if label else (b"", f"Illegal NetBIOS name (1st character {_NOT_A_LETTER})")
    if problem:
        return problem, None, taken
    shown = f"{printable(decoded[:15])}<{decoded[15]:02x}>"
    if dot:
        shown += "." + scope.decode("utf-8", "replace")
    return shown, decoded[15], taken


def _labels(region: Region, at: int) -> tuple[bytes, int]:
    """The labels at `at`, joined by dots up to the first NUL, and how many bytes they take (RFC 1002 section 4.1)."""
    labels: list[bytes] = []
    start, taken, total, visited = at, 0, 0, set[int]()
    while length := region.u8(at):
        if length & 0xC0 == 0xC0:
            taken = taken or at + 2 - start
            at = (length & 0x3F) << 8 | region.u8(at + 1)
            if at in visited or at == start:
                return b"<loop>", taken
            visited.add(at)
            continue
        if length & 0xC0:
            raise Malformed(f"label type 0x{length:02x}")
        labels.append(region.bytes(at + 1, length))
        at, total = at + 1 + length, total + 1 + length
        if total > MAX_NAME:
            return b"<too long>", taken or at - start
    return b".".join(labels).split(b"\0", 1)[0], taken or at + 1 - start
