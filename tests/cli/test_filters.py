"""The commands that work on the text of filters: where filters come from, what is written, how they end."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import dfilter
from dfilter.profiles import parse_document


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "profile"
    folder.mkdir()
    (folder / "dfilters").write_bytes(b'# old\r\n"web" tcp.port in {80 443}\r\n"own" $own(ip.src)\n"bad" tcp ==\nx\n')
    (folder / "dmacros").write_text('"own" $1 == 10.0.0.0/8\n')
    (folder / "dfilter_buttons").write_text('"TRUE","b","http.host == \\x22a\\x22 && bootp","c"\n')
    (folder / "colorfilters").write_text("@a@tcp@[1,1,1][2,2,2]\n")
    monkeypatch.chdir(tmp_path)
    return folder


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


# --- check: sources


def test_several_filters(run) -> None:
    code, out, err = run("check", "tcp", "bootp", "tcp ==")
    assert (code, err) == (1, "")
    assert [line.split()[0] for line in out.splitlines() if not line.startswith(" ")] == ["green", "yellow", "red", "3"]


def test_standard_input_is_a_list(run, monkeypatch) -> None:
    feed(monkeypatch, b"# mine\n\n  tcp\nbootp\n")
    code, out, _ = run("check", "-")
    assert (code, out.splitlines()[0]) == (0, "yellow  -:4: bootp")
    assert out.endswith("2 filters: 1 green, 1 yellow, 0 red\n")


def test_a_profile_folder_and_its_macros(run, profile) -> None:
    code, out, _ = run("check", "profile")
    assert code == 1
    assert "profile/dfilters:5: this line does not begin with a name in quotes" in out
    assert '"own"' not in out
    assert out.splitlines()[-1] == "7 filters: 3 green, 1 yellow, 3 red"


def test_a_place_in_a_file_is_a_place_in_the_line(run, profile) -> None:
    _, out, _ = run("check", "profile/dfilters", "--format", "json")
    web = json.loads(out)["filters"][0]
    assert (web["path"], web["line"], web["column"], web["name"]) == ("profile/dfilters", 2, 7, "web")
    item = web["verdicts"]["4.6"]["diagnostics"][0]
    assert web["filter"][item["start"] : item["end"]] == "443"


def test_macros_from_a_file(run, profile) -> None:
    assert run("check", "$own(ip.src)")[0] == 1
    assert run("check", "$own(ip.src)", "--macros", "profile/dmacros")[0] == 0


def test_a_filter_is_a_filter_whatever_files_there_are(run, profile) -> None:
    Path("tcp").write_text("nonsense ==")
    assert run("check", "tcp")[:2] == (0, "green\n")
    assert run("check", "-f", "tcp")[0] == 1
    assert run("check", "--as", "dfilters", "-f", "tcp")[1].startswith("red     tcp:1: this line")


@pytest.mark.parametrize("path", ["missing", "profile/missing"])
def test_a_file_that_is_not_there(run, profile, path) -> None:
    code, out, err = run("check", "-f", path)
    assert (code, out) == (2, "")
    assert "No such file" in err


def test_a_folder_without_filters(run, tmp_path) -> None:
    code, _, err = run("check", str(tmp_path))
    assert code == 2
    assert "no files of filters" in err


# --- check: verdicts


def test_strict(run) -> None:
    assert run("check", "bootp", "--strict")[0] == 1
    assert run("check", "tcp", "--strict")[0] == 0


def test_all_targets(run) -> None:
    code, out, _ = run("check", "--all-targets", "tcp.port in {80 443}")
    assert code == 1
    heads = [line.split()[:4] for line in out.splitlines()[:2]]
    assert heads == [["3.4", "4.0", "4.4", "4.6"], ["green", "red", "red", "red"]]
    assert out.count("E114") == 1
    verdicts = json.loads(run("check", "--all-targets", "tcp", "--format", "json")[1])["filters"][0]["verdicts"]
    assert {target: verdict["colour"] for target, verdict in verdicts.items()} == dict.fromkeys(
        ("3.4", "4.0", "4.4", "4.6"), "green"
    )


def test_sarif(run, profile) -> None:
    code, out, _ = run("check", "profile", "--format", "sarif")
    log = json.loads(out)
    (found,) = log["runs"]
    rules = {rule["id"] for rule in found["tool"]["driver"]["rules"]}
    assert code == 1
    assert (log["version"], found["tool"]["driver"]["version"]) == ("2.1.0", dfilter.__version__)
    assert {result["ruleId"] for result in found["results"]} == rules
    web = found["results"][0]
    place = web["locations"][0]["physicalLocation"]
    assert (web["ruleId"], web["level"], place["artifactLocation"]["uri"]) == ("E114", "error", "profile/dfilters")
    assert place["region"]["startLine"] == 2
    line = (profile / "dfilters").read_text().splitlines()[1]
    change = web["fixes"][0]["artifactChanges"][0]["replacements"][0]
    region = change["deletedRegion"]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "80 443"
    assert change["insertedContent"]["text"] == "80, 443"


def test_github(run, profile) -> None:
    lines = run("check", "profile/dfilters", "a%b\n==", "--format", "github")[1].splitlines()
    assert lines[0].startswith("::error file=profile/dfilters,line=2,title=E114 web,col=23,endColumn=25::")
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert any("a%25b%0A==" in line for line in lines)


# --- fix and fmt


def test_fix_rewrites_a_profile_and_nothing_else(run, profile) -> None:
    code, out, err = run("fix", "profile")
    assert code == 1
    assert out == "profile/dfilters: 1 filter changed\nprofile/dfilter_buttons: 1 filter changed\n"
    assert err == "dfilter: profile/dfilters:4: left as it is: no fix for it is known\n"
    wanted = b'# old\r\n"web" tcp.port in {80, 443}\r\n"own" $own(ip.src)\n"bad" tcp ==\nx\n'
    assert (profile / "dfilters").read_bytes() == wanted
    assert (profile / "dfilter_buttons").read_text() == '"TRUE","b","http.host == \\x22a\\x22 && dhcp","c"\n'
    assert run("fix", "profile")[1] == ""


def test_diff_writes_nothing(run, profile) -> None:
    before = (profile / "dfilters").read_bytes()
    out = run("fix", "--diff", "profile/dfilters")[1]
    assert '\n-"web" tcp.port in {80 443}\r\n+"web" tcp.port in {80, 443}\r\n' in out
    assert (profile / "dfilters").read_bytes() == before


def test_standard_input_is_rewritten_to_standard_output() -> None:
    command = [sys.executable, "-m", "dfilter", "fix", "-"]
    data = b'# c\r\n  bootp\r\nhttp.host == "\xff"\n'
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    assert done.stdout == data.replace(b"bootp", b"dhcp")


def test_a_filter_stays_on_standard_output(run) -> None:
    assert run("fix", "tcp.port = 80")[:2] == (0, "tcp.port == 80\n")
    assert run("fix", "tcp ==")[:2] == (1, "tcp ==\n")
    assert run("fix", "tcp.prt == 1", "--unsafe")[:2] == (0, "tcp.port == 1\n")
    assert run("fix", "--from", "3.4", "--to", "4.4", "dns && ip || arp")[1] == "dns && (ip || arp)\n"


def test_a_colouring_rule_cannot_hold_everything(run, tmp_path) -> None:
    path = tmp_path / "colorfilters"
    path.write_text("@a@tcp.port eq 80@[1,1,1][2,2,2]\n")
    assert run("fmt", str(path))[0] == 0
    assert path.read_text() == "@a@tcp.port == 80@[1,1,1][2,2,2]\n"
    assert parse_document(path.read_text(), dfilter.profiles.Format.COLORFILTERS).entries[0].text == "tcp.port == 80"


def test_fmt_check(run, tmp_path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("tcp  and udp\n# c\nip\n")
    assert run("fmt", "--check", str(path))[:2] == (1, f"{path}: 1 filter would change\n")
    assert path.read_text() == "tcp  and udp\n# c\nip\n"
    assert run("fmt", str(path))[0] == 0
    assert path.read_text() == "tcp and udp\n# c\nip\n"
    assert run("fmt", "--check", str(path))[:2] == (0, "")


def test_fmt_leaves_what_is_no_filter(run) -> None:
    code, out, err = run("fmt", "tcp ==")
    assert (code, out) == (1, "tcp ==\n")
    assert "no filter" in err


# --- the others


def test_explain_json(run) -> None:
    code, out, _ = run("explain", "tcp.port == 80", "--format", "json")
    document = json.loads(out)
    assert (code, document["passes"], document["stateful"]) == (0, 1, False)
    assert [field["name"] for field in document["fields"]] == ["tcp.port"]
    assert run("explain", "tcp ==")[0] == 1


def test_fields(run) -> None:
    code, out, _ = run("fields", "TCP.flags.S*")
    assert code == 0
    assert out.splitlines()[0] == "tcp.flags.str\tCharacter string\t3.4,4.0,4.4,4.6"
    dissected = run("fields", "tcp.", "--dissected", "--format", "json")[1]
    assert all(entry["dissected"] for entry in json.loads(dissected))
    code, out, err = run("fields", "nosuchfield", "--format", "json")
    assert (code, json.loads(out)) == (1, [])
    assert "nosuchfield" in err
    assert run("fields", "tcp.flags.n[s]", "--target", "3.4")[0] == 0
    assert run("fields", "tcp.flags.n[s]")[0] == 1


def test_complete(run) -> None:
    found = json.loads(run("complete", "tcp.poX and udp", "--cursor", "6", "--format", "json")[1])
    assert found == {"start": 0, "end": 7, "items": [{"text": "tcp.port", "kind": "field",
                                                     "detail": "Unsigned integer (16 bits)"}]}  # fmt: skip
    assert run("complete", "tcp.poX and udp", "--cursor", "6", "--format", "whole")[1] == "tcp.port and udp\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_every_command(run, shell) -> None:
    from dfilter.cli.main import COMMANDS

    out = run("completion", shell)[1]
    assert "@" not in out.replace("${COMP_WORDS[@]}", "")
    assert all(name in out for name in COMMANDS)


def test_the_bash_script_completes() -> None:
    script = subprocess.run([sys.executable, "-m", "dfilter", "completion", "bash"], capture_output=True, text=True,
                            check=True).stdout  # fmt: skip
    ask = f"dfilter() {{ '{sys.executable}' -m dfilter \"$@\"; }}\n{script}\n"
    for words, wanted in (
        (["dfilter", "expl"], "explain"),
        (["dfilter", "check", "'tcp and udp.po"], "tcp and udp.port"),
        (["dfilter", "check", "--all"], "--all-targets"),
    ):
        quoted = " ".join('"' + word + '"' for word in words)
        code = f'{ask}COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _dfilter; printf "%s\\n" "${{COMPREPLY[@]}}"'
        out = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
        assert out.stdout.split("\n")[0] == wanted, out.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--all-targets", "--target", "4.4", "tcp"),
        ("check", "tcp", "--format", "xml"),
        ("check", "tcp", "--as", "csv", "-f", "x"),
        ("fix", "tcp", "--from", "3.4"),
        ("fix", "tcp", "--from", "3.4", "--to", "4.4", "--target", "4.4"),
        ("fmt",),
        ("complete", "tcp", "--limit", "-1"),
        ("completion", "tcsh"),
        ("explain",),
        (),
    ],
)
def test_wrong_usage(run, arguments) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "Usage" in err
    assert "Error: " in err


def test_broken_utf8_on_the_command_line() -> None:
    command = [sys.executable.encode(), b"-m", b"dfilter"]
    done = subprocess.run([*command, b"check", b'http.host == "\xff"'], capture_output=True, check=False)
    assert (done.returncode, done.stdout.split(b"\n")[0]) == (0, b"green")
    for form in (b"json", b"sarif", b"github"):
        done = subprocess.run([*command, b"check", b"\xff ==", b"--format", form], capture_output=True, check=False)
        assert done.returncode == 1
        done.stdout.decode("utf-8")


@pytest.mark.parametrize(("arguments", "environment", "painted"), [
    ([], {}, False),
    ([], {"FORCE_COLOR": "1"}, True),
    ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    (["--color", "always"], {"NO_COLOR": "1"}, True),
    (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    (["--color", "always", "--all-targets"], {}, True),
    (["--color", "always", "tcp"], {}, True),
])  # fmt: skip
def test_colour(run, monkeypatch, arguments, environment, painted) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for command in ("check", "explain"):
        if command == "check" or not {"--all-targets", "tcp"} & set(arguments):
            _, out, _ = run(command, "tcp.prt == 80", *arguments)
            assert ("\x1b[1;31merror" in out) is painted


def test_colour_goes_with_text(run) -> None:
    assert run("check", "tcp", "--color", "always", "--format", "json")[0] == 2
