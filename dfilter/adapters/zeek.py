"""Lines of Zeek's logs in JSON: conn, dns, http, ssl, files.

    select = dfilter.compile('tls.handshake.extensions_server_name contains "example"', schema=zeek.SSL)
    for line in select.select(map(json.loads, file)):
        …

A filter may use the names of the documented columns (docs.zeek.org, "Log Files", versions 4 to 7), and Wireshark's
names where both mean the same.  `ip.src` is the originator's address and `tcp.dstport` the responder's port.  An
address is in `ip.…` or `ipv6.…` after its family; `id.orig_h` and the like are IPv4.  `ALL` has the fields of all
five logs.
"""

from __future__ import annotations

from dfilter.adapters.declare import RCODES, schema_of

_TEXTS = {"dns.flags.rcode": RCODES}

_COMMON = """
absolute_time ts
string uid
ipv4 id.orig_h id.resp_h
uint16 id.orig_p id.resp_p
"""
_COMMON_SHARED = """
frame.time   ts
ip.src       id.orig_h
ip.dst       id.resp_h
ip.addr      id.orig_h id.resp_h
ipv6.src     id.orig_h
ipv6.dst     id.resp_h
ipv6.addr    id.orig_h id.resp_h
"""
_PORTS = """
ip.proto     proto
tcp.srcport  id.orig_p            proto=tcp
tcp.dstport  id.resp_p            proto=tcp
tcp.port     id.orig_p id.resp_p  proto=tcp
udp.srcport  id.orig_p            proto=udp
udp.dstport  id.resp_p            proto=udp
udp.port     id.orig_p id.resp_p  proto=udp
icmp.type    id.orig_p            proto=icmp
icmp.code    id.resp_p            proto=icmp
"""
_TCP_PORTS = """
tcp.srcport  id.orig_p
tcp.dstport  id.resp_p
tcp.port     id.orig_p id.resp_p
"""

_CONN = """
string proto service conn_state history tunnel_parents community_id
relative_time duration
uint64 orig_bytes resp_bytes missed_bytes orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes
boolean local_orig local_resp
ether orig_l2_addr resp_l2_addr
uint16 inner_vlan ip_proto
"""
_CONN_SHARED = """
eth.src      orig_l2_addr
eth.dst      resp_l2_addr
eth.addr     orig_l2_addr resp_l2_addr
vlan.id      vlan
communityid.hash community_id
"""

_DNS = """
string proto query qclass_name qtype_name rcode_name answers
uint16 trans_id qclass qtype rcode
relative_time rtt TTLs
boolean AA TC RD RA rejected
uint8 Z
"""
_DNS_SHARED = """
dns.id                   trans_id
dns.qry.name             query
dns.qry.type             qtype
dns.qry.class            qclass
dns.flags.rcode          rcode
dns.flags.authoritative  AA
dns.flags.truncated      TC
dns.flags.recdesired     RD
dns.flags.recavail       RA
dns.a                    answers
dns.aaaa                 answers
"""

_HTTP = """
uint32 trans_depth
string method host uri referrer version user_agent origin status_msg info_msg tags username password proxied
string orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types
uint64 request_body_len response_body_len
uint16 status_code info_code
"""
_HTTP_SHARED = """
http.request.method  method
http.host            host
http.request.uri     uri
http.referer         referrer
http.user_agent      user_agent
http.response.code   status_code
http.response.phrase status_msg
"""

_SSL = """
string version cipher curve server_name last_alert next_protocol ssl_history cert_chain_fps client_cert_chain_fps
string subject issuer client_subject client_issuer validation_status ja3 ja3s ja4
boolean resumed established sni_matches_cert
"""
_SSL_SHARED = """
tls.handshake.extensions_server_name  server_name
tls.handshake.ja3                     ja3
tls.handshake.ja3s                    ja3s
tls.handshake.ja4                     ja4
"""

_FILES = """
string fuid conn_uids source analyzers mime_type filename parent_fuid md5 sha1 sha256 extracted
ipv4 tx_hosts rx_hosts
uint64 depth seen_bytes total_bytes missing_bytes overflow_bytes extracted_size
relative_time duration
boolean local_orig is_orig timedout extracted_cutoff
"""

CONN = schema_of(_COMMON + _CONN, _COMMON_SHARED + _PORTS + _CONN_SHARED, _TEXTS)
"""conn.log."""
DNS = schema_of(_COMMON + _DNS, _COMMON_SHARED + _PORTS + _DNS_SHARED, _TEXTS)
"""dns.log."""
HTTP = schema_of(_COMMON + _HTTP, _COMMON_SHARED + _TCP_PORTS + _HTTP_SHARED, _TEXTS)
"""http.log."""
SSL = schema_of(_COMMON + _SSL, _COMMON_SHARED + _TCP_PORTS + _SSL_SHARED, _TEXTS)
"""ssl.log."""
FILES = schema_of(_COMMON + _FILES, _COMMON_SHARED, _TEXTS)
"""files.log."""
ALL = schema_of(
    _COMMON + _CONN + _DNS + _HTTP + _SSL + _FILES,
    _COMMON_SHARED + _PORTS + _CONN_SHARED + _DNS_SHARED + _HTTP_SHARED + _SSL_SHARED,
    _TEXTS,
)
"""All five logs together, for a stream of lines of every kind."""
