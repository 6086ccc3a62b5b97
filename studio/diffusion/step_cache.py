"""A step cache for FramePack's transformer: blocks that would say about what they said a step ago are not asked again.

First Block Cache (github.com/chengzeyi/ParaAttention, after TeaCache, 2411.19108): the first block always runs. When its residual
has changed less than a threshold since the others last ran, what those added then is added again. The rule is that of diffusers'
`FirstBlockCacheConfig`, and so are the bits. Its hooks are not used because they sit within blocks that are still called: a block
that is streamed would be copied to the card and then left out. Here the lists of blocks end early: what is left out is not touched.
It does not know steps, sections or seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn

DEFAULT_THRESHOLD = 0.06
"""ParaAttention's threshold for HunyuanVideo, which FramePack derives from. It was not measured on FramePack-F1."""

Pair = tuple[Tensor, Tensor]
"""The film's stream [B, N, D] and the context's [B, M, D]."""
Block = Callable[..., Pair]


class StepCache:
    """What the blocks last did to the film's stream, for one section: three tensors of its size at most.

    The context's stream is of no use behind the last block, so nothing is kept of it.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.pass_count = 0                    # of the transformer
        self.skip_count = 0                   # passes that ended behind the first block
        self.skips_rest = False              # this pass does
        self._first_residual: Tensor | None = None  # the first block's residual when all blocks last ran
        self._first_output: Tensor | None = None  # its output, until the others have run
        self._rest_residual: Tensor | None = None  # what the others added to that

    def wrap_first(self, block: Block) -> Block:
        """The first block, which decides about the others."""
        def run(film: Tensor, context: Tensor, *more: object) -> Pair:
            made = block(film, context, *more)
            self.skips_rest = self._is_similar(made[0] - film)
            self._first_output = None if self.skips_rest else made[0]
            self.pass_count += 1
            self.skip_count += self.skips_rest
            return made

        return run

    def wrap_last(self, block: Block) -> Block:
        """The last block, behind which it is known what all the others did."""
        def run(film: Tensor, context: Tensor, *more: object) -> Pair:
            made = block(film, context, *more)
            assert self._first_output is not None, "the first block ran before"
            self._rest_residual, self._first_output = made[0] - self._first_output, None
            return made

        return run

    def replay(self, film: Tensor, context: Tensor, *_: object) -> Pair:
        """Instead of all blocks but the first: what they did the last time that they ran."""
        assert self._rest_residual is not None, "nothing is skipped before everything ran once"
        return self._rest_residual + film, context

    def _is_similar(self, residual: Tensor) -> bool:
        """Whether the first block did about what it did when all blocks last ran; if not, this is what it did from now on.

        A ratio of means of absolute values, in the stream's own precision, as diffusers has it.
        """
        if self._first_residual is not None and self._rest_residual is not None:
            change = (residual - self._first_residual).abs().mean() / self._first_residual.abs().mean()
            if change.item() <= self.threshold:        # never true of what is not a number
                return True
        self._first_residual = residual
        return False


@contextmanager
def first_block_cache(transformer: HunyuanVideoFramepackTransformer3DModel, threshold: float) -> Iterator[StepCache]:
    """Within it the transformer skips blocks. Before and after it is as it was, and nothing is kept.

    Args:
        transformer: one section's passes, one after the other, all of the same shape.
        threshold: relative change of the first block's residual up to which the other blocks are left out; above 0.

    Raises:
        ValueError: no threshold, a transformer without blocks of both kinds, or one that has a step cache already.
    """
    double, single = transformer.transformer_blocks, transformer.single_transformer_blocks
    if not 0 < threshold < float("inf"):
        raise ValueError(f"a step cache needs a threshold above 0, not {threshold}")
    if not len(double) or not len(single):
        raise ValueError("a step cache needs blocks of both kinds")
    if isinstance(double, _CachedDoubleBlocks):
        raise ValueError("this transformer has a step cache already")
    cache = StepCache(threshold)
    transformer.transformer_blocks = _CachedDoubleBlocks(double, cache)
    transformer.single_transformer_blocks = _CachedSingleBlocks(single, cache)
    try:
        yield cache
    finally:
        transformer.transformer_blocks, transformer.single_transformer_blocks = double, single


class _CachedDoubleBlocks(nn.ModuleList):
    """The same blocks under the same names; whoever walks them as the transformer does is stopped behind the first one."""

    def __init__(self, blocks: nn.ModuleList, cache: StepCache) -> None:
        super().__init__(blocks)
        self.cache = cache

    def __iter__(self) -> Iterator[nn.Module]:
        wrap_first, *others = self._modules.values()
        yield self.cache.wrap_first(wrap_first)  # type: ignore[arg-type, misc]
        if not self.cache.skips_rest:
            yield from others  # type: ignore[misc]


class _CachedSingleBlocks(nn.ModuleList):
    """The same blocks, or one step that stands for them and for the double ones."""

    def __init__(self, blocks: nn.ModuleList, cache: StepCache) -> None:
        super().__init__(blocks)
        self.cache = cache

    def __iter__(self) -> Iterator[nn.Module]:
        *others, wrap_last = self._modules.values()
        if self.cache.skips_rest:
            yield self.cache.replay  # type: ignore[misc]
            return
        yield from others  # type: ignore[misc]
        yield self.cache.wrap_last(wrap_last)  # type: ignore[arg-type, misc]
