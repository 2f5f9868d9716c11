"""Files of filters: what Wireshark keeps in a profile, and plain lists.

In: files.  Out: `Document`, its entries, and the file again: byte for byte the same where nothing was edited.
"""

from dfilter.profiles.document import Document, Entry, Format, ProfileError, Unreadable, parse_document
from dfilter.profiles.files import decode, files_in, guess_format, macros_beside, macros_of, read_file, write_file

__all__ = [
    "Document",
    "Entry",
    "Format",
    "ProfileError",
    "Unreadable",
    "decode",
    "files_in",
    "guess_format",
    "macros_beside",
    "macros_of",
    "parse_document",
    "read_file",
    "write_file",
]
