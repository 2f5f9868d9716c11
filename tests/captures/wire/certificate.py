"""X.509 certificates in DER (RFC 5280), well-formed but signed by nobody.

In: names and a label.  Out: DER bytes.  Always holds: the same arguments give the same bytes; keys and
signatures are pseudo-random and verify nothing.
"""

from .packets import pseudo_random

SEQUENCE, SET, INTEGER, BIT_STRING, OCTET_STRING, NULL = 0x30, 0x31, 0x02, 0x03, 0x04, 0x05
OBJECT_ID, UTF8_STRING, PRINTABLE_STRING, UTC_TIME, BOOLEAN = 0x06, 0x0C, 0x13, 0x17, 0x01
COMMON_NAME, ORGANIZATION, COUNTRY = "550403", "55040a", "550406"
SHA256_WITH_RSA, RSA = "2a864886f70d01010b", "2a864886f70d010101"
BASIC_CONSTRAINTS, KEY_USAGE, SUBJECT_ALT_NAME = "551d13", "551d0f", "551d11"


def der(tag: int, *parts: bytes) -> bytes:
    """One DER element of definite length (X.690 section 8.1)."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def _object_id(encoded: str) -> bytes:
    return der(OBJECT_ID, bytes.fromhex(encoded))


def _algorithm(encoded: str) -> bytes:
    return der(SEQUENCE, _object_id(encoded), der(NULL))


def _name(*attributes: tuple[str, str]) -> bytes:
    """A distinguished name; a country is a PrintableString (RFC 5280 appendix A.1)."""
    sets = []
    for kind, text in attributes:
        string = der(PRINTABLE_STRING if kind == COUNTRY else UTF8_STRING, text.encode())
        sets.append(der(SET, der(SEQUENCE, _object_id(kind), string)))
    return der(SEQUENCE, *sets)


def _positive(label: str, length: int) -> bytes:
    """A positive odd INTEGER of exactly `length` significant bytes."""
    raw = bytearray(pseudo_random(label, length))
    raw[0] |= 0x80
    raw[-1] |= 1
    return der(INTEGER, b"\0" + bytes(raw))


def _extension(kind: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = der(BOOLEAN, b"\xff") if critical else b""
    return der(SEQUENCE, _object_id(kind), flag, der(OCTET_STRING, value))


def certificate(common_name: str, issuer: str, *, authority: bool = False) -> bytes:
    """A certificate for a DNS name, or for an issuer when `authority` is set."""
    subject = _name((COUNTRY, "ZZ"), (ORGANIZATION, "Example"), (COMMON_NAME, common_name))
    issued_by = _name((COUNTRY, "ZZ"), (ORGANIZATION, "Example Trust"), (COMMON_NAME, issuer))
    key = der(SEQUENCE, _positive(f"{common_name}/modulus", 256), der(INTEGER, b"\x01\x00\x01"))
    public_key = der(SEQUENCE, _algorithm(RSA), der(BIT_STRING, b"\0" + key))
    validity = der(SEQUENCE, der(UTC_TIME, b"240601000000Z"), der(UTC_TIME, b"250601000000Z"))
    constraints = der(SEQUENCE, der(BOOLEAN, b"\xff")) if authority else der(SEQUENCE)
    usage = der(BIT_STRING, b"\x01\x06") if authority else der(BIT_STRING, b"\x05\xa0")
    extensions = [
        _extension(BASIC_CONSTRAINTS, constraints, critical=True),
        _extension(KEY_USAGE, usage, critical=True),
    ]
    if not authority:
        extensions.append(_extension(SUBJECT_ALT_NAME, der(SEQUENCE, der(0x82, common_name.encode()))))
    to_be_signed = der(
        SEQUENCE,
        der(0xA0, der(INTEGER, b"\x02")),
        _positive(f"{common_name}/serial", 16),
        _algorithm(SHA256_WITH_RSA),
        issued_by,
        validity,
        subject,
        public_key,
        der(0xA3, der(SEQUENCE, *extensions)),
    )
    signature = der(BIT_STRING, b"\0" + pseudo_random(f"{common_name}/signature", 256))
    return der(SEQUENCE, to_be_signed, _algorithm(SHA256_WITH_RSA), signature)
