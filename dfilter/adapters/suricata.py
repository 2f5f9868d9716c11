"""Events of Suricata's eve.json.

    select = dfilter.compile('dns.qry.name contains "example" and ip.src == 10.0.0.0/8', schema=suricata.EVE)
    for event in select.select(map(json.loads, file)):
        …

A filter may use the names of the documented fields (docs.suricata.io, "Eve JSON Format", versions 6 to 8), and
Wireshark's names where both mean the same.  An address is in `ip.…` or `ipv6.…` after its family; `src_ip` and
`dest_ip` are IPv4.
"""

from __future__ import annotations

from dfilter.adapters.declare import RCODES, schema_of

_OWN = """
absolute_time timestamp flow.start flow.end netflow.start netflow.end tls.notbefore tls.notafter
uint64 flow_id pcap_cnt parent_id
string in_iface event_type proto app_proto app_proto_orig app_proto_expected app_proto_ts app_proto_tc direction
string host community_id log_level pcap_filename pkt_src payload payload_printable packet
ipv4 src_ip dest_ip
uint16 src_port dest_port
uint8 icmp_type icmp_code response_icmp_type response_icmp_code
uint32 tx_id
string alert.action alert.signature alert.category alert.xff
uint32 alert.gid alert.signature_id alert.rev alert.severity
string anomaly.type anomaly.event anomaly.layer
uint32 anomaly.code
string http.hostname http.url http.http_user_agent http.http_content_type http.http_refer http.http_method
string http.protocol http.redirect http.xff http.content_range.raw http.http_request_body http.http_response_body
string http.request_headers.name http.request_headers.value http.response_headers.name http.response_headers.value
uint16 http.http_port http.status
uint64 http.length
string dns.type dns.rcode dns.rrname dns.rrtype dns.rdata dns.flags dns.answers.rrname dns.answers.rrtype
string dns.answers.rdata dns.queries.rrname dns.queries.rrtype dns.query.rrname dns.query.rrtype
string dns.grouped.A dns.grouped.AAAA dns.grouped.CNAME dns.grouped.MX dns.grouped.NS dns.grouped.PTR dns.grouped.TXT
uint16 dns.tx_id dns.version dns.opcode
uint32 dns.ttl dns.answers.ttl
boolean dns.qr dns.aa dns.tc dns.rd dns.ra
string tls.subject tls.issuerdn tls.serial tls.fingerprint tls.sni tls.version tls.ja3.hash tls.ja3.string
string tls.ja3s.hash tls.ja3s.string tls.ja4 tls.from_proto tls.certificate tls.chain tls.client_alpns tls.server_alpn
string tls.subjectaltname
boolean tls.session_resumed
string quic.version quic.sni quic.ja3.hash quic.ja4
string fileinfo.filename fileinfo.magic fileinfo.state fileinfo.md5 fileinfo.sha1 fileinfo.sha256 fileinfo.mimetype
string files.filename files.magic files.state files.md5 files.sha1 files.sha256
boolean fileinfo.gaps fileinfo.stored files.gaps files.stored
uint64 fileinfo.size fileinfo.file_id fileinfo.sid fileinfo.start fileinfo.end files.size
string flow.state flow.reason flow.tos netflow.state
boolean flow.alerted flow.exception_policy.alerted
uint64 flow.pkts_toserver flow.pkts_toclient flow.bytes_toserver flow.bytes_toclient netflow.pkts netflow.bytes
uint32 flow.age netflow.age
uint8 netflow.min_ttl netflow.max_ttl
string tcp.tcp_flags tcp.tcp_flags_ts tcp.tcp_flags_tc tcp.state
boolean tcp.syn tcp.fin tcp.rst tcp.psh tcp.ack tcp.urg tcp.ecn tcp.cwr
string ssh.client.proto_version ssh.client.software_version ssh.client.hassh.hash ssh.client.hassh.string
string ssh.server.proto_version ssh.server.software_version ssh.server.hassh.hash ssh.server.hassh.string
string smtp.helo smtp.mail_from smtp.rcpt_to
string email.from email.to email.cc email.subject email.attachment email.url email.status email.body_md5
string email.subject_md5 email.message_id email.x_mailer email.user_agent
string ftp.command ftp.command_data ftp.reply ftp.completion_code ftp.mode ftp_data.filename ftp_data.command
uint16 ftp.dynamic_port
string ftp.reply_received
string smb.dialect smb.command smb.status smb.status_code smb.filename smb.share smb.disposition
string smb.access smb.named_pipe
uint64 smb.id smb.session_id smb.tree_id smb.size
string dhcp.type dhcp.dhcp_type dhcp.hostname dhcp.relay_ip dhcp.client_id
ether dhcp.client_mac
ipv4 dhcp.assigned_ip dhcp.client_ip dhcp.next_server_ip dhcp.routers dhcp.dns_servers dhcp.subnet_mask
uint32 dhcp.lease_time dhcp.rebinding_time dhcp.renewal_time
string krb5.msg_type krb5.cname krb5.realm krb5.sname krb5.encryption krb5.error_code krb5.failed_request
boolean krb5.weak_encryption
string rdp.event_type rdp.cookie snmp.community snmp.pdu_type snmp.usm tftp.packet tftp.file tftp.mode
string metadata.flowbits alert.metadata.mitre_technique_id alert.metadata.signature_severity
ether ether.src_mac ether.dest_mac ether.src_macs ether.dest_macs
"""

