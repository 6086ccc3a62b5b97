"""The command `doctor`: prints what this machine has, which models run on it and how, and what would help. Loads no weights."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from studio.backbones.registry import FAMILIES, sizes_of
from studio.catalogue.cards import ModelCard, ModelError, find_models
from studio.commands import surroundings
from studio.commands.guard import complain, say
from studio.media import MediaError
from studio.media.credentials import find_credentials
from studio.placement import attention
from studio.placement.choose import PlanError, choose_plan
from studio.placement.description import describe, describe_gpu, gigabytes
from studio.placement.gpus import GpuTableError
from studio.placement.gpus import choose as choose_gpu
from studio.placement.growth import LONGEST, choose_for_some_length, describe_growth
from studio.placement.machine import GB, Machine, imagine_machine, probe_machine, system_memory
from studio.placement.plan import Plan
from studio.placement.profile import Profile, ProfileError, select_profile
from studio.placement.sizes import ModelSizes, Size

LOW_RAM = 16 * GB
SYSTEMS = {"Darwin": "macOS"}


class DoctorError(Exception):
    """The options cannot be used. The message says why."""


def examine(options: argparse.Namespace, models: Path, home: Path) -> int:
    """Prints the machine and the plan of every model.

    Args:
        options: of the command line: size, sections, profile, model, card, vram, ram.
        models: the folder of models.
        home: the folder of projects; its disk's free space is printed.

    Returns:
        The exit status: 1 if an option cannot be used or the model that the options name does not run.
    """
    try:
        size, profile = _size(options.size), select_profile(options.profile)
        machine = _machine(options, home)
        selection = _models(models, options.model)
        imaginary = any(option is not None for option in (options.card, options.vram, options.ram))
        _print("\n".join(_about(machine, imaginary)))
        if options.card is not None:
            choice = choose_gpu(options.card)
            for memory in choice.other_sizes:
                _print(f"            It comes with {memory} GB as well: --card \"{choice.gpu.name} {memory}GB\".")
        for problem in () if imaginary else (*surroundings.problems(home), *_credentials_problem()):
            _print(f"  problem   {problem}")
        _check_length(options.sections)
        runs = [_model(machine, model, card, size, profile, options.sections) for model, card in selection]
        return 0 if all(runs) or not options.model else 1
    except (DoctorError, GpuTableError, ModelError, ProfileError) as error:
        return complain(str(error))


def _credentials_problem() -> Iterator[str]:
    """A sentence about content credentials that cannot be used."""
    credentials = find_credentials()
    try:
        if credentials:
            credentials.check()
    except MediaError as error:
        yield str(error)


def _size(text: str | None) -> Size | None:
    if text is None:
        return None
    if not (found := re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", text.strip())):
        raise DoctorError(f"'{text}' is no size. Write width and height in pixels, as in 640x640.")
    return int(found[1]), int(found[2])


def _check_length(sections: int | None) -> None:
    if sections is not None and not 1 <= sections <= LONGEST:
        raise DoctorError(f"A film of {sections} sections cannot be planned for. Say a number from 1 to {LONGEST:,}.")


def _machine(options: argparse.Namespace, home: Path) -> Machine:
    if options.card is None and options.vram is None and options.ram is None:
        return probe_machine(home)
    ram = options.ram
    if ram is None:
        ram = system_memory()[0] / GB
    try:
        if options.card is not None:
            if options.vram is not None:
                raise DoctorError("A card has the memory that it has: say --card or --vram, not both.")
            choice = choose_gpu(options.card)
            gpu = choice.gpu
            return imagine_machine(gpu.usable(choice.memory), ram, name=gpu.name, capability=gpu.capability)
        if options.vram is None:
            raise DoctorError("With --ram, say which graphics card too: --card NAME, --vram GB, or --vram 0 for none.")
        return imagine_machine(options.vram, ram)
    except ValueError as error:
        raise DoctorError(str(error)) from None


def _models(folder: Path, name: str | None) -> list[tuple[ModelSizes, ModelCard | None]]:
    """(sizes, card) of the models, or of the one called `name`. The card is None for a published model whose folder is missing."""
    cards, problems = find_models(folder)
    for problem in problems:
        say(problem)
    known: list[tuple[ModelSizes, ModelCard | None]] = [(sizes_of(card), card) for card in cards]
    here = {card.kind for card in cards}
    known += [(family.published_sizes(), None) for name, family in FAMILIES.items() if family.published_sizes and name not in here]
    selection = [pair for pair in known if name in (None, pair[0].name)]
    if not selection:
        raise DoctorError(f"There is no model '{name}'. There are: {', '.join(sizes.name for sizes, _ in known)}.")
    return selection


def _about(machine: Machine, imaginary: bool) -> Iterator[str]:
    yield "An imagined machine" if imaginary else "This machine"
    yield f"  system    {SYSTEMS.get(machine.system, machine.system)}, {machine.cores} processor cores"
    yield f"  memory    {gigabytes(machine.ram_total)}, {gigabytes(machine.ram_free)} of it free"
    if not imaginary:
        yield f"  disk      {gigabytes(machine.disk_free)} free where projects are kept"
    if machine.gpu:
        major, minor = machine.gpu.capability
        named = f"{machine.gpu.name} (compute capability {major}.{minor})" if machine.gpu.is_known or not imaginary else "a card"
        yield f"  graphics  {named}, {gigabytes(machine.gpu.total)}, {gigabytes(machine.gpu.free)} of it free"
        yield f"            {describe_gpu(machine.gpu)}"
        if machine.gpu.capability < (8, 0):
            yield "            It has no bfloat16 units: expect it to be slow."
    else:
        yield f"  graphics  {'an Apple graphics unit' if machine.metal else 'no card that PyTorch can compute with'}"
    if not imaginary:
        here, *others = attention.list_backends(machine.gpu)
        yield f"  attention {here}"
        yield from (f"            {other}" for other in others)


def _model(
    machine: Machine, model: ModelSizes, card: ModelCard | None, size: Size | None, profile: Profile | None, sections: int | None
) -> bool:
    """Prints a model's plan, or why there is none. Returns whether it runs. `sections`: of the film; None: the usual length."""
    size = size or (card.default_size if card else model.sizes[0])
    _print(f"\n{model.title} ({model.name}), {size[0]} x {size[1]}")
    try:
        override = profile if model.large else None
        if sections is None:
            plan = choose_for_some_length(machine, model, size, override)
        else:
            plan = choose_plan(machine, replace(model, sections=sections), size, override)
        growth = describe_growth(machine, plan.model, size, override)
        sentences = [*describe(plan), *([growth] if growth else [])]
    except (PlanError, ProfileError) as error:
        _print(f"  It will not run. {error}")
        return False
    if model.large:
        _print("  It is loaded like this. A plan, not a promise: it was not held against a real card.")
        if profile:
            _print(f"  The profile is the one that was asked for: {profile.name}.")
    _print("\n".join(f"  {line}" for line in sentences))
    if card is None:
        _print("  Its folder is not there: get models/framepack-f1 of the studio (git checkout).")
    elif card.state != "ready":
        _print(f"  Its weights are not all here yet. {card.remedy}")
    for advice in _better(plan):
        _print(f"  Better: {advice}")
    return True


def _better(plan: Plan) -> Iterator[str]:
    """What would make the model faster, in words."""
    if not plan.model.large:
        return
    machine = plan.machine
    if plan.disk_stream_bytes:
        yield "more free memory: weights are read from disk in every step."
    if plan.text_peak and plan.profile.text_encoder == "streamed" and machine.ram_total < LOW_RAM:
        yield "16 GB of memory or more: then a new prompt is read without going through the disk."
    if plan.peak > 0.95 * plan.budget and plan.ram_stream_bytes:
        yield "close other programs that use the graphics card: then more blocks stay on it."
    yield "a faster card; its computing decides the time, not its memory." if not plan.disk_stream_bytes else "a larger card."


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
