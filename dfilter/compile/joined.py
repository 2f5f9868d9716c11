"""Terms joined by "and", "or", "not": constants folded, and what is made of the same terms in the same way made once.

In: terms, each a constant or a function.  Out: terms.  What always holds: joining the same functions again gives the
same object, so that bounds and branches that decide alike can be told by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Term = Any
"""A constant, or a function whose argument and result are the way's own (`columns.Term`, `machine_terms.Term`)."""


class JoinedTerms:
    """What every way to compute has for `bounds.Terms`; `join` and `invert` are its own."""

    true: Term = True
    false: Term = False

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Term] = {}

    def join(self, functions: Sequence[Any], operation: str) -> Term:
        """Two functions or more, joined by "and", "or" or "xor"."""
        raise NotImplementedError

    def invert(self, function: Any) -> Term:
        """The opposite of a function."""
        raise NotImplementedError

    def all_of(self, parts: Sequence[Term]) -> Term:
        return False if any(part is False for part in parts) else self._joined(parts, "and", True)

    def any_of(self, parts: Sequence[Term]) -> Term:
        return True if any(part is True for part in parts) else self._joined(parts, "or", False)

    def negate(self, part: Term) -> Term:
        if isinstance(part, bool):
            return not part
        return self._once(("not", part), lambda: self.invert(part))

    def odd(self, parts: Sequence[Term]) -> Term:
        flip = sum(part is True for part in parts) % 2 == 1
        joined = self._joined(parts, "xor", False)
        return self.negate(joined) if flip else joined

    def _joined(self, parts: Sequence[Term], operation: str, empty: bool) -> Term:
        functions = tuple(part for part in parts if not isinstance(part, bool))
        if len(functions) < 2:
            return functions[0] if functions else empty
        return self._once((operation, *functions), lambda: self.join(functions, operation))

    def _once(self, key: tuple[Any, ...], make: Any) -> Term:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]
