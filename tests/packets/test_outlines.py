"""What is known of protocols without importing them is what they declare."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dfilter.packets import outline_table
from dfilter.packets.declare import Evidence, Field
from dfilter.packets.dispatch import discovered
from dfilter.packets.outlines import DECLARED, FUNCTIONS, Outline, digest_of, names_of, tables_of
from dfilter.packets.outlining import TABLE, render
from dfilter.packets.plain import Plain

ROOT = Path(__file__).parents[2]
OUTLINES = {row[0]: Outline(row) for row in outline_table.ROWS}
DECLARATIONS = {protocol.name: protocol for protocol in discovered()}


def test_the_table_is_up_to_date() -> None:
    assert TABLE.read_text(encoding="utf-8") == render(), "run `python -m dfilter.packets.outlining`"


def test_no_protocol_is_missing() -> None:
    assert list(OUTLINES) == list(DECLARATIONS)


@pytest.mark.parametrize("name", sorted(DECLARATIONS))
def test_an_outline_is_as_the_declaration(name: str) -> None:
    outline, declared = OUTLINES[name], DECLARATIONS[name]
    for attribute in ("name", "label", "may_decline", *DECLARED):
        assert getattr(outline, attribute) == getattr(declared, attribute), attribute
    assert list(map(of_field, outline.fields)) == list(map(of_field, declared.fields))
    assert names_of(outline) == names_of(declared)
    assert list(tables_of(outline)) == list(tables_of(declared))
    assert of_evidence(outline.evidence) == of_evidence(declared.evidence)
    for function in (*FUNCTIONS, "heuristics"):
        assert getattr(outline, function) == getattr(declared, function), function
    assert outline.declaration() is declared


def of_field(field: Field | None) -> tuple[Any, ...] | None:
    if field is None:
        return None
    return (field.name, field.type, field.at, field.size, field.mask, field.little_endian, field.parts, field.stateful,
            field.look_ahead, of_field(field.plain), field.measure)  # fmt: skip


def of_evidence(evidence: Evidence) -> tuple[Any, ...]:
    plain = evidence.plain
    told = None if plain is None else tuple(getattr(plain, name) for name in Plain.__match_args__)
    return evidence.traces, evidence.claims, evidence.starts, told, evidence.alone


def test_an_unknown_attribute_is_no_protocol_s() -> None:
    with pytest.raises(AttributeError):
        OUTLINES["tcp"].colour  # type: ignore[attr-defined]  # noqa: B018


def run(code: str, *arguments: str) -> list[str]:
    """What a fresh process prints."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code, *arguments], cwd=ROOT, capture_output=True,
                          text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


COMPILE = """
import sys, dfilter
dfilter.compile(sys.argv[1])
print(*(name for name in sys.modules if name.startswith("dfilter.packets.protocols.")))
"""
COUNT = """
import sys, dfilter
print(len(dfilter.frames("tests/captures/bot-http.pcap", sys.argv[1])))
print(*(name for name in sys.modules if name.startswith("dfilter.packets.protocols.")))
"""


@pytest.mark.parametrize("text", ["tcp.port == 443", "ip.addr == 10.0.0.1", "frame.len > 1000", "udp", "http.request",
                                  "(http.request or tls.handshake.type eq 1) and !(ssdp)", "dns", "dns.qry.name",
                                  "tcp.stream == 7", "tcp.analysis.retransmission"])  # fmt: skip
def test_to_compile_a_filter_imports_no_protocol(text: str) -> None:
    assert run(COMPILE, text) == []


@pytest.mark.parametrize(("text", "found", "unused"), [
    ("tcp.port == 443", 39, {"tcp", "http", "tls", "dns"}),
    ("http.request", 16, {"tls", "dns", "smb2", "quic"}),
    ("dns", 10, {"tls", "smb2", "sip"}),
    ("tcp.stream == 7", 11, {"http", "tls", "dns"}),
])  # fmt: skip
def test_a_count_imports_what_frames_lead_to(text: str, found: int, unused: set[str]) -> None:
    count, *modules = run(COUNT, text)
    assert int(count) == found
    assert unused.isdisjoint(name.rpartition(".")[2] for name in modules)


ALONE = """
import os
from dfilter.packets.dispatch import catalogue
from dfilter.packets.outline_table import ROWS
from dfilter.packets.outlines import DECLARED, FUNCTIONS, Outline, names_of
known = catalogue()

def is_whole(outline):
    found = known.protocols[outline.name]
    pairs = [(getattr(found, name), getattr(outline, name)) for name in (*DECLARED, "may_decline")]
    pairs += [(names_of(found), outline.names), (tuple(found.heuristics), outline.recognised_in)]
    present = tuple(name for name in FUNCTIONS if getattr(found, name) is not None)
    return present == functions and all(one == other for one, other in pairs)

for row in ROWS:
    outline, functions = Outline(row), row[3].get("functions", ())
    child = os.fork()
    if not child:
        try:
            os._exit(not is_whole(outline))
        finally:
            os._exit(2)
    if os.waitpid(child, 0)[1]:
        print(outline.name)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each protocol needs a process in which no other is imported")
def test_a_declaration_is_whole_where_nothing_else_is_imported() -> None:
    assert run(ALONE) == []


CHANGED = """
import sys
from pathlib import Path
import dfilter.packets.protocols
here = Path(sys.argv[1])
package = Path(dfilter.packets.protocols.__file__).parent
for file in package.glob("*.py"):
    (here / file.name).write_bytes(file.read_bytes())
dfilter.packets.protocols.__path__[:] = [str(here)]
exec(sys.argv[2])
from dfilter.packets.dispatch import catalogue
from dfilter.packets.outlines import Outline
known = catalogue()
print(isinstance(known.outlines["hsrp"], Outline), *sorted(known.outlines["hsrp"].over["udp.port"]))
"""


@pytest.mark.parametrize(("change", "expected"), [
    ("", ["True", "1985", "2029"]),
    ("(here / 'hsrp.py').touch()", ["True", "1985", "2029"]),
    ("file = here / 'hsrp.py'; file.write_text(file.read_text().replace('1985', '1986'))", ["False", "1986", "2029"]),
    ("(here / 'finger.py').unlink()", ["False", "1985", "2029"]),
    ("(here / 'more.py').write_text('')", ["False", "1985", "2029"]),
])  # fmt: skip
def test_the_table_counts_only_for_the_files_it_was_made_of(change: str, expected: list[str], tmp_path: Path) -> None:
    assert run(CHANGED, str(tmp_path), change) == expected


def test_files_that_are_not_there_have_no_digest(tmp_path: Path) -> None:
    assert digest_of([str(tmp_path / "none")]) is None
