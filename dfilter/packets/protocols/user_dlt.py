"""Link types that users may give a meaning of their own (LINKTYPE_USER0 to USER15): their frames are data."""

from __future__ import annotations

from dfilter.packets.declare import Protocol
from dfilter.packets.region import Region
from dfilter.packets.view import View

FIRST, LAST, PKTAP = 147, 162, 149
"""The third one carries Apple's PKTAP by default."""

USER_DLT = Protocol(
    "user_dlt",
    "User encapsulation",
    over={"link": tuple(number for number in range(FIRST, LAST + 1) if number != PKTAP)},
    carries=("data",),
)


@USER_DLT.dissector
def dissect_user_dlt(view: View, region: Region) -> None:
    view.push(USER_DLT, region, 0)
    view.call_data(region)
