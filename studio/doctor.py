"""The doctor: says what this machine has, which models run on it and how, and what would help. It loads no weights."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from studio.engine.cards import ModelCard, ModelError, find_models
from studio.engine.placement.laid import Plan
from studio.engine.placement.machine import GB, Machine, imagine, look, memory
from studio.engine.placement.plan import PlanError, plan
from studio.engine.placement.profile import ProfileError
from studio.engine.placement.sizes import ModelSizes, Size, framepack_f1, sizes_of

FRAMEPACK = "framepack"
LOW_RAM = 16 * GB
SYSTEMS = {"Darwin": "macOS"}
PRECISIONS = {"int8": "8-bit integers", "bf16": "bfloat16", "fp32": "float32"}
TEXT = {
    "cpu": "on the processor", "gpu": "on the card, before the film model is loaded",
    "streamed": "from disk through the card, layer by layer",
}


class DoctorError(Exception):
    """What was asked for cannot be examined; the message says why."""


def examine(options: argparse.Namespace, models: Path, home: Path) -> int:
    """Print the machine and every model's plan. Returns the exit status: 1 if the model asked for does not run, or is not known."""
    try:
        size = _size(options.size)
        machine = _machine(options, home)
        chosen = _models(models, options.model)
        _print("\n".join(_about(machine, imagined=options.vram is not None or options.ram is not None)))
        runs = [_model(machine, model, card, size) for model, card in chosen]
        return 0 if all(runs) or not options.model else 1
    except (DoctorError, ModelError, ProfileError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _size(text: str | None) -> Size | None:
    if text is None:
        return None
    if not (found := re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", text.strip())):
        raise DoctorError(f"'{text}' is no size. Write width and height in pixels, as in 640x640.")
    return int(found[1]), int(found[2])


def _machine(options: argparse.Namespace, home: Path) -> Machine:
    if options.vram is None and options.ram is None:
        return look(home)
    ram = options.ram
    if ram is None:
        ram = memory()[0] / GB
    try:
        if options.vram is None:
            raise DoctorError("With --ram, say how much graphics memory too: --vram GB, or --vram 0 for a machine without a card.")
        return imagine(options.vram, ram)
    except ValueError as error:
        raise DoctorError(str(error)) from None


def _models(folder: Path, name: str | None) -> list[tuple[ModelSizes, ModelCard | None]]:
    """Sizes of the models there are, and of FramePack-F1, which need not be there."""
    cards, problems = find_models(folder)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    known: list[tuple[ModelSizes, ModelCard | None]] = [(sizes_of(card), card) for card in cards]
    if not any(card.kind == FRAMEPACK for card in cards):
        known.append((framepack_f1(), None))
    chosen = [pair for pair in known if name in (None, pair[0].name)]
    if not chosen:
        raise DoctorError(f"There is no model '{name}'. There are: {', '.join(sizes.name for sizes, _ in known)}.")
    return chosen


def _about(machine: Machine, imagined: bool) -> Iterator[str]:
    yield "An imagined machine" if imagined else "This machine"
    yield f"  system    {SYSTEMS.get(machine.system, machine.system)}, {machine.cores} processor cores"
    yield f"  memory    {_gb(machine.ram_total)}, {_gb(machine.ram_free)} of it free"
    if not imagined:
        yield f"  disk      {_gb(machine.disk_free)} free where projects are kept"
    if machine.gpu:
        major, minor = machine.gpu.capability
        named = "a card" if imagined else f"{machine.gpu.name} (compute capability {major}.{minor})"
        yield f"  graphics  {named}, {_gb(machine.gpu.total)}, {_gb(machine.gpu.free)} of it free"
        if machine.gpu.capability < (8, 0):
            yield "            It has no bfloat16 units: expect it to be slow."
    else:
        yield f"  graphics  {'an Apple graphics unit' if machine.metal else 'no card that PyTorch can compute with'}"


def _model(machine: Machine, model: ModelSizes, card: ModelCard | None, size: Size | None) -> bool:
    """Print one model's plan, or why there is none. Says whether it runs."""
    size = size or model.sizes[0]
    _print(f"\n{model.title} ({model.name}), {size[0]} x {size[1]}")
    try:
        laid = plan(machine, model, size)
    except PlanError as error:
        _print(f"  It will not run. {error}")
        return False
    _print("\n".join(f"  {line}" for line in _placed(laid)))
    if card is None:
        _print("  Its folder is not there: get models/framepack-f1 of the studio (git checkout).")
    elif card.state != "ready":
        _print(f"  Its weights are not all here yet. {card.remedy}")
    for advice in _better(laid):
        _print(f"  Better: {advice}")
    return True


def _placed(laid: Plan) -> Iterator[str]:
    profile, model = laid.profile, laid.model
    if not model.large:
        where = "the graphics card" if profile.device == "cuda" else "the processor"
        yield f"It runs, on {where}, as a whole."
    else:
        yield "A plan, not a promise: the studio does not place models by it yet, and it was not held against a real card."
        yield f"It fits, with the profile '{profile.title}': weights as {PRECISIONS[profile.weights]}."
        blocks, source = model.transformer.blocks, "memory" if laid.from_ram else "disk"
        if streamed := laid.from_ram + laid.from_disk:
            yield (
                f"On the card: {_gb(laid.on_card)} of weights ({profile.resident} of {blocks} blocks); "
                f"from {source}, block by block in every step: {_gb(streamed)}."
            )
        else:
            yield f"On the card: all {_gb(laid.on_card)} of weights that a step needs."
        if profile.adaln_table:
            yield "A table stands for the layers that see only the time step: a quarter of the model need not be there."
        yield f"Text encoder: {PRECISIONS[profile.text_weights]}, {TEXT[profile.text_encoder]}."
        yield f"Frames are decoded in tiles of {profile.vae_tile} pixels."
    if laid.peak:
        card = f"{_gb(laid.peak)} of graphics memory ({_gb(laid.budget)} may be used)"
        yield f"Expected at most: {card} and {_gb(laid.ram)} of memory."
    else:
        yield f"Expected at most: {_gb(laid.ram)} of memory."
    speed = f", at {laid.machine.tflops:g} TFLOPS" if profile.device == "cuda" else ""
    section = f"a section of {model.frames} frames ({model.steps} steps)"
    yield f"Estimated, not measured{speed}: {_time(laid.section_seconds)} for {section}."


def _better(laid: Plan) -> Iterator[str]:
    """What would help, in words."""
    if not laid.model.large:
        return
    machine = laid.machine
    if laid.from_disk:
        yield "more free memory: weights are read from disk in every step."
    if laid.text_peak and laid.profile.text_encoder == "streamed" and machine.ram_total < LOW_RAM:
        yield "16 GB of memory or more: then a new prompt is read without going through the disk."
    if laid.peak > 0.95 * laid.budget and laid.from_ram:
        yield "close other programs that use the graphics card: then more blocks stay on it."
    yield "a faster card; its computing decides the time, not its memory." if not laid.from_disk else "a larger card."


def _time(seconds: float) -> str:
    if seconds < 1:
        return "a second or less"
    if seconds < 10:
        return f"about {seconds:.1f} seconds"
    return f"about {seconds:.0f} seconds" if seconds < 120 else f"about {seconds / 60:.0f} minutes"


def _gb(amount: float) -> str:
    return f"{amount / GB:.1f} GB"


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
