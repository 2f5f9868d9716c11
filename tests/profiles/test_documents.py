"""Files of filters: read, edited, written, and never damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfilter.profiles import (
    Document,
    Format,
    ProfileError,
    decode,
    files_in,
    guess_format,
    macros_beside,
    macros_of,
    parse_document,
    read_file,
    write_file,
)

SYSTEM = Path.home() / ".cache/dfilter-oracle/4.4/usr/share/wireshark"

LINES = [
    # format, line, name, filter, enabled
    (Format.LIST, "  tcp.port == 80 \t", "", "tcp.port == 80", True),
    (Format.LIST, "tcp\r", "", "tcp", True),
    (Format.DFILTERS, '"My filter"   tcp or udp  ', "My filter", "tcp or udp", True),
    (Format.DFILTERS, '  "a \\"b\\" \\\\" arp', 'a "b" \\', "arp", True),
    (Format.DFILTERS, '"q" http.host == "a\\"b"', "q", 'http.host == "a\\"b"', True),
    (Format.DMACROS, '"m" $1 == 1\r', "m", "$1 == 1", True),
    (Format.COLORFILTERS, "@Bad TCP@tcp.analysis.flags@[4718,10030,11796][63479,34695,34695]", "Bad TCP",
     "tcp.analysis.flags", True),
    (Format.COLORFILTERS, "!@x@tcp@[0,0,0][1,1,1]", "x", "tcp", False),
    (Format.DFILTER_BUTTONS, '"TRUE","b","http.host == \\x22a\\x5cb\\x22","c"', "b", 'http.host == "a\\b"', True),
    (Format.DFILTER_BUTTONS, '"FALSE" , "b","tcp",""', "b", "tcp", False),
    (Format.DFILTER_MACROS, '"m","a \\"b\\" \\d"', "m", 'a "b" d', True),
]  # fmt: skip

UNREADABLE = [
    (Format.DFILTERS, "tcp"),
    (Format.DFILTERS, '"only a name"'),
    (Format.COLORFILTERS, "@a@tcp"),
    (Format.COLORFILTERS, "@a@@ip.src == 1@[1,1,1][1,1,1]"),
    (Format.DFILTER_BUTTONS, '"TRUE","a","tcp"'),
    (Format.DFILTER_BUTTONS, '"yes","a","tcp",""'),
    (Format.DFILTER_MACROS, '"m","http.host == ""a"""'),
    (Format.DFILTER_MACROS, '"m","tcp" # no comment here'),
]

FILES = {
    Format.LIST: "# mine\n\ntcp\n  udp or arp \r\n#x\nip",
    Format.DFILTERS: '# c\n"a" tcp\n\nbroken\n"b"  udp \r\n',
    Format.DMACROS: '"p" $1 == 1\n"q" tcp',
    Format.COLORFILTERS: "# DO NOT EDIT\n!@a@tcp@[1,2,3][4,5,6]\n@b@udp@[1,2,3][4,5,6]\n",
    Format.DFILTER_BUTTONS: '# auto\n"TRUE","a","http.host == \\x22x\\x22","\\x5c"\r\n',
    Format.DFILTER_MACROS: '"m","tcp"\n"n","http.host == \\x22x\\x22"\n',
}


@pytest.mark.parametrize(("format", "line", "name", "text", "enabled"), LINES)
def test_a_line_of_each_format(format, line, name, text, enabled) -> None:
    document = parse_document(f"# first\n{line}\n", format)
    (entry,) = document.entries
    assert (entry.name, entry.text, entry.line, entry.enabled) == (name, text, 2, enabled)
    assert document.unreadable == ()
    if entry.verbatim:
        assert line[entry.column - 1 :].startswith(text)


@pytest.mark.parametrize(("format", "line"), UNREADABLE)
def test_a_line_that_wireshark_cannot_read(format, line) -> None:
    document = parse_document(f"{line}\n", format)
    assert document.entries == ()
    assert [item.line for item in document.unreadable] == [1]
    assert document.edited({}) == f"{line}\n"


@pytest.mark.parametrize("format", list(Format))
def test_an_edit_changes_one_filter_and_nothing_else(format) -> None:
    document = parse_document(FILES[format], format)
    for number, entry in enumerate(document.entries):
        edited = document.edited({number: 'dns.qry.name == "é"'})
        assert edited[: entry.start] == document.text[: entry.start]
        assert edited.endswith(document.text[entry.end :])
        texts = [each.text for each in parse_document(edited, format).entries]
        assert texts == [*(each.text for each in document.entries[:number]), 'dns.qry.name == "é"',
                         *(each.text for each in document.entries[number + 1 :])]  # fmt: skip


