"""A step cache by magnitudes: whole steps are left out where the blocks' residual is known to change little.

MagCache (2506.09045): what all blocks together add to their input changes its length slowly and alike in every film, so which
steps can be left out is decided before a section begins, from ratios that were measured once. A step that is left out adds the
residual of the newest step that ran. Rule and bits are those of diffusers' `MagCacheConfig`. By hand, because diffusers' hooks
sit inside blocks that are still called: a streamed block would be copied to the GPU and then not computed. Here the
transformer's lists of blocks are empty in such a step, so that no block is touched. (TaylorSeer, diffusers' other one, predicts
what each block's attention gives: it keeps tensors for every block, far more than a small card has room for, and the rest of
each block still runs.)

Letters: B batch, N tokens of the film, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

DEFAULT_THRESHOLD = 0.06
MOST_IN_A_ROW = 3
FIRST_SHARE = 0.2
"""diffusers' own: how far the residual may have drifted, steps left out one after another, and the share of the first steps of
a stage that always run."""
Stages = Sequence[Sequence[float]]


def plan_skips(ratios: Stages, passes: Sequence[int], threshold: float) -> tuple[bool, ...]:
    """For each step of a section, whether it is left out.

    Args:
        ratios: as measured, for each stage of the sampler and each step of it.
        passes: steps of each stage, in which the network is asked.
        threshold: sum of the drifts up to which steps are left out; above 0.

    Raises:
        ValueError: the threshold is not above 0, or the ratios are of another number of stages.
    """
    if not 0 < threshold < float("inf"):
        raise ValueError(f"a step cache needs a threshold above 0, not {threshold}")
    if len(ratios) != len(passes):
        raise ValueError(f"ratios of {len(ratios)} stages do not fit a sampler of {len(passes)}")
    return tuple(skip for stage, steps in zip(ratios, passes, strict=True) for skip in _plan_stage(stage, steps, threshold))


def _plan_stage(ratios: Sequence[float], steps: int, threshold: float) -> Iterator[bool]:
    """`plan_skips` for one stage, in float32 as in diffusers. A stage begins at a size of its own, so its first step runs."""
    scales = _resample(torch.tensor(list(ratios), dtype=torch.float32), steps)
    first = int(FIRST_SHARE * steps + 0.5)
    ratio, drift, row = torch.tensor(1.0), torch.tensor(0.0), 0
    for step in range(steps):
        skip = False
        if step >= first:
            ratio, row = ratio * scales[step], row + 1
            drift = drift + abs(1.0 - ratio)
            skip = step > 0 and bool(drift <= threshold) and row <= MOST_IN_A_ROW
            if not skip:
                ratio, drift, row = torch.tensor(1.0), torch.tensor(0.0), 0
        yield skip


def _resample(ratios: Tensor, steps: int) -> Tensor:
    """Ratios [steps] of the nearest steps, for another number of steps than was measured."""
    if steps == 1:
        return ratios[-1:]
    if len(ratios) == steps:
        return ratios
    return ratios[torch.round(torch.arange(steps, dtype=torch.float32) * ((len(ratios) - 1) / (steps - 1))).long()]


class MagnitudeCache:
    """The residuals of one section's newest steps: for each text that a step reads, one tensor of the film stream's size."""

    def __init__(self, skips: Sequence[bool]) -> None:
        """`skips`: for each step, whether it is left out; all later ones run."""
        self.ratios: list[float] = []                # of the first text: the residual's length over that of the step before
        self.pass_count = self.skip_count = 0        # of all texts
        self._skips = tuple(skips)
        self._branch = 0
        self._step: dict[int, int] = {}              # of each text: the step that comes next
        self._residual: dict[int, Tensor] = {}       # of each text
        self._input: Tensor | None = None            # of the first block in this step, until the last one has run
        self._measures = False

    def choose(self, branch: int) -> None:
        """The next pass of the transformer reads this text: 0 the prompt, 1 what guidance leads away from."""
        self._branch = branch

    @property
    def skips_pass(self) -> bool:
        """Whether the pass that comes next, or runs, is left out."""
        step = self._step.get(self._branch, 0)
        return step < len(self._skips) and self._skips[step]

    def wrap_first(self, block: Callable[..., Any]) -> Callable[..., Any]:
        """The first block, whose input is noted."""
        def run(film: Tensor, *more: Any) -> Any:
            self._input = film
            return block(film, *more)

        return run

    def wrap_last(self, block: Callable[..., Any]) -> Callable[..., Any]:
        """The last block, after which the residual is stored and the step is done."""
        def run(film: Tensor, *more: Any) -> Any:
            """The last block's own output. What all blocks added to their input is kept for steps that are left out."""
            out = block(film, *more)
            assert self._input is not None, "the first block ran before"
            residual = (out[0] if isinstance(out, tuple) else out) - self._input
            if self._measures and not self._branch:
                self.ratios.append(_ratio(residual, self._residual.get(0)))
            self._residual[self._branch], self._input = residual, None
            self._done()
            return out

        return run

    def replay(self, film: Tensor, *more: Any) -> Any:
        """Stands for all blocks: adds what they added in the newest step that ran. Returns what a block returns."""
        self.skip_count += 1
        out = film + self._residual[self._branch]
        self._done()
        return (out, more[0]) if self.pairs else out

    pairs = False
    """Whether blocks return the film's stream and the context's; else the film's alone."""

    def measure(self) -> None:
        """Note the ratios of all steps from now on."""
        self._measures = True

    def _done(self) -> None:
        self._step[self._branch] = self._step.get(self._branch, 0) + 1
        self.pass_count += 1


