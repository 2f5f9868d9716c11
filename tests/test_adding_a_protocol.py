"""The walk of docs/adding-a-protocol.md works: its files, put where it says, make its assertions hold.

Where dfilter has a file of that name by now, the page's takes its place.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/adding-a-protocol.md"

PRELUDE = '''
import struct, sys
from pathlib import Path
import dfilter.packets.protocols
here = Path(sys.argv[1])
package, stage = Path(dfilter.packets.protocols.__file__).parent, here / "stage"
stage.mkdir()
for file in package.glob("*.py"):
    if not (here / file.name).exists():
        (stage / file.name).symlink_to(file)
dfilter.packets.protocols.__path__[:] = [str(stage), str(here)]
import dfilter

def ip(proto, payload, source=b"\\x0a\\0\\0\\1", target=b"\\x0a\\0\\0\\2"):
    return b"\\2\\0\\0\\0\\0\\1\\2\\0\\0\\0\\0\\2\\x08\\0" + struct.pack(
        ">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, proto, 0) + source + target + payload

def udp(source, target, payload):
    return ip(17, struct.pack(">HHHH", source, target, 8 + len(payload), 0) + payload)

def tcp(source, target, sport, dport, seq, ack, payload, fin=False):
    flags = 0x11 if fin else 0x18
    head = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 8192, 0, 0)
    return ip(6, head + payload, source, target)

def write_pcap(frames):
    path = here / "walk.pcap"
    records = (struct.pack("<IIII", 1000 + i, 0, len(f), len(f)) + f for i, f in enumerate(frames))
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records))
    return str(path)
'''


def test_the_walk(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python (\S+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    files = {name: code for name, code in blocks if name != "test"}
    assert sorted(files) == ["finger.py", "hsrp.py"]
    for name, code in files.items():
        (tmp_path / name).write_text(code, "utf-8")
    script = PRELUDE + "\n".join(code for name, code in blocks if name == "test")
    command = [sys.executable, "-W", "error", "-c", script, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
