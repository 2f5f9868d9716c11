"""Machine code from LLVM assembly, where llvmlite is installed (`pip install dfilter-engine[jit]`).

In: a module as text.  Out: its functions, callable; None without llvmlite.  What always holds: the text comes from
dfilter's own generators, which put numbers and offsets into it and never a filter's words.

llvmlite is the compiler under numba.  numba itself takes most of a second to load, in which the same scan without
it reads two million frames; llvmlite and a module of ours take a twentieth of that.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

SWITCH = "DFILTER_JIT"
"""Set to 0 in the environment, everything runs without machine code."""

WORTH = 1 << 28
"""Bytes of capture from which machine code saves more time than llvmlite takes to load."""

THOROUGH = 1 << 32
"""Bytes of capture from which better machine code saves more time than LLVM takes to make it of large functions."""

_MOST_KEPT = 64


_PASSES = ("global_dead_code_eliminate", "sroa", "instruction_combine", "simplify_cfg")
"""`sroa` makes registers of the variables that `lowering` keeps in memory; our other assembly is in static single
assignment form already, with loops over memory that nothing speeds up: the others of LLVM's passes take two thirds of
the time and make no difference to the code's (5.8 ns a frame with and without)."""


def pays(size: int) -> bool:
    """Should a capture of so many bytes be read with machine code, if it can be had?"""
    return size >= WORTH


@cache
def _binding() -> Any:
    """llvmlite, ready to compile for this processor; None where it is missing or does not work."""
    if os.environ.get(SWITCH) == "0":
        return None
    try:
        import llvmlite.binding as binding  # type: ignore[import-not-found,import-untyped,unused-ignore]

        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
    except (ImportError, OSError, RuntimeError):
        return None
    return binding


def available() -> bool:
    """Can anything be compiled here?"""
    return _binding() is not None


def _passes(binding: Any, builder: Any) -> Any:
    """What turns our assembly into good code; all that LLVM has where this llvmlite does not know one of them."""
    chosen = binding.create_new_module_pass_manager()
    adding = [getattr(chosen, f"add_{name}_pass", None) for name in _PASSES]
    if None in adding:
        return builder.getModulePassManager()
    for add in adding:
        add()  # type: ignore[misc]
    return chosen


@lru_cache(maxsize=_MOST_KEPT)
def compile_function(assembly: str, name: str, result: Any, *arguments: Any,
                     thorough: bool = True) -> Callable[..., Any] | None:  # fmt: skip
    """The function `name` of a module, with ctypes types for its result and arguments; None without llvmlite.

    Some are kept, in case the same module comes again. The global interpreter lock is not held while it runs.

    Args:
        thorough: take four times as long to make code that runs up to twice as fast.
    """
    binding = _binding()
    if binding is None:
        return None
    module = binding.parse_assembly(assembly)
    module.verify()
    target = binding.Target.from_default_triple().create_target_machine(opt=2 if thorough else 0)
    builder = binding.create_pass_builder(target, binding.create_pipeline_tuning_options(speed_level=2))
    _passes(binding, builder).run(module, builder)
    engine = binding.create_mcjit_compiler(module, target)
    engine.finalize_object()
    function = ctypes.CFUNCTYPE(result, *arguments)(engine.get_function_address(name))
    function.engine = engine  # type: ignore[attr-defined]  # its code lives as long as the function
    return function
