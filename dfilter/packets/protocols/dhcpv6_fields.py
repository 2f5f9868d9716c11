"""The fields of DHCPv6 that dfilter adds and the names of its options, with the types and words of Wireshark 4.4."""

from __future__ import annotations

FIELDS = """
    dhcpv6.msgtype UINT8
    dhcpv6.xid UINT24
    dhcpv6.hopcount UINT8
    dhcpv6.linkaddr IPv6
    dhcpv6.peeraddr IPv6
    dhcpv6.error_hopcount NONE
    dhcpv6.malformed_option NONE
    dhcpv6.option.type_str STRING
    dhcpv6.option.type UINT16
    dhcpv6.option.length UINT16
    dhcpv6.duid.bytes BYTES
    dhcpv6.duid.type UINT16
    dhcpv6.duidllt.hwtype UINT16
    dhcpv6.duidllt.time ABSOLUTE_TIME
    dhcpv6.duidllt.link_layer_addr STRING
    dhcpv6.duidllt.link_layer_addr_ether ETHER
    dhcpv6.duiden.enterprise UINT32
    dhcpv6.duiden.identifier BYTES
    dhcpv6.duidll.hwtype UINT16
    dhcpv6.duidll.link_layer_addr STRING
    dhcpv6.duidll.link_layer_addr_ether ETHER
    dhcpv6.duiduuid.bytes BYTES
    dhcpv6.iaid STRING
    dhcpv6.iaid.t1 UINT32
    dhcpv6.iaid.t2 UINT32
    dhcpv6.iata STRING
    dhcpv6.iaaddr.ip IPv6
    dhcpv6.iaaddr.pref_lifetime UINT32
    dhcpv6.iaaddr.valid_lifetime UINT32
    dhcpv6.iaprefix.pref_lifetime UINT32
    dhcpv6.iaprefix.valid_lifetime UINT32
    dhcpv6.iaprefix.pref_len UINT8
    dhcpv6.iaprefix.pref_addr IPv6
    dhcpv6.requested_option_code UINT16
    dhcpv6.option_preference UINT8
    dhcpv6.elapsed_time UINT16
    dhcpv6.auth.protocol UINT8
    dhcpv6.auth.algorithm UINT8
    dhcpv6.auth.rdm UINT8
    dhcpv6.auth.replay_detection BYTES
    dhcpv6.auth.info BYTES
    dhcpv6.unicast IPv6
    dhcpv6.status_code UINT16
    dhcpv6.status_msg STRING
    dhcpv6.userclass.length UINT16
    dhcpv6.userclass.opaque_data BYTES
    dhcpv6.vendorclass.enterprise UINT32
    dhcpv6.vendorclass.data STRINGZ
    dhcpv6.vendoropts.enterprise UINT32
    dhcpv6.vendoropts.enterprise.option_code UINT16
    dhcpv6.vendoropts.enterprise.option_length UINT16
    dhcpv6.vendoropts.enterprise.option_data BYTES
    dhcpv6.interface_id BYTES
    dhcpv6.reconf_msg UINT8
    dhcpv6.sip_server_domain_search_fqdn STRING
    dhcpv6.search_list_entry STRING
    dhcpv6.nis_fqdn STRING
    dhcpv6.nisp_fqdn STRING
    dhcpv6.bcmcs_server_fqdn STRING
    dhcpv6.aftr_name STRING
    dhcpv6.tld STRING
    dhcpv6.sip_server_a IPv6
    dhcpv6.dns_server IPv6
    dhcpv6.nis_server IPv6
    dhcpv6.nisp_server IPv6
    dhcpv6.sntp_server IPv6
    dhcpv6.bcmcs_server_a IPv6
    dhcpv6.pana_agent IPv6
    dhcpv6.lq_client_link IPv6
    dhcpv6.capwap_ac_v6 IPv6
    dhcpv6.dhcp4o6_server IPv6
    dhcpv6.lifetime UINT32
    dhcpv6.clt_time UINT32
    dhcpv6.remoteid.enterprise UINT32
    dhcpv6.remoteid_enterprise_id BYTES
    dhcpv6.subscriber_id STRING
    dhcpv6.client_fqdn_flags UINT8
    dhcpv6.clientfqdn.client.n BOOLEAN
    dhcpv6.clientfqdn.client.s BOOLEAN
    dhcpv6.client_domain STRING
    dhcpv6.timezone STRING
    dhcpv6.tzdb STRING
    dhcpv6.lq_query UINT8
    dhcpv6.lq_query_link_address IPv6
    dhcpv6.ntpserver.option.type UINT16
    dhcpv6.ntpserver.option.length UINT16
    dhcpv6.ntpserver.addr IPv6
    dhcpv6.ntpserver.mc_addr IPv6
    dhcpv6.ntpserver.fqdn STRING
    dhcpv6.client_link_layer_addr_hwtype UINT16
    dhcpv6.client_link_layer_addr STRING
    dhcpv6.captive_portal STRING
    dhcpv6.option_code UINT16
    dhcpv6.mudurl STRING
    dhcpv6.relay_port UINT16
"""

