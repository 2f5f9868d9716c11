"""Where profiles are: Wireshark's configuration folder, dfilter's own, and those that dfilter brings along.

In: the name of a profile, or a path.  Out: `Profile`, a folder and whether it can be written.
Always: a name never leads out of the folders of profiles.  Source: Wireshark User's Guide, appendix on configuration
files and folders; `tshark -G folders`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from dfilter.profiles.document import ProfileError
from dfilter.slotted import frozen

DEFAULT = "Default"
"""What Wireshark calls the profile that lies in the configuration folder itself."""
BUILTIN = Path(__file__).parent / "builtin"


@frozen
class Profile:
    """A profile: its name, its folder (which may not exist yet), and where it comes from."""

    name: str
    folder: Path
    builtin: bool = False

    def file(self, name: str) -> Path:
        """The path of one of its files; perhaps there is none yet."""
        return self.folder / name

    def writable(self, name: str) -> Path:
        """The path of a file that is going to be written; its folder is made.

        Raises:
            ProfileError: the profile is one that dfilter brings along.
        """
        if self.builtin:
            raise ProfileError(f"the profile {self.name} is built in and cannot be changed; "
                               "name another one with --profile, and import its buttons there")  # fmt: skip
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / name


def wireshark_folder() -> Path | None:
    """Wireshark's personal configuration folder; None where there is none."""
    return next((folder for folder in _wireshark_candidates() if folder.is_dir()), None)


def _wireshark_candidates() -> Iterator[Path]:
    named = os.environ.get("WIRESHARK_CONFIG_DIR")
    if named:
        yield Path(named)
        return
    if sys.platform == "win32":
        roaming = os.environ.get("APPDATA")
        if roaming:
            yield Path(roaming) / "Wireshark"
        return
    yield _configuration_home() / "wireshark"
    yield Path.home() / ".wireshark"


def installed_folder() -> Path | None:
    """The folder with what Wireshark itself installs for all users; None where there is none."""
    programs = [os.environ.get(name) for name in ("ProgramFiles", "ProgramW6432")]
    candidates = [Path(each) / "Wireshark" for each in programs if each]
    candidates += [Path(name) for name in _INSTALLED]
    return next((folder for folder in candidates if folder.is_dir()), None)


_INSTALLED = ("/usr/share/wireshark", "/usr/local/share/wireshark", "/opt/homebrew/share/wireshark",
              "/Applications/Wireshark.app/Contents/Resources/share/wireshark")  # fmt: skip


def own_folder() -> Path:
    """dfilter's own configuration folder; it may not exist yet."""
    roaming = os.environ.get("APPDATA")
    if sys.platform == "win32" and roaming:
        return Path(roaming) / "dfilter"
    return _configuration_home() / "dfilter"


def _configuration_home() -> Path:
    """XDG Base Directory Specification: a path that is not absolute does not count."""
    named = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".config"


def find_profile(name: str | None = None) -> Profile:
    """The profile of that name, or in that folder; without a name the default one.

    Looked for in Wireshark's folder, then in dfilter's, then among those built in.  The default profile is Wireshark's
    where Wireshark has been used, else dfilter's own.

    Raises:
        ProfileError: there is none; the message names those that there are.
    """
    if name is None or name == DEFAULT:
        return Profile(DEFAULT, wireshark_folder() or own_folder())
    if os.sep in name or "/" in name:
        folder = Path(name)
        if not folder.is_dir():
            raise ProfileError(f"{name}: there is no such folder")
        return Profile(folder.name, folder)
    if name in ("", ".", ".."):
        raise ProfileError(f"{name!r} is no name of a profile")
    found = next((profile for profile in profiles() if profile.name == name), None)
    if found is None:
        names = ", ".join(dict.fromkeys(profile.name for profile in profiles()))
        raise ProfileError(f"there is no profile {name!r}; there are: {names}")
    return found


def new_profile(name: str) -> Profile:
    """The profile of that name, or the place where it is made: beside Wireshark's where there are some, else our own.

    Raises:
        ProfileError: the name cannot be one of a folder.
    """
    try:
        return find_profile(name)
    except ProfileError:
        if "/" in name or "\\" in name or name in ("", ".", ".."):
            raise
    return Profile(name, (wireshark_folder() or own_folder()) / "profiles" / name)


def profiles() -> Iterator[Profile]:
    """All profiles: Wireshark's, dfilter's own, those built in; of two with one name the first counts."""
    yield find_profile()
    for parent in filter(None, (wireshark_folder(), own_folder())):
        below = parent / "profiles"
        if below.is_dir():
            yield from (Profile(each.name, each) for each in sorted(below.iterdir()) if each.is_dir())
    for each in sorted(BUILTIN.iterdir()):
        if each.is_dir() and not each.name.startswith("_"):
            yield Profile(each.name, each, builtin=True)
