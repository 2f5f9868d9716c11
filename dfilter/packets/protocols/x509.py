"""X.509's name spaces: which fields certificates have, whatever protocol carries them.

They are no layers: Wireshark shows a certificate's fields inside the layer that carries it, so `x509sat` alone
selects nothing.  A protocol that carries certificates says shares=X509_SPACES.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.session import Session

X509AF = Protocol("x509af", "X509AF", fields=computed_table("""
    x509af.signedCertificate_element    NONE
    x509af.version                      INT32
    x509af.serialNumber                 BYTES
    x509af.signature_element            NONE
    x509af.algorithm.id                 OID
    x509af.issuer                       UINT32
    x509af.validity_element             NONE
    x509af.notBefore                    UINT32
    x509af.notAfter                     UINT32
    x509af.utcTime                      STRING
    x509af.generalizedTime              ABSOLUTE_TIME
    x509af.subject                      UINT32
    x509af.rdnSequence                  UINT32
    x509af.subjectPublicKeyInfo_element NONE
    x509af.algorithm_element            NONE
    x509af.DSS_Params_element           NONE
    x509af.p                            BYTES
    x509af.q                            BYTES
    x509af.g                            BYTES
    x509af.subjectPublicKey             BYTES
    x509af.extensions                   UINT32
    x509af.Extension_element            NONE
    x509af.extension.id                 OID
    x509af.critical                     BOOLEAN
    x509af.algorithmIdentifier_element  NONE
    x509af.encrypted                    BYTES
    x509af.Userid                       STRING
"""))  # fmt: skip

X509IF = Protocol("x509if", "X509IF", fields=computed_table("""
    x509if.rdnSequence                             UINT32
    x509if.RDNSequence_item                        UINT32
    x509if.RelativeDistinguishedName_item_element  NONE
    x509if.oid                                     OID
"""))  # fmt: skip

X509SAT = Protocol("x509sat", "X509SAT", fields=computed_table("""
    x509sat.CountryName      STRING
    x509sat.DirectoryString  UINT32
    x509sat.teletexString    STRING
    x509sat.printableString  STRING
    x509sat.universalString  STRING
    x509sat.bmpString        STRING
    x509sat.uTF8String       STRING
    x509sat.PrintableString  STRING
    x509sat.IA5String        STRING
    x509sat.TelephoneNumber  STRING
"""))  # fmt: skip

X509CE = Protocol("x509ce", "X509CE", fields=computed_table("""
    x509ce.KeyUsage                          BYTES
    x509ce.KeyUsage.digitalSignature         BOOLEAN
    x509ce.KeyUsage.contentCommitment        BOOLEAN
    x509ce.KeyUsage.keyEncipherment          BOOLEAN
    x509ce.KeyUsage.dataEncipherment         BOOLEAN
    x509ce.KeyUsage.keyAgreement             BOOLEAN
    x509ce.KeyUsage.keyCertSign              BOOLEAN
    x509ce.KeyUsage.cRLSign                  BOOLEAN
    x509ce.KeyUsage.encipherOnly             BOOLEAN
    x509ce.KeyUsage.decipherOnly             BOOLEAN
    x509ce.BasicConstraintsSyntax_element    NONE
    x509ce.cA                                BOOLEAN
    x509ce.pathLenConstraint                 UINT64
    x509ce.KeyPurposeIDs                     UINT32
    x509ce.KeyPurposeId                      OID
    x509ce.SubjectKeyIdentifier              BYTES
    x509ce.AuthorityKeyIdentifier_element    NONE
    x509ce.keyIdentifier                     BYTES
    x509ce.authorityCertIssuer               UINT32
    x509ce.authorityCertSerialNumber         BYTES
    x509ce.CRLDistPointsSyntax               UINT32
    x509ce.DistributionPoint_element         NONE
    x509ce.distributionPoint                 UINT32
    x509ce.fullName                          UINT32
    x509ce.reasons                           BYTES
    x509ce.cRLIssuer                         UINT32
    x509ce.GeneralNames                      UINT32
    x509ce.GeneralName                       UINT32
    x509ce.otherName_element                 NONE
    x509ce.type_id                           OID
    x509ce.value_element                     NONE
    x509ce.rfc822Name                        STRING
    x509ce.dNSName                           STRING
    x509ce.directoryName                     UINT32
    x509ce.uniformResourceIdentifier         STRING
    x509ce.iPAddress                         BYTES
    x509ce.IPAddress.ipv4                    IPv4
    x509ce.IPAddress.ipv4_mask               IPv4
    x509ce.IPAddress.ipv6                    IPv6
    x509ce.IPAddress.ipv6_mask               IPv6
    x509ce.IPAddress.unknown                 BYTES
    x509ce.registeredID                      OID
    x509ce.CertificatePoliciesSyntax         UINT32
    x509ce.PolicyInformation_element         NONE
    x509ce.policyIdentifier                  OID
    x509ce.policyQualifiers                  UINT32
    x509ce.PolicyQualifierInfo_element       NONE
    x509ce.id                                OID
    x509ce.NameConstraintsSyntax_element     NONE
    x509ce.permittedSubtrees                 UINT32
    x509ce.excludedSubtrees                  UINT32
    x509ce.GeneralSubtree_element            NONE
    x509ce.base                              UINT32
