"""docs/embedding.md: every example is run, in order, and prints what the page shows."""

from __future__ import annotations

import doctest
import io
import os
import socket
import threading
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import dfilter
from tests.docs.pages import ROOT, blocks, copy_captures, text_of

PAGE = "embedding.md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy_captures(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_the_examples_print_what_the_page_shows() -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    example = doctest.DocTestParser().get_doctest(text_of(PAGE), {}, PAGE, str(ROOT / "docs" / PAGE), 0)
    assert len(example.examples) > 50
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL)
    with redirect_stdout(report):
        runner.run(example, clear_globs=False, out=report.write)
    assert runner.failures == 0, report.getvalue()


def functions() -> dict[str, Any]:
    """The functions that the page defines."""
    space: dict[str, Any] = {"dfilter": dfilter}
    for block in blocks(PAGE, "python"):
        exec(block, space)
    return space


def test_the_pipe_yields_a_frame_as_soon_as_it_is_complete(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = (folder / "bot-http.pcap").read_bytes()
    reading, writing = os.pipe()
    sent: list[str] = []
    seen = threading.Event()
    watch = functions()["watch"]

    def collect() -> None:
        with os.fdopen(reading, "rb") as stream:
            for frame in dfilter.read(stream, "dns.flags.response == 0"):
                sent.append(str(frame["dns.qry.name"]))
                seen.set()

    reader = threading.Thread(target=collect)
    reader.start()
    with os.fdopen(writing, "wb", buffering=0) as pipe:
        at = 24
        pipe.write(data[:at])
        while not seen.is_set() and at < len(data):
            size = 16 + int.from_bytes(data[at + 8 : at + 12], "little")
            pipe.write(data[at : at + size])
            at += size
            seen.wait(0.02)
        assert at < len(data), "the frame came only with the end of the pipe"
    reader.join(5)
    with (folder / "bot-http.pcap").open("rb") as stream:
        watch(stream)
    assert sent[0] in capsys.readouterr().out


def test_a_socket_of_linux() -> None:
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)).close()
    except (AttributeError, PermissionError, OSError) as error:
        pytest.skip(f"no right to capture here: {error}")
    stop = threading.Event()

    def talk() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
            while not stop.wait(0.02):
                speaker.sendto(b"dfilter embedding test", ("127.0.0.1", 47_399))

    speaking = threading.Thread(target=talk)
    speaking.start()
    try:
        views = functions()["sniff"]('udp.dstport == 47399 and udp contains "embedding"', "lo", 2)
    finally:
        stop.set()
        speaking.join()
    assert [view["udp.dstport"] for view in views] == [47_399, 47_399]