def _ratio(residual: Tensor, before: Tensor | None) -> float:
    """Mean of the lengths [B, N] of the residual's vectors over those of the step before; 1 where a stage begins."""
    if before is None or before.shape != residual.shape:
        return 1.0
    now, then = (torch.linalg.norm(one.float(), dim=-1) for one in (residual, before))
    return float((now / (then + 1e-8)).mean())


@contextmanager
def magnitude_cache(transformer: nn.Module, lists: Sequence[str], skips: Sequence[bool]) -> Iterator[MagnitudeCache]:
    """A context in which the transformer leaves out steps. Afterwards it is as before and nothing is kept.

    Args:
        transformer: inside, the passes of one section, one after another.
        lists: names of its lists of blocks, in the order in which they run.
        skips: for each step, whether it is left out, see `plan_skips`; none: all run, and are measured.

    Yields:
        The cache, with its counts of passes and skips, and the ratios where all run.

    Raises:
        ValueError: the transformer has no blocks, or has a step cache already; the first step would be left out.
    """
    if skips and skips[0]:
        raise ValueError("the first step cannot be left out")
    whole = {name: getattr(transformer, name) for name in lists if len(getattr(transformer, name))}
    if not whole:
        raise ValueError("a step cache needs blocks")
    if any(type(blocks) is not nn.ModuleList for blocks in whole.values()):
        raise ValueError("this transformer has a step cache already")
    cache, names = MagnitudeCache(skips), list(whole)
    cache.pairs = len(lists) > 1
    if not skips:
        cache.measure()
    for name, blocks in whole.items():
        setattr(transformer, name, _Blocks(blocks, cache, name == names[0], name == names[-1]))
    try:
        yield cache
    finally:
        for name, blocks in whole.items():
            setattr(transformer, name, blocks)


class _Blocks(nn.ModuleList):
    """A list of blocks under their own names. Iterated in a step that is left out, it is empty, or one call that stands for all."""

    def __init__(self, blocks: nn.ModuleList, cache: MagnitudeCache, is_first: bool, is_last: bool) -> None:
        super().__init__(blocks)
        self.cache, self.is_first, self.is_last = cache, is_first, is_last

    def __iter__(self) -> Iterator[Any]:
        if self.cache.skips_pass:
            if self.is_last:
                yield self.cache.replay
            return
        blocks = list(self._modules.values())
        for at, block in enumerate(blocks):
            call: Any = block
            if self.is_first and at == 0:
                call = self.cache.wrap_first(call)
            if self.is_last and at == len(blocks) - 1:
                call = self.cache.wrap_last(call)
            yield call
