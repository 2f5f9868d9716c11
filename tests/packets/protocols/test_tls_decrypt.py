"""TLS with the keys that the capture holds: sessions made here, and the traces of RFC 8448."""

from __future__ import annotations

import datetime
import ssl
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dfilter.captures.frame import Frame, Interface, Section
from dfilter.packets.protocols.tls_decrypt import expand_label, prf, suite_of
from dfilter.packets.protocols.tls_protection import chosen_protocol, extensions
from dfilter.packets.protocols.tls_secrets import TLS_KEY_LOG, KeyLog
from dfilter.packets.session import Needs, Session, needs_of
from tests.packets.protocols.http_wire import Talk
from tests.packets.protocols.tls_wire import client_hello, record, server_hello

pytest.importorskip("cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NO_ENCRYPT_THEN_MAC = 1 << 19
REQUEST = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nhi"
LARGE = b"HTTP/1.1 404 No\r\nContent-Length: 40000\r\n\r\n" + b"y" * 40000


@dataclass(slots=True)
class Sitting:
    """A TLS session as it goes over the wire, and its key log."""

    talk: Talk
    keys: bytes = b""
    ends: list[ssl.SSLObject] = field(default_factory=list)
    wires: list[ssl.MemoryBIO] = field(default_factory=list)

    def flush(self, sender: int) -> None:
        client_in, client_out, server_in, server_out = self.wires
        source, target = ((client_out, server_in), (server_out, client_in))[sender]
        sent = source.read()
        target.write(sent)
        for at in range(0, len(sent), 1400):
            (self.talk.server if sender else self.talk.client)(sent[at : at + 1400])

    def send(self, sender: int, data: bytes) -> None:
        self.ends[sender].write(data)
        self.flush(sender)


def certificate(folder: Path) -> str:
    """A file with a certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.test")])
    begin = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(5).not_valid_before(begin).not_valid_after(begin + datetime.timedelta(9000))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + private)
    return str(path)


def sit(folder: Path, port: int, version: str, ciphers: str = "", options: int = 0, alpn: str = "") -> Sitting:
    """A session whose handshake is done."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(certificate(folder))
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    for context in (server, client):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
        context.options |= options
        if ciphers:
            context.set_ciphers(ciphers)
        if alpn:
            context.set_alpn_protocols([alpn])
    log = folder / "keys"
    log.unlink(missing_ok=True)
    client.keylog_filename = str(log)
    sitting = Sitting(Talk(port), wires=[ssl.MemoryBIO() for _ in range(4)])
    client_in, client_out, server_in, server_out = sitting.wires
    sitting.ends = [client.wrap_bio(client_in, client_out), server.wrap_bio(server_in, server_out, server_side=True)]
    done = [False, False]
    for sender in (0, 1) * 4:
        try:
            if not done[sender]:
                sitting.ends[sender].do_handshake()
                done[sender] = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            pytest.skip(f"this OpenSSL does not speak {version} with {ciphers}: {error.reason}")
        sitting.flush(sender)
    assert all(done)
    sitting.keys = log.read_bytes()
    return sitting


def shown(sitting: Sitting, *names: str, keys: bytes | None = None, needs: Needs | None = None) -> dict[str, list[Any]]:
    """The values of fields in all frames, with the secrets of the session told before its first frame."""
    section = Section(secrets=[(TLS_KEY_LOG, sitting.keys if keys is None else keys)])
    origin = Interface(0, 1, section)
    foresight: dict[str, dict[int, list[Any]]] | None = None
    found: dict[str, list[Any]] = {}
    for _ in range(2):
        session = Session(needs, foresight=foresight)
        found = {name: [] for name in names}
        for number, (data, length) in enumerate(sitting.talk.frames, 1):
            view = session.dissect(Frame(number, number * 10**7, data, length, origin=origin))
            view.complete()
            for name in names:
                found[name] += view.get(name)
        assert not session.internal_errors
        foresight = session.foreseen
    return found


SUITES = {
    "1.3": ("TLSv1_3", "", 0),
    "1.2 GCM": ("TLSv1_2", "ECDHE-ECDSA-AES256-GCM-SHA384", 0),
    "1.2 CCM": ("TLSv1_2", "ECDHE-ECDSA-AES128-CCM8", 0),
    "1.2 ChaCha20": ("TLSv1_2", "ECDHE-ECDSA-CHACHA20-POLY1305", 0),
    "1.2 CBC": ("TLSv1_2", "ECDHE-ECDSA-AES128-SHA256", NO_ENCRYPT_THEN_MAC),
    "1.2 CBC, encrypt-then-MAC": ("TLSv1_2", "ECDHE-ECDSA-AES256-SHA", 0),
    "1.1 CBC": ("TLSv1_1", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", NO_ENCRYPT_THEN_MAC),
    "1.0 CBC": ("TLSv1", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", NO_ENCRYPT_THEN_MAC),
    "1.0 CBC, encrypt-then-MAC": ("TLSv1", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", 0),
}


@pytest.mark.parametrize("name", SUITES)
def test_http_inside(name: str, tmp_path: Path) -> None:
    version, ciphers, options = SUITES[name]
    sitting = sit(tmp_path, 443, version, ciphers, options)
    sitting.send(0, REQUEST)
    sitting.send(1, ANSWER)
    sitting.send(0, REQUEST[:9])
    sitting.send(0, REQUEST[9:])
    sitting.send(1, LARGE)
    found = shown(sitting, "http.request.method", "http.response.code", "http.file_data", "tls.handshake.type")
    assert found["http.request.method"] == ["GET", "GET"]
    assert found["http.response.code"] == [200, 404]
    assert found["http.file_data"] == [b"hi", b"y" * 40000]
    assert found["tls.handshake.type"].count(20) == 2


def test_records_of_a_message(tmp_path: Path) -> None:
    sitting = sit(tmp_path, 443, "TLSv1_3")
    first = len(sitting.talk.frames) + 1
    sitting.send(0, REQUEST[:9])
    sitting.send(0, REQUEST[9:])
    found = shown(sitting, "tls.segment", "tls.segment.count", "tls.reassembled.length", "tls.reassembled_in",
                  "tls.segment.data", "tls.reassembled.data")  # fmt: skip
    assert found == {
        "tls.segment": [first, first + 1],
        "tls.segment.count": [2],
        "tls.reassembled.length": [len(REQUEST)],
        "tls.reassembled_in": [first + 1],
        "tls.segment.data": [REQUEST[:9], REQUEST[9:]],
        "tls.reassembled.data": [REQUEST],
    }


def test_decrypted_handshake(tmp_path: Path) -> None:
    found = shown(sit(tmp_path, 9443, "TLSv1_3", alpn="h2"), "tls.handshake.type", "x509sat.uTF8String",
                  "tls.handshake.extensions_alpn_str", "tls.record.content_type", "tls.record.opaque_type")  # fmt: skip
    assert found["tls.handshake.type"] == [1, 2, 8, 11, 15, 20, 20, 4, 4]
    assert found["x509sat.uTF8String"] == ["a.test", "a.test"]
    assert found["tls.handshake.extensions_alpn_str"] == ["h2", "h2"]
    assert found["tls.record.content_type"] == [22, 22, 20, 22, 22, 22, 22, 20, 22, 22, 22]
    assert set(found["tls.record.opaque_type"]) == {23}


def test_mail_on_its_port(tmp_path: Path) -> None:
    sitting = sit(tmp_path, 465, "TLSv1_3")
    sitting.send(1, b"220 mx\r\n")
    sitting.send(0, b"EHLO x\r\n")
    found = shown(sitting, "smtp.response.code", "smtp.req.command")
    assert found == {"smtp.response.code": [220], "smtp.req.command": ["EHLO"]}


@pytest.mark.parametrize(("sent", "field"), [(REQUEST, "http"), (b"\x01\x02", "data")])
def test_unknown_port(sent: bytes, field: str, tmp_path: Path) -> None:
    sitting = sit(tmp_path, 9443, "TLSv1_2")
    sitting.send(0, sent)
    assert len(shown(sitting, field)[field]) == 1


@pytest.mark.parametrize(
    "keys", [b"", b"CLIENT_RANDOM 00 00\n", b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 48, b"\xff \xff \xff"]
)
def test_other_secrets_open_nothing(keys: bytes, tmp_path: Path) -> None:
    sitting = sit(tmp_path, 443, "TLSv1_2")
    sitting.send(0, REQUEST)
    found = shown(sitting, "http", "tls.app_data", keys=keys)
    assert not found["http"]
    assert len(found["tls.app_data"]) == 1


def test_wrong_secret_opens_nothing(tmp_path: Path) -> None:
    sitting = sit(tmp_path, 443, "TLSv1_3")
    sitting.send(0, REQUEST)
    wrong = b"\n".join(line[:-2] + b"00" for line in sitting.keys.splitlines())
    assert not shown(sitting, "http", keys=wrong)["http"]


def test_only_the_inside_is_wanted(tmp_path: Path) -> None:
    sitting = sit(tmp_path, 443, "TLSv1_3")
    sitting.send(0, REQUEST)
    assert len(shown(sitting, "http", needs=needs_of(["http"]))["http"]) == 1


def test_traffic_keys() -> None:
    """RFC 8448 section 3, keys of the server's handshake records."""
    secret = bytes.fromhex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
    assert expand_label(secret, "key", 16, "sha256").hex() == "3fce516009c21727d0f2e4e86ee403bc"
    assert expand_label(secret, "iv", 12, "sha256").hex() == "5d313eb2671276ee13000b30"


def test_prf_is_as_long_as_asked() -> None:
    for version in (0x0301, 0x0303):
        assert len(prf(b"secret", b"label", b"seed", 136, version, "sha384")) == 136


@pytest.mark.parametrize(
    ("number", "mode"),
    [(0x1301, "GCM"), (0x1303, "CHACHA20"), (0xC0AE, "CCM_8"), (0xC023, "CBC"), (0x0005, None), (0x0000, None)],
)
def test_suites(number: int, mode: str | None) -> None:
    suite = suite_of(number)
    assert (suite.mode if suite else None) == mode


def test_damaged_extensions() -> None:
    assert extensions(b"\0\x09\0\x10\0\x05\0\x03\x02h") == {16: b"\0\x03\x02h"}
    assert chosen_protocol(b"") is None
    assert chosen_protocol(b"\0\x09\0\x10\0\x05\0\x03\x02h2") == b"h2"


def test_key_log_reads_each_block_once() -> None:
    line = b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 32 + b"\r\n"
    section = Section(secrets=[(TLS_KEY_LOG, line), (1, b"CLIENT_RANDOM")])
    log = KeyLog()
    log.update(section)
    assert log.find("CLIENT_RANDOM", b"\xab" * 32) == b"\xcd" * 32
    assert section.secrets is not None
    section.secrets.append((TLS_KEY_LOG, b"# note\nCLIENT_RANDOM " + b"ac" * 32 + b" " + b"ce" * 48 + b"\\\n"))
    log.update(section)
    assert log.find("CLIENT_RANDOM", b"\xac" * 32) == b"\xce" * 48


def test_text_on_a_port_of_tls_is_not_tls() -> None:
    talk = Talk(443).client(REQUEST).server(ANSWER)
    for needs in (None, needs_of(["http"])):
        assert len(shown(Sitting(talk), "http", keys=b"", needs=needs)["http"]) == 2


@pytest.mark.parametrize("names", [None, ("http.request.method",)], ids=["all", "only the inside"])
def test_suites_that_do_not_encrypt_need_no_secrets(names: tuple[str, ...] | None) -> None:
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    sent = [record(22, client_hello()), record(22, server_hello(suite=0x0002)), record(20, b"\1"),
            record(23, request + bytes(20))]  # fmt: skip
    talk = Talk(443).client(sent[0]).server(sent[1]).client(sent[2] + sent[3])
    session, found = Session(None if names is None else needs_of(names)), list[Any]()
    for number, (data, length) in enumerate(talk.frames, 1):
        found += session.dissect(Frame(number, 0, data, length)).get("http.request.method")
    assert found == ["GET"]
    assert not session.internal_errors