"""))  # fmt: skip

PKIX1IMPLICIT = Protocol("pkix1implicit", "PKIX1Implicit", fields=computed_table("""
    pkix1implicit.AuthorityInfoAccessSyntax  UINT32
    pkix1implicit.AccessDescription_element  NONE
    pkix1implicit.accessMethod               OID
    pkix1implicit.accessLocation             UINT32
    pkix1implicit.UserNotice_element         NONE
    pkix1implicit.noticeRef_element          NONE
    pkix1implicit.organization               UINT32
    pkix1implicit.noticeNumbers              UINT32
    pkix1implicit.noticeNumbers_item         INT32
    pkix1implicit.explicitText               UINT32
    pkix1implicit.ia5String                  STRING
    pkix1implicit.visibleString              STRING
    pkix1implicit.bmpString                  STRING
    pkix1implicit.utf8String                 STRING
"""))  # fmt: skip

PKIX1EXPLICIT = Protocol("pkix1explicit", "PKIX1Explicit", fields=computed_table("""
    pkix1explicit.DirectoryString  STRING
    pkix1explicit.Features         UINT32
    pkix1explicit.Features_item    UINT16
    pkix1explicit.DomainParameters_element  NONE
    pkix1explicit.g                INT32
"""))  # fmt: skip

PKCS1 = Protocol("pkcs-1", "PKCS-1", fields=computed_table("""
    pkcs1.modulus         BYTES
    pkcs1.publicExponent  INT32
    pkcs1.ECParameters    UINT32
    pkcs1.namedCurve      OID
"""))  # fmt: skip

LOGOTYPE = Protocol("logotypecertextn", "LogotypeCertExtn", fields=computed_table("""
    logotypecertextn.LogotypeExtn_element     NONE
    logotypecertextn.issuerLogo               UINT32
    logotypecertextn.subjectLogo              UINT32
    logotypecertextn.direct_element           NONE
    logotypecertextn.image                    UINT32
    logotypecertextn.LogotypeImage_element    NONE
    logotypecertextn.imageDetails_element     NONE
    logotypecertextn.mediaType                STRING
    logotypecertextn.logotypeHash             UINT32
    logotypecertextn.HashAlgAndValue_element  NONE
    logotypecertextn.hashAlg_element          NONE
    logotypecertextn.hashValue                BYTES
    logotypecertextn.logotypeURI              UINT32
    logotypecertextn.logotypeURI_item         STRING
"""))  # fmt: skip

NETSCAPE = Protocol("ns_cert_exts", "NS_CERT_EXTS", fields=computed_table("""
    ns_cert_exts.BaseUrl                STRING
    ns_cert_exts.RevocationUrl          STRING
    ns_cert_exts.CaRevocationUrl        STRING
    ns_cert_exts.CaPolicyUrl            STRING
    ns_cert_exts.CertRenewalUrl         STRING
    ns_cert_exts.SslServerName          STRING
    ns_cert_exts.Comment                STRING
    ns_cert_exts.CertType               BYTES
"""))  # fmt: skip

X509_SPACES = ("x509af", "x509if", "x509sat", "x509ce", "pkix1implicit", "pkix1explicit", "pkcs-1", "logotypecertextn",
               "ns_cert_exts")  # fmt: skip


def wants_certificates(session: Session) -> bool:
    """Will any field of a certificate be asked for?"""
    names = session.needs.names
    return names is None or session.memory("x509.wanted", lambda: [any(map(is_certificate_field, names))])[0]


def is_certificate_field(name: str) -> bool:
    """Is it one of those that certificates hold, wherever they are?"""
    return name.startswith(_PREFIXES)


_PREFIXES = ("x509", "pkix1", "pkcs1.", "tls.sct.", "tls.handshake.sig_hash", "logotypecertextn.", "ns_cert_exts.")
