"""Describes a plan in sentences, for the page and for the command line."""

from __future__ import annotations

from collections.abc import Iterator

from studio.placement import attention, compilation
from studio.placement.gpus import ACHIEVED
from studio.placement.machine import CORE_TFLOPS, GB, UNNAMED_GPU, Gpu
from studio.placement.plan import SMALL_MODEL_SPEED, Plan

PRECISIONS = {"int8": "8-bit integers", "bf16": "bfloat16", "fp32": "float32"}
TEXT_ENCODER = {
    "cpu": "on the processor", "gpu": "on the card, while the film model is not there",
    "streamed": "from disk through the card, layer by layer",
}


def describe(plan: Plan) -> Iterator[str]:
    """Sentences: what is resident, what is streamed and from where, the expected peaks of memory, and the estimated time."""
    profile, model = plan.profile, plan.model
    if not model.large or profile.device == "cpu":
        where = "the graphics card" if profile.device == "cuda" else "the processor"
        yield f"It runs, on {where}, as a whole."
    else:
        yield f"It fits, with the profile '{profile.title}': weights as {PRECISIONS[profile.weights]}."
        yield describe_weights(plan)
        if profile.adaln_table:
            yield "A table stands for the layers that see only the time step: a quarter of the model need not be there."
        if profile.cache != "none":
            yield "A step cache leaves out what would change little in a step; what it saves and costs was not measured here."
        yield attention.describe_backend(profile.attention, plan.machine.gpu)
        if profile.compile:
            why = compilation.why_not_compiled(profile, model.transformer.blocks)
            done = "Blocks are compiled when they first run; what it saves was not measured."
            yield f"Compiling is left out, {why}." if why else done
        yield f"Text encoder: {PRECISIONS[profile.text_weights]}, {TEXT_ENCODER[profile.text_encoder]}."
        yield f"Frames are decoded in tiles of {profile.vae_tile} pixels."
    yield describe_peaks(plan)
    section = f"a section of {model.section_frames(plan.size)} frames ({model.steps} steps)"
    yield f"Estimated, not measured: {duration(plan.section_seconds)} for {section}, {describe_speed(plan)}."


def describe_weights(plan: Plan) -> str:
    """A sentence that says where a large model's weights are kept."""
    streamed, source = plan.ram_stream_bytes + plan.disk_stream_bytes, "memory" if plan.ram_stream_bytes else "disk"
    if not streamed:
        return f"On the card: all {gigabytes(plan.resident_bytes)} of weights that a step needs."
    return (
        f"On the card: {gigabytes(plan.resident_bytes)} of weights "
        f"({plan.profile.resident} of {plan.model.transformer.blocks} blocks); "
        f"from {source}, block by block in every step: {gigabytes(streamed)}."
    )


def describe_speed(plan: Plan) -> str:
    """On which assumption the estimated time is, as the end of a sentence: how much of its published speed the card reaches."""
    gpu = plan.machine.gpu
    if plan.profile.device == "cpu" or gpu is None:
        return f"if each processor core computes {1000 * CORE_TFLOPS:.0f} GFLOPS"
    figures = gpu.figures
    share = ACHIEVED if plan.model.large else ACHIEVED * SMALL_MODEL_SPEED
    card = f"the {figures.name}" if gpu.is_known else f"the card is like an {figures.name} and"
    precision = "bfloat16" if figures.has_bfloat16 else "float32, since it has no bfloat16 units"
    slower = ". A laptop that gives its card less power is slower" if figures.is_laptop else ""
    return f"if {card} reaches {share:.0%} of {figures.published_tflops:.3g} TFLOPS ({precision}){slower}"


def describe_gpu(gpu: Gpu) -> str:
    """Sentences: the card's figures and where they are from, or that it is not in the table and what it counts as."""
    figures = gpu.figures
    if not gpu.is_known:
        why = "No card was named" if gpu.name == UNNAMED_GPU else "It is not in the studio's table of cards"
        return f"{why}: for estimates of time it counts as an {figures.name}."
    half = "bfloat16" if figures.has_bfloat16 else "float16"
    return (
        f"Its memory moves {figures.gb_s:g} GB/s; PCIe {figures.pcie}.0 x{figures.lanes}; "
        f"{figures.tflops:g} TFLOPS in {half} and {figures.int8:g} TOPS in int8, {figures.source}."
    )


def describe_peaks(plan: Plan) -> str:
    """A sentence with the calculated peaks of memory."""
    if not plan.peak:
        return f"Expected at most: {gigabytes(plan.ram)} of memory."
    gpu = f"{gigabytes(plan.peak)} of graphics memory ({gigabytes(plan.budget)} may be used)"
    return f"Expected at most: {gpu} and {gigabytes(plan.ram)} of memory."


def duration(seconds: float) -> str:
    """An estimated time in words."""
    if seconds < 1:
        return "a second or less"
    if seconds < 10:
        return f"about {seconds:.1f} seconds"
    return f"about {seconds:.0f} seconds" if seconds < 120 else f"about {seconds / 60:.0f} minutes"


def gigabytes(amount: float) -> str:
    """An amount of bytes in GB."""
    return f"{amount / GB:.1f} GB"
