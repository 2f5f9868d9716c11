"""Profiles, their buttons and their settings: found, edited, and nothing else of a file changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfilter import desk
from dfilter.profiles import Button, ProfileError, buttons_of, find_profile, new_profile, profiles, write_file
from dfilter.profiles.buttonlist import with_button, with_changes, without_button
from dfilter.profiles.colours import colours_of
from dfilter.profiles.columnformat import ColumnFormat, encode_columns, parse_columns
from dfilter.profiles.files import read_file
from dfilter.profiles.settings import HISTORY, value_of, values_of, with_history, with_value

INSTALLED = sorted(
    path
    for version in ("3.4", "4.4", "4.6")
    for path in (Path.home() / ".cache/dfilter-oracle" / version / "usr/share/wireshark").rglob("*")
    if path.name in ("colorfilters", "dfilters", "dfilter_macros", "dmacros", "preferences")
)
BUTTONS = '# mine\n"TRUE","a","tcp","x \\x22y\\x22"\r\nno button\n\n "FALSE" , "m//b","udp",""\n'
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No configuration at all."""
    for name in ("WIRESHARK_CONFIG_DIR", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


# --- files


@pytest.mark.skipif(not INSTALLED, reason="no files of Wireshark's packages here")
def test_files_of_wiresharks_packages_survive(tmp_path: Path) -> None:
    for path in INSTALLED:
        copy = tmp_path / path.name
        document = read_file(path)
        assert not document.unreadable or path.name == "preferences", path
        write_file(copy, document.edited({}))
        assert copy.read_bytes() == path.read_bytes(), path


@pytest.mark.skipif(not INSTALLED, reason="no files of Wireshark's packages here")
def test_colours_of_wiresharks_packages() -> None:
    path = next(path for path in INSTALLED if path.name == "colorfilters" and "4.4" in path.parts)
    rules = list(colours_of(path.read_text()))
    assert len(rules) == len(read_file(path).entries)
    assert all(0 <= part < 256 for rule in rules for part in (*rule.background, *rule.foreground))


def test_a_new_file_is_written_whole(tmp_path: Path) -> None:
    write_file(tmp_path / "new", "a\n")
    assert (tmp_path / "new").read_text() == "a\n"
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


# --- folders


def test_wiresharks_folder_comes_first(home: Path) -> None:
    assert find_profile().folder == home / "config/dfilter"
    (home / ".wireshark").mkdir()
    assert find_profile().folder == home / ".wireshark"
    (home / "config/wireshark/profiles/web").mkdir(parents=True)
    assert find_profile().folder == home / "config/wireshark"
    assert find_profile("web").folder == home / "config/wireshark/profiles/web"
    assert new_profile("other").folder == home / "config/wireshark/profiles/other"
    assert [profile.name for profile in profiles()] == ["Default", "web", "tutorial"]


def test_the_folder_that_the_environment_names(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".wireshark").mkdir()
    (home / "other").mkdir()
    monkeypatch.setenv("WIRESHARK_CONFIG_DIR", str(home / "other"))
    assert find_profile().folder == home / "other"


@pytest.mark.parametrize("name", ["nowhere", "", "..", "./nowhere", "a/b"])
def test_profiles_that_there_are_not(home: Path, name: str) -> None:
    with pytest.raises(ProfileError):
        find_profile(name)


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ""])
def test_no_name_leads_out_of_the_folder(home: Path, name: str) -> None:
    with pytest.raises(ProfileError):
        new_profile(name)


def test_what_is_built_in_is_not_written(home: Path) -> None:
    with pytest.raises(ProfileError, match="built in"):
        find_profile("tutorial").writable("dfilter_buttons")


# --- buttons


def test_buttons_are_read() -> None:
    assert buttons_of(BUTTONS) == [Button("a", "tcp", 'x "y"'), Button("m//b", "udp", "", False)]
    assert buttons_of(BUTTONS)[1].path == ("m", "b")


@pytest.mark.parametrize("text", [BUTTONS, BUTTONS.rstrip("\n"), "", "# c", '"TRUE","a","tcp",""\r\n'])
def test_a_button_more(text: str) -> None:
    changed = with_button(text, Button("new", 'http.host == "x"', 'c"'))
    assert buttons_of(changed) == [*buttons_of(text), Button("new", 'http.host == "x"', 'c"')]
    assert changed.startswith(text)
    assert without_button(changed, "new").rstrip("\r\n") == text.rstrip("\r\n")


