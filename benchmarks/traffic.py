"""One hour of an office's traffic, told with the story tellers of the tests.

In: nothing.  Out: (microseconds since 1970, frame) in the order of time.  What always holds: local hosts are
10.0.0.n and 2001:db8::n, so that a caller can move them; the same frames every time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from tests.captures.wire.dns import Record, Resolver, Type
from tests.captures.wire.lan import LLMNR_GROUP, Lan
from tests.captures.wire.packets import Host, checksum, ethernet, icmp, ipv4, pseudo_random, pseudo_random_int
from tests.captures.wire.story import MILLISECOND, SECOND, Story
from tests.captures.wire.tcp import TcpConversation
from tests.captures.wire.text import chunked, lines, mail, request, response
from tests.captures.wire.tls import Secure, Version

HOUR_SECONDS = 3600
CLIENTS = 200
_FIRST_CLIENT = 20
_BODY = pseudo_random("body", 180_000)
_SITES = ("example.com", "shop.test", "news.example.net", "cdn.invalid", "mail.example.org", "video.test", "git.test")


def office_hour() -> list[tuple[int, bytes]]:
    """The frames of one hour."""
    story = Story("office", "2024-10-01T08:00:00")
    for number in range(CLIENTS):
        _client_hour(Lan(story, "10.0.0", _FIRST_CLIENT + number), number)
    told = [(frame.time, frame.data) for frame in story.frames()]
    told = [*_again(told), *_tunnelled(told[0][0])]
    return sorted(told, key=lambda item: item[0])


def _client_hour(lan: Lan, number: int) -> None:
    """What one machine does: chatter, then its share of sessions, spread over the hour."""
    base = (number * 7919 % 3000) * SECOND
    dns = Resolver(lan.story, lan.client, lan.host(2))
    _chatter(lan, number, base)
    for turn in range(9):
        at = base + turn * 41 * SECOND + number * MILLISECOND
        site = f"host{number}-{turn}.{_SITES[(number + turn) % len(_SITES)]}"
        address = f"{('192.0.2', '198.51.100', '203.0.113')[turn % 3]}.{1 + (number * 5 + turn) % 250}"
        done = dns.lookup(at, site, Record(site, Type.CNAME, f"edge.{site}"), Record(f"edge.{site}", Type.A, address))
        dns.lookup(at + 50, site, qtype=Type.AAAA, zone="example.net", missing=turn % 4 == 0)
        _SESSIONS[turn](lan, number, done + MILLISECOND, site, address)


def _chatter(lan: Lan, number: int, base: int) -> None:
    lan.story.resolve_mac(base, lan.client, lan.gateway)
    lan.story.resolve_mac(base + 9 * SECOND, lan.client, lan.host(2))
    lan.join_groups(base + 2 * SECOND, LLMNR_GROUP)
    lan.llmnr_query(base + 3 * SECOND, f"printer{number}")
    lan.netbios_query(base + 4 * SECOND, f"HOST{number}")
    lan.ssdp_search(base + 5 * SECOND, 3, answered_by=lan.host(9) if number % 3 == 0 else None)
    lan.ntp(base + 6 * SECOND, lan.remote("192.0.2.123"), 3936672000)
    if number % 4 == 0:
        lan.dhcp(base + SECOND, f"pc-{number}")
        lan.ssdp_notify(base + 11 * SECOND, lan.host(9))
        lan.mdns(base + 12 * SECOND, lan.host(9), f"printer{number}")
        lan.router_solicitation(base + 13 * SECOND)
        lan.ping(base + 20 * SECOND, lan.remote("198.51.100.1"), 10)
    if number % 16 == 0:
        lan.late_answer(base + 30 * SECOND, lan.host(2), f"late{number}.test", "192.0.2.77")
        _large_ping(lan, base + 33 * SECOND)


def _large_ping(lan: Lan, at: int) -> None:
    """An echo request of 3000 bytes in three fragments (RFC 791 section 3.2)."""
    packet = icmp(8, 0, struct.pack("!HH", 7, 1), _BODY[:3000])
    for start in range(0, len(packet), 1480):
        piece = packet[start : start + 1480]
        whole = ipv4(lan.client.ip, "198.51.100.1", 1, piece, ttl=128, ident=77)
        more = 0x2000 if start + 1480 < len(packet) else 0
        head = whole[:6] + struct.pack("!H", more | start // 8) + whole[8:10] + b"\0\0" + whole[12:20]
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        lan.story.add(at + start, ethernet(lan.client.mac, lan.gateway.mac, 0x0800, head + piece))


def _open(lan: Lan, at: int, address: str, port: int, stamps: bool = False) -> TcpConversation:
    return TcpConversation(lan.story, lan.client, lan.remote(address), port, at, timestamps=stamps).open()


def _tls_13(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    session = Secure(_open(lan, at, address, 443, True), site, Version.TLS13, large_hello=number % 5 == 0).handshake()
    for turn in range(4):
        session.client(300 + turn).server(4000, 9000)
    session.close()


def _tls_12(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    port = 8443 if number % 20 == 0 else 443
    session = Secure(_open(lan, at, address, port), site).handshake()
    session.client(420).server(14000 if number % 2 else 700).client(60).server(90).close()


def _http(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    tcp = _open(lan, at, address, 80 if number % 10 else 8080)
    for turn in range(3):
        body = b"name=value&number=%d" % number if turn == 1 else b""
        tcp.client(request("POST" if body else "GET", f"/page/{turn}?q={number}", site, body)).server_ack()
        if turn == 2:
            tcp.server(chunked("200 OK", "text/html", b"<html>" * 300, b"</html>"))
        else:
            tcp.server(response("200 OK", "text/html", b"<p>hello</p>" * (20 + number)))
    tcp.close(by_client=number % 2 == 0)


def _download(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    tcp = _open(lan, at, address, 80)
    tcp.client(request("GET", f"/file{number}.bin", site)).server_ack()
    tcp.server(response("200 OK", "application/octet-stream", _BODY[: 40_000 + 700 * number])).close()


def _upload(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    session = Secure(_open(lan, at, address, 443, True), site, Version.TLS13).handshake()
    session.client(*[8000] * 8).server(200).close()


def _old_services(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    (_mail, _ftp, _ssh, _refused)[number % 4](lan, number, at, site, address)


def _mail(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    tcp = _open(lan, at, address, 25)
    tcp.server(lines(f"220 {site} ESMTP"))
    for command, reply in ((f"EHLO pc{number}", "250 8BITMIME"), ("MAIL FROM:<a@example.com>", "250 ok"),
                           ("RCPT TO:<b@example.org>", "250 ok"), ("DATA", "354 go")):  # fmt: skip
        tcp.client(lines(command)).server(lines(reply))
    tcp.client(mail("a@example.com", "b@example.org", f"Report {number}", ["text"] * 60) + b".\r\n")
    tcp.server(lines("250 queued")).client(lines("QUIT")).server(lines("221 bye")).close()


def _ftp(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    tcp = _open(lan, at, address, 21)
    tcp.server(lines("220 ready"))
    for command, reply in (("USER anna", "331 password"), (f"PASS secret{number}", "230 in"), ("TYPE I", "200 ok")):
        tcp.client(lines(command)).server(lines(reply))
    port = 40_000 + number
    tcp.client(lines("PASV"))
    tcp.server(lines(f"227 Entering Passive Mode ({address.replace('.', ',')},{port >> 8},{port & 255})"))
    tcp.client(lines(f"STOR file{number}")).server(lines("150 go"))
    data = _open(lan, tcp.now, address, port).client(_BODY[:20_000]).close()
    tcp.pause(data.now - tcp.now).server(lines("226 done")).client(lines("QUIT")).server(lines("221 bye")).close()


def _ssh(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    tcp = _open(lan, at, address, 22, True)
    tcp.server(b"SSH-2.0-OpenSSH_9.6\r\n").client(b"SSH-2.0-OpenSSH_9.7\r\n")
    for turn in range(25):
        tcp.client(pseudo_random(f"ssh/{number}/{turn}", 64)).server(pseudo_random(f"sshd/{number}/{turn}", 120))
    tcp.close()


def _refused(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    for port in (22, 23, 135, 445, 3389):
        tcp = TcpConversation(lan.story, lan.client, lan.remote(address), port, at + port)
        tcp.syn(SECOND) if port == 23 else tcp.syn().refuse()


def _ipv6(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    client = Host(lan.client.mac, f"2001:db8::{lan.client_number:x}")
    server = Host(lan.gateway.mac, f"2001:db8:ffff::{number + 1:x}", remote=True, ttl=57)
    Resolver(lan.story, client, Host(lan.host(2).mac, "2001:db8::2")).lookup(
        at, site, Record(site, Type.AAAA, server.ip), qtype=Type.AAAA)  # fmt: skip
    tcp = TcpConversation(lan.story, client, server, 443, at + 40 * MILLISECOND, timestamps=True).open()
    Secure(tcp, site, Version.TLS13).handshake().client(500).server(16000, 3000).close()


def _calls(lan: Lan, number: int, at: int, site: str, address: str) -> None:
    """Small datagrams both ways, as a call or a game sends them."""
    ports = (lan.story.ephemeral_port(lan.client.ip), 50_000 + number)
    for turn in range(40):
        voice = b"\x01" + pseudo_random(f"voice/{number}/{turn}", 160)
        lan.story.datagram(at + turn * 20 * MILLISECOND, lan.client, lan.remote(address), ports, voice)
        lan.story.datagram(at + turn * 20 * MILLISECOND + 7000, lan.remote(address), lan.client, ports[::-1], voice)


_SESSIONS: tuple[Callable[[Lan, int, int, str, str], None], ...] = (
    _tls_13, _http, _tls_12, _ipv6, _download, _tls_13, _old_services, _calls, _upload,
)  # fmt: skip


def _again(told: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Every 150th TCP segment with data once more, 250 ms later; the traffic of every 12th machine in a VLAN."""
    for place, (time, frame) in enumerate(told):
        tagged = frame[11] % 12 == 0 or frame[5] % 12 == 0
        if tagged and frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
            frame = frame[:12] + b"\x81\x00\x00\x2a" + frame[12:]
        yield time, frame
        if place % 150 == 0 and frame[12:14] == b"\x08\x00" and frame[23] == 6 and len(frame) > 100:
            yield time + 250 * MILLISECOND, frame


def _tunnelled(begin: int) -> Iterator[tuple[int, bytes]]:
    """Pings of two branch offices, through GRE (RFC 2784) and IP in IP (RFC 2003)."""
    for number in range(200):
        rest = struct.pack("!HH", 3, number)
        inner = ipv4("172.16.0.5", "172.16.9.9", 1, icmp(8, 0, rest, b"branch office ping"), ttl=63, ident=number)
        protocol, payload = (47, b"\0\0\x08\x00" + inner) if number % 2 else (4, inner)
        outer = ipv4("192.0.2.250", "198.51.100.250", protocol, payload, ttl=60, ident=number)
        jitter = pseudo_random_int(f"tunnel/{number}", 20)
        yield begin + number * 15 * SECOND + jitter, ethernet("00:00:5e:00:53:01", "00:00:5e:00:53:03", 0x0800, outer)
