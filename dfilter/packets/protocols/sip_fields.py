"""The header fields of SIP (RFC 3261 section 20 and its extensions) that have names in filters."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Field, computed, computed_table

_COMPACT = {
    b"a": b"accept-contact", b"b": b"referred-by", b"c": b"content-type", b"d": b"request-disposition",
    b"e": b"content-encoding", b"f": b"from", b"i": b"call-id", b"j": b"reject-contact", b"k": b"supported",
    b"l": b"content-length", b"m": b"contact", b"n": b"identity-info", b"o": b"event", b"r": b"refer-to",
    b"s": b"subject", b"t": b"to", b"u": b"allow-events", b"v": b"via", b"x": b"session-expires", b"y": b"identity",
}  # fmt: skip
"""Compact forms (IANA, "SIP Parameters", header fields)."""

_NAMES = """
    Accept Accept-Contact Accept-Encoding Accept-Language Accept-Resource-Priority Additional-Identity Alert-Info
    Allow Allow-Events Answer-Mode Attestation-Info Authentication-Info Authorization CSeq Call-ID Call-Info
    Cellular-Network-Info Contact Content-Disposition Content-Encoding Content-Language Content-Length Content-Type
    Date Diversion Error-Info Event Expires Feature-Caps Flow-Timer From Geolocation Geolocation-Error
    Geolocation-Routing History-Info Identity Identity-info In-Reply-To Info-Package Join MIME-Version Max-Breadth
    Max-Forwards Min-Expires Min-SE Organization Origination-Id P-Access-Network-Info P-Answer-State
    P-Asserted-Identity P-Asserted-Service P-Associated-URI P-Called-Party-ID P-Charge-Info
    P-Charging-Function-Addresses P-Charging-Vector P-DCS-Billing-Info P-DCS-LAES P-DCS-OSPS P-DCS-Redirect
    P-DCS-Trace-Party-ID P-Early-Media P-Media-Authorization P-Preferred-Identity P-Preferred-Service P-Profile-Key
    P-Refused-URI-List P-Served-User P-User-Database P-Visited-Network-ID Path Permission-Missing Priority
    Priority-Share Priv-Answer-mode Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require RAck RSeq Reason
    Reason-Phrase Record-Route Recv-Info Refer-Sub Refer-To Referred-by Reject-Contact Relayed-Charge Replaces
    Reply-To Request-Disposition Require Resource-Priority Resource-Share Response-Source Restoration-Info
    Retry-After Route Security-Client Security-Server Security-Verify Server Service-Interact-Info Service-Route
    Session-Expires Session-ID Subject Subscription-State Supported Target-Dialog Timestamp To Trigger-Consent
    Unsupported User-Agent Via WWW-Authenticate Warning
"""

NUMBERS = frozenset({"Content-Length", "Expires", "Max-Breadth", "Max-Forwards", "RSeq", "Retry-After"})
"""Header fields whose value is a number."""

HEADERS: dict[bytes, str] = {name.lower().encode(): name for name in _NAMES.split()} | {
    b"sip-etag": "ETag", b"sip-if-match": "If_Match", b"suppress-if-match": "Suppress_If_Match",
}  # fmt: skip
HEADERS |= {short: HEADERS[long] for short, long in _COMPACT.items()}
"""Lower-case header name, or its compact form -> the last part of the filter's name."""

ADDRESSES = {"From": "from", "To": "to", "P-Asserted-Identity": "pai", "P-Preferred-Identity": "ppi",
             "Permission-Missing": "pmiss", "Contact": "contact", "Route": "Route", "Record-Route": "Record-Route",
             "Path": "Path", "Service-Route": "Service-Route"}  # fmt: skip
"""Header fields that hold addresses -> what the names of their parts begin with."""

AUTHENTICATION = frozenset({"Authorization", "WWW-Authenticate", "Proxy-Authenticate", "Proxy-Authorization",
                            "Authentication-Info"})  # fmt: skip

AUTH_PARAMETERS = {
    b"username": "username", b"realm": "realm", b"nonce": "nonce", b"uri": "uri", b"response": "digest.response",
    b"algorithm": "algorithm", b"cnonce": "cnonce", b"opaque": "opaque", b"qop": "qop", b"nc": "nc",
    b"domain": "domain", b"stale": "stale", b"auts": "auts", b"rspauth": "rspauth", b"nextnonce": "nextnonce",
    b"ik": "ik", b"ck": "ck",
}  # fmt: skip

VIA_PARAMETERS = frozenset((b"branch", b"received", b"rport", b"maddr", b"ttl", b"comp"))

_PARTS = ("display.info", "user", "host", "port", "param")


def _part_names() -> set[str]:
    names = {f"sip.{prefix}.{part}" for prefix in ADDRESSES.values() for part in _PARTS}
    names |= {f"sip.{prefix}.{'uri' if prefix[0].isupper() or prefix == 'contact' else 'addr'}"
              for prefix in ADDRESSES.values()}  # fmt: skip
    names |= {f"sip.auth.{part}" for part in AUTH_PARAMETERS.values()}
    return names | {f"sip.r-uri.{part}" for part in _PARTS} | {f"sip.Via.{p.decode()}" for p in VIA_PARAMETERS}


SIP_FIELDS: tuple[Field, ...] = (
    *(computed(f"sip.{name}", T.UINT32 if name in NUMBERS else T.STRING) for name in sorted(set(HEADERS.values()))),
    *(computed(name, T.STRING) for name in sorted(_part_names())),
    *computed_table("""
        sip.Request-Line        STRING
        sip.Method              STRING
        sip.r-uri               STRING
        sip.Status-Line         STRING
        sip.Status-Code         UINT32
        sip.msg_hdr             STRING
        sip.msg_body            BYTES
        sip.CSeq.seq            UINT32
        sip.CSeq.method         STRING
        sip.call_id_generated   STRING
        sip.from.tag            STRING
        sip.to.tag              STRING
        sip.tag                 STRING
        sip.display.info        STRING
        sip.contact.parameter   STRING
        sip.Via.transport       STRING
        sip.Via.sent-by.address STRING
        sip.Via.sent-by.port    UINT16
        sip.auth                STRING
        sip.auth.scheme         STRING
        sip.Call-ID.invalid     NONE
        sip.header_no_colon     NONE
        sip.unrecognized_header NONE
    """),
    *computed_table(
        """
        sip.resend              BOOLEAN
        sip.resend-original     FRAMENUM
        sip.response-request    FRAMENUM
        sip.response-time       UINT32
        sip.release-time        UINT32
    """,
        stateful=True,
    ),
)
