"""Make the five tutorial captures: `python tests/captures/make.py [FOLDER]` (default: this folder).

In: the stories.  Out: one capture file each.  Always holds: the same frames with the same times on every run
and every machine; each file stays under 60 kB.
"""

import sys
from pathlib import Path

from stories import bot_http, ftp_exfiltration, loader_https, rat_dns, spambot
from wire.files import gzipped, pcap, pcapng

LARGEST = 60_000


def captures() -> dict[str, bytes]:
    """File name to content, one capture a story, each in another file format."""
    return {
        "bot-http.pcap": pcap(bot_http.tell().frames()),
        "loader-https.pcap.gz": gzipped(pcap(loader_https.tell().frames())),
        "rat-dns.pcapng": pcapng(rat_dns.tell().frames(), application="dfilter tests"),
        "ftp-exfiltration.pcap": pcap(ftp_exfiltration.tell().frames(), nanoseconds=True),
        "spambot.pcap": pcap(spambot.tell().frames(), byte_order=">"),
    }


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    for name, content in captures().items():
        if len(content) > LARGEST:
            raise SystemExit(f"{name}: {len(content)} bytes, more than {LARGEST}")
        (folder / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