@given(st.sampled_from(list(Format)), st.lists(st.sampled_from([*map(str, FILES.values()), '"', "@", "\\", "\r", "\n",
       ",", "#", "\ufeff", "\udcff", "\0", '"a" ', "TRUE", "[1,1,1]"])).map("".join))  # fmt: skip
def test_nothing_edited_nothing_changed(format, text) -> None:
    document = parse_document(text, format)
    assert document.edited({}) == text
    same = document.edited({n: e.text for n, e in enumerate(document.entries)})
    assert same == text
    assert all(text[e.start : e.end] == e.text for e in document.entries if e.verbatim)


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n\r"), min_size=1))
def test_a_button_can_hold_any_filter(text) -> None:
    document = parse_document('"TRUE","a","tcp",""', Format.DFILTER_BUTTONS)
    assert parse_document(document.edited({0: text}), Format.DFILTER_BUTTONS).entries[0].text == text


@pytest.mark.parametrize(("format", "text"), [(Format.DFILTERS, "a\nb"), (Format.COLORFILTERS, "@ip.src == 1"),
                                              (Format.LIST, "tcp\r")])  # fmt: skip
def test_what_a_format_cannot_hold_is_refused(format, text) -> None:
    document = parse_document(FILES[format], format)
    with pytest.raises(ProfileError):
        document.edited({0: text})


@pytest.mark.parametrize("format", [f for f in Format if f is not Format.DMACROS])
def test_the_format_of_an_exported_file_is_guessed(format) -> None:
    text = FILES[format].replace("broken\n", "")
    assert guess_format("exported.txt", text) is format
    assert guess_format(format.value, "") is format


def test_a_quoted_word_before_an_operator_is_a_filter() -> None:
    assert guess_format("x", '"GET" == http.request.method\n') is Format.LIST


def test_a_profile_folder(tmp_path: Path) -> None:
    (tmp_path / "profiles" / "b").mkdir(parents=True)
    for path in (tmp_path / "dfilters", tmp_path / "profiles" / "b" / "dmacros", tmp_path / "preferences"):
        path.write_text('"a" tcp\n')
    names = [str(path.relative_to(tmp_path)) for path in files_in(tmp_path)]
    assert names == ["dfilters", str(Path("profiles", "b", "dmacros"))]


def test_macros_of_a_profile_by_version(tmp_path: Path) -> None:
    assert macros_beside(tmp_path / "dfilters", old=False) is None
    (tmp_path / "dfilter_macros").write_text('"m","old"\n')
    assert macros_beside(tmp_path / "dfilters", old=False) == {"m": "old"}
    (tmp_path / "dmacros").write_text('"m" new\n')
    assert macros_beside(tmp_path / "dfilters", old=False) == {"m": "new"}
    assert macros_beside(tmp_path / "dfilters", old=True) == {"m": "old"}
    assert macros_of(read_file(tmp_path / "dmacros")) == {"m": "new"}


def test_a_file_is_replaced_whole_and_keeps_mode_and_link(tmp_path: Path) -> None:
    path, link = tmp_path / "dfilters", tmp_path / "link"
    path.write_bytes(b'"a" \xff\r\n')
    path.chmod(0o640)
    link.symlink_to(path)
    write_file(link, read_file(link).edited({0: "udp"}))
    assert path.read_bytes() == b'"a" udp\r\n'
    assert path.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dfilters", "link"]


def test_a_failed_write_leaves_the_file(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "dfilters"
    path.write_text("old")

    def broken(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="no"):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["dfilters"]


@pytest.mark.skipif(not SYSTEM.is_dir(), reason="no Wireshark files on this machine")
def test_wiresharks_own_files() -> None:
    found: dict[str, Document] = {str(path.relative_to(SYSTEM)): read_file(path) for path in files_in(SYSTEM)}
    assert {"dfilters", "dmacros", "colorfilters"} <= set(found)
    for name, document in found.items():
        assert document.unreadable == (), name
        assert document.edited({}) == decode((SYSTEM / name).read_bytes())
        assert len(document.entries) == sum(
            1 for line in document.text.split("\n") if line.strip() and not line.startswith("#")
        )
