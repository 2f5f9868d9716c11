"""The protocols that dfilter dissects or means to dissect soon, and those met most often.

In: nothing.  Out: `DISSECTED`, the protocols whose labels are shipped (`dfilter.fields.values`) and whose
names are preferred as suggestions; `EVERYDAY`, the few that most filters are about, in order of preference.
"""

from __future__ import annotations

_EVERYDAY = "ip tcp udp http dns tls eth frame ipv6 icmp arp dhcp wlan smb smb2 sip rtp quic http2 vlan"
EVERYDAY: tuple[str, ...] = tuple(_EVERYDAY.split())

_DISSECTED = """
frame eth ethertype vlan sll null ppp llc stp arp ip ipv6 icmp icmpv6 igmp gre vxlan geneve mpls erspan
nflog pktap pflog ppi prism tcp udp udplite sctp dccp
dns mdns llmnr nbns dhcp dhcpv6 http http2 http3 websocket ssdp tls x509ce x509af x509sat x509if
pkix1implicit pkix1explicit pkixalgs ocsp cms quic gquic dtls ftp ftp-data smtp imf pop imap irc telnet
ssh sip sdp rtp rtcp rtsp msrp nntp ntp snmp syslog tftp radius mqtt mqttsn coap stun classicstun nbss
nbdgm smb smb2 browser mailslot ntlmssp dcerpc epm kerberos ldap gss-api spnego ah esp isakmp eap eapol wg
openvpn socks cdp dtp vtp udld json xml data data-text-lines media urlencoded-form mime_multipart png
image-gif image-jfif igrp eigrp ospf rip ripng bgp bfd hsrp vrrp glbp pim l2tp lldp slow lacp wlan
radiotap wlan_radio ipx isis isis.lsp isis.hello isis.csnp isis.psnp clnp esis wpan pppoe pppoed pppoes
loop llap raw lcp ipcp ipv6cp ccp pap chap teredo sflow wol ipcomp rpc portmap mount modbus mbtcp tpkt
cotp vnc memcache mysql pgsql bittorrent bt-dht edonkey gopher whois finger rsh rlogin amqp xdmcp igap
rgmp dvmrp cgmp mip hip homeplug _ws.malformed _ws.expert _ws.short _ws.unreassembled
"""
DISSECTED: frozenset[str] = frozenset(_DISSECTED.split())
