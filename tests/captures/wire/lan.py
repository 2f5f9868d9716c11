"""A small network and the chatter that every capture of one holds.

In: a subnet and times.  Out: hosts, and DHCP, NBNS, LLMNR, mDNS, SSDP, IGMP, NTP and ICMPv6 in the story.
Always holds: each host of the network has its own MAC address in 00:00:5e:00:53:xx (RFC 7042 section 2.1.2).
"""

import struct
from dataclasses import dataclass

from .dns import QUERY, RESPONSE, Record, Type, message
from .packets import (
    PROTO_ICMP,
    PROTO_ICMPV6,
    PROTO_IGMP,
    Host,
    checksum,
    icmp,
    icmpv6,
    ip_bytes,
    mac_bytes,
    multicast_mac,
    pseudo_random_int,
)
from .story import MILLISECOND, SECOND, Story

SSDP_GROUP, LLMNR_GROUP, LLMNR_GROUP_6 = "239.255.255.250", "224.0.0.252", "ff02::1:3"
MDNS_GROUP, ALL_ROUTERS_6, IGMP_REPORTS = "224.0.0.251", "ff02::2", "224.0.0.22"
DHCP_COOKIE = bytes.fromhex("63825363")
ETHERNET_HEADER = 14
ROUTER_ALERT = bytes.fromhex("94040000")


def _mac(last: int) -> str:
    return f"00:00:5e:00:53:{last:02x}"