_NAMES = """
    1=Client Identifier; 2=Server Identifier; 3=Identity Association for Non-temporary Address;
    4=Identity Association for Temporary Address; 5=IA Address; 6=Option Request; 7=Preference; 8=Elapsed time;
    9=Relay Message; 11=Authentication; 12=Server unicast; 13=Status code; 14=Rapid Commit; 15=User Class;
    16=Vendor Class; 17=Vendor-specific Information; 18=Interface-Id; 19=Reconfigure Message; 20=Reconfigure Accept;
    21=SIP Server Domain Name List; 22=SIP Servers IPv6 Address List; 23=DNS recursive name server;
    24=Domain Search List; 25=Identity Association for Prefix Delegation; 26=IA Prefix;
    27=Network Information Server; 28=Network Information Server V2; 29=Network Information Server Domain Name;
    30=Network Information Server V2 Domain Name; 31=Simple Network Time Protocol Server; 32=Lifetime;
    33=BCMCS Server Domain; 34=BCMCS Servers IPv6 Address List; 36=Geoconf Civic Address; 37=Remote Identifier;
    38=Subscriber Identifier; 39=Client Fully Qualified Domain Name; 40=PANA Agents IPv6 Address List; 41=Time Zone;
    42=Time Zone Database; 43=Echo Request Option; 44=Leasequery Query; 45=Leasequery Client Data;
    46=Client Last Transaction Time; 47=Leasequery Relay Data; 48=Leasequery Client Link Address List;
    49=Home Network Identifier FQDN; 50=Visited Home Network Information; 51=LoST Server;
    52=CAPWAP Access Controllers; 53=Relay-ID; 54=MoS IPv6 Address; 55=MoS Domain Name List; 56=NTP Server;
    57=Access Network Domain Name; 58=SIP User Agent Configuration Service Domains; 59=Boot File URL;
    60=Boot File Parameters; 61=Client System Architecture Type; 62=Client Network Interface Identifier;
    63=Geolocation; 64=Dual-Stack Lite AFTR Name; 65=ERP Local Domain Name; 66=Relay-Supplied Options;
    67=Prefix Exclude; 68=Virtual Subnet Selection; 69=Identified Home Network Information;
    70=Unrestricted Home Network Information; 71=Home Network Prefix; 72=Home Agent Address; 73=Home Agent FQDN;
    74=RDNSS Selection; 75=Kerberos Principal Name; 76=Kerberos Realm Name; 77=Kerberos Default Realm Name;
    78=Kerberos KDC; 79=Client Link-Layer Address; 80=Link Address; 81=RADIUS; 82=SOL_MAX_RT; 83=INF_MAX_RT;
    84=Address Selection; 85=Address Selection table; 86=PCP Server; 87=DHCPv4 Message; 88=DHCP 4o6 Servers Address;
    89=S46 Rule; 90=S46 BR; 91=S46 DMR; 92=S46 IPv4/IPv6 Address Binding; 93=S46 Port Parameters;
    94=S46 MAP-E Container; 95=S46 MAP-T Container; 96=S46 Lightweight 4over6 Container; 97=4rd Options;
    98=4rd Mapping Rule; 99=4rd Non-Mapping Rule; 100=LQ Server Base Time; 101=LQ Server Query Start Time;
    102=LQ Server Query End Time; 103=Captive Portal; 104=MPL Parameter Configuration; 105=Access Technology Type;
    106=Access Network Name; 107=Access Point Name; 108=Access Point BSSID; 109=Access Network Operator ID;
    110=Access Network Operator Realm; 111=S46 Priority; 112=Manufacturer Usage Description;
    113=IPv4/IPv6 Multicast Prefixes; 114=Failover Binding Status; 115=Failover Connect Flags;
    116=Failover DNS Removal Info; 117=Failover DNS Hostname; 118=Failover DNS Zone Name; 119=Failover DNS Flags;
    120=Failover Expiration Time; 121=Failover Maximum Number Unacked BNDUPD Messages;
    122=Failover Maximum Client Lead Time (MCLT); 123=Failover Partner Lifetime; 124=Failover Partner Lifetime Sent;
    125=Failover Partner Down Time; 126=Failover Partner Raw Client Time; 127=Failover Protocol Version;
    128=Failover Keepalive Time; 129=Failover Reconfigure Data; 130=Failover Relationship Name;
    131=Failover Server Flags; 132=Failover Server State; 133=Failover Start Time of State;
    134=Failover State Expiration Time; 135=Relay Source Port; 136=SZTP Redirect;
    137=Softwire Source Binding Prefix Hint; 143=ANDSF IPv6 Address;
"""
OPTION_NAMES = {int(code): name for code, _, name in (row.strip().partition("=") for row in _NAMES.split(";")[:-1])}
"""What dhcpv6.option.type_str shows (Wireshark 4.4); other codes are "DHCP option N"."""
