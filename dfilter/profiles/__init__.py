"""Files of filters: what Wireshark keeps in a profile, and plain lists.

In: files.  Out: `Document`, its entries, and the file again: byte for byte the same where nothing was edited.
"""
