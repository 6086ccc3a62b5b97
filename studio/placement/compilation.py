"""Regional compilation: each kind of block is compiled once, for all blocks of that kind. It does not know what they compute.

So PyTorch's own recipe has it for networks of equal blocks (docs.pytorch.org/tutorials/recipes/regional_compilation.html).
diffusers' `compile_repeated_blocks` knows no blocks of FramePack's class, and would compile the hooks around them, which look for a
stop, as well.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from studio.placement.profile import Profile

if TYPE_CHECKING:
    from diffusers import HunyuanVideoFramepackTransformer3DModel


def why_not_compiled(profile: Profile, blocks: int) -> str:
    """Why a profile's blocks cannot be compiled, as the end of a sentence; empty where they can."""
    if profile.resident < blocks:
        return "because blocks are streamed: their weights are never twice at the same place"
    if profile.weights == "int8":
        return "because int8 weights are not compiled: choose a profile with bfloat16 weights"
    if profile.device == "cuda" and importlib.util.find_spec("triton") is None:
        return "because Triton is not installed: pip install triton (on Windows triton-windows)"
    return ""


def compile_blocks(transformer: HunyuanVideoFramepackTransformer3DModel, backend: str = "inductor") -> int:
    """Compile the blocks when they first run, for any size and any length of the prompt; returns how many they are.

    Args:
        transformer: its blocks are changed in place; hooks stay outside of what is compiled.
        backend: of torch.compile.
    """
    import torch

    blocks = [*transformer.transformer_blocks, *transformer.single_transformer_blocks]
    for block in blocks:
        block.forward = torch.compile(block.forward, backend=backend, dynamic=True)
    return len(blocks)
