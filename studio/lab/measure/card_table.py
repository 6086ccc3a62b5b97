"""What large models need and take on known graphics cards, by their plans, and published speeds beside the estimates.

Nothing is measured: plans are made for imagined machines (`studio/placement`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from studio.backbones.registry import FAMILIES
from studio.placement.choose import PlanError, choose_plan
from studio.placement.description import duration, gigabytes
from studio.placement.gpus import ACHIEVED, choose
from studio.placement.machine import imagine_machine
from studio.placement.plan import Plan, text_encoding_peaks
from studio.placement.profile import find_profiles
from studio.placement.sizes import ModelSizes, Size
from studio.placement.totals import disk_totals

CARDS = ("RTX 3060 Laptop", "RTX 3070 Ti Laptop", "RTX 3060", "RTX 4070", "RTX 4080", "RTX 4090")
RAM = 32
"""GB of memory of the imagined machines."""
COMMAND = "python -m studio.lab measure cards"
TEXT_ENCODER = {"cpu": "processor", "gpu": "card", "streamed": "through the card"}


@dataclass(frozen=True)
class Published:
    """How fast somebody says that a model runs, without a step cache."""

    card: str
    size: Size
    unit: str                      # "frame" or "step"
    least: float
    most: float                    # seconds a frame or a step
    source: str
    family: str = "framepack"

    @property
    def model(self) -> ModelSizes:
        """The sizes of the family's published model."""
        sizes = FAMILIES[self.family].published_sizes
        assert sizes is not None
        return sizes()


README = "README of github.com/lllyasviel/FramePack"
PUBLISHED = (
    Published("RTX 4090", (640, 640), "frame", 2.5, 2.5, README),
    Published("RTX 3070 Ti Laptop", (640, 640), "frame", 10, 20, f"{README}: 4 to 8 times the RTX 4090's"),
    Published("RTX 3060 Laptop", (640, 640), "frame", 10, 20, f"{README}: 4 to 8 times the RTX 4090's"),
    Published("RTX 3090", (768, 512), "step", 9.5, 10, "a log in github.com/lllyasviel/FramePack/issues/117"),
    Published("RTX 3060", (640, 640), "step", 32, 32, "a report in github.com/lllyasviel/FramePack/issues/43"),
    Published("H100", (640, 384), "frame", 1 / 19.5, 1 / 19.5, "19.5 frames a second, arxiv.org/abs/2603.04379", "helios"),
)


def plan_on(card: str, model: ModelSizes, size: Size) -> Plan:
    """The plan for a model on a machine with this card, RAM GB of memory and Linux.

    Raises:
        GpuTableError: there is no such card. PlanError: the model does not fit.
    """
    choice = choose(card)
    machine = imagine_machine(
        choice.gpu.usable(choice.memory), RAM, "Linux", name=choice.gpu.name, capability=choice.gpu.capability)
    return choose_plan(machine, model, size)


def seconds(plan: Plan, unit: str) -> float:
    """Estimated seconds a frame (with decoding) or a step."""
    return plan.section_seconds / plan.model.section_frames(plan.size) if unit == "frame" else plan.step_seconds


def factor(published: Published) -> float:
    """By which factor the estimate is above the published seconds, below 1 if under them; 1 within their range."""
    estimate = seconds(plan_on(published.card, published.model, published.size), published.unit)
    return estimate / min(max(estimate, published.least), published.most)


def markdown() -> str:
    """The whole document: a table for each large model with published sizes, and the comparison with published speeds."""
    models = [family.published_sizes() for family in FAMILIES.values() if family.published_sizes]
    lines = [
        "# What to expect of a graphics card", "",
        f"Made by `{COMMAND}`: plans for imagined machines with {RAM} GB of memory and Linux, as "
        "`python app.py doctor --card NAME` prints them. Nothing here was measured on a card. Times assume that a card reaches "
        f"{ACHIEVED:.0%} of its published throughput (`studio/placement/gpus.toml`); a step cache is not counted.",
    ]
    for model in models:
        lines += ["", *model_table(model)]
    lines += ["", *published_table()]
    return "\n".join(lines) + "\n"


def model_table(model: ModelSizes, cards: Sequence[str] = CARDS) -> Iterator[str]:
    """The lines of a model's table at its first size."""
    size = model.sizes[0]
    yield f"## {model.title} at {size[0]} x {size[1]}"
    yield ""
    yield disk_sentence(model)
    yield ""
    yield ("| card | weights | on the card | through it in every step | text encoder | graphics memory "
           "| memory: prompts are read, film is made | a section |")
    yield "|---|---|---|---|---|---|---|---|"
    for card in cards:
        name = f"{card}, {choose(card).memory} GB"
        try:
            plan = plan_on(card, model, size)
        except PlanError as error:
            yield f"| {name} | does not fit: {str(error).replace('|', '/')} | | | | | | |"
            continue
        streamed = plan.ram_stream_bytes + plan.disk_stream_bytes
        source = "" if not streamed else " from disk" if plan.disk_stream_bytes else " from memory"
        cells = (
            name, plan.profile.weights, gigabytes(plan.resident_bytes), (gigabytes(streamed) if streamed else "nothing") + source,
            TEXT_ENCODER[plan.profile.text_encoder], f"{gigabytes(plan.peak)} of {gigabytes(plan.budget)}",
            f"{gigabytes(text_encoding_peaks(model, plan.profile)[1])}, {gigabytes(plan.film_ram)}",
            f"{duration(plan.section_seconds)}, {seconds(plan, 'frame'):.2g} s a frame",
        )
        yield f"| {' | '.join(cells)} |"


def disk_sentence(model: ModelSizes) -> str:
    """What the model takes of the disk, its encoders and autoencoder included."""
    int8, bf16 = (disk_totals(model, replace(find_profiles()[0], weights=kind, text_weights="int8")) for kind in ("int8", "bf16"))
    return (
        f"On the disk, by parameter count: {int8.fetched / 1e9:.1f} GB are fetched (network {int8.transformer / 1e9:.1f}, "
        f"encoders of text and pictures {int8.encoders / 1e9:.1f}, autoencoder {int8.autoencoder / 1e9:.1f}). "
        f"Prepared from them, once, are {int8.prepared / 1e9:.1f} GB with int8 weights, "
        f"and {bf16.prepared / 1e9:.1f} GB where only the text encoder is int8. "
        f"Blocks that are streamed from disk are written once more.")


def published_table() -> Iterator[str]:
    """The lines of the comparison of published speeds with estimates."""
    yield "## Published speeds beside the estimates"
    yield ""
    yield "No step cache. The last but one column: the estimate over the nearest published figure."
    yield ""
    yield "| model | card | size | published | estimated | times | source |"
    yield "|---|---|---|---|---|---|---|"
    for row in PUBLISHED:
        estimate = seconds(plan_on(row.card, row.model, row.size), row.unit)
        said = f"{row.least:.2g}" if row.least == row.most else f"{row.least:g} to {row.most:g}"
        yield (
            f"| {row.model.title} | {row.card} | {row.size[0]} x {row.size[1]} | {said} s a {row.unit} | {estimate:.2g} s "
            f"| {factor(row):.2g} | {row.source} |")
