"""RADIUS attributes: of the standards (RFC 2865 and its successors) and of some vendors.

A row is the attribute's number, its name in filters without the prefix "radius." and its type.
"""

from __future__ import annotations

_STANDARD = """
    1 User_Name STRING  2 User_Password_encrypted BYTES  4 NAS_IP_Address IPv4  5 NAS_Port UINT32
    6 Service_Type UINT32  7 Framed_Protocol UINT32  8 Framed-IP-Address IPv4  9 Framed_IP_Netmask IPv4
    10 Framed_Routing UINT32  11 Filter_Id STRING  12 Framed_MTU UINT32  13 Framed_Compression UINT32
    14 Login-IP-Host IPv4  15 Login_Service UINT32  16 Login_TCP_Port UINT32  17 Old_Password STRING
    18 Reply_Message STRING  19 Callback_Number STRING  20 Callback_Id STRING  22 Framed_Route STRING
    23 Framed-IPX-Network IPXNET  24 State BYTES  25 Class BYTES  27 Session_Timeout UINT32
    28 Idle_Timeout UINT32  29 Termination_Action UINT32  30 Called_Station_Id STRING
    31 Calling_Station_Id STRING  32 NAS_Identifier STRING  33 Proxy_State BYTES  34 Login_LAT_Service STRING
    35 Login_LAT_Node STRING  36 Login_LAT_Group BYTES  37 Framed_AppleTalk_Link UINT32
    38 Framed_AppleTalk_Network UINT32  39 Framed_AppleTalk_Zone STRING  40 Acct_Status_Type UINT32
    41 Acct_Delay_Time UINT32  42 Acct_Input_Octets UINT32  43 Acct_Output_Octets UINT32
    44 Acct_Session_Id STRING  45 Acct_Authentic UINT32  46 Acct_Session_Time UINT32  47 Acct_Input_Packets UINT32
    48 Acct_Output_Packets UINT32  49 Acct_Terminate_Cause UINT32  50 Acct_Multi_Session_Id STRING
    51 Acct_Link_Count UINT32  52 Acct_Input_Gigawords UINT32  53 Acct_Output_Gigawords UINT32
    55 Event_Timestamp ABSOLUTE_TIME  57 Ingress_Filters UINT32  59 User_Priority_Table BYTES
    60 CHAP_Challenge BYTES  61 NAS_Port_Type UINT32  62 Port_Limit UINT32  63 Login_LAT_Port STRING
    64 Tunnel_Type UINT32  65 Tunnel_Medium_Type UINT32  66 Tunnel_Client_Endpoint STRING
    67 Tunnel_Server_Endpoint STRING  68 Acct_Tunnel_Connection STRING  69 Tunnel_Password_encrypted BYTES
    70 ARAP_Password BYTES  71 ARAP_Features BYTES  72 ARAP_Zone_Access UINT32  73 ARAP_Security UINT32
    74 ARAP_Security_Data STRING  75 Password_Retry UINT32  76 Prompt UINT32  77 Connect_Info STRING
    78 Configuration_Token STRING  79 eap_fragment BYTES  80 Message_Authenticator BYTES
    81 Tunnel_Private_Group_Id STRING  82 Tunnel_Assignment_Id STRING  83 Tunnel_Preference UINT32
    84 ARAP_Challenge_Response BYTES  85 Acct_Interim_Interval UINT32  86 Acct_Tunnel_Packets_Lost UINT32
    87 NAS_Port_Id STRING  88 Framed_Pool STRING  89 Chargeable_User_Identity BYTES
    90 Tunnel_Client_Auth_Id STRING  91 Tunnel_Server_Auth_Id STRING  92 NAS_Filter_Rule STRING
    94 Originating_Line_Info BYTES  95 NAS_IPv6_Address IPv6  96 Framed_Interface_Id BYTES
    97 Framed_IPv6_Prefix BYTES  98 Login_IPv6_Host IPv6  99 Framed_IPv6_Route STRING  100 Framed_IPv6_Pool STRING
    101 Error_Cause UINT32  102 EAP_Key_Name BYTES  123 Delegated_IPv6_Prefix BYTES  124 MIP6_Feature_Vector BYTES
    125 MIP6_Home_Link_Prefix BYTES  126 Operator_Name STRING  127 Location_Information BYTES
    128 Location_Data BYTES  129 Basic_Location_Policy_Rules BYTES  130 Extended_Location_Policy_Rules STRING
    131 Location_Capable UINT32  132 Requested_Location_Info UINT32  133 Framed_Management UINT32
    134 Management_Transport_Protection UINT32  135 Management_Policy_Id STRING
    136 Management_Privilege_Level UINT32  137 PKM_SS_Cert BYTES  138 PKM_CA_Cert BYTES
    139 PKM_Config_Settings BYTES  140 PKM_Cryptosuite_List BYTES  141 PKM_SAID UINT32
    142 PKM_SA_Descriptor BYTES  143 PKM_Auth_Key BYTES  144 DS_Lite_Tunnel_Name BYTES
    145 Mobile_Node_Identifier BYTES  146 Service_Selection STRING  147 PMIP6_Home_LMA_IPv6_Address IPv6
    148 PMIP6_Visited_LMA_IPv6_Address IPv6  149 PMIP6_Home_LMA_IPv4_Address IPv4
    150 PMIP6_Visited_LMA_IPv4_Address IPv4  151 PMIP6_Home_HN_Prefix BYTES  152 PMIP6_Visited_HN_Prefix BYTES
    153 PMIP6_Home_Interface_ID BYTES  154 PMIP6_Visited_Interface_ID BYTES  155 PMIP6_Home_IPv4_HoA BYTES
    156 PMIP6_Visited_IPv4_HoA BYTES  157 PMIP6_Home_DHCP4_Server_Address IPv4
    158 PMIP6_Visited_DHCP4_Server_Address IPv4  159 PMIP6_Home_DHCP6_Server_Address IPv6
    160 PMIP6_Visited_DHCP6_Server_Address IPv6  161 PMIP6_Home_IPv4_Gateway IPv4
    162 PMIP6_Visited_IPv4_Gateway IPv4  163 EAP_Lower_Layer UINT32  164 GSS_Acceptor_Service_Name STRING
    165 GSS_Acceptor_Host_Name STRING  166 GSS_Acceptor_Service_Specifics STRING
    167 GSS_Acceptor_Realm_Name STRING  168 Framed_IPv6_Address IPv6  169 DNS_Server_IPv6_Address IPv6
    170 Route_IPv6_Information BYTES  171 Delegated_IPv6_Prefix_Pool STRING  172 Stateful_IPv6_Address_Pool STRING
    174 Allowed_Called_Station_Id STRING  175 EAP_Peer_Id BYTES  176 EAP_Server_Id BYTES
    177 Mobility_Domain_Id UINT32  178 Preauth_Timeout UINT32  179 Network_Id_Name BYTES
    180 EAPoL_Announcement BYTES  181 WLAN_HESSID STRING  182 WLAN_Venue_Info UINT32
    183 WLAN_Venue_Language BYTES  184 WLAN_Venue_Name STRING  185 WLAN_Reason_Code UINT32
    186 WLAN_Pairwise_Cipher UINT32  187 WLAN_Group_Cipher UINT32  188 WLAN_AKM_Suite UINT32
    189 WLAN_Group_Mgmt_Cipher UINT32  190 WLAN_RF_Band UINT32  206 Digest_Response STRING
    207 Digest_Attributes BYTES
"""
_CISCO = """
    1 Cisco_AVPair STRING  2 Cisco_NAS_Port STRING  3 Cisco_Fax_Account_Id_Origin STRING
    4 Cisco_Fax_Msg_Id STRING  5 Cisco_Fax_Pages STRING  6 Cisco_Fax_Coverpage_Flag STRING
    7 Cisco_Fax_Modem_Time STRING  8 Cisco_Fax_Connect_Speed STRING  9 Cisco_Fax_Recipient_Count STRING
    10 Cisco_Fax_Process_Abort_Flag STRING  11 Cisco_Fax_Dsn_Address STRING  12 Cisco_Fax_Dsn_Flag STRING
    13 Cisco_Fax_Mdn_Address STRING  14 Cisco_Fax_Mdn_Flag STRING  15 Cisco_Fax_Auth_Status STRING
    16 Cisco_Email_Server_Address STRING  17 Cisco_Email_Server_Ack_Flag STRING  18 Cisco_Gateway_Id STRING
    19 Cisco_Call_Type STRING  20 Cisco_Port_Used STRING  21 Cisco_Abort_Cause STRING
    23 h323_remote_address STRING  24 h323_conf_id STRING  25 h323_setup_time STRING  26 h323_call_origin STRING
    27 h323_call_type STRING  28 h323_connect_time STRING  29 h323_disconnect_time STRING
    30 h323_disconnect_cause STRING  31 h323_voice_quality STRING  33 h323_gw_id STRING
    35 h323_incoming_conf_id STRING  37 Cisco_Policy_Up STRING  38 Cisco_Policy_Down STRING
    46 Cisco_Relay_Information_Option STRING  47 Cisco_DHCP_User_Class STRING  48 Cisco_DHCP_Vendor_Class STRING
    50 Cisco_DHCP_Relay_GiAddr STRING  51 Cisco_Service_Name STRING  52 Cisco_Parent_Session_Id STRING
    55 Cisco_Sub_QoS_Pol_In STRING  56 Cisco_Sub_QoS_Pol_Out STRING  57 Cisco_In_ACL STRING
    58 Cisco_Out_ACL STRING  59 Cisco_Sub_PBR_Policy_In STRING  60 Cisco_Sub_Activate_Service STRING
    61 Cisco_IPv6_In_ACL STRING  62 Cisco_IPv6_Out_ACL STRING  63 Cisco_Sub_Deactivate_Service STRING
    65 Cisco_DHCP_Subscriber_Id STRING  66 Cisco_DHCPv6_Link_Address STRING
"""
_MICROSOFT = """
    1 MS_CHAP_Response BYTES  2 MS_CHAP_Error STRING  3 MS_CHAP_CPW_1 BYTES  4 MS_CHAP_CPW_2 BYTES
    5 MS_CHAP_LM_Enc_PW BYTES  6 MS_CHAP_NT_Enc_PW BYTES  7 MS_MPPE_Encryption_Policy UINT32
    8 MS_MPPE_Encryption_Types UINT32  9 MS_RAS_Vendor UINT32  10 MS_CHAP_Domain STRING
    11 MS_CHAP_Challenge BYTES  12 MS_CHAP_MPPE_Keys_encrypted BYTES  13 MS_BAP_Usage UINT32
    14 MS_Link_Utilization_Threshold UINT32  15 MS_Link_Drop_Time_Limit UINT32
    16 MS_MPPE_Send_Key_encrypted BYTES  17 MS_MPPE_Recv_Key_encrypted BYTES  18 MS_RAS_Version STRING
    19 MS_Old_ARAP_Password BYTES  20 MS_New_ARAP_Password BYTES  21 MS_ARAP_PW_Change_Reason UINT32
    22 MS_Filter BYTES  23 MS_Acct_Auth_Type UINT32  24 MS_Acct_EAP_Type UINT32  25 MS_CHAP2_Response BYTES
    26 MS_CHAP2_Success BYTES  27 MS_CHAP2_CPW BYTES  28 MS_Primary_DNS_Server IPv4
    29 MS_Secondary_DNS_Server IPv4  30 MS_Primary_NBNS_Server IPv4  31 MS_Secondary_NBNS_Server IPv4
    34 MS_RAS_Client_Name STRING  35 MS_RAS_Client_Version STRING  36 MS_Quarantine_IPFilter BYTES
    37 MS_Quarantine_Session_Timeout UINT32  40 MS_User_Security_Identity STRING  41 MS_Identity_Type UINT32
    42 MS_Service_Class STRING  44 MS_Quarantine_User_Class STRING  45 MS_Quarantine_State UINT32
    46 MS_Quarantine_Grace_Time UINT32  47 MS_Network_Access_Server_Type UINT32  48 MS_AFW_Zone UINT32
    49 MS_AFW_Protection_Level UINT32  50 MS_Machine_Name STRING  51 MS_IPv6_Filter BYTES
    52 MS_IPv4_Remediation_Servers BYTES  53 MS_IPv6_Remediation_Servers BYTES
    54 MS_RNAP_Not_Quarantine_Capable UINT32  55 MS_Quarantine_SOH BYTES  56 MS_RAS_Correlation BYTES
    57 MS_Extended_Quarantine_State UINT32  58 MS_HCAP_User_Groups STRING  59 MS_HCAP_Location_Group_Name STRING
    60 MS_HCAP_User_Name STRING  61 MS_User_IPv4_Address IPv4  63 MS_TSG_Device_Redirection UINT32
"""
_JUNIPER = """
    1 Juniper_Local_User_Name STRING  2 Juniper_Allow_Commands STRING  3 Juniper_Deny_Commands STRING
    4 Juniper_Allow_Configuration STRING  5 Juniper_Deny_Configuration STRING
    8 Juniper_Interactive_Command STRING  9 Juniper_Configuration_Change STRING
    10 Juniper_User_Permissions STRING  11 Juniper_Junosspace_Profiles STRING  21 Juniper_CTP_Group UINT32
    22 Juniper_CTPView_APP_Group UINT32  23 Juniper_CTPView_OS_Group UINT32  31 Juniper_Primary_Dns IPv4
    32 Juniper_Primary_Wins IPv4  33 Juniper_Secondary_Dns IPv4  34 Juniper_Secondary_Wins IPv4
    35 Juniper_Interface_id STRING  36 Juniper_Ip_Pool_Name STRING  37 Juniper_Keep_Alive UINT32
    38 Juniper_CoS_Traffic_Control_Profile STRING  39 Juniper_CoS_Parameter STRING
    40 Juniper_encapsulation_overhead UINT32  41 Juniper_cell_overhead UINT32  42 Juniper_tx_connect_speed UINT32
    43 Juniper_rx_connect_speed UINT32  44 Juniper_Firewall_filter_name STRING
    45 Juniper_Policer_Parameter STRING  46 Juniper_Local_Group_Name STRING  47 Juniper_Local_Interface STRING
    48 Juniper_Switching_Filter STRING  49 Juniper_VoIP_Vlan STRING  50 Juniper_CWA_Redirect STRING
    52 Juniper_AV_Pair STRING  55 Juniper_DHCPv4_Options BYTES
"""
_WISPR = """
    1 WISPr_Location_ID STRING  2 WISPr_Location_Name STRING  3 WISPr_Logoff_URL STRING
    4 WISPr_Redirection_URL STRING  5 WISPr_Bandwidth_Min_Up UINT32  6 WISPr_Bandwidth_Min_Down UINT32
    7 WISPr_Bandwidth_Max_Up UINT32  8 WISPr_Bandwidth_Max_Down UINT32  9 WISPr_Session_Terminate_Time STRING
    10 WISPr_Session_Terminate_End_Of_Day STRING  11 WISPr_Billing_Class_Of_Service STRING
    12 WBA_Offered_Service STRING  13 WBA_Financial_Clearing_Provider STRING  14 WBA_Data_Clearing_Provider STRING
    15 WBA_Linear_Volume_Rate BYTES  16 WBA_Identity_Provider STRING  17 WBA_Custom_SLA STRING
"""
_ARUBA = """
    1 Aruba_User_Role STRING  2 Aruba_User_Vlan UINT32  3 Aruba_Priv_Admin_User UINT32  4 Aruba_Admin_Role STRING
    5 Aruba_Essid_Name STRING  6 Aruba_Location_Id STRING  7 Aruba_Port_Identifier STRING
    8 Aruba_MMS_User_Template STRING  9 Aruba_Named_User_Vlan STRING  10 Aruba_AP_Group STRING
    11 Aruba_Framed_IPv6_Address STRING  12 Aruba_Device_Type STRING  13 Aruba_AP_Name STRING
    14 Aruba_No_DHCP_Fingerprint UINT32  15 Aruba_Mdps_Device_Udid STRING  16 Aruba_Mdps_Device_Imei STRING
    17 Aruba_Mdps_Device_Iccid STRING  18 Aruba_Mdps_Max_Devices UINT32  19 Aruba_Mdps_Device_Name STRING
    20 Aruba_Mdps_Device_Product STRING  21 Aruba_Mdps_Device_Version STRING  22 Aruba_Mdps_Device_Serial STRING
    23 Aruba_CPPM_Role STRING  24 Aruba_AirGroup_User_Name STRING  25 Aruba_AirGroup_Shared_User STRING
    26 Aruba_AirGroup_Shared_Role STRING  27 Aruba_AirGroup_Device_Type UINT32  28 Aruba_Auth_Survivability STRING
    29 Aruba_AS_User_Name STRING  30 Aruba_AS_Credential_Hash STRING  31 Aruba_WorkSpace_App_Name STRING
    32 Aruba_Mdps_Provisioning_Settings STRING  33 Aruba_Mdps_Device_Profile STRING  34 Aruba_AP_IP_Address IPv4
    35 Aruba_AirGroup_Shared_Group STRING  36 Aruba_User_Group STRING  37 Aruba_Network_SSO_Token STRING
    38 Aruba_AirGroup_Version UINT32  39 Aruba_Auth_SurvMethod UINT32  40 Aruba_Port_Bounce_Host UINT32
    41 Aruba_Calea_Server_Ip IPv4  42 Aruba_Admin_Path STRING  43 Aruba_Captive_Portal_URL STRING
    44 Aruba_MPSK_Passphrase_encrypted BYTES  45 Aruba_ACL_Server_Query_Info STRING
    46 Aruba_Command_String STRING  47 Aruba_Network_Profile STRING  48 Aruba_Admin_Device_Group STRING
    49 Aruba_PoE_Priority UINT32  50 Aruba_Port_Auth_Mode UINT32  51 Aruba_NAS_Filter_Rule STRING
    52 Aruba_QoS_Trust_Mode UINT32  53 Aruba_UBT_Gateway_Role STRING  54 Aruba_Gateway_Zone STRING
    55 Aruba_DPP_Bootstrapping_Key_SHA256 STRING  56 Aruba_DPP_Bootstrapping_Net_Access_Key_SHA256 STRING
    57 Aruba_DPP_Bootstrapping_Key_B64 STRING  58 Aruba_STP_Admin_Edge_Port UINT32
    59 Aruba_UBT_Gateway_CPPM_Role STRING  60 Aruba_AP_MAC_Address STRING  61 Aruba_Device_MAC_Address STRING
    62 Aruba_MPSK_Key_Name STRING  63 Aruba_Device_Traffic_Class UINT32  64 Aruba_PVLAN_Port_Type UINT32
    65 Aruba_Network_Test UINT32  66 Aruba_MPSK_Lookup_Info_encrypted BYTES  67 Aruba_AVPair STRING
    68 Aruba_DPP_Service_Type UINT32  69 Aruba_User_Mgmt_Interface STRING  70 Aruba_PoE_Allocate_By_Method UINT32
    71 Aruba_DPP_AKMs STRING  72 Aruba_DPP_Passphrase_encrypted BYTES
"""
_MIKROTIK = """
    1 Mikrotik_Recv_Limit UINT32  2 Mikrotik_Xmit_Limit UINT32  3 Mikrotik_Group STRING
    4 Mikrotik_Wireless_Forward UINT32  5 Mikrotik_Wireless_Skip_Dot1x UINT32  6 Mikrotik_Wireless_Enc_Algo UINT32
    7 Mikrotik_Wireless_Enc_Key STRING  8 Mikrotik_Rate_Limit STRING  9 Mikrotik_Realm STRING
    10 Mikrotik_Host_IP IPv4  11 Mikrotik_Mark_Id STRING  12 Mikrotik_Advertise_URL STRING
    13 Mikrotik_Advertise_Interval UINT32  14 Mikrotik_Recv_Limit_Gigawords UINT32
    15 Mikrotik_Xmit_Limit_Gigawords UINT32  16 Mikrotik_Wireless_PSK STRING  17 Mikrotik_Total_Limit UINT32
    18 Mikrotik_Total_Limit_Gigawords UINT32  19 Mikrotik_Address_List STRING  20 Mikrotik_Wireless_MPKey STRING
    21 Mikrotik_Wireless_Comment STRING  22 Mikrotik_Delegated_IPv6_Pool STRING
    23 Mikrotik_DHCP_Option_Set STRING  24 Mikrotik_DHCP_Option_Param_STR1 STRING
    25 Mikrotik_DHCP_Option_ParamSTR2 STRING  26 Mikrotik_Wireless_VLANID UINT32
    27 Mikrotik_Wireless_VLANID_Type UINT32  28 Mikrotik_Wireless_Minsignal STRING
    29 Mikrotik_Wireless_Maxsignal STRING  30 Mikrotik_Switching_Filter STRING
"""

Attribute = tuple[str, str]


def _rows(text: str) -> dict[int, Attribute]:
    words = text.split()
    numbers, names, kinds = words[::3], words[1::3], words[2::3]
    return {int(n): ("radius." + name, kind) for n, name, kind in zip(numbers, names, kinds, strict=True)}


ATTRIBUTES: dict[int, Attribute] = _rows(_STANDARD)
"""Attribute number -> field name, field type."""

VENDOR_ATTRIBUTES: dict[int, dict[int, Attribute]] = {
    9: _rows(_CISCO),
    311: _rows(_MICROSOFT),
    2636: _rows(_JUNIPER),
    14122: _rows(_WISPR),
    14823: _rows(_ARUBA),
    14988: _rows(_MIKROTIK),
}
"""Vendor's enterprise number -> number of its attribute -> field name, field type."""

TAGGED = frozenset({64, 65, 66, 67, 69, 81, 82, 83, 90, 91})
"""Attributes whose first byte can be a tag (RFC 2868)."""
