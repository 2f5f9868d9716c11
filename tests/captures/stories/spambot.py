"""A spambot: many MX and A lookups, STARTTLS sessions, and mails in plain text."""

from wire.dns import Record, Resolver, Type
from wire.lan import Lan
from wire.story import MILLISECOND, SECOND, Story
from wire.tcp import TcpConversation
from wire.text import lines, mail
from wire.tls import Secure, Version

HELLO = "EHLO desktop-spam.example.net"
SENDER = "offers@bulk.example.net"
DOMAINS = ("example.com", "mail.example", "post.example", "shop.example", "school.example", "club.example",
           "news.example", "bank.example", "travel.example", "garden.example")  # fmt: skip


def tell() -> Story:
    """Client 10.11.9.66, name server 10.11.9.1, mail servers 192.0.2.10-19."""
    story = Story("spambot", "2024-11-09T05:30:00")
    lan = Lan(story, "10.11.9", 66)
    dns = Resolver(story, lan.client, lan.gateway, latency=12 * MILLISECOND)
    story.resolve_mac(0, lan.client, lan.gateway)
    ready = []
    for number, domain in enumerate(DOMAINS):
        at = SECOND + number * 35 * MILLISECOND
        ready.append(dns.mail_exchange(at, domain, f"mx1.{domain}", _ip(number)))
    for number, domain in enumerate(("nowhere.example", "gone.example", "expired-domain.example")):
        at = (1500 + 40 * number) * MILLISECOND
        dns.lookup(at, domain, qtype=Type.MX, zone="example", missing=True)
    policies = tuple(Record("example.com", Type.TXT, f"part{i}=" + "x" * 120) for i in range(6))
    dns.truncated_then_tcp(1600 * MILLISECOND, "example.com", *policies, qtype=Type.TXT)
    for number, mode in enumerate(
        (_starttls, _starttls, _plain, _plain, _pipelined, _refused, _blocked, _log_in)
    ):
        mode(lan, number, ready[number] + number * 300 * MILLISECOND)
    server = lan.remote(_ip(8))
    TcpConversation(story, lan.client, server, 25, 2 * SECOND).syn(1 * SECOND, 2 * SECOND, 4 * SECOND)
    lan.ssdp_search(4 * SECOND, 2)
    return story


def _ip(number: int) -> str:
    return f"192.0.2.{10 + number}"


def _connect(lan: Lan, number: int, at: int, port: int = 25) -> TcpConversation:
    tcp = TcpConversation(
        lan.story, lan.client, lan.remote(_ip(number)), port, at, rtt=(45 + 9 * number) * MILLISECOND
    )
    tcp.open().pause(60 * MILLISECOND).server(lines(f"220 mx1.{DOMAINS[number]} ESMTP Postfix"))
    return tcp


def _capabilities(number: int, *words: str) -> bytes:
    texts = [f"mx1.{DOMAINS[number]}", "SIZE 52428800", "8BITMIME", *words]
    return lines(*(f"250-{text}" for text in texts[:-1]), f"250 {texts[-1]}")


def _starttls(lan: Lan, number: int, at: int) -> None:
    """EHLO, STARTTLS, then everything inside TLS."""
    tcp = _connect(lan, number, at)
    tcp.client(lines(HELLO)).server(_capabilities(number, "PIPELINING", "STARTTLS"))
    tcp.client(lines("STARTTLS")).server(lines("220 2.0.0 Ready to start TLS"))
    version = Version.TLS13 if number % 2 else Version.TLS12
    session = Secure(tcp, f"mx1.{DOMAINS[number]}", version, alpn=()).handshake()
    session.client(52).server(180).client(60).server(40).client(1700).server(45)
    session.close()


def _envelope(tcp: TcpConversation, number: int) -> None:
    tcp.client(lines(f"MAIL FROM:<{SENDER}>")).server(lines("250 2.1.0 Ok"))
    tcp.client(lines(f"RCPT TO:<victim{number}@{DOMAINS[number]}>")).server(lines("250 2.1.5 Ok"))
    tcp.client(lines("DATA")).server(lines("354 End data with <CR><LF>.<CR><LF>"))


