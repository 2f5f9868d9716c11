"""Certificate extensions (RFC 5280 section 4.2, RFC 6962 section 3.3).

In: an extension's identifier and its octet string.  Out: its fields; none for one that is not known.
What always holds: damage inside one extension ends that extension only.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.packets.protocols.tls_extensions import walk_sct_list
from dfilter.packets.protocols.tls_walk import Walk
from dfilter.packets.protocols.x509_der import BOOLEAN, INTEGER, OCTET_STRING, OID, SEQUENCE, BadDer, Der, Node
from dfilter.packets.protocols.x509_logotype import walk_logotype
from dfilter.packets.protocols.x509_names import walk_general_name, walk_general_names
from dfilter.packets.region import Region

_KEY_USAGES = ("digitalSignature", "contentCommitment", "keyEncipherment", "dataEncipherment", "keyAgreement",
               "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly")  # fmt: skip
_USER_NOTICE_TEXTS = {12: (3, "utf8String"), 22: (0, "ia5String"), 26: (1, "visibleString"), 30: (2, "bmpString")}
CERTIFICATION_PRACTICE, USER_NOTICE = bytes.fromhex("2b06010505070201"), bytes.fromhex("2b06010505070202")


def walk_extension(der: Der, identifier: bytes, value: Node) -> None:
    """Add the fields of one extension."""
    walk = _EXTENSIONS.get(identifier)
    if walk is None:
        return
    try:
        walk(der, der.only(value))
    except BadDer:
        return


def _key_usage(der: Der, node: Node) -> None:
    start = node.content + 1
    bits = der.buf[start : node.end]
    der.add("x509ce.KeyUsage", bits, start, node.end)
    for i, name in enumerate(_KEY_USAGES):
        value = len(bits) > i // 8 and bits[i // 8] & 0x80 >> i % 8 != 0
        der.add("x509ce.KeyUsage." + name, value, start, node.end)


def _basic_constraints(der: Der, node: Node) -> None:
    der.add("x509ce.BasicConstraintsSyntax_element", None, node.start, node.end)
    for child in der.children(node):
        if child.tag == BOOLEAN:
            der.put("x509ce.cA", der.bytes(child) != b"\0", child)
        elif child.tag == INTEGER:
            der.put("x509ce.pathLenConstraint", der.integer(child), child)


def _key_purposes(der: Der, node: Node) -> None:
    purposes = der.all_children(node)
    der.put("x509ce.KeyPurposeIDs", len(purposes), node)
    for purpose in purposes:
        der.put("x509ce.KeyPurposeId", der.bytes(purpose), purpose)


def _subject_key(der: Der, node: Node) -> None:
    der.put("x509ce.SubjectKeyIdentifier", der.bytes(node), node)


def _authority_key(der: Der, node: Node) -> None:
    der.add("x509ce.AuthorityKeyIdentifier_element", None, node.start, node.end)
    for child in der.children(node):
        if child.number == 0:
            der.put("x509ce.keyIdentifier", der.bytes(child), child)
        elif child.number == 1:
            walk_general_names(der, child, "x509ce.authorityCertIssuer")
        elif child.number == 2:
            der.put("x509ce.authorityCertSerialNumber", der.bytes(child), child)


def _authority_access(der: Der, node: Node) -> None:
    items = der.all_children(node)
    der.put("pkix1implicit.AuthorityInfoAccessSyntax", len(items), node)
    for item in items:
        der.add("pkix1implicit.AccessDescription_element", None, item.start, item.end)
        parts = der.all_children(item)
        if len(parts) < 2:
            raise BadDer
        der.put("pkix1implicit.accessMethod", der.bytes(parts[0]), parts[0])
        der.put("pkix1implicit.accessLocation", parts[1].number, parts[1])
        walk_general_name(der, parts[1])


def _revocation_lists(der: Der, node: Node) -> None:
    points = der.all_children(node)
    der.put("x509ce.CRLDistPointsSyntax", len(points), node)
    for point in points:
        der.add("x509ce.DistributionPoint_element", None, point.start, point.end)
        for child in der.children(point):
            if child.number == 0:
                _distribution_point_name(der, der.only(child))
            elif child.number == 1:
                der.put("x509ce.reasons", der.bytes(child)[1:], child)
            elif child.number == 2:
                walk_general_names(der, child, "x509ce.cRLIssuer")


def _distribution_point_name(der: Der, name: Node) -> None:
    der.put("x509ce.distributionPoint", name.number, name)
    if name.number == 0:
        walk_general_names(der, name, "x509ce.fullName")


def _alternative_names(der: Der, node: Node) -> None:
    walk_general_names(der, node, "x509ce.GeneralNames")


def _policies(der: Der, node: Node) -> None:
    policies = der.all_children(node)
    der.put("x509ce.CertificatePoliciesSyntax", len(policies), node)
    for policy in policies:
        der.add("x509ce.PolicyInformation_element", None, policy.start, policy.end)
        for child in der.children(policy):
            if child.tag == OID:
                der.put("x509ce.policyIdentifier", der.bytes(child), child)
            elif child.tag == SEQUENCE:
                _policy_qualifiers(der, child)


def _policy_qualifiers(der: Der, node: Node) -> None:
    qualifiers = der.all_children(node)
    der.put("x509ce.policyQualifiers", len(qualifiers), node)
    for qualifier in qualifiers:
        der.add("x509ce.PolicyQualifierInfo_element", None, qualifier.start, qualifier.end)
        parts = der.all_children(qualifier)
        if not parts:
            continue
        der.put("x509ce.id", der.bytes(parts[0]), parts[0])
        if len(parts) > 1 and der.bytes(parts[0]) == CERTIFICATION_PRACTICE:
            der.put("pkix1explicit.DirectoryString", der.text(parts[1]), parts[1])
        elif len(parts) > 1 and der.bytes(parts[0]) == USER_NOTICE:
            _user_notice(der, parts[1])


def _user_notice(der: Der, notice: Node) -> None:
    der.add("pkix1implicit.UserNotice_element", None, notice.start, notice.end)
    for child in der.children(notice):
        if child.tag == SEQUENCE:
            _notice_reference(der, child)
        else:
            _display_text(der, "pkix1implicit.explicitText", child)


def _notice_reference(der: Der, reference: Node) -> None:
    der.add("pkix1implicit.noticeRef_element", None, reference.start, reference.end)
    for child in der.children(reference):
        if child.tag != SEQUENCE:
            _display_text(der, "pkix1implicit.organization", child)
            continue
        numbers = der.all_children(child)
        der.put("pkix1implicit.noticeNumbers", len(numbers), child)
        for number in numbers:
            der.put("pkix1implicit.noticeNumbers_item", der.integer(number), number)


def _display_text(der: Der, name: str, text: Node) -> None:
    choice = _USER_NOTICE_TEXTS.get(text.tag)
    if choice is not None:
        der.add(name, choice[0], text.start, text.end)
        der.put("pkix1implicit." + choice[1], der.text(text), text)


def _name_constraints(der: Der, node: Node) -> None:
    der.add("x509ce.NameConstraintsSyntax_element", None, node.start, node.end)
    for child in der.children(node):
        subtrees = der.all_children(child)
        der.put("x509ce.permittedSubtrees" if child.number == 0 else "x509ce.excludedSubtrees", len(subtrees), child)
        for subtree in subtrees:
            der.add("x509ce.GeneralSubtree_element", None, subtree.start, subtree.end)
            base = next(der.children(subtree), None)
            if base is not None:
                der.put("x509ce.base", base.number, base)
                walk_general_name(der, base)


def _timestamps(der: Der, node: Node) -> None:
    if node.tag != OCTET_STRING:
        raise BadDer
    walk_sct_list(Walk(der.layer, "tls", Region(der.buf, node.content, node.end)), der.named)


def _features(der: Der, node: Node) -> None:
    features = der.all_children(node)
    der.put("pkix1explicit.Features", len(features), node)
    for feature in features:
        der.put("pkix1explicit.Features_item", der.integer(feature), feature)


def _netscape_text(name: str) -> Callable[[Der, Node], None]:
    def walk(der: Der, node: Node) -> None:
        der.put("ns_cert_exts." + name, der.text(node), node)

    return walk


def _netscape_type(der: Der, node: Node) -> None:
    start = node.content + 1
    der.add("ns_cert_exts.CertType", der.buf[start : node.end], start, node.end)


_EXTENSIONS: dict[bytes, Callable[[Der, Node], None]] = {
    bytes.fromhex("551d0e"): _subject_key,
    bytes.fromhex("551d0f"): _key_usage,
    bytes.fromhex("551d11"): _alternative_names,
    bytes.fromhex("551d12"): _alternative_names,
    bytes.fromhex("551d13"): _basic_constraints,
    bytes.fromhex("551d1e"): _name_constraints,
    bytes.fromhex("551d1f"): _revocation_lists,
    bytes.fromhex("551d20"): _policies,
    bytes.fromhex("551d23"): _authority_key,
    bytes.fromhex("551d25"): _key_purposes,
    bytes.fromhex("2b06010505070101"): _authority_access,
    bytes.fromhex("2b0601050507010c"): walk_logotype,
    bytes.fromhex("2b06010505070118"): _features,
    bytes.fromhex("2b06010401d679020402"): _timestamps,
    bytes.fromhex("6086480186f8420101"): _netscape_type,
    **{bytes.fromhex("6086480186f84201") + bytes([number]): _netscape_text(name) for number, name in (
        (2, "BaseUrl"), (3, "RevocationUrl"), (4, "CaRevocationUrl"), (7, "CertRenewalUrl"), (8, "CaPolicyUrl"),
        (12, "SslServerName"), (13, "Comment"))},
}  # fmt: skip
