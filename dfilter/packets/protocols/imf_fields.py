"""The header fields of the Internet Message Format (RFC 5322, 2045, 4021) that have names in filters."""

from __future__ import annotations

from enum import Enum

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Field, computed, computed_table


class Syntax(Enum):
    """How the value of a header field is taken apart further."""

    TEXT = "text"
    MAILBOX = "mailbox"
    MAILBOXES = "mailboxes"
    ADDRESSES = "addresses"
    CONTENT_TYPE = "content-type"


_TEXT_FIELDS = """
    autoforwarded                       imf.autoforwarded
    autosubmitted                       imf.autosubmitted
    comments                            imf.comments
    content-description                 imf.content.description
    content-id                          imf.content.id
    content-transfer-encoding           imf.content.transfer_encoding
    content-language                    imf.content_language
    conversion                          imf.conversion
    conversion-with-loss                imf.conversion_with_loss
    date                                imf.date
    deferred-delivery                   imf.deferred_delivery
    delivery-date                       imf.delivery_date
    discarded-x400-ipms-extensions      imf.discarded_x400_ipms_extensions
    discarded-x400-mts-extensions       imf.discarded_x400_mts_extensions
    dl-expansion-history                imf.dl_expansion_history
    expires                             imf.expires
    expiry-date                         imf.ext.expiry-date
    x-authentication-warning            imf.ext.authentication_warning
    x-mailer                            imf.ext.mailer
    x-mimeole                           imf.ext.mimeole
    x-ms-tnef-correlator                imf.ext.tnef-correlator
    x-uidl                              imf.ext.uidl
    x-virus-scanned                     imf.ext.virus_scanned
    importance                          imf.importance
    in-reply-to                         imf.in_reply_to
    incomplete-copy                     imf.incomplete_copy
    keywords                            imf.keywords
    latest-delivery-time                imf.latest_delivery_time
    lines                               imf.lines
    message-id                          imf.message_id
    message-type                        imf.message_type
    mime-version                        imf.mime_version
    original-encoded-information-types  imf.original_encoded_information_types
    originator-return-address           imf.originator_return_address
    precedence                          imf.precedence
    priority                            imf.priority
    received                            imf.received
    references                          imf.references
    reply-by                            imf.reply_by
    resent-date                         imf.resent.date
    resent-message-id                   imf.resent.message_id
    return-path                         imf.return_path
    sensitivity                         imf.sensitivity
    subject                             imf.subject
    supersedes                          imf.supersedes
    thread-index                        imf.thread-index
    user-agent                          imf.user_agent
    x400-content-identifier             imf.x400_content_identifier
    x400-content-type                   imf.x400_content_type
    x400-mts-identifier                 imf.x400_mts_identifier
    x400-originator                     imf.x400_originator
    x400-received                       imf.x400_received
    x400-recipients                     imf.x400_recipients
"""

_OTHER_FIELDS = (
    ("bcc", "imf.bcc", Syntax.ADDRESSES),
    ("cc", "imf.cc", Syntax.ADDRESSES),
    ("content-type", "imf.content.type", Syntax.CONTENT_TYPE),
    ("delivered-to", "imf.delivered_to", Syntax.MAILBOX),
    ("from", "imf.from", Syntax.MAILBOXES),
    ("reply-to", "imf.reply_to", Syntax.ADDRESSES),
    ("resent-bcc", "imf.resent.bcc", Syntax.ADDRESSES),
    ("resent-cc", "imf.resent.cc", Syntax.ADDRESSES),
    ("resent-from", "imf.resent.from", Syntax.MAILBOXES),
    ("resent-sender", "imf.resent.sender", Syntax.MAILBOX),
    ("resent-to", "imf.resent.to", Syntax.ADDRESSES),
    ("sender", "imf.sender", Syntax.MAILBOX),
    ("to", "imf.to", Syntax.ADDRESSES),
    ("x-original-to", "imf.ext.original-to", Syntax.ADDRESSES),
)

_text_rows = [line.split() for line in _TEXT_FIELDS.splitlines() if line.strip()]

HEADERS: dict[bytes, tuple[str, Syntax]] = {
    **{header.encode(): (name, Syntax.TEXT) for header, name in _text_rows},
    **{header.encode(): (name, syntax) for header, name, syntax in _OTHER_FIELDS},
}
"""Lower-case header name -> the filter's name and the syntax of the value."""

IMF_FIELDS: tuple[Field, ...] = (
    *(computed(name, T.STRING) for name in sorted({name for name, _ in HEADERS.values()})),
    *computed_table("""
        imf.content.type.type       STRING
        imf.content.type.parameters STRING
        imf.mailbox_list.item       STRING
        imf.address_list.item       STRING
        imf.display_name            STRING
        imf.address                 STRING
        imf.extension               STRING
        imf.extension.type          STRING
        imf.extension.value         STRING
        imf.message_text            NONE
        imf.siolabel                NONE
    """),
)
