"""Whether TCP segments come in their turn, one after the other in machine code.

In: segments in file order, the rows of their conversations, and what is known of these.  Out: codes and relative
sequence numbers; what is known moves on.  What always holds: the same as `conversations.Table` finds with numpy, but
that a segment counts as asked for again (URGED) only by what came before it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.native import compile_function

Array = npt.NDArray[Any]

_MASK, _HALF = 0xFFFFFFFF, 1 << 31
_COLUMNS = ("rows", "senders", "seqs", "acks", "flags", "windows", "lengths", "wholes")
_STATE = ("base", "have", "told", "last", "closed", "odds", "sent", "repeats")
_FOUND = ("codes", "places", "agains")


def judge(columns: Sequence[Array], state: Sequence[Array], room: int) -> tuple[Array, Array, Array] | None:
    """(codes, relative sequence numbers, whether all of it was sent before); None without machine code.

    Args:
        columns: row, sender, sequence number, acknowledgement, flags, window, length, whether it is whole.
        state: of `room` conversations, what `Table` keeps: first numbers, how far it went, told, the last
            acknowledgement, closed, odd, sent, repeats; of either end one behind the other.
    """
    function = _function()
    if function is None:
        return None
    size = len(columns[0])
    codes, places, agains = np.empty(size, np.uint8), np.empty(size, np.int64), np.empty(size, np.bool_)
    columns = [np.ascontiguousarray(column) for column in columns]
    function(size, room, *(each.ctypes.data for each in (*columns, *state, codes, places, agains)))
    return codes, places, agains


@cache
def _function() -> Callable[..., Any] | None:
    pointers = [ctypes.c_void_p] * (len(_COLUMNS) + len(_STATE) + len(_FOUND))
    return compile_function(_assembly(), "judge", None, ctypes.c_int64, ctypes.c_int64, *pointers)


def _assembly() -> str:
    names = ", ".join(f"ptr %{name}" for name in (*_COLUMNS, *_STATE, *_FOUND))
    loads = [_load(name[:-1], name, "%index", "i8" if name == "wholes" else "i64") for name in _COLUMNS]
    return _CODE.replace("PARAMETERS", names).replace("LOADS", "".join(loads))


def _load(value: str, table: str, index: str, kind: str) -> str:
    return (f"  %at_{value} = getelementptr {kind}, ptr %{table}, i64 {index}\n"
            f"  %{value} = load {kind}, ptr %at_{value}\n")  # fmt: skip


_CODE = f"""
define void @judge(i64 %size, i64 %room, PARAMETERS) {{
entry:
  br label %loop
loop:
  %index = phi i64 [0, %entry], [%following, %body]
  %more = icmp slt i64 %index, %size
  br i1 %more, label %body, label %done
body:
LOADS
  %opposite = sub i64 1, %sender
  %mine_side = mul i64 %sender, %room
  %mine = add i64 %mine_side, %row
  %other_side = mul i64 %opposite, %room
  %theirs = add i64 %other_side, %row
  %syn_bit = and i64 %flag, 2
  %syn = icmp ne i64 %syn_bit, 0
  %fin_bit = and i64 %flag, 1
  %fin = icmp ne i64 %fin_bit, 0
  %rst_bit = and i64 %flag, 4
  %rst = icmp ne i64 %rst_bit, 0
  %ack_bit = and i64 %flag, 16
  %acks_any = icmp ne i64 %ack_bit, 0

  ; the first numbers of either end
  %base_at = getelementptr i64, ptr %base, i64 %mine
  %base_known = load i64, ptr %base_at
  %unknown = icmp slt i64 %base_known, 0
  %not_syn = xor i1 %syn, true
  %one_less = zext i1 %not_syn to i64
  %begins = sub i64 %seq, %one_less
  %begins_in = and i64 %begins, {_MASK}
  %first = select i1 %unknown, i64 %begins_in, i64 %base_known
  store i64 %first, ptr %base_at
  %have_at = getelementptr i64, ptr %have, i64 %mine
  %have_known = load i64, ptr %have_at
  %own = select i1 %unknown, i64 %one_less, i64 %have_known
  %their_base_at = getelementptr i64, ptr %base, i64 %theirs
  %their_base_known = load i64, ptr %their_base_at
  %their_unknown = icmp slt i64 %their_base_known, 0
  %tells = and i1 %their_unknown, %acks_any
  %told_begin = sub i64 %ack, 1
  %told_begin_in = and i64 %told_begin, {_MASK}
  %their_first = select i1 %tells, i64 %told_begin_in, i64 %their_base_known
  store i64 %their_first, ptr %their_base_at
  %their_have_at = getelementptr i64, ptr %have, i64 %theirs
  %their_have = load i64, ptr %their_have_at
  %other = select i1 %tells, i64 1, i64 %their_have
  store i64 %other, ptr %their_have_at
  %their_told_at = getelementptr i8, ptr %told, i64 %theirs
  %their_told = load i8, ptr %their_told_at
  %their_told_now = select i1 %tells, i8 1, i8 %their_told
  store i8 %their_told_now, ptr %their_told_at

  ; where it lies
  %offset = sub i64 %seq, %first
  %place = and i64 %offset, {_MASK}
  %place_at = getelementptr i64, ptr %places, i64 %index
  store i64 %place, ptr %place_at
  %counts = or i1 %syn, %fin
  %extra = zext i1 %counts to i64
  %reach = add i64 %place, %length
  %end_full = add i64 %reach, %extra
  %beyond = icmp sgt i64 %end_full, {_HALF}
  %nothing = icmp eq i64 %end_full, %place
  %no_end_a = or i1 %beyond, %rst
  %no_end = or i1 %no_end_a, %nothing
  %end = select i1 %no_end, i64 0, i64 %end_full
  %has = icmp sgt i64 %length, 0
  %empty = xor i1 %has, true
  %kept = xor i1 %rst, true
  %data = and i1 %has, %kept
  %in_turn = icmp eq i64 %place, %own
  %new = and i1 %data, %in_turn
  %behind = icmp sle i64 %reach, %own
  %old = and i1 %data, %behind

  ; what is out of the ordinary
  %acked_raw = sub i64 %ack, %their_first
  %acked = and i64 %acked_raw, {_MASK}
  %their_known = icmp sge i64 %their_first, 0
  %acks_more = icmp sgt i64 %acked, %other
  %acks_near = icmp slt i64 %acked, {_HALF}
  %odd_ack_a = and i1 %acks_any, %their_known
  %odd_ack_b = and i1 %acks_more, %acks_near
  %odd_ack = and i1 %odd_ack_a, %odd_ack_b
  %not_data = xor i1 %data, true
  %out_of_turn = xor i1 %in_turn, true
  %end_elsewhere = icmp ne i64 %end, %own
  %late_a = and i1 %fin, %not_data
  %late_b = and i1 %out_of_turn, %end_elsewhere
  %late_fin = and i1 %late_a, %late_b
  %not_new = xor i1 %new, true
  %not_old = xor i1 %old, true
  %neither = and i1 %not_new, %not_old
  %odd_data = and i1 %data, %neither
  %cut = icmp eq i8 %whole, 0
  %gap_raw = sub i64 %place, %own
  %gap = and i64 %gap_raw, {_MASK}
  %gap_some = icmp sgt i64 %gap, 0
  %gap_near = icmp slt i64 %gap, {_HALF}
  %gap_both = and i1 %gap_some, %gap_near
  %odd_gap = and i1 %empty, %gap_both
  %no_window = icmp eq i64 %window, 0
  %odd_window = and i1 %no_window, %kept
  %odd_syn = and i1 %data, %syn
  %odd_at = getelementptr i8, ptr %odds, i64 %row
  %odd_known = load i8, ptr %odd_at
  %odd_before = icmp ne i8 %odd_known, 0
  %own_went = icmp sgt i64 %own, 1
  %other_went = icmp sgt i64 %other, 1
  %told_at = getelementptr i8, ptr %told, i64 %mine
  %told_known = load i8, ptr %told_at
  %was_told = icmp ne i8 %told_known, 0
  %went = or i1 %own_went, %other_went
  %went_or_told = or i1 %went, %was_told
  %late_syn = and i1 %syn, %went_or_told

  ; acknowledgements said again
  %busy_bits = and i64 %flag, 7
  %idle = icmp eq i64 %busy_bits, 0
  %bare = and i1 %empty, %idle
  %last_at = getelementptr i64, ptr %last, i64 %mine
  %last_ack = load i64, ptr %last_at
  %said_same = icmp eq i64 %last_ack, %ack
  %says_a = and i1 %acks_any, %said_same
  %says_again = and i1 %says_a, %bare
  %repeat_at = getelementptr i8, ptr %repeats, i64 %mine
  %repeat = load i8, ptr %repeat_at
  %full = icmp eq i8 %repeat, -1
  %repeat_more = add i8 %repeat, 1
  %repeat_capped = select i1 %full, i8 -1, i8 %repeat_more
  %repeat_now = select i1 %says_again, i8 %repeat_capped, i8 %repeat
  store i8 %repeat_now, ptr %repeat_at
  %last_now = select i1 %acks_any, i64 %ack, i64 %last_ack
  store i64 %last_now, ptr %last_at
  %their_repeat_at = getelementptr i8, ptr %repeats, i64 %theirs
  %their_repeat = load i8, ptr %their_repeat_at
  %urgent = icmp ugt i8 %their_repeat, 1
  %urged = and i1 %old, %urgent

  ; what is closed, what was sent
  %closing_bits = and i64 %flag, 17
  %closing_fin = icmp eq i64 %closing_bits, 17
  %closes = or i1 %rst, %closing_fin
  %closed_at = getelementptr i8, ptr %closed, i64 %row
  %closed_known = load i8, ptr %closed_at
  %closed_now = select i1 %closes, i8 1, i8 %closed_known
  store i8 %closed_now, ptr %closed_at
  %end_some = icmp sgt i64 %end, 0
  %end_old = icmp sle i64 %end, %own
  %not_one = icmp ne i64 %length, 1
  %after = add i64 %place, 1
  %not_alive = icmp ne i64 %after, %own
  %no_keeping_a = or i1 %not_one, %not_alive
  %no_keeping = or i1 %no_keeping_a, %counts
  %again_a = and i1 %end_some, %end_old
  %again_any = and i1 %again_a, %no_keeping
  %sent_at = getelementptr i8, ptr %sent, i64 %mine
  %sent_known = load i8, ptr %sent_at
  store i8 1, ptr %sent_at
  %spoke = icmp ne i8 %sent_known, 0
  %silent = xor i1 %spoke, true
  %again = and i1 %again_any, %spoke
  %again_at = getelementptr i8, ptr %agains, i64 %index
  %again_byte = zext i1 %again to i8
  store i8 %again_byte, ptr %again_at
  %has_more = or i1 %has, %counts
  %odd_rst = and i1 %has_more, %rst
  %odd_first_a = and i1 %again_any, %silent
  %odd_first = and i1 %odd_first_a, %data
  %is_farther = icmp sgt i64 %end, %own
  %farther = select i1 %is_farther, i64 %end, i64 %own
  store i64 %farther, ptr %have_at

  %o1 = or i1 %odd_ack, %late_fin
  %o2 = or i1 %odd_data, %cut
  %o3 = or i1 %odd_gap, %odd_window
  %o4 = or i1 %odd_syn, %odd_before
  %o5 = or i1 %late_syn, %odd_rst
  %o6 = or i1 %o1, %o2
  %o7 = or i1 %o3, %o4
  %o8 = or i1 %o5, %odd_first
  %o9 = or i1 %o6, %o7
  %odd = or i1 %o8, %o9
  %code1 = zext i1 %new to i8
  %code2 = select i1 %old, i8 2, i8 0
  %code4 = select i1 %odd, i8 4, i8 0
  %code8 = select i1 %fin, i8 8, i8 0
  %code32 = select i1 %rst, i8 32, i8 0
  %code64 = select i1 %urged, i8 64, i8 0
  %c1 = or i8 %code1, %code2
  %c2 = or i8 %code4, %code8
  %c3 = or i8 %code32, %code64
  %c4 = or i8 %c1, %c2
  %code = or i8 %c3, %c4
  %code_at = getelementptr i8, ptr %codes, i64 %index
  store i8 %code, ptr %code_at
  %following = add i64 %index, 1
  br label %loop
done:
  ret void
}}
"""
