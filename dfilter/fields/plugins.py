"""Protocols of other packages: found by their entry points, their names beside Wireshark's.

In: the installed packages; an entry point of the group `dfilter.protocols` names a module, a `Protocol` of
`dfilter.packets.declare`, or several.  Out: `Plugins`.
Always: what is installed is looked at when a name is met that Wireshark does not know, or when the names are listed,
once a process; a plugin that cannot be loaded, or says of a field of Wireshark's what Wireshark does not, is left
out with a `PluginWarning`.
"""

from __future__ import annotations

import os
import re
import sys
from _thread import RLock
from collections.abc import Iterator

from dfilter.errors import PluginWarning
from dfilter.fields import registry
from dfilter.fields.registry import FieldInfo
from dfilter.fields.types import FieldType
from dfilter.fields.versions import NEWEST, Version
from dfilter.slotted import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from typing import Any, TypeAlias

    Protocol: TypeAlias = Any
    """A `dfilter.packets.declare.Protocol`; this room does not load the packets'."""

GROUP = "dfilter.protocols"
_NAME = r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*"
_DECLARATION = ("dfilter.packets.declare", "Protocol")


@frozen
class Plugins:
    """`protocols`: what each plugin declares, by a text that names the plugin.  `fields`: the names that Wireshark
    does not have."""

    protocols: dict[str, tuple[Protocol, ...]]
    fields: dict[str, FieldInfo]


_NONE = Plugins({}, {})
_LOCK = RLock()
_found: list[Plugins] = []
"""Empty before the installed packages were looked at; then what was found (nothing yet, while plugins load)."""


def plugins() -> Plugins:
    """The plugins of this installation."""
    if not _found or _found[0] is _NONE:
        with _LOCK:  # another thread waits until they are loaded
            if not _found:
                _found.append(_NONE)  # a plugin that asks for names while it is imported gets Wireshark's
                _found[0] = _load()
    return _found[0]


def left_out(plugin: str, reason: str) -> None:
    """Tell that a plugin is not used."""
    import warnings

    warnings.warn(f"{plugin} is left out: {reason}", PluginWarning, stacklevel=3)


def _load() -> Plugins:
    loaded = Plugins({}, {})
    for entry in _entry_points():
        dist = entry.dist
        plugin = f"the protocol plugin {entry.name}" + (f" of {dist.name} {dist.version}" if dist is not None else "")
        try:
            declared = tuple(_protocols(entry.load()))
            names = _new_names(declared, loaded)
        except (Exception, SystemExit) as error:
            said = str(error) if isinstance(error, _RefusedError) else f"{type(error).__name__}: {error}"
            left_out(plugin, said)
            continue
        loaded.protocols[plugin] = declared
        loaded.fields.update(names)
    return loaded


class _RefusedError(Exception):
    """The plugin does not keep to the rules."""


def _entry_points() -> Iterator[EntryPoint]:
    """The entry points of the group, by name.  Asking the standard library takes longer than a check, so a look at
    the files of the installed packages comes first."""
    if not any(map(_has_plugin, dict.fromkeys(sys.path))):
        return
    from importlib.metadata import entry_points

    yield from sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))


def _has_plugin(folder: str) -> bool:
    try:
        names = [name for name in os.listdir(folder or ".") if name.endswith((".dist-info", ".egg-info"))]  # noqa: PTH208
    except OSError:
        return False
    return any(_speaks_of_group(os.path.join(folder, name, "entry_points.txt")) for name in names)  # noqa: PTH118


def _speaks_of_group(path: str) -> bool:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            return f"[{GROUP}]" in file.read()
    except (OSError, ValueError):
        return False


def _protocols(target: Any) -> Iterator[Protocol]:
    """The declarations that an entry point names."""
    if _is_declaration(target):
        yield target
        return
    values = vars(target).values() if hasattr(target, "__spec__") else target
    found = {value.name: value for value in values if _is_declaration(value)}
    if not found:
        raise _RefusedError("it names no Protocol of dfilter.packets.declare")
    yield from found.values()


def _is_declaration(value: Any) -> bool:
    return (type(value).__module__, type(value).__name__) == _DECLARATION


def _new_names(declared: tuple[Protocol, ...], loaded: Plugins) -> dict[str, FieldInfo]:
    """The names of some protocols that Wireshark does not have."""
    found: dict[str, FieldInfo] = {}
    for protocol in declared:
        rows = [(protocol.name, FieldType.PROTOCOL), *((field.name, field.type) for field in protocol.fields)]
        for name, kind in rows:
            if not re.fullmatch(_NAME, name):
                raise _RefusedError(f"{name!r} cannot be the name of a field")
            if name in found or name in loaded.fields:
                raise _RefusedError(f"{name} is declared twice")
            if not _is_wiresharks(name, kind):
                is_protocol = kind is FieldType.PROTOCOL
                found[name] = FieldInfo(name, protocol.name, kind, "", is_protocol, (), False)
    return found


def _is_wiresharks(name: str, kind: FieldType) -> bool:
    """Has Wireshark this name? Then the type must be Wireshark's."""
    registered = [registry.lookup(name, version) for version in registry.versions_of(name)]
    if not registered:
        return False
    newest = registry.lookup(name, NEWEST) or registered[-1]
    if newest is not None and newest.type is not kind:
        raise _RefusedError(f"{name} is a field of Wireshark's, of type {newest.type.value}, not {kind.value}")
    return True


def lookup(name: str) -> FieldInfo | None:
    """The field or protocol of a plugin that has this name."""
    return plugins().fields.get(name)


def names(prefix: str) -> list[str]:
    """The names of plugins that start with `prefix`, sorted."""
    return sorted(name for name in plugins().fields if name.startswith(prefix))


def versions_of(name: str) -> tuple[Version, ...]:
    """All versions, or none: a plugin does not depend on Wireshark's version."""
    return tuple(Version) if name in plugins().fields else ()
