"""Chooses the plan: where the parts of a model are kept for a film size on a machine. Done before any weight is read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from studio.catalogue.cards import ModelError
from studio.language import join, sentence
from studio.language.lists import with_or_else
from studio.placement.description import gigabytes
from studio.placement.machine import GB, Machine
from studio.placement.plan import Plan, margin, plan_of, plan_whole, ram_budget, text_encoding_peaks
from studio.placement.profile import FIT, Profile, StreamSource, TextEncoderPlacement, find_profiles, gpu_budget
from studio.placement.sizes import TILE_EDGES, ModelSizes, Size

SMALLEST_EDGE = 256
"""Shortest edge, in pixels, of the sizes that are suggested instead of one that does not fit."""

Stage = Literal["reading", "denoising", "decoding"]
"""What the engine does when memory runs out. reading: encoding the prompt and the picture."""


class PlanError(ModelError):
    """No plan fits this machine. The message says what is short by how much, and what to change."""


def choose_plan(
    machine: Machine, model: ModelSizes, size: Size, override: Profile | None = None, profiles: Sequence[Profile] | None = None
) -> Plan:
    """The quickest plan that fits; of equally quick ones that with the most exact weights.

    Args:
        machine: a real or an imaginary one.
        model: that renders.
        size: width and height of the film in pixels.
        override: use this profile unchanged instead of choosing one.
        profiles: to choose from; None: those in presets/profiles.

    Raises:
        PlanError: nothing fits, or the model is large and there is no GPU; with what is short and what to change.
        ProfileError: a profile file cannot be used.
    """
    unit = model.unit
    if min(size) < unit or size[0] % unit or size[1] % unit:
        raise PlanError(sentence(
            "{size} cannot be rendered by {model}: width and height must be multiples of {unit} pixels.",
            size=_named(size), model=model.title, unit=unit))
    known = find_profiles() if profiles is None else profiles
    if not model.large or (override and override.device == "cpu"):
        return _on_one_device(machine, model, size, override or next((p for p in known if p.device == "cpu"), None))
    if machine.gpu is None:
        raise PlanError(_not_on_a_processor(machine, model, size))
    choices = [override] if override else _profiles_for(known, machine.gpu.total)
    candidates = [plan for profile in choices for plan in _candidates(machine, model, size, profile, exact=bool(override))]
    fitting = [plan for plan in candidates if plan.fits]
    if not fitting:
        raise PlanError(_shortage(machine, model, size, candidates, choices, exact=bool(override)))
    return min(fitting, key=lambda plan: (
        plan.section_seconds, plan.profile.weights == "int8", -plan.profile.card, -plan.profile.vae_tile, plan.ram,
    ))


def _profiles_for(known: Sequence[Profile], total: int) -> list[Profile]:
    """The profiles for GPUs of at most `total` bytes, or else the leanest one. A larger GPU has all choices of a smaller one."""
    sorted_profiles = sorted((profile for profile in known if profile.device == "cuda"), key=lambda profile: profile.card)
    return [profile for profile in sorted_profiles if profile.card <= round(total / GB)] or sorted_profiles[:1]


def _candidates(machine: Machine, model: ModelSizes, size: Size, profile: Profile, exact: bool) -> Iterator[Plan]:
    """Plans for variants of a profile, each with as many resident blocks as fit, or with none if not even that fits."""
    blocks = model.transformer.blocks
    tiles = [profile.vae_tile] if exact else [tile for tile in TILE_EDGES if tile <= profile.vae_tile] or [profile.vae_tile]
    sources: list[StreamSource] = ["ram", "disk"] if profile.stream == "ram" and not exact else [profile.stream]
    profile = _with_text_encoder(machine, model, profile, exact)
    for tile in tiles:
        for source in sources:
            # diffusers' offload keeps no block on the GPU.
            resident = 0 if profile.streamer == "diffusers" and profile.resident < blocks else min(profile.resident, blocks)
            variant = replace(profile, vae_tile=tile, stream=source, resident=resident)
            yield _fill_gpu(machine, model, size, variant) if resident == FIT else plan_of(machine, model, size, variant)


def _fill_gpu(machine: Machine, model: ModelSizes, size: Size, profile: Profile) -> Plan:
    """The plan with as many resident blocks as fit. More resident blocks need more GPU memory and less memory."""
    def plan_with(resident: int) -> Plan:
        return plan_of(machine, model, size, replace(profile, resident=resident))

    blocks = model.transformer.blocks
    if (everything := plan_with(blocks)).fits:            # it needs no buffers, so it may fit although one block less does not
        return everything
    most = bisect_left(range(blocks), True, key=lambda resident: plan_with(resident).vram_shortage > 0)
    return plan_with(max(0, most - 1))


def _with_text_encoder(machine: Machine, model: ModelSizes, profile: Profile, exact: bool) -> Profile:
    """The profile with the text encoder where it fits: as the profile says, or on the processor, or streamed."""
    placements: list[TextEncoderPlacement] = [profile.text_encoder, "cpu", "streamed"]
    for placement in placements[: 1 if exact else None]:
        variant = replace(profile, text_encoder=placement)
        vram, ram = text_encoding_peaks(model, variant)
        if vram <= gpu_budget(profile, machine.gpu.free if machine.gpu else 0, margin(machine)) and ram <= ram_budget(machine):
            return variant
    return variant


def _on_one_device(machine: Machine, model: ModelSizes, size: Size, profile: Profile | None) -> Plan:
    if profile is None:
        raise PlanError(sentence("There is no profile for the processor. Get presets/profiles again (git checkout)."))
    plan = plan_whole(machine, model, size, profile)
    if plan.ram_shortage:
        raise PlanError(sentence(
            "{model} at {size} does not fit: {reason} Close other programs, or add memory.",
            model=model.title, size=_named(size), reason=_ram_message(plan)))
    return plan


def step_down(plan: Plan, stage: Stage | None = None) -> Plan | None:
    """The next plan that needs less GPU memory than `plan`.

    What changes, in this order: if memory ran out while reading, the text encoder is streamed, then computed on the processor; if
    while decoding, tiles become smaller; then fewer blocks are resident, weights become int8, and the film becomes smaller
    (`Plan.needs_smaller_film`).

    Args:
        plan: the plan that needs too much.
        stage: during which memory ran out; None: not known.

    Returns:
        The plan, or None if there is none.
    """
    if not plan.model.large or plan.profile.device == "cpu":
        return None
    for profile, size in _leaner(plan, stage):
        sources: list[StreamSource] = ["ram", "disk"] if profile.stream == "ram" else ["disk"]
        for source in sources:
            lower = plan_of(plan.machine, plan.model, size, replace(profile, stream=source), plan.requested_size)
            less = lower.decode_peak < plan.decode_peak or lower.denoise_peak < plan.denoise_peak
            less = less or (stage == "reading" and lower.text_peak < plan.text_peak)
            if less and lower.peak <= plan.peak and not lower.ram_shortage:
                return lower
    return None


def _leaner(plan: Plan, stage: Stage | None) -> Iterator[tuple[Profile, Size]]:
    """Profiles and sizes that may need less than the plan's, the first to try first."""
    profile, blocks = plan.profile, plan.model.transformer.blocks
    if stage == "reading":
        placements: list[TextEncoderPlacement] = ["gpu", "streamed", "cpu"]
        for placement in placements[placements.index(profile.text_encoder) + 1 :]:
            yield replace(profile, text_encoder=placement), plan.size
    # With less needed for the film, the text encoder would soon be the peak; streaming it costs no time while a film is rendered.
    if profile.text_encoder == "gpu":
        profile = replace(profile, text_encoder="streamed")
    if stage in (None, "decoding"):
        for tile in TILE_EDGES:
            if tile < profile.vae_tile:
                yield replace(profile, vae_tile=tile), plan.size
    resident = min(profile.resident, blocks)
    while resident > 0:
        resident = max(0, resident - max(1, blocks // 4))
        yield replace(profile, resident=resident), plan.size
    if profile.weights != "int8":
        yield replace(profile, weights="int8", resident=resident), plan.size
    for size in alternative_sizes(plan.model, plan.requested_size):
        if size[0] * size[1] < plan.size[0] * plan.size[1]:
            yield profile, size


def alternative_sizes(model: ModelSizes, size: Size) -> Iterator[Size]:
    """Smaller sizes, the largest first: the model's own of the same orientation, then others of about the same shape."""
    area, orientation = size[0] * size[1], _orientation(size)
    own = [known for known in model.sizes if known[0] * known[1] < area and _orientation(known) == orientation]
    yield from sorted(own, key=lambda known: known[0] * known[1], reverse=True)
    least = min((known[0] * known[1] for known in own), default=area)
    yield from (other for other in smaller_sizes(size, max(32, model.unit)) if other[0] * other[1] < least)


def _orientation(size: Size) -> int:
    """1 for a landscape, -1 for a portrait, 0 for a square."""
    return (size[0] > size[1]) - (size[0] < size[1])


def smaller_sizes(size: Size, unit: int = 32) -> Iterator[Size]:
    """Smaller sizes of about the same shape, in multiples of `unit` pixels, the largest first; no edge below SMALLEST_EDGE."""
    long, short = max(size), min(size)
    for less in range((long - 1) // unit * unit, SMALLEST_EDGE - 1, -unit):
        other = round(short * less / long / unit) * unit
        if SMALLEST_EDGE <= other <= short:
            yield (less, other) if size[0] >= size[1] else (other, less)


def _not_on_a_processor(machine: Machine, model: ModelSizes, size: Size) -> str:
    """Why a large model is not run on the processor, and what to do."""
    hours = model.steps * model.step_flops(size) / (1e12 * machine.tflops) / 3600
    what = sentence("Apple's graphics units are not planned for yet") if machine.metal \
        else sentence("no CUDA graphics card was found")
    return sentence(
        "{model} is not sensible here: {what}, and a section at {size} would take this processor about {hours:,.0f} hours (an "
        "estimate). Use the embedded model, or a computer with a graphics card from 6 GB.",
        model=model.title, what=what, size=_named(size), hours=hours)


def _shortage(
    machine: Machine, model: ModelSizes, size: Size, candidates: list[Plan], choices: Sequence[Profile], exact: bool
) -> str:
    """What the plan that nearly fits is short of, and what would make one fit."""
    if not candidates:
        return sentence(
            "There is no profile for a graphics card. {model} needs one: get presets/profiles again (git checkout).",
            model=model.title)
    nearest = min(candidates, key=lambda plan: (plan.vram_shortage + plan.ram_shortage, plan.peak))
    reasons: list[str] = []
    remedies: list[str] = []
    if nearest.vram_shortage and machine.gpu:
        reasons.append(sentence(
            "it needs {peak} of graphics memory and may use {budget} ({free} are free, some of it is kept for the system): "
            "{shortage} short.", peak=gigabytes(nearest.peak), budget=gigabytes(nearest.budget),
            free=gigabytes(machine.gpu.free), shortage=gigabytes(nearest.vram_shortage)))
    if nearest.ram_shortage:
        message = _ram_message(nearest)
        reasons.append(sentence("Also, {reason}", reason=message) if reasons else message)

    def possible(less: Size) -> bool:
        return any(plan.fits for profile in choices for plan in _candidates(machine, model, less, profile, exact))

    sizes = list(alternative_sizes(model, size))
    less = next(filter(possible, sizes), None) if sizes and possible(sizes[-1]) else None
    if less:
        remedies.append(sentence("choose {size} or smaller", size=_named(less)))
    if nearest.profile.weights != "int8":
        remedies.append(sentence("use int8 weights"))
    if exact:
        remedies.append(sentence("let the studio choose the profile"))
    remedies.append(
        sentence("close other programs that use the graphics card") if nearest.vram_shortage
        else sentence("close other programs that use memory"))
    if not less:
        remedies.append(sentence("use a card with more memory") if nearest.vram_shortage else sentence("add memory"))
    short = join(*reasons)
    fails = sentence(
        "{model} at {size}, in a film of {sections} sections, does not fit: {reasons}",
        model=model.title, size=_named(size), sections=model.sections, reasons=short) if model.psi_grows \
        else sentence("{model} at {size} does not fit: {reasons}", model=model.title, size=_named(size), reasons=short)
    return join(fails, sentence("What to change: {remedies}.", remedies=with_or_else(remedies)))


def _ram_message(plan: Plan) -> str:
    """What memory a plan is short of."""
    machine = plan.machine
    if plan.pinned > machine.pinnable and plan.ram <= ram_budget(machine):
        return sentence(
            "Windows lets {pinnable} of memory be pinned and {pinned} are needed.",
            pinnable=gigabytes(machine.pinnable), pinned=gigabytes(plan.pinned))
    return sentence(
        "it needs {ram} of memory and may use {budget} ({free} are free): {shortage} short.", ram=gigabytes(plan.ram),
        budget=gigabytes(ram_budget(machine)), free=gigabytes(machine.ram_free), shortage=gigabytes(plan.ram_shortage))


def _named(size: Size) -> str:
    return f"{size[0]} x {size[1]}"
