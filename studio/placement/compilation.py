"""Regional compilation: torch.compile compiles each kind of block once, for all blocks of that kind.

This is PyTorch's recipe for networks of equal blocks (docs.pytorch.org/tutorials/recipes/regional_compilation.html). diffusers'
`compile_repeated_blocks` cannot be used: FramePack's class does not name its blocks for it, and it would compile our hooks around
the blocks as well.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from typing import Any

from studio.language import sentence
from studio.placement.profile import Profile


def why_not_compiled(profile: Profile, blocks: int) -> str:
    """Why the blocks cannot be compiled with this profile, as the end of a sentence; empty if they can.

    Args:
        profile: with an actual number of resident blocks.
        blocks: how many blocks the transformer has.
    """
    if profile.resident < blocks:
        return sentence("because blocks are streamed: their weights are never twice at the same place")
    if profile.weights == "int8":
        return sentence("because int8 weights are not compiled: choose a profile with bfloat16 weights")
    if profile.device == "cuda" and importlib.util.find_spec("triton") is None:
        return sentence("because Triton is not installed: pip install triton (on Windows triton-windows)")
    if profile.device == "cuda" and not has_c_compiler():
        return sentence("because there is no C compiler, with which Triton builds its driver: apt-get install gcc libc6-dev")
    return ""


def has_c_compiler() -> bool:
    """Whether Triton finds a C compiler. On Windows it brings one along."""
    return sys.platform == "win32" or bool(os.environ.get("CC") or shutil.which("clang") or shutil.which("gcc"))


def compile_blocks(transformer: Any, backend: str = "inductor") -> int:
    """Has every block compiled when it first runs, once for all sizes and lengths of the prompt.

    Args:
        transformer: its blocks are changed in place. Hooks of the blocks stay outside of what is compiled.
        backend: of torch.compile.

    Returns:
        The number of blocks.
    """
    import torch

    from studio.placement.device.streamer import blocks_of

    blocks: list[Any] = blocks_of(transformer)
    for block in blocks:
        block.forward = torch.compile(block.forward, backend=backend, dynamic=True)
    return len(blocks)