_SHARED = """
frame.time            timestamp
frame.number          pcap_cnt
frame.interface_name  in_iface
eth.src               ether.src_mac
eth.dst               ether.dest_mac
eth.addr              ether.src_mac ether.dest_mac
vlan.id               vlan
ip.src                src_ip
ip.dst                dest_ip
ip.addr               src_ip dest_ip
ip.proto              proto
ipv6.src              src_ip
ipv6.dst              dest_ip
ipv6.addr             src_ip dest_ip
tcp.srcport           src_port            proto=TCP
tcp.dstport           dest_port           proto=TCP
tcp.port              src_port dest_port  proto=TCP
udp.srcport           src_port            proto=UDP
udp.dstport           dest_port           proto=UDP
udp.port              src_port dest_port  proto=UDP
icmp.type             icmp_type           proto=ICMP
icmp.code             icmp_code           proto=ICMP
icmpv6.type           icmp_type           proto=IPv6-ICMP
icmpv6.code           icmp_code           proto=IPv6-ICMP
communityid.hash      community_id
http.host             http.hostname
http.request.uri      http.url
http.request.method   http.http_method
http.request.version  http.protocol
http.user_agent       http.http_user_agent
http.referer          http.http_refer
http.response.code    http.status
http.content_type     http.http_content_type
http.location         http.redirect
dns.id                dns.id
dns.qry.name          dns.rrname dns.queries.rrname dns.query.rrname
dns.qry.type          dns.rrtype dns.queries.rrtype dns.query.rrtype
dns.flags.response    dns.type
dns.flags.rcode       dns.rcode
dns.flags.recdesired  dns.rd
dns.flags.recavail    dns.ra
dns.flags.authoritative dns.aa
dns.flags.truncated   dns.tc
dns.a                 dns.grouped.A
dns.aaaa              dns.grouped.AAAA
dns.cname             dns.grouped.CNAME
dns.ns                dns.grouped.NS
dns.txt               dns.grouped.TXT
dns.mx.mail_exchange  dns.grouped.MX
tls.handshake.extensions_server_name  tls.sni
tls.handshake.ja3     tls.ja3.hash
tls.handshake.ja3s    tls.ja3s.hash
tls.handshake.ja4     tls.ja4
ssh.kex.hassh         ssh.client.hassh.hash
ssh.kex.hasshserver   ssh.server.hassh.hash
imf.from              email.from
imf.to                email.to
imf.cc                email.cc
imf.subject           email.subject
imf.message_id        email.message_id
ftp.request.command   ftp.command
ftp.request.arg       ftp.command_data
ftp.response.code     ftp.completion_code
ftp.response.arg      ftp.reply
smb2.filename         smb.filename
dhcp.hw.mac_addr      dhcp.client_mac
dhcp.ip.your          dhcp.assigned_ip
dhcp.option.hostname  dhcp.hostname
"""

EVE = schema_of(
    _OWN,
    _SHARED,
    {
        "dns.flags.response": {"query": 0, "request": 0, "answer": 1, "response": 1},
        "dns.flags.rcode": RCODES,
        "ip.proto": {"IPv6-ICMP": 58},
    },
)
"""The schema of events."""
