"""The services of OPC UA that open connections and sessions (OPC 10000-4 sections 5.4 to 5.6), in the binary encoding
(OPC 10000-6 section 5.2), with the certificates that they carry.

In: what a message carries behind its sequence header.  Out: the fields of the layer.  What always holds: a service that
is not known here shows its number, or its header too; an array has no more elements than the message has bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial

from dfilter.packets.declare import computed_table
from dfilter.packets.protocols.cursor import Cursor, from_filetime
from dfilter.packets.protocols.x509 import wants_certificates
from dfilter.packets.protocols.x509_certificate import fill_certificate
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer

SERVICE_FIELDS = computed_table("""
    opcua.servicenodeid.encodingmask  UINT8
    opcua.servicenodeid.nsid          UINT8
    opcua.servicenodeid.numeric       UINT32
    opcua.nodeid.encodingmask         UINT8
    opcua.nodeid.nsindex              UINT16
    opcua.nodeid.numeric              UINT32
    opcua.nodeid.string               STRING
    opcua.nodeid.guid                 GUID
    opcua.nodeid.bytestring           BYTES
    opcua.Timestamp                   ABSOLUTE_TIME
    opcua.RequestHandle               UINT32
    opcua.returndiag                  UINT32
    opcua.returndiag.servicelevel.symbolicid         BOOLEAN
    opcua.returndiag.servicelevel.localizedtext      BOOLEAN
    opcua.returndiag.servicelevel.additionalinfo     BOOLEAN
    opcua.returndiag.servicelevel.innerstatuscode    BOOLEAN
    opcua.returndiag.servicelevel.innerdiagnostics   BOOLEAN
    opcua.returndiag.operationlevel.symbolicid       BOOLEAN
    opcua.returndiag.operationlevel.localizedtext    BOOLEAN
    opcua.returndiag.operationlevel.additionalinfo   BOOLEAN
    opcua.returndiag.operationlevel.innerstatuscode  BOOLEAN
    opcua.returndiag.operationlevel.innerdiagnostics BOOLEAN
    opcua.AuditEntryId                STRING
    opcua.TimeoutHint                 UINT32
    opcua.extobj.mask                 UINT8
    opcua.extobj.has_binary_body      BOOLEAN
    opcua.extobj.has_xml_body         BOOLEAN
    opcua.ServiceResult               UINT32
    opcua.diag.mask                   UINT8
    opcua.diag.has_symbolic_id        BOOLEAN
    opcua.diag.has_namespace          BOOLEAN
    opcua.diag.has_localizedtext      BOOLEAN
    opcua.diag.has_locale             BOOLEAN
    opcua.diag.has_additional_info    BOOLEAN
    opcua.diag.has_inner_statuscode   BOOLEAN
    opcua.diag.has_inner_diagnostic_code BOOLEAN
    opcua.diag.SymbolicId             INT32
    opcua.diag.Namespace              INT32
    opcua.diag.LocalizedText          INT32
    opcua.diag.Locale                 INT32
    opcua.diag.AdditionalInfo         STRING
    opcua.diag.InnerStatusCode        UINT32
    opcua.variant.ArraySize           INT32
    opcua.StringTable                 STRING
    opcua.loctext.mask                UINT8
    opcua.loctext.has_locale_information BOOLEAN
    opcua.loctext.has_text            BOOLEAN
    opcua.loctext.Locale              STRING
    opcua.loctext.Text                STRING
    opcua.ClientProtocolVersion       UINT32
    opcua.SecurityTokenRequestType    UINT32
    opcua.MessageSecurityMode         UINT32
    opcua.ClientNonce                 BYTES
    opcua.RequestedLifetime           UINT32
    opcua.ServerProtocolVersion       UINT32
    opcua.ChannelId                   UINT32
    opcua.TokenId                     UINT32
    opcua.CreatedAt                   ABSOLUTE_TIME
    opcua.RevisedLifetime             UINT32
    opcua.ServerNonce                 BYTES
    opcua.EndpointUrl                 STRING
    opcua.LocaleIds                   STRING
    opcua.ProfileUris                 STRING
    opcua.ServerUris                  STRING
    opcua.ApplicationUri              STRING
    opcua.ProductUri                  STRING
    opcua.ApplicationType             UINT32
    opcua.GatewayServerUri            STRING
    opcua.DiscoveryProfileUri         STRING
    opcua.DiscoveryUrls               STRING
    opcua.ServerCertificate           BYTES
    opcua.SecurityPolicyUri           STRING
    opcua.PolicyId                    STRING
    opcua.UserTokenType               UINT32
    opcua.IssuedTokenType             STRING
    opcua.IssuerEndpointUrl           STRING
    opcua.TransportProfileUri         STRING
    opcua.SecurityLevel               UINT8
    opcua.ServerUri                   STRING
    opcua.SessionName                 STRING
    opcua.ClientCertificate           BYTES
    opcua.RequestedSessionTimeout     DOUBLE
    opcua.MaxResponseMessageSize      UINT32
    opcua.RevisedSessionTimeout       DOUBLE
    opcua.CertificateData             BYTES
    opcua.Signature                   BYTES
    opcua.Algorithm                   STRING
    opcua.MaxRequestMessageSize       UINT32
    opcua.UserName                    STRING
    opcua.Password                    BYTES
    opcua.EncryptionAlgorithm         STRING
    opcua.TokenData                   BYTES
    opcua.Results                     UINT32
    opcua.DeleteSubscriptions         BOOLEAN
