"""A remote access trojan: a dynamic-DNS name, then SYNs to port 7888, some of them answered."""

from wire.dns import Record, Resolver, Type
from wire.lan import Lan
from wire.packets import pseudo_random
from wire.story import MILLISECOND, SECOND, Story
from wire.tcp import TcpConversation
from wire.tls import Secure

DOMAIN = "windomain.example"
RAT_NAME, RAT_PORT = "hidden77.ddns.example", 7888
DEAD_IP, LIVE_IP = "203.0.113.5", "203.0.113.68"


def tell() -> Story:
    """Client 10.3.3.121, domain controller and name server 10.3.3.10."""
    story = Story("rat-dns", "2024-10-02T20:41:07")
    lan = Lan(story, "10.3.3", 121)
    dns = Resolver(story, lan.client, lan.host(10), latency=4 * MILLISECOND)
    _start_up(lan, dns)
    _trojan(lan, dns)
    return story


def _start_up(lan: Lan, dns: Resolver) -> None:
    """DHCP, the domain's service lookups with their long names, a little browsing, pings."""
    lan.dhcp(0, "DESKTOP-EXAMPLE")
    lan.story.resolve_mac(30 * MILLISECOND, lan.client, lan.gateway)
    lan.story.resolve_mac(40 * MILLISECOND, lan.client, lan.host(10))
    lan.router_solicitation(50 * MILLISECOND)
    lan.netbios_query(200 * MILLISECOND, "WINDOMAIN", 0x1C)
    lan.llmnr_query(300 * MILLISECOND, "desktop-example")
    controller = f"dc1.{DOMAIN}"
    glue = (Record(controller, Type.A, "10.3.3.10"),)
    site = f"_ldap._tcp.default-first-site-name._sites.dc._msdcs.{DOMAIN}"
    for number, (name, port) in enumerate(
        (
            (site, 389),
            (f"_ldap._tcp.dc._msdcs.{DOMAIN}", 389),
            (f"_kerberos._tcp.default-first-site-name._sites.dc._msdcs.{DOMAIN}", 88),
        )
    ):
        answer = Record(name, Type.SRV, controller, port, 600)
        dns.lookup((500 + 40 * number) * MILLISECOND, name, answer, qtype=Type.SRV, additional=glue)
    dns.address(700 * MILLISECOND, controller, "10.3.3.10")
    dns.lookup(750 * MILLISECOND, f"wpad.{DOMAIN}", zone=DOMAIN, missing=True)
    reverse = "10.3.3.10.in-addr.arpa"
    dns.lookup(800 * MILLISECOND, reverse, Record(reverse, Type.PTR, controller), qtype=Type.PTR)
    done = dns.address(2 * SECOND, "login.microsoft.example.com", "192.0.2.33")
    tcp = TcpConversation(lan.story, lan.client, lan.remote("192.0.2.33"), 443, done + MILLISECOND).open()
    Secure(tcp, "login.microsoft.example.com").handshake().client(900).server(2400).close()
    lan.ping(5 * SECOND, lan.remote("192.0.2.1"), 2)
    lan.late_answer(6 * SECOND, lan.host(10), "slow.example.net", "192.0.2.99")


def _trojan(lan: Lan, dns: Resolver) -> None:
    """The name moves from a dead address to one that refuses once and then answers."""
    done = dns.address(9 * SECOND, RAT_NAME, DEAD_IP)
    dead = lan.remote(DEAD_IP, 47)
    for at in (done + MILLISECOND, 31 * SECOND):
        TcpConversation(lan.story, lan.client, dead, RAT_PORT, at).syn(3 * SECOND, 6 * SECOND)
    dns.address(44 * SECOND, RAT_NAME, DEAD_IP)
    TcpConversation(lan.story, lan.client, dead, RAT_PORT, 45 * SECOND).syn(
        1 * SECOND, 2 * SECOND, 4 * SECOND
    )

    done = dns.address(60 * SECOND, RAT_NAME, LIVE_IP)
    live = lan.remote(LIVE_IP, 47)
    TcpConversation(
        lan.story, lan.client, live, RAT_PORT, done + MILLISECOND, rtt=110 * MILLISECOND
    ).syn().refuse()
    _session(TcpConversation(lan.story, lan.client, live, RAT_PORT, 65 * SECOND, rtt=110 * MILLISECOND))
    wrapping = TcpConversation(
        lan.story, lan.client, live, RAT_PORT, 95 * SECOND, rtt=110 * MILLISECOND, isn=0xFFFFFF00
    )
    _session(wrapping)
    TcpConversation(lan.story, lan.client, dead, RAT_PORT, 99 * SECOND).syn(3 * SECOND)


def _session(tcp: TcpConversation) -> None:
    """Greeting, a few commands and answers, a screen picture of several segments, an abrupt end."""
    tcp.open().client(b"\x10\x00\x00\x00HELLO|DESKTOP|v9").server_ack().pause(200 * MILLISECOND)
    for number in range(3):
        tcp.server(b"\x08\x00\x00\x00PING" + bytes([number] * 4)).client_ack().pause(30 * MILLISECOND)
        tcp.client(b"\x08\x00\x00\x00PONG" + bytes([number] * 4)).server_ack().pause(2 * SECOND)
    tcp.server(b"\x06\x00\x00\x00SCREEN").client_ack().pause(80 * MILLISECOND)
    tcp.client(pseudo_random(f"{tcp.label}/screen", 5000)).pause(SECOND)
    tcp.reset(by_client=False)
