"""Measures what the step cache by magnitudes needs to know of a model: two sections, of which no step is left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import torch

from studio.backbones.film_model import FilmModel
from studio.backbones.load import load
from studio.backbones.registry import step_caches
from studio.catalogue.cards import ModelCard, ModelError
from studio.catalogue.step_ratios import MAGNITUDE, StepRatios
from studio.diffusion import flow
from studio.diffusion.backbone import SkipsSteps
from studio.diffusion.magnitude_cache import DEFAULT_THRESHOLD, plan_skips
from studio.diffusion.sampler import Sampling, make_sampler
from studio.diffusion.section import SectionResult, denoise_section
from studio.engine.events import RenderRequest
from studio.engine.input_reader import InputReader, TakeInputs
from studio.language import sentence

SECTIONS, SEED = 2, 7
"""The first section has one picture to continue, the second a film."""


def check_calibrates(card: ModelCard) -> None:
    """Raises ModelError: the model leaves out no steps, so there is nothing to measure."""
    if MAGNITUDE not in step_caches(card):
        raise ModelError(sentence(
            "{model} leaves out no steps, so there is nothing to measure: it is too small, or takes so few steps that each is "
            "needed.", model=card.title))


def load_and_measure(
    card: ModelCard, picture: Path, prompt: str, size: tuple[int, int], report: Callable[[str], None] = lambda _: None
) -> StepRatios:
    """`measure_ratios` of a model that is not loaded yet. Raises, beside what that raises, ModelError: it cannot be loaded."""
    return measure_ratios(load(card, size=size, report=report), picture, prompt, size, report)


def count_left_out(ratios: StepRatios) -> tuple[float, int, int]:
    """The usual threshold, how many steps it leaves out of a section with as many as were measured, and how many those are."""
    skips = plan_skips(ratios.stages, [len(stage) for stage in ratios.stages], DEFAULT_THRESHOLD)
    return DEFAULT_THRESHOLD, sum(skips), len(skips)


@torch.no_grad()
def measure_ratios(
    model: FilmModel, picture: Path, prompt: str, size: tuple[int, int], report: Callable[[str], None] = lambda _: None
) -> StepRatios:
    """The ratios of a model's weights, as the mean over the sections of a short film with the card's steps and guidance.

    Args:
        model: of a family that can leave out steps.
        picture, prompt: what the film begins with and shows.
        size: width and height in pixels.
        report: called with a sentence before each section.

    Raises:
        ModelError: the model leaves out no steps. PlanError: it does not fit. MediaError: the picture cannot be read.
    """
    check_calibrates(model.card)
    backbone, card = model.backbone, model.card
    assert isinstance(backbone, SkipsSteps)
    if model.placement is not None:
        model.placement.replan(size, step_cache=True)
    request = RenderRequest(
        "calibration", card.name, prompt, SEED, SECTIONS, card.steps, card.guidance, size, picture, None, picture.parent)
    inputs = _read(model, request)
    snapshot, measured = inputs.snapshot, list[list[list[float]]]()
    for index in range(SECTIONS):
        report(sentence("Section {number} of {count} …", number=index + 1, count=SECTIONS))
        seed = flow.section_seed(SEED, index)
        sampling = Sampling(card.steps, card.guidance, card.window, card.shift, seed=seed)
        noise = flow.noise((1, model.channels, card.window, *snapshot.start.shape[-2:]), seed)
        if model.placement is not None:
            model.placement.backbone.apply_plan()          # before the blocks are counted: it may load the network again
        with backbone.skip_steps(()) as cache:
            *_, last = denoise_section(
                model.backbone, snapshot, inputs.conditioning, noise, sampling, memory=inputs.memory, rope=model.rope)
        assert isinstance(last, SectionResult)
        snapshot = last.snapshot
        measured.append(_by_stage(cache.ratios, make_sampler(model.backbone, sampling, noise, begins=not index).passes))
    return StepRatios(tuple(tuple(map(fmean, zip(*stage, strict=True))) for stage in zip(*measured, strict=True)))


def _read(model: FilmModel, request: RenderRequest) -> TakeInputs:
    reading = InputReader(model).read(request, 0)
    while True:
        try:
            next(reading)
        except StopIteration as done:
            inputs: TakeInputs = done.value
            return inputs


def _by_stage(ratios: list[float], passes: tuple[int, ...]) -> list[list[float]]:
    """The ratios of each stage. The first of a stage is 1: there is no step at its size before it."""
    stages, begin = [], 0
    for steps in passes:
        stages.append([1.0, *ratios[begin + 1:begin + steps]])
        begin += steps
    assert begin == len(ratios), "every step asked the network"
    return stages
