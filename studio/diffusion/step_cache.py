"""A step cache for FramePack's transformer: blocks are skipped while their input hardly changes from one step to the next.

First Block Cache (github.com/chengzeyi/ParaAttention, after TeaCache, 2411.19108): the first block always runs. While its residual
differs by less than a threshold from its residual when all blocks ran last, the other blocks are skipped and their joint residual
of that pass is added again. Rule and bits are those of diffusers' `FirstBlockCacheConfig`. By hand, because diffusers' hooks sit
inside
blocks that are still called: a streamed block would be copied to the GPU and then not computed. Here the transformer's lists of
blocks end early, so a skipped block is never touched.

Letters: B batch, N tokens of the film, M tokens of the context, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn

Pair = tuple[Tensor, Tensor]
"""The film's stream [B, N, D] and the context's [B, M, D]."""
Block = Callable[..., Pair]


class StepCache:
    """The residuals of one section's last full pass: at most three tensors of the film stream's size.

    The context stream is not used after the last block, so nothing of it is kept.
    """

    def __init__(self, threshold: float) -> None:
        """`threshold`: relative change of the first block's residual up to which the other blocks are skipped."""
        self.threshold = threshold
        self.pass_count = 0                         # passes of the transformer
        self.skip_count = 0                         # passes in which all blocks but the first were skipped
        self.skips_rest = False                     # whether the current pass skips them
        self._first_residual: Tensor | None = None  # of the first block, when all blocks ran last
        self._first_output: Tensor | None = None    # of the first block in this pass, until the others have run
        self._rest_residual: Tensor | None = None   # what the others added to that, when they ran last

    def wrap_first(self, block: Block) -> Block:
        """The first block, which also decides whether the other blocks of this pass are skipped."""
        def run(film: Tensor, context: Tensor, *more: object) -> Pair:
            """The first block's own output, from whose change the cache tells whether the others run."""
            out = block(film, context, *more)
            self.skips_rest = self._is_similar(out[0] - film)
            self._first_output = None if self.skips_rest else out[0]
            self.pass_count += 1
            self.skip_count += self.skips_rest
            return out

        return run

    def wrap_last(self, block: Block) -> Block:
        """The last block, which also stores what all blocks after the first have added."""
        def run(film: Tensor, context: Tensor, *more: object) -> Pair:
            """Compute the block, and keep what all blocks after the first one added."""
            out = block(film, context, *more)
            assert self._first_output is not None, "the first block ran before"
            self._rest_residual, self._first_output = out[0] - self._first_output, None
            return out

        return run

    def replay(self, film: Tensor, context: Tensor, *_: object) -> Pair:
        """Stands for all blocks but the first: adds what they added in the last full pass."""
        assert self._rest_residual is not None, "nothing is skipped before everything ran once"
        return self._rest_residual + film, context

    def _is_similar(self, residual: Tensor) -> bool:
        """Whether the first block's residual is near that of the last full pass. If not, this residual is stored as the new one.

        A ratio of mean absolute values, in the stream's own precision, as in diffusers.
        """
        if self._first_residual is not None and self._rest_residual is not None:
            change = (residual - self._first_residual).abs().mean() / self._first_residual.abs().mean()
            if change.item() <= self.threshold:        # False for a NaN
                return True
        self._first_residual = residual
        return False


@contextmanager
def first_block_cache(transformer: HunyuanVideoFramepackTransformer3DModel, threshold: float) -> Iterator[StepCache]:
    """A context in which the transformer skips blocks. Afterwards the transformer is as before and nothing is kept.

    Args:
        transformer: inside, the passes of one section, one after another, all of the same shape.
        threshold: relative change of the first block's residual up to which the other blocks are skipped; above 0.

    Yields:
        The cache, with its counts of passes and skips.

    Raises:
        ValueError: the threshold is not above 0, the transformer lacks blocks of one kind, or it has a step cache already.
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
    """The double blocks under their own names. Iteration ends after the first block where the rest is skipped."""

    def __init__(self, blocks: nn.ModuleList, cache: StepCache) -> None:
        super().__init__(blocks)
        self.cache = cache

    def __iter__(self) -> Iterator[nn.Module]:
        first, *others = self._modules.values()
        yield self.cache.wrap_first(first)  # type: ignore[arg-type, misc]
        if not self.cache.skips_rest:
            yield from others  # type: ignore[misc]


class _CachedSingleBlocks(nn.ModuleList):
    """The single blocks under their own names, or one step that stands for them and for the double blocks that were skipped."""

    def __init__(self, blocks: nn.ModuleList, cache: StepCache) -> None:
        super().__init__(blocks)
        self.cache = cache

    def __iter__(self) -> Iterator[nn.Module]:
        *others, last = self._modules.values()
        if self.cache.skips_rest:
            yield self.cache.replay  # type: ignore[misc]
            return
        yield from others  # type: ignore[misc]
        yield self.cache.wrap_last(last)  # type: ignore[arg-type, misc]
