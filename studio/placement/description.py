"""Describes a plan in sentences, for the page and for the command line."""

from __future__ import annotations

from collections.abc import Iterator

from studio.language import join, sentence
from studio.placement import attention, compilation
from studio.placement.gpus import ACHIEVED
from studio.placement.machine import CORE_TFLOPS, GB, UNNAMED_GPU, Gpu
from studio.placement.plan import SMALL_MODEL_SPEED, Plan
from studio.placement.totals import describe_totals

PRECISIONS = {"int8": sentence("8-bit integers"), "bf16": "bfloat16", "fp32": "float32"}
TEXT_ENCODER = {
    "cpu": sentence("on the processor"), "gpu": sentence("on the card, while the film model is not there"),
    "streamed": sentence("from disk through the card, layer by layer"),
}


def describe(plan: Plan) -> Iterator[str]:
    """Sentences: what is resident, what is streamed and from where, the expected peaks of memory, and the estimated time."""
    profile, model = plan.profile, plan.model
    if not model.large or profile.device == "cpu":
        on_card = profile.device == "cuda"
        yield sentence("It runs, on the graphics card, as a whole.") if on_card \
            else sentence("It runs, on the processor, as a whole.")
    else:
        yield sentence(
            "It fits, with the profile '{profile}': weights as {precision}.",
            profile=sentence(profile.title), precision=PRECISIONS[profile.weights])
        yield describe_weights(plan)
        if profile.adaln_table and model.transformer.adaln.parameters:
            yield sentence("A table stands for the layers that see only the time step: a quarter of the model need not be there.")
        if profile.cache != "none":
            yield sentence(
                "A step cache leaves out what would change little in a step; what it saves and costs was not measured here.")
        yield attention.describe_backend(profile.attention, plan.machine.gpu)
        if profile.compile:
            why = compilation.why_not_compiled(profile, model.transformer.blocks)
            done = sentence("Blocks are compiled when they first run; what it saves was not measured.")
            yield sentence("Compiling is left out, {why}.", why=why) if why else done
        yield sentence(
            "Text encoder: {precision}, {place}.",
            precision=PRECISIONS[profile.text_weights], place=TEXT_ENCODER[profile.text_encoder])
        yield sentence("Frames are decoded in tiles of {tile} pixels.", tile=profile.vae_tile)
        yield from describe_totals(plan)
    yield describe_peaks(plan)
    yield sentence(
        "Estimated, not measured: {duration} for a section of {frames} frames ({steps} steps), {speed}.",
        duration=duration(plan.section_seconds), frames=model.section_frames(plan.size), steps=model.steps,
        speed=describe_speed(plan))


def describe_weights(plan: Plan) -> str:
    """A sentence that says where a large model's weights are kept."""
    streamed = plan.ram_stream_bytes + plan.disk_stream_bytes
    if not streamed:
        return sentence("On the card: all {size} of weights that a step needs.", size=gigabytes(plan.resident_bytes))
    return sentence(
        "On the card: {size} of weights ({resident} of {blocks} blocks); from {source}, block by block in every step: {streamed}.",
        size=gigabytes(plan.resident_bytes), resident=plan.profile.resident, blocks=plan.model.transformer.blocks,
        source=sentence("memory") if plan.ram_stream_bytes else sentence("disk"), streamed=gigabytes(streamed))


def describe_speed(plan: Plan) -> str:
    """On which assumption the estimated time is, as the end of a sentence: how much of its published speed the card reaches."""
    gpu = plan.machine.gpu
    if plan.profile.device == "cpu" or gpu is None:
        return sentence("if each processor core computes {gflops:.0f} GFLOPS", gflops=1000 * CORE_TFLOPS)
    figures = gpu.figures
    share = ACHIEVED if plan.model.large else ACHIEVED * SMALL_MODEL_SPEED
    precision = "bfloat16" if figures.has_bfloat16 else sentence("float32, since it has no bfloat16 units")
    reached = sentence(
        "{share:.0%} of {tflops:.3g} TFLOPS ({precision})", share=share, tflops=figures.published_tflops, precision=precision)
    speed = sentence("if the {gpu} reaches {reached}", gpu=figures.name, reached=reached) if gpu.is_known \
        else sentence("if the card is like an {gpu} and reaches {reached}", gpu=figures.name, reached=reached)
    slower = sentence("A laptop that gives its card less power is slower")
    return join(speed, slower, separator=". ") if figures.is_laptop else speed


def describe_gpu(gpu: Gpu) -> str:
    """Sentences: the card's figures and where they are from, or that it is not in the table and what it counts as."""
    figures = gpu.figures
    if not gpu.is_known:
        if gpu.name == UNNAMED_GPU:
            return sentence("No card was named: for estimates of time it counts as an {gpu}.", gpu=figures.name)
        return sentence(
            "It is not in the studio's table of cards: for estimates of time it counts as an {gpu}.", gpu=figures.name)
    half = "bfloat16" if figures.has_bfloat16 else "float16"
    return sentence(
        "Its memory moves {speed:g} GB/s; PCIe {pcie}.0 x{lanes}; {tflops:g} TFLOPS in {half} and {int8:g} TOPS in int8, {source}.",
        speed=figures.gb_s, pcie=figures.pcie, lanes=figures.lanes, tflops=figures.tflops, half=half, int8=figures.int8,
        source=figures.source)


def describe_peaks(plan: Plan) -> str:
    """A sentence with the calculated peaks of memory."""
    if not plan.peak:
        return sentence("Expected at most: {ram} of memory.", ram=gigabytes(plan.ram))
    return sentence(
        "Expected at most: {peak} of graphics memory ({budget} may be used) and {ram} of memory.",
        peak=gigabytes(plan.peak), budget=gigabytes(plan.budget), ram=gigabytes(plan.ram))


def duration(seconds: float) -> str:
    """An estimated time in words."""
    if seconds < 1:
        return sentence("a second or less")
    if seconds < 10:
        return sentence("about {seconds:.1f} seconds", seconds=seconds)
    if seconds < 120:
        return sentence("about {seconds:.0f} seconds", seconds=seconds)
    return sentence("about {minutes:.0f} minutes", minutes=seconds / 60)


def gigabytes(amount: float) -> str:
    """An amount of bytes in GB."""
    return sentence("{size:.1f} GB", size=amount / GB)