""")

MAX_NESTING = 8
"""Diagnostics in one another, beyond which they are hostile."""

_REQUEST = ("node", "time Timestamp", "u32 RequestHandle", "returndiag", "text AuditEntryId", "u32 TimeoutHint",
            "object")  # fmt: skip
_RESPONSE = ("time Timestamp", "u32 RequestHandle", "u32 ServiceResult", "diagnostic", "texts StringTable", "object")
_APPLICATION = ("text ApplicationUri", "text ProductUri", "localized", "u32 ApplicationType", "text GatewayServerUri",
                "text DiscoveryProfileUri", "texts DiscoveryUrls")  # fmt: skip
_POLICY = ("text PolicyId", "u32 UserTokenType", "text IssuedTokenType", "text IssuerEndpointUrl",
           "text SecurityPolicyUri")  # fmt: skip
_SIGNATURE = ("text Algorithm", "bytes Signature")
_STRUCTURES: dict[str, tuple[str, ...]] = {
    "application": _APPLICATION, "policy": _POLICY,
    "endpoint": ("text EndpointUrl", *_APPLICATION, "certificate ServerCertificate", "u32 MessageSecurityMode",
                 "text SecurityPolicyUri", "many policy", "text TransportProfileUri", "u8 SecurityLevel"),
    "software": ("bytes CertificateData", "bytes Signature"), "diagnostics": ("diagnostic",),
    "results": ("u32 Results",),
}  # fmt: skip
_SERVICES: dict[int, tuple[str, ...]] = {
    397: _RESPONSE,
    422: (*_REQUEST, "text EndpointUrl", "texts LocaleIds", "texts ServerUris"),
    425: (*_RESPONSE, "many application"),
    428: (*_REQUEST, "text EndpointUrl", "texts LocaleIds", "texts ProfileUris"),
    431: (*_RESPONSE, "many endpoint"),
    446: (*_REQUEST, "u32 ClientProtocolVersion", "u32 SecurityTokenRequestType", "u32 MessageSecurityMode",
          "bytes ClientNonce", "u32 RequestedLifetime"),
    449: (*_RESPONSE, "u32 ServerProtocolVersion", "u32 ChannelId", "u32 TokenId", "time CreatedAt",
          "u32 RevisedLifetime", "bytes ServerNonce"),
    452: _REQUEST, 455: _RESPONSE,
    461: (*_REQUEST, *_APPLICATION, "text ServerUri", "text EndpointUrl", "text SessionName", "bytes ClientNonce",
          "certificate ClientCertificate", "double RequestedSessionTimeout", "u32 MaxResponseMessageSize"),
    464: (*_RESPONSE, "node", "node", "double RevisedSessionTimeout", "bytes ServerNonce",
          "certificate ServerCertificate", "many endpoint", "many software", *_SIGNATURE,
          "u32 MaxRequestMessageSize"),
    467: (*_REQUEST, *_SIGNATURE, "many software", "texts LocaleIds", "object", *_SIGNATURE),
    470: (*_RESPONSE, "bytes ServerNonce", "many results", "many diagnostics"),
    473: (*_REQUEST, "bool DeleteSubscriptions"), 476: _RESPONSE,
    **dict.fromkeys((527, 533, 554, 560, 566, 631, 664, 673, 700, 712, 751, 763, 769, 775, 781, 787, 793, 799, 826, 832,
                     841, 847), _REQUEST),
    **dict.fromkeys((530, 536, 557, 563, 569, 634, 667, 676, 703, 715, 754, 766, 772, 778, 784, 790, 796, 802, 829, 835,
                     844, 850), _RESPONSE),
}  # fmt: skip
"""By the numbers of the services' binary encodings (OPC 10000-6 annex A): what follows the number, of the services in
the second half only the header."""
_IDENTITIES = {
    321: ("text PolicyId",), 324: ("text PolicyId", "text UserName", "bytes Password", "text EncryptionAlgorithm"),
    327: ("text PolicyId", "bytes CertificateData"), 940: ("text PolicyId", "bytes TokenData",
                                                           "text EncryptionAlgorithm"),
}  # fmt: skip
"""Identity tokens of users, as extension objects."""


def is_known_service(data: bytes) -> bool:
    """Do these bytes begin with the number of a service?"""
    return len(data) >= 4 and data[:2] == b"\1\0" and int.from_bytes(data[2:4], "little") in _SERVICES


def fill_service(layer: Layer, message: Region) -> int:
    """Add the fields of a message; how many of its bytes they take."""
    walk = Cursor(layer, message)
    mask = walk.u8("opcua.servicenodeid.encodingmask")
    if mask == 0:
        number = walk.u8("opcua.servicenodeid.numeric")
    elif mask == 1:
        walk.u8("opcua.servicenodeid.nsid")
        number = walk.u16("opcua.servicenodeid.numeric")
    else:
        return message.length
    for part in _SERVICES.get(number, ()):
        _read(walk, part)
    return walk.at


def _read(walk: Cursor, part: str) -> None:
    kind, _, name = part.partition(" ")
    _KINDS[kind](walk, "opcua." + name if kind != "many" else name)


def _sized(walk: Cursor) -> int:
    """A length of four bytes; -1 is "null"."""
    size = int.from_bytes(walk.region.bytes(walk.at, 4), "little", signed=True)
    if size > walk.left - 4:
        raise Malformed("a string longer than the message")
    return size


def read_text(walk: Cursor, name: str) -> None:
    """A string of UTF-8; "null" is an empty one."""
    size = _sized(walk)
    text = walk.region.bytes(walk.at + 4, max(size, 0)).decode("utf-8", "replace")
    walk.layer.add(name, text, walk.absolute + (4 if size > 0 else 0), size if size > 0 else 4)
    walk.at += 4 + max(size, 0)


def read_bytes(walk: Cursor, name: str) -> None:
    """A byte string; "null" is an empty one."""
    size = _sized(walk)
    data = walk.region.bytes(walk.at + 4, max(size, 0))
    walk.layer.add(name, data, walk.absolute + (4 if size > 0 else 0), size if size > 0 else 4)
    walk.at += 4 + max(size, 0)


def read_certificates(walk: Cursor, name: str) -> None:
    """A byte string with a certificate, or several one after the other."""
    start, size = walk.at + 4, _sized(walk)
    read_bytes(walk, name)
    if size > 0 and wants_certificates(walk.layer.view.session):
        fill_certificate(walk.layer, walk.region.sub(start, size), walk.region.buf is not walk.layer.buf)


def _time(walk: Cursor, name: str) -> None:
    walk.layer.add(name, from_filetime(walk.region.le64(walk.at)), walk.absolute, 8)
    walk.at += 8


def _double(walk: Cursor, name: str) -> None:
    walk.layer.add(name, struct.unpack("<d", walk.region.bytes(walk.at, 8))[0], walk.absolute, 8)
    walk.at += 8


def _bool(walk: Cursor, name: str) -> None:
    walk.layer.add(name, walk.region.u8(walk.at) != 0, walk.absolute, 1)
    walk.at += 1


def _count(walk: Cursor) -> int:
    size = int.from_bytes(walk.region.bytes(walk.at, 4), "little", signed=True)
    walk.layer.add("opcua.variant.ArraySize", size, walk.absolute, 4)
    walk.at += 4
    if size > walk.left:
        raise Malformed("an array longer than the message")
    return max(size, 0)


def _texts(walk: Cursor, name: str) -> None:
    for _ in range(_count(walk)):
        read_text(walk, name)


def _many(walk: Cursor, structure: str) -> None:
    for _ in range(_count(walk)):
        for part in _STRUCTURES[structure]:
            _read(walk, part)


def _node(walk: Cursor, _: str = "") -> int | None:
    """OPC 10000-6 section 5.2.2.9; the number where it is one of namespace 0."""
    mask = walk.u8("opcua.nodeid.encodingmask") & 0x0F
    if mask == 0:
        return walk.u8("opcua.nodeid.numeric")
    if mask == 1:
        walk.u8("opcua.nodeid.nsindex")
        return walk.u16("opcua.nodeid.numeric")
    if mask > 5:
        raise Malformed("a node identifier of no known kind")
    walk.u16("opcua.nodeid.nsindex")
    if mask == 2:
        return walk.u32("opcua.nodeid.numeric")
    if mask == 3:
        read_text(walk, "opcua.nodeid.string")
    elif mask == 4:
        walk.guid("opcua.nodeid.guid")
    else:
        read_bytes(walk, "opcua.nodeid.bytestring")
    return None


def _object(walk: Cursor, _: str) -> None:
    """An extension object; what it holds is known of identity tokens only."""
    number = _node(walk)
    mask = walk.flags("opcua.extobj.mask", 1, (("opcua.extobj.has_binary_body", 1), ("opcua.extobj.has_xml_body", 2)))
    if not mask & 3:
        return
    size = _sized(walk)
    walk.at += 4
    end = walk.at + max(size, 0)
    for part in _IDENTITIES.get(number or 0, ()):
        _read(walk, part)
    walk.at = end


def _localized(walk: Cursor, _: str) -> None:
    mask = walk.flags("opcua.loctext.mask", 1, (("opcua.loctext.has_locale_information", 1),
                                                ("opcua.loctext.has_text", 2)))  # fmt: skip
    if mask & 1:
        read_text(walk, "opcua.loctext.Locale")
    if mask & 2:
        read_text(walk, "opcua.loctext.Text")


def _diagnostic(walk: Cursor, _: str) -> None:
    for _nesting in range(MAX_NESTING):
        names = ("symbolic_id", "namespace", "localizedtext", "locale", "additional_info", "inner_statuscode",
                 "inner_diagnostic_code")  # fmt: skip
        mask = walk.flags("opcua.diag.mask", 1, [(f"opcua.diag.has_{name}", 1 << i) for i, name in enumerate(names)])
        for bit, name in ((1, "SymbolicId"), (2, "Namespace"), (4, "LocalizedText"), (8, "Locale")):
            if mask & bit:
                walk.u32("opcua.diag." + name)
        if mask & 0x10:
            read_text(walk, "opcua.diag.AdditionalInfo")
        if mask & 0x20:
            walk.u32("opcua.diag.InnerStatusCode")
        if not mask & 0x40:
            return
    raise Malformed("diagnostics in one another without an end")


_DETAILS = ("symbolicid", "localizedtext", "additionalinfo", "innerstatuscode", "innerdiagnostics")
_RETURNED = tuple((f"opcua.returndiag.{level}level.{name}", 1 << 5 * high + bit)
                  for high, level in enumerate(("service", "operation"))
                  for bit, name in enumerate(_DETAILS))  # fmt: skip


def _return_diagnostics(walk: Cursor, _: str) -> None:
    walk.flags("opcua.returndiag", 4, _RETURNED)


def _integer(size: int, walk: Cursor, name: str) -> None:
    walk.integer(name, size)


_KINDS: dict[str, Callable[[Cursor, str], object]] = {
    "u8": partial(_integer, 1), "u32": partial(_integer, 4), "text": read_text, "bytes": read_bytes, "texts": _texts,
    "certificate": read_certificates, "time": _time, "double": _double, "bool": _bool, "many": _many, "node": _node,
    "object": _object, "localized": _localized, "diagnostic": _diagnostic, "returndiag": _return_diagnostics,
}  # fmt: skip