def _message(number: int, rows: int) -> bytes:
    body = [f"{i:03d} Dear friend, claim your example prize at http://prize.example/{i}" for i in range(rows)]
    body.insert(2, ".hidden dot")
    return mail(
        SENDER, f"victim{number}@{DOMAINS[number]}", f"You won {number}", body, "Content-Type: text/plain"
    )


def _plain(lan: Lan, number: int, at: int) -> None:
    """A whole mail in plain text over several segments; every second one has its final dot apart."""
    tcp = _connect(lan, number, at)
    tcp.client(lines(HELLO)).server(_capabilities(number, "ENHANCEDSTATUSCODES"))
    _envelope(tcp, number)
    if number % 2:
        tcp.client(_message(number, 60), lines("."))
    else:
        tcp.client(_message(number, 60) + lines("."))
    tcp.server(lines(f"250 2.0.0 Ok: queued as 4X{number}A1B2C3"))
    tcp.client(lines("QUIT")).server(lines("221 2.0.0 Bye")).close(by_client=False)


def _pipelined(lan: Lan, number: int, at: int) -> None:
    """Commands sent together (RFC 2920), and two mails on one connection."""
    tcp = _connect(lan, number, at)
    tcp.client(lines(HELLO)).server(_capabilities(number, "PIPELINING"))
    for recipient in ("first", "second"):
        address = f"{recipient}@{DOMAINS[number]}"
        tcp.client(lines(f"MAIL FROM:<{SENDER}> SIZE=2000", f"RCPT TO:<{address}>", "DATA"))
        tcp.server(lines("250 2.1.0 Ok", "250 2.1.5 Ok", "354 Go ahead"))
        tcp.client(_message(number, 30 if recipient == "first" else 5) + lines("."))
        tcp.server(lines("250 2.0.0 Ok: queued"))
    tcp.client(lines("QUIT")).server(lines("221 2.0.0 Bye")).close()


def _refused(lan: Lan, number: int, at: int) -> None:
    """The recipient is unknown; the client resets its session and goes."""
    tcp = _connect(lan, number, at)
    tcp.client(lines("HELO desktop-spam")).server(lines(f"250 mx1.{DOMAINS[number]}"))
    tcp.client(lines(f"MAIL FROM:<{SENDER}>")).server(lines("250 2.1.0 Ok"))
    tcp.client(lines(f"RCPT TO:<nobody@{DOMAINS[number]}>")).server(lines("550 5.1.1 User unknown"))
    tcp.client(lines("RSET")).server(lines("250 2.0.0 Ok")).client(lines("QUIT"))
    tcp.server(lines("221 2.0.0 Bye")).client_ack().reset()


def _blocked(lan: Lan, number: int, at: int) -> None:
    """The server speaks of a block list and closes."""
    tcp = TcpConversation(lan.story, lan.client, lan.remote(_ip(number)), 25, at).open()
    tcp.server(lines("554 5.7.1 Service unavailable; client blocked")).close(by_client=False)


def _log_in(lan: Lan, number: int, at: int) -> None:
    """Submission on port 587 with stolen credentials (AUTH LOGIN), then one mail."""
    tcp = _connect(lan, number, at, port=587)
    tcp.client(lines(HELLO)).server(_capabilities(number, "AUTH PLAIN LOGIN"))
    tcp.client(lines("AUTH LOGIN")).server(lines("334 VXNlcm5hbWU6"))
    tcp.client(lines("c3RvbGVuQGV4YW1wbGUuY29t")).server(lines("334 UGFzc3dvcmQ6"))
    tcp.client(lines("bm90LWEtc2VjcmV0")).server(lines("235 2.7.0 Authentication successful"))
    _envelope(tcp, number)
    tcp.client(_message(number, 25) + lines(".")).server(lines("250 2.0.0 Ok: queued"))
    tcp.client(lines("QUIT")).server(lines("221 2.0.0 Bye")).close()
