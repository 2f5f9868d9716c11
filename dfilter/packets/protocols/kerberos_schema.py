"""Kerberos messages in ASN.1 (RFC 4120 appendix A, with RFC 6113 and MS-KILE), as a table.

In: nothing.  Out: `SCHEMA`: for each type of the specification, what its context tags hold and under which field it
shows.  What always holds: every type that is named is in the table.
"""

from __future__ import annotations

from dfilter.slotted import frozen


@frozen
class Part:
    """One component of a SEQUENCE.

    Attributes:
        field: the field's name without "kerberos.", "-" where nothing shows.
        kind: how its value is read; "seq" and "seqof" go on with `type`.
        type: the type of the specification that it holds.
    """

    field: str
    kind: str
    type: str = ""


_TABLE = """
KDC-REQ            1 pvno int; 2 msg_type int; 3 padata seqof PA-DATA; 4 req_body_element seq KDC-REQ-BODY
KDC-REQ-BODY       0 kdc_options kdcoptions; 1 cname_element seq CName; 2 realm text; 3 sname_element seq SName
KDC-REQ-BODY       4 from time; 5 till time; 6 rtime time; 7 nonce int; 8 kdc-req-body.etype seqof ENCTYPE
KDC-REQ-BODY       9 addresses seqof HostAddress; 10 enc_authorization_data_element seq EncryptedData
KDC-REQ-BODY       11 additional_tickets seqof Ticket
KDC-REP            0 pvno int; 1 msg_type int; 2 padata seqof PA-DATA; 3 crealm text; 4 cname_element seq CName
KDC-REP            5 ticket_element application Ticket; 6 enc_part_element seq EncryptedData
AP-REQ             0 pvno int; 1 msg_type int; 2 ap_options apoptions; 3 ticket_element application Ticket
AP-REQ             4 authenticator_element seq EncryptedData
AP-REP             0 pvno int; 1 msg_type int; 2 enc_part_element seq EncryptedData
KRB-SAFE           0 pvno int; 1 msg_type int; 2 safe_body_element seq KRB-SAFE-BODY; 3 cksum_element seq Checksum
KRB-SAFE-BODY      1 timestamp time; 2 usec int; 3 seq_number int; 4 s_address_element seq HostAddress
KRB-PRIV           0 pvno int; 1 msg_type int; 3 enc_part_element seq EncryptedData
KRB-CRED           0 pvno int; 1 msg_type int; 2 tickets seqof Ticket; 3 enc_part_element seq EncryptedData
KRB-ERROR          0 pvno int; 1 msg_type int; 2 ctime time; 3 cusec int; 4 stime time; 5 susec int
KRB-ERROR          6 error_code int; 7 crealm text; 8 cname_element seq CName; 9 realm text
KRB-ERROR          10 sname_element seq SName; 11 e_text text; 12 e_data errordata
Ticket             0 tkt_vno int; 1 realm text; 2 sname_element seq SName; 3 enc_part_element seq EncryptedData
CName              0 name_type int; 1 cname_string names CNameString
SName              0 name_type int; 1 sname_string names SNameString
PrincipalName      0 name_type int; 1 name_string names KerberosString
EncryptedData      0 etype int; 1 kvno int; 2 cipher octets
Checksum           0 cksumtype int; 1 checksum octets
PA-DATA            1 padata_type int; 2 padata_value padata
ETYPE-INFO-ENTRY   0 etype int; 1 info_salt octets
ETYPE-INFO2-ENTRY  0 etype int; 1 info2_salt text; 2 s2kparams octets
HostAddress        0 addr_type int; 1 - address
PA-PAC-REQUEST     0 include_pac boolean
PA-S4U2Self        0 name_element seq PrincipalName; 1 realm text; 2 cksum_element seq Checksum; 3 auth text
KrbFastArmoredReq  0 armor_element seq KrbFastArmor; 1 req_checksum_element seq Checksum
KrbFastArmoredReq  2 enc_fast_req_element seq EncryptedData
KrbFastArmoredRep  0 enc_fast_rep_element seq EncryptedData
KrbFastArmor       0 armor_type int; 1 armor_value octets
"""

ELEMENTS = {"PA-DATA": "PA_DATA_element", "HostAddress": "HostAddress_element", "Ticket": "Ticket_element",
            "ETYPE-INFO-ENTRY": "ETYPE_INFO_ENTRY_element",
            "ETYPE-INFO2-ENTRY": "ETYPE_INFO2_ENTRY_element"}  # fmt: skip
"""The field that shows each member of a SEQUENCE OF."""

MESSAGES = {10: ("as_req_element", "KDC-REQ"), 11: ("as_rep_element", "KDC-REP"), 12: ("tgs_req_element", "KDC-REQ"),
            13: ("tgs_rep_element", "KDC-REP"), 14: ("ap_req_element", "AP-REQ"), 15: ("ap_rep_element", "AP-REP"),
            20: ("krb_safe_element", "KRB-SAFE"), 21: ("krb_priv_element", "KRB-PRIV"),
            22: ("krb_cred_element", "KRB-CRED"), 30: ("krb_error_element", "KRB-ERROR")}  # fmt: skip
"""Application tag -> the field of the whole message, and its type."""

KDC_OPTIONS = (
    "reserved", "forwardable", "forwarded", "proxiable", "proxy", "allow.postdate", "postdated", "unused7",
    "renewable", "unused9", "unused10", "opt.hardware.auth", "unused12", "unused13", "constrained.delegation",
    "canonicalize", "request.anonymous", "unused17", "unused18", "unused19", "unused20", "unused21", "unused22",
    "unused23", "unused24", "unused25", "disable.transited.check", "renewable.ok", "enc.tkt.in.skey", "unused29",
    "renew", "validate",
)  # fmt: skip
AP_OPTIONS = ("reserved", "use.session.key", "mutual.required")


def _parse(table: str) -> dict[str, dict[int, Part]]:
    schema: dict[str, dict[int, Part]] = {}
    for line in table.strip().splitlines():
        name, _, rest = line.partition(" ")
        for entry in rest.split(";"):
            number, *part = entry.split()
            schema.setdefault(name, {})[int(number)] = Part(*part)
    return schema


SCHEMA = _parse(_TABLE)
