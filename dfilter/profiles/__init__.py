"""Files of filters: what Wireshark keeps in a profile, and plain lists.

In: files.  Out: `Document`, its entries, and the file again: byte for byte the same where nothing was edited.
"""

from dfilter.profiles.buttonlist import Button, buttons_of, with_button, with_changes, without_button
from dfilter.profiles.columnformat import ColumnFormat
from dfilter.profiles.document import Document, Entry, Format, ProfileError, Unreadable, parse_document
from dfilter.profiles.files import decode, files_in, guess_format, macros_beside, macros_of, read_file, write_file
from dfilter.profiles.folders import Profile, find_profile, new_profile, profiles

__all__ = [
    "Button",
    "ColumnFormat",
    "Document",
    "Entry",
    "Format",
    "Profile",
    "ProfileError",
    "Unreadable",
    "buttons_of",
    "decode",
    "files_in",
    "find_profile",
    "guess_format",
    "macros_beside",
    "macros_of",
    "new_profile",
    "parse_document",
    "profiles",
    "read_file",
    "with_button",
    "with_changes",
    "without_button",
    "write_file",
]
