"""A loader that fetches from one HTTP and two HTTPS domains."""

from wire.dns import Record, Resolver, Type
from wire.lan import LLMNR_GROUP, Lan
from wire.packets import pseudo_random
from wire.story import MILLISECOND, SECOND, Story
from wire.tcp import TcpConversation
from wire.text import USER_AGENT, request, response
from wire.tls import Secure, Version

STAGE_NAME, STAGE_IP = "download.loader.example", "203.0.113.10"
FIRST_NAME, FIRST_IP = "firstc2.example.net", "198.51.100.101"
SECOND_NAME, SECOND_IP = "second-c2.example.org", "198.51.100.202"
STAGE = b"This program is an example and does nothing." + pseudo_random("stage", 9000)
AGENT = f"User-Agent: {USER_AGENT}"


def tell() -> Story:
    """Client 10.7.10.47, name server 10.7.10.9."""
    story = Story("loader-https", "2024-09-04T09:12:44")
    lan = Lan(story, "10.7.10", 47)
    dns = Resolver(story, lan.client, lan.host(9), latency=7 * MILLISECOND)
    _noise(lan)
    _system(lan, dns)
    _loader(lan, dns)
    return story


def _noise(lan: Lan) -> None:
    lan.story.resolve_mac(10 * MILLISECOND, lan.client, lan.gateway)
    lan.story.resolve_mac(20 * MILLISECOND, lan.client, lan.host(9))
    lan.join_groups(50 * MILLISECOND, LLMNR_GROUP)
    lan.llmnr_query(600 * MILLISECOND, "wpad")
    lan.netbios_query(620 * MILLISECOND, "WPAD")
    lan.netbios_query(1370 * MILLISECOND, "FILESERVER", 0x20)
    lan.ssdp_search(15 * SECOND, 3)


def _open(lan: Lan, at: int, ip: str, port: int) -> TcpConversation:
    return TcpConversation(lan.story, lan.client, lan.remote(ip, 49), port, at, rtt=60 * MILLISECOND).open()


def _system(lan: Lan, dns: Resolver) -> None:
    """What the machine does by itself: connectivity test, settings over TLS."""
    done = dns.address(SECOND, "www.microsoft-ncsi.example.com", "192.0.2.80")
    probe = _open(lan, done + MILLISECOND, "192.0.2.80", 80)
    probe.client(request("GET", "/ncsi.txt", "www.microsoft-ncsi.example.com", b"", "Connection: Close"))
    probe.server(response("200 OK", "text/plain", b"Example NCSI")).close(by_client=False)
    done = dns.address(8 * SECOND, "settings.microsoft.example.com", "192.0.2.81")
    session = Secure(_open(lan, done + MILLISECOND, "192.0.2.81", 443), "settings.microsoft.example.com")
    session.handshake().client(1800).server(640).close()


def _loader(lan: Lan, dns: Resolver) -> None:
    """A redirect and a download over HTTP on one connection, then beacons to two servers over TLS."""
    done = dns.address(3 * SECOND, STAGE_NAME, STAGE_IP)
    stage = _open(lan, done + MILLISECOND, STAGE_IP, 80)
    stage.client(request("GET", "/invoice.zip", STAGE_NAME, b"", AGENT)).server_ack()
    stage.server(
        response("302 Found", "text/html", b"<a href='/f/2'>moved</a>", "Location: /f/2")
    ).client_ack()
    stage.pause(20 * MILLISECOND).client(request("GET", "/f/2", STAGE_NAME, b"", AGENT)).server_ack()
    stage.pause(15 * MILLISECOND).server(response("200 OK", "application/octet-stream", STAGE))
    stage.pause(4 * SECOND).close()

    dns.lookup(5 * SECOND, "old-c2.example.org", zone="example.org", missing=True)
    done = dns.address(6 * SECOND, FIRST_NAME, FIRST_IP)
    for number in range(3):
        at = done + MILLISECOND + number * 10 * SECOND
        session = Secure(_open(lan, at, FIRST_IP, 443), FIRST_NAME, alpn=())
        session.handshake().client(210).server(90 if number else 4200).close()

    alias = Record(SECOND_NAME, Type.CNAME, "edge.hosting.example.net")
    done = dns.lookup(12 * SECOND, SECOND_NAME, alias, Record(alias.value, Type.A, SECOND_IP))
    for number, port in enumerate((443, 8443)):
        tcp = _open(lan, done + MILLISECOND + number * 8 * SECOND, SECOND_IP, port)
        session = Secure(tcp, SECOND_NAME, Version.TLS13, large_hello=number == 1)
        session.handshake().client(260, 75).server(1900)
        tcp.reset()