@dataclass(frozen=True, slots=True)
class Lan:
    """A story's subnet: the capturing client, its gateway and a domain name for the hosts."""

    story: Story
    prefix: str
    client_number: int
    client_ttl: int = 128

    @property
    def client(self) -> Host:
        return Host(_mac(self.client_number), f"{self.prefix}.{self.client_number}", ttl=self.client_ttl)

    @property
    def client6(self) -> Host:
        return Host(_mac(self.client_number), f"fe80::200:5eff:fe00:53{self.client_number:02x}", ttl=255)

    def host(self, number: int) -> Host:
        """Another machine on the subnet."""
        return Host(_mac(number), f"{self.prefix}.{number}", pads=True, ttl=64)

    @property
    def gateway(self) -> Host:
        return self.host(1)

    @property
    def broadcast(self) -> str:
        return f"{self.prefix}.255"

    def remote(self, ip: str, ttl: int = 52) -> Host:
        """A host beyond the gateway."""
        return Host(self.gateway.mac, ip, remote=True, pads=True, ttl=ttl)

    def dhcp(self, at: int, host_name: str) -> None:
        """Discover, offer, request, acknowledgement (RFC 2131)."""
        asking = Host(self.client.mac, "0.0.0.0")
        everyone = "255.255.255.255"
        for step, (kind, by_client) in enumerate(((1, True), (2, False), (3, True), (5, False))):
            payload = self._dhcp_message(kind, by_client, host_name)
            when = at + step * 3 * MILLISECOND
            source = asking if by_client else self.gateway
            self.story.datagram(when, source, everyone, (68, 67) if by_client else (67, 68), payload)

    def _dhcp_message(self, kind: int, by_client: bool, host_name: str) -> bytes:
        ident = pseudo_random_int(f"{self.story.label}/dhcp", 32)
        yours = bytes(4) if by_client else ip_bytes(self.client.ip)
        body = struct.pack("!BBBBIHH", 1 if by_client else 2, 1, 6, 0, ident, 0, 0)
        body += bytes(4) + yours + bytes(8) + mac_bytes(self.client.mac) + bytes(10 + 64 + 128) + DHCP_COOKIE
        gateway = ip_bytes(self.gateway.ip)
        options = [(53, bytes([kind]))]
        if by_client:
            options += [(12, host_name.encode()), (55, bytes([1, 3, 6, 15]))]
        else:
            lease = struct.pack("!I", 86400)
            options += [(54, gateway), (51, lease), (1, b"\xff\xff\xff\x00"), (3, gateway), (6, gateway)]
        if kind == 3:
            options += [(50, ip_bytes(self.client.ip)), (54, gateway)]
        encoded = b"".join(bytes([code, len(value)]) + value for code, value in options)
        return (body + encoded + b"\xff").ljust(300, b"\0")

    def netbios_query(self, at: int, name: str, suffix: int = 0x00) -> None:
        """A NetBIOS name query to the subnet (RFC 1002 section 4.2.12)."""
        padded = name.upper().ljust(15).encode() + bytes([suffix])
        encoded = bytes(65 + nibble for byte in padded for nibble in (byte >> 4, byte & 15))
        ident = pseudo_random_int(f"{self.story.label}/nbns/{name}", 16)
        query = (
            struct.pack("!HHHHHH", ident, 0x0110, 1, 0, 0, 0)
            + b"\x20"
            + encoded
            + struct.pack("!BHH", 0, 32, 1)
        )
        self.story.datagram(at, self.client, self.broadcast, (137, 137), query)

    def llmnr_query(self, at: int, name: str) -> None:
        """The same LLMNR query over IPv6 and IPv4 (RFC 4795)."""
        port = self.story.ephemeral_port(self.client6.ip)
        query = message(pseudo_random_int(f"{self.story.label}/llmnr/{name}", 16), 0, (name, Type.A))
        self.story.datagram(at, self.client6, LLMNR_GROUP_6, (port, 5355), query, ttl=1)
        self.story.datagram(at + 300, self.client, LLMNR_GROUP, (port, 5355), query, ttl=1)

    def mdns(self, at: int, instance: Host, name: str) -> None:
        """A service question and another host's answer (RFC 6762)."""
        service = "_ipp._tcp.local"
        question = message(0, 0, (service, Type.PTR))
        self.story.datagram(at, self.client, MDNS_GROUP, (5353, 5353), question, ttl=255)
        answer = message(0, 0x8400, None, (Record(service, Type.PTR, f"{name}.{service}"),))
        self.story.datagram(at + 40 * MILLISECOND, instance, MDNS_GROUP, (5353, 5353), answer, ttl=255)

    def ssdp_search(self, at: int, times: int, *, answered_by: Host | None = None) -> None:
        """An M-SEARCH repeated each second (UPnP Device Architecture 1.1 section 1.3), perhaps answered."""
        port = self.story.ephemeral_port(self.client.ip)
        target = "urn:dial-multiscreen-org:service:dial:1"
        search = (
            f"M-SEARCH * HTTP/1.1\r\nHOST: {SSDP_GROUP}:1900\r\n"
            f'MAN: "ssdp:discover"\r\nMX: 1\r\nST: {target}\r\n\r\n'
        )
        for i in range(times):
            self.story.datagram(
                at + i * SECOND, self.client, SSDP_GROUP, (port, 1900), search.encode(), ttl=1
            )
        if answered_by is not None:
            reply = (
                f"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\nST: {target}\r\n"
                f"LOCATION: http://{answered_by.ip}:8008/description.xml\r\n\r\n"
            )
            self.story.datagram(at + 90 * MILLISECOND, answered_by, self.client, (1900, port), reply.encode())

    def ssdp_notify(self, at: int, announcer: Host) -> None:
        """A device says that it is there (UPnP Device Architecture 1.1 section 1.2)."""
        notify = (
            f"NOTIFY * HTTP/1.1\r\nHOST: {SSDP_GROUP}:1900\r\nCACHE-CONTROL: max-age=1800\r\n"
            f"LOCATION: http://{announcer.ip}:49152/root.xml\r\nNT: upnp:rootdevice\r\n"
            "NTS: ssdp:alive\r\nUSN: uuid:00000000-0000-4000-8000-000000000001::upnp:rootdevice\r\n\r\n"
        )
        self.story.datagram(at, announcer, SSDP_GROUP, (1900, 1900), notify.encode(), ttl=4)

    def ntp(self, at: int, server: Host, at_epoch: int) -> None:
        """A client request and the server's answer (RFC 5905); at_epoch is the day's NTP seconds."""
        port = self.story.ephemeral_port(self.client.ip)
        stamp = struct.pack("!II", at_epoch, 0x40000000)
        request = struct.pack("!BBbbIII", 0x23, 0, 6, -20, 0, 0, 0) + bytes(24) + stamp
        self.story.datagram(at, self.client, server, (port, 123), request)
        answered = struct.pack("!II", at_epoch, 0x48000000)
        reply = struct.pack("!BBbbII", 0x24, 2, 6, -23, 0x120, 0x240) + ip_bytes("192.0.2.1")
        reply += struct.pack("!II", at_epoch - 600, 0) + stamp + answered + answered
        self.story.datagram(at + 30 * MILLISECOND, server, self.client, (123, port), reply)

    def join_groups(self, at: int, *groups: str) -> None:
        """An IGMPv3 report with the router alert option (RFC 3376, RFC 2113)."""
        records = b"".join(struct.pack("!BBH", 4, 0, 0) + ip_bytes(group) for group in groups)
        report = struct.pack("!BBHHH", 0x22, 0, 0, 0, len(groups)) + records
        report = report[:2] + struct.pack("!H", checksum(report)) + report[4:]
        mac = multicast_mac(IGMP_REPORTS)
        self.story.packet(at, self.client, mac, IGMP_REPORTS, PROTO_IGMP, report, ttl=1, options=ROUTER_ALERT)

    def router_solicitation(self, at: int) -> None:
        """Solicitation and advertisement with the documentation prefix (RFC 4861 sections 4.1, 4.2)."""
        client, router = self.client6, Host(self.gateway.mac, "fe80::1", pads=True, ttl=255)
        body = bytes(4) + b"\x01\x01" + mac_bytes(client.mac)
        solicit = icmpv6(client.ip, ALL_ROUTERS_6, 133, body)
        self.story.packet(at, client, multicast_mac(ALL_ROUTERS_6), ALL_ROUTERS_6, PROTO_ICMPV6, solicit)
        prefix = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 86400, 14400, 0) + ip_bytes("2001:db8:15::")
        body = struct.pack("!BBHII", 64, 0, 1800, 0, 0) + b"\x01\x01" + mac_bytes(router.mac) + prefix
        advert = icmpv6(router.ip, "ff02::1", 134, body)
        self.story.packet(
            at + 5 * MILLISECOND, router, multicast_mac("ff02::1"), "ff02::1", PROTO_ICMPV6, advert
        )

    def ping(self, at: int, target: Host, count: int) -> None:
        """Echo requests a second apart, each answered (RFC 792)."""
        payload = b"abcdefghijklmnopqrstuvwabcdefghi"
        for i in range(count):
            rest = struct.pack("!HH", 1, 7 + i)
            when = at + i * SECOND
            self.story.packet(when, self.client, target.mac, target.ip, PROTO_ICMP, icmp(8, 0, rest, payload))
            reply = icmp(0, 0, rest, payload)
            self.story.packet(
                when + 35 * MILLISECOND, target, self.client.mac, self.client.ip, PROTO_ICMP, reply
            )

    def late_answer(self, at: int, resolver: Host, name: str, ip: str) -> None:
        """A DNS response that comes after the client closed its port, which it says with ICMP (RFC 792)."""
        port = self.story.ephemeral_port(self.client.ip)
        ident = pseudo_random_int(f"{self.story.label}/{name}", 16)
        query = message(ident, QUERY, (name, Type.A))
        self.story.datagram(at, self.client, resolver, (port, 53), query)
        answer = message(ident, RESPONSE, (name, Type.A), (Record(name, Type.A, ip),))
        when = at + 900 * MILLISECOND
        frame = self.story.datagram(when, resolver, self.client, (53, port), answer)
        rejection = icmp(3, 3, bytes(4), frame[ETHERNET_HEADER:])
        self.story.packet(when + 200, self.client, resolver.mac, resolver.ip, PROTO_ICMP, rejection)