def test_a_button_between() -> None:
    changed = with_button(BUTTONS, Button("new", "arp"), 2)
    assert [button.label for button in buttons_of(changed)] == ["a", "new", "m//b"]
    assert without_button(changed, "new") == BUTTONS


def test_only_the_cell_that_changes_is_written() -> None:
    changed = with_changes(BUTTONS, "m//b", Button("m//b", "udp", "", True))
    assert changed == BUTTONS.replace('"FALSE" ,', '"TRUE" ,')
    assert with_changes(BUTTONS, "a", buttons_of(BUTTONS)[0]) == BUTTONS


def test_labels_are_unique_and_known() -> None:
    with pytest.raises(ProfileError, match="already"):
        with_button(BUTTONS, Button("a", "arp"))
    with pytest.raises(ProfileError, match="already"):
        with_changes(BUTTONS, "a", Button("m//b", "arp"))
    with pytest.raises(ProfileError, match="did you mean 'm//b'"):
        without_button(BUTTONS, "B")


@given(label=TEXTS, filter=TEXTS, comment=TEXTS, enabled=st.booleans(), before=TEXTS)
def test_any_button_survives(label: str, filter: str, comment: str, enabled: bool, before: str) -> None:
    button = Button(label, filter, comment, enabled)
    text = with_button(f"# {before}\n", button)
    assert buttons_of(text) == [button]
    assert without_button(text, label) == f"# {before}\n"


def test_unknown_buttons_name_those_that_are_alike(home: Path) -> None:
    with pytest.raises(desk.UnknownButtonError, match=r"did you mean 'basic\+dns'"):
        desk.button(desk.TUTORIAL, "basic-dns")
    assert desk.button(find_profile(), "basic", fall_back=True).filter.startswith("(http.request")
    with pytest.raises(desk.UnknownButtonError):
        desk.button(find_profile(), "basic")


# --- settings


SETTINGS = "# c\r\na.b: 1\r\nlist: \r\n\tx,\r\n\ty\r\na.b: 2\r\n"


def test_settings_are_read_and_changed() -> None:
    assert (value_of(SETTINGS, "a.b"), value_of(SETTINGS, "list"), value_of(SETTINGS, "no")) == ("2", "x,\ny", None)
    assert with_value(SETTINGS, "list", "\n\tz") == SETTINGS.replace("\tx,\r\n\ty", "\tz")
    assert with_value(SETTINGS, "a.b", "3") == SETTINGS.replace("a.b: 2", "a.b: 3")
    assert with_value(SETTINGS, "new", "4") == SETTINGS + "new: 4\r\n"
    with pytest.raises(ProfileError):
        with_value(SETTINGS, "a.b", "1\nc: 2")


def test_the_history_keeps_the_latest() -> None:
    text = "x: 1\n"
    for filter in ("tcp", "udp", "tcp", "arp"):
        text = with_history(text, filter, limit=2)
    assert values_of(text, HISTORY) == ["tcp", "arp"]
    assert text.startswith("x: 1\n")
    assert with_history(text, "a\nb") == text


COLUMNS = [
    ColumnFormat("No.", "%m"),
    ColumnFormat('a "b" \\', "%Cus", 'http.host == "x:1"', 2, False),
    ColumnFormat("Host", "%Cus", "http.host or tls.handshake.extensions_server_name"),
]


def test_columns_survive() -> None:
    assert parse_columns(encode_columns(COLUMNS)) == COLUMNS
    with pytest.raises(ProfileError, match="no format"):
        parse_columns('"a", "%m", "b"')


def test_what_is_kept_in_a_profile(home: Path) -> None:
    profile = new_profile("mine")
    desk.save_columns(profile, COLUMNS)
    desk.save_time_format(profile, "udoy")
    desk.remember(profile, "tcp")
    profile = find_profile("mine")
    assert (desk.columns(profile), desk.time_format(profile)) == (COLUMNS, "udoy")
    assert desk.history(profile) == desk.history(find_profile()) == ["tcp"]
    assert desk.columns(find_profile()) == list(desk.DEFAULT_COLUMNS)
    assert desk.time_format(find_profile()) is None


def test_colouring_rules(home: Path) -> None:
    profile = new_profile("mine")
    rules = "@a@tcp@[0,65535,256][1,2,3]\n!@off@udp@[0,0,0][0,0,0]\n@lost@no.such@[0,0,0][0,0,0]\n"
    write_file(profile.writable("colorfilters"), rules)
    found, lost = desk.colour_rules(profile)
    assert [(rule.name, rule.background, rule.foreground) for rule in found] == [("a", (0, 255, 1), (0, 0, 0))]
    assert lost == ["lost"]
