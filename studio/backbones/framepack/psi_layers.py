"""Puts a memory's cross-attention to psi behind the blocks of a FramePack transformer.

The layers are the memory's (`studio.memory.psi_attention`), not the transformer's: they are saved with it, and lie where it does.
Letters: B batch, N tokens of the film, M memory tokens, D width.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import partial
from typing import Any

from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

Pair = tuple[Tensor, Tensor]
"""The film's stream [B, N, D] and the context's."""


class PsiLayers:
    """The layers behind the blocks of one transformer at a time."""

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        """`layers`: one for each block, in the order in which they run."""
        self._layers = tuple(layers)
        self._psi: Tensor | None = None
        self._attached: weakref.ref[nn.Module] | None = None
        self._hooks: list[RemovableHandle] = []

    def show(self, transformer: HunyuanVideoFramepackTransformer3DModel, psi: Tensor | None) -> None:
        """Let the transformer's blocks attend to psi [B, M, D] from now on; None or without tokens: to nothing.

        A plan may load the transformer anew. Then the layers are put behind the blocks of that one.

        Raises:
            ValueError: there are not as many blocks as layers.
        """
        self._psi = psi if psi is not None and psi.shape[1] else None
        if self._attached is None or self._attached() is not transformer:
            # By `children`: a step cache ends the iteration early, but a block that it leaves out still has its layer.
            blocks = [*transformer.transformer_blocks.children(), *transformer.single_transformer_blocks.children()]
            self.detach()
            pairs = zip(blocks, self._layers, strict=True)
            self._hooks = [block.register_forward_hook(partial(self._add, layer)) for block, layer in pairs]
            self._attached = weakref.ref(transformer)

    def detach(self) -> None:
        """Take the layers away from the blocks."""
        for hook in self._hooks:
            hook.remove()
        self._hooks, self._attached = [], None

    def _add(self, layer: nn.Module, block: nn.Module, given: Any, out: Pair) -> Pair | None:
        """A block's output with what its layer reads of psi."""
        if self._psi is None:
            return None
        film, context = out
        return film + layer(film, self._psi), context
