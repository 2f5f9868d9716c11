"""The packet list's line of a DCE/RPC message: its kind, its call, and what it binds to or asks for.

In: a layer.  Out: the line.  Sources: what Wireshark 4.4 shows; the names of interfaces are those of Microsoft's open
specifications, by their universally unique identifiers.
"""

from __future__ import annotations

from dfilter.fields.text import value_text
from dfilter.fields.types import FieldType
from dfilter.packets.view import Layer

REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, ALTER, ALTER_RESP = 0, 2, 3, 11, 12, 14, 15
_KINDS = {REQUEST: "Request", RESPONSE: "Response", FAULT: "Fault", BIND: "Bind", BIND_ACK: "Bind_ack",
          13: "Bind_nak", ALTER: "Alter_context", ALTER_RESP: "Alter_context_resp", 16: "AUTH3", 17: "Shutdown",
          18: "Co_cancel", 19: "Orphaned"}  # fmt: skip
_PARTS = ("Mid", "1st", "Last", "Single")
_RESULTS = ("Acceptance", "User rejection", "Provider rejection", "Negotiate ACK")
_SYNTAXES = {"8a885d04-1ceb-11c9-9fe8-08002b104860": "32bit NDR", "71710533-beba-4937-8319-b5dbef9ccc36": "64bit NDR"}
_INTERFACES = {
    "12345778-1234-abcd-ef00-0123456789ac": "SAMR",
    "12345778-1234-abcd-ef00-0123456789ab": "LSARPC",
    "12345678-1234-abcd-ef00-01234567cffb": "RPC_NETLOGON",
    "4b324fc8-1670-01d3-1278-5a47bf6ee188": "SRVSVC",
    "6bffd098-a112-3610-9833-46c3f87e345a": "WKSSVC",
    "e1af8308-5d1f-11c9-91a4-08002b14a0fa": "EPMv4",
    "367abb81-9844-35f1-ad32-98f038001003": "SVCCTL",
    "338cd001-2244-31f1-aaaa-900038001003": "WINREG",
    "e3514235-4b06-11d1-ab04-00c04fc2dcd2": "DRSUAPI",
    "f5cc5a18-4264-101a-8c59-08002b2f8426": "NSPI",
    "a4f1db00-ca47-1067-b31f-00dd010662da": "MAPI",
    "1ff70682-0a51-30e8-076d-740be8cee98b": "ATSVC",
    "12345678-1234-abcd-ef00-0123456789ab": "SPOOLSS",
    "99fcfec4-5260-101b-bbcb-00aa0021347a": "IOXIDResolver",
    "000001a0-0000-0000-c000-000000000046": "ISystemActivator",
    "00000131-0000-0000-c000-000000000046": "IRemUnknown",
    "00000143-0000-0000-c000-000000000046": "IRemUnknown2",
    "afa8bd80-7d8a-11c9-bef4-08002b102989": "MGMT",
    "50abc2a4-574d-40b3-9d66-ee4fd5fba076": "DNSSERVER",
    "4fc742e0-4a10-11cf-8273-00aa004ae673": "NETDFS",
    "82273fdc-e32a-18c3-3f78-827929dc23ea": "EVENTLOG",
}


def fragment_line(layer: Layer) -> str:
    """The line of one message, or of a fragment of one."""
    region, kind = layer.region, layer.region.u8(2)
    text = f"{_KINDS.get(kind, 'Unknown')}: call_id: {layer.computed('dcerpc.cn_call_id')[0]}"
    text += f", Fragment: {_PARTS[region.u8(3) & 3]}"
    if kind in (BIND, ALTER):
        return text + _offers(layer)
    if kind in (BIND_ACK, ALTER_RESP):
        return text + _answers(layer)
    numbers = layer.computed("dcerpc.opnum")
    if kind == REQUEST and numbers:
        text += f", opnum: {numbers[0]}"
    contexts = layer.computed("dcerpc.cn_ctx_id")
    return text + (f", Ctx: {contexts[0]}" if contexts and kind in (REQUEST, RESPONSE, FAULT) else "")


def _offers(layer: Layer) -> str:
    """Each interface with its version and how its arguments are to be written."""
    counts = layer.computed("dcerpc.cn_num_ctx_items")
    columns = (layer.computed("dcerpc." + name) for name in (
        "cn_bind_to_uuid", "cn_bind_if_ver", "cn_bind_if_ver_minor", "cn_bind_trans_id"))  # fmt: skip
    items = []
    for interface, major, minor, syntax in zip(*columns, strict=False):
        name, form = _text(interface), _text(syntax)
        items.append(f"{_INTERFACES.get(name, name)} V{major}.{minor} ({_SYNTAXES.get(form, form)})")
    return f", {counts[0]} context items: {', '.join(items)}" if counts else ""


def _answers(layer: Layer) -> str:
    sizes = [layer.computed(f"dcerpc.cn_max_{way}") for way in ("xmit", "recv")]
    results = layer.computed("dcerpc.cn_ack_result")
    if not all(sizes):
        return ""
    names = ", ".join(_RESULTS[result] if result < len(_RESULTS) else f"Unknown ({result})" for result in results)
    return f", max_xmit: {sizes[0][0]} max_recv: {sizes[1][0]}, {len(results)} results: {names}"


def _text(identifier: bytes) -> str:
    return value_text(identifier, FieldType.GUID)
