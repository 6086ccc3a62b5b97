"""Ours and diffusers' stock Helios pipelines on the same small random weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import HeliosDMDScheduler, HeliosPipeline, HeliosPyramidPipeline, HeliosScheduler
from diffusers.pipelines.helios import pipeline_helios, pipeline_helios_pyramid
from torch import Tensor

from studio.diffusion import flow
from studio.lab import tiny

SIZE, WINDOW, TOKENS = 64, 9, 24
SEED = 11


def parts() -> dict[str, Any]:
    return {
        "tokenizer": tiny.tokenizer("<s>", "</s>", "<pad>", 32), "text_encoder": tiny.umt5(), "vae": tiny.wan_autoencoder(),
        "transformer": tiny.helios(),
    }


def plain_pipeline() -> HeliosPipeline:
    """Helios-Base: one size, guidance."""
    scheduler = HeliosScheduler(stages=1, stage_range=[0, 1], use_dynamic_shifting=True)
    return _quiet(HeliosPipeline(**parts(), scheduler=scheduler))


def pyramid_pipeline(distilled: bool, zero_star: bool, kind: str = "unipc") -> HeliosPyramidPipeline:
    """Helios-Mid, or -Distilled."""
    scheduler = HeliosDMDScheduler(use_dynamic_shifting=True) if distilled else HeliosScheduler(scheduler_type=kind)
    return _quiet(HeliosPyramidPipeline(**parts(), scheduler=scheduler, is_distilled=distilled, is_cfg_zero_star=zero_star))


def _quiet(pipe: Any) -> Any:
    pipe.set_progress_bar_config(disable=True)
    # Of a single token the network's output is not contiguous, and the pipeline's CFG-Zero* refuses it.
    pipe.transformer.register_forward_hook(lambda module, given, out: (out[0].contiguous(),))
    return pipe


def without_ftfy(patch: pytest.MonkeyPatch) -> None:
    """ftfy, which the pipelines want and which is not installed, as what it is for a text without faults: nothing."""
    for module in (pipeline_helios, pipeline_helios_pyramid):
        patch.setattr(module, "ftfy", SimpleNamespace(fix_text=lambda text: text), raising=False)


@contextmanager
def exact_factors(gamma: float) -> Iterator[None]:
    """Covariances are factorized in float64: the pipeline's float32 has no factor of that of the published gamma, 1/3."""
    factorize = torch.linalg.cholesky

    def exact(matrix: Tensor) -> Tensor:
        one = torch.eye(len(matrix), dtype=torch.float64)
        return factorize((1 + gamma + 1e-8) * one - gamma).float()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.linalg, "cholesky", exact)
        yield


class Draws:
    """The noise of a film's sections: drawn section by section, and between stages, from seeds as ours are."""

    def __init__(self, seed: int = SEED) -> None:
        self.seed, self.section, self.stage = seed, -1, 0

    def section_seed(self, section: int) -> int:
        return flow.section_seed(self.seed, section)

    def give_to(self, pipe: Any) -> None:
        """Let the pipeline use this noise, in place of a generator's."""
        def prepare(batch: int, channels: int, height: int, width: int, frames: int, **_: object) -> Tensor:
            self.section, self.stage = self.section + 1, 0
            shape = (batch, channels, (frames - 1) // 4 + 1, height // 8, width // 8)
            return flow.noise(shape, self.section_seed(self.section))

        pipe.prepare_latents = prepare
        if isinstance(pipe, HeliosPyramidPipeline):
            theirs = partial(HeliosPyramidPipeline.sample_block_noise, pipe)

            def block(*arguments: Any) -> Tensor:
                self.stage += 1
                seed = flow.stage_seed(self.section_seed(self.section), self.stage)
                with exact_factors(pipe.scheduler.config.gamma):
                    return theirs(*arguments[:-1], torch.Generator().manual_seed(seed))

            pipe.sample_block_noise = block
