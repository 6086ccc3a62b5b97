"""Plans: which weights lie where for a film size on a machine, chosen before any weight is read. It moves nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from studio.catalogue.cards import ModelError
from studio.placement.machine import GB, Machine
from studio.placement.plan import Plan, margin, plan_of, plan_whole, ram_budget, text_encoding_peaks
from studio.placement.profile import FIT, Profile, StreamSource, TextEncoderPlacement, find_profiles, gpu_budget
from studio.placement.sizes import TILE_EDGES, ModelSizes, Size

SMALLEST_EDGE = 256
"""Pixels of a film's shorter edge below which nothing is offered."""

Stage = Literal["reading", "denoising", "decoding"]
"""What memory ran out at: reading is of prompt and picture."""


class PlanError(ModelError):
    """The model cannot be placed on this machine; the message says what is short by how much, and what to change."""


def choose_plan(
    machine: Machine, model: ModelSizes, size: Size, override: Profile | None = None, profiles: Sequence[Profile] | None = None
) -> Plan:
    """The quickest placement that fits, and of equally quick ones that with the most exact weights.

    Args:
        machine: there, or imagined.
        model, size: what is to be rendered; width and height in pixels.
        override: this profile and no other, exactly as it says.
        profiles: to choose from; None: those in presets/profiles.

    Raises:
        PlanError: nothing fits, or a large model has no card; with what is short and what to change.
        ProfileError: a profile file cannot be used.
    """
    unit = model.compression * model.transformer.patch
    if min(size) < unit or size[0] % unit or size[1] % unit:
        raise PlanError(f"{_named(size)} cannot be rendered by {model.title}: width and height must be multiples of {unit} pixels.")
    known = find_profiles() if profiles is None else profiles
    if not model.large or (override and override.device == "cpu"):
        return _whole(machine, model, size, override or next((p for p in known if p.device == "cpu"), None))
    if machine.gpu is None:
        raise PlanError(_not_on_a_processor(machine, model, size))
    choices = [override] if override else _for_card(known, machine.gpu.total)
    candidates = [plan for profile in choices for plan in _candidates(machine, model, size, profile, exact=bool(override))]
    fitting = [plan for plan in candidates if plan.fits]
    if not fitting:
        raise PlanError(_shortage(machine, model, size, candidates, choices, exact=bool(override)))
    return min(fitting, key=lambda plan: (
        plan.section_seconds, plan.profile.weights == "int8", -plan.profile.card, -plan.profile.vae_tile, plan.ram,
    ))


def _for_card(known: Sequence[Profile], total: int) -> list[Profile]:
    """The profiles for cards up to this one's size, or the leanest: so a larger card has all the choices of a smaller one."""
    cards = sorted((profile for profile in known if profile.device == "cuda"), key=lambda profile: profile.card)
    return [profile for profile in cards if profile.card <= round(total / GB)] or cards[:1]


def _candidates(machine: Machine, model: ModelSizes, size: Size, profile: Profile, exact: bool) -> Iterator[Plan]:
    """The profile's variants, each with as many resident blocks as fit (or none, to tell what is short)."""
    blocks = model.transformer.blocks
    tiles = [profile.vae_tile] if exact else [tile for tile in TILE_EDGES if tile <= profile.vae_tile] or [profile.vae_tile]
    sources: list[StreamSource] = ["ram", "disk"] if profile.stream == "ram" and not exact else [profile.stream]
    text = _text_place(machine, model, profile, exact)
    for tile in tiles:
        for source in sources:
            # diffusers' offload leaves no block on the card.
            resident = 0 if profile.streamer == "diffusers" and profile.resident < blocks else min(profile.resident, blocks)
            settled = replace(text, vae_tile=tile, stream=source, resident=resident)
            yield _filled(machine, model, size, settled) if resident == FIT else plan_of(machine, model, size, settled)


def _filled(machine: Machine, model: ModelSizes, size: Size, profile: Profile) -> Plan:
    """The plan with as many resident blocks as fit. More of them need more of the card and less memory."""
    def plan_with(resident: int) -> Plan:
        return plan_of(machine, model, size, replace(profile, resident=resident))

    blocks = model.transformer.blocks
    if (everything := plan_with(blocks)).fits:            # needs no slabs: it may fit where one block less does not
        return everything
    most = bisect_left(range(blocks), True, key=lambda resident: plan_with(resident).vram_shortage > 0)
    return plan_with(max(0, most - 1))


def _text_place(machine: Machine, model: ModelSizes, profile: Profile, exact: bool) -> Profile:
    """The profile with its text encoder where it fits: where it says, or on the processor, or streamed."""
    places: list[TextEncoderPlacement] = [profile.text_encoder, "cpu", "streamed"]
    for place in places[: 1 if exact else None]:
        settled = replace(profile, text_encoder=place)
        vram, ram = text_encoding_peaks(model, settled)
        if vram <= gpu_budget(profile, machine.gpu.free if machine.gpu else 0, margin(machine)) and ram <= ram_budget(machine):
            return settled
    return settled


def _whole(machine: Machine, model: ModelSizes, size: Size, profile: Profile | None) -> Plan:
    if profile is None:
        raise PlanError("There is no profile for the processor. Get presets/profiles again (git checkout).")
    plan = plan_whole(machine, model, size, profile)
    if plan.ram_shortage:
        raise PlanError(f"{model.title} at {_named(size)} does not fit: {_ram_words(plan)} Close other programs, or add memory.")
    return plan


def step_down(plan: Plan, doing: Stage | None = None) -> Plan | None:
    """The next leaner plan after memory ran out on the card.

    The text encoder first where a prompt was read (streamed, then on the processor), tiles where frames were decoded; then
    resident blocks, int8, a smaller film (`needs_smaller_film`).

    Args:
        plan: what was too much.
        doing: when. None: not known.

    Returns:
        A plan that needs less, or None when there is none.
    """
    if not plan.model.large or plan.profile.device == "cpu":
        return None
    for profile, size in _leaner(plan, doing):
        sources: list[StreamSource] = ["ram", "disk"] if profile.stream == "ram" else ["disk"]
        for source in sources:
            next_one = plan_of(plan.machine, plan.model, size, replace(profile, stream=source), plan.requested_size)
            less = next_one.decode_peak < plan.decode_peak or next_one.denoise_peak < plan.denoise_peak
            less = less or (doing == "reading" and next_one.text_peak < plan.text_peak)
            if less and next_one.peak <= plan.peak and not next_one.ram_shortage:
                return next_one
    return None


def _leaner(plan: Plan, doing: Stage | None) -> Iterator[tuple[Profile, Size]]:
    profile, blocks = plan.profile, plan.model.transformer.blocks
    if doing == "reading":
        places: list[TextEncoderPlacement] = ["gpu", "streamed", "cpu"]
        for place in places[places.index(profile.text_encoder) + 1 :]:
            yield replace(profile, text_encoder=place), plan.size
    if profile.text_encoder == "gpu":       # it would be the fullest moment before long, and costs no time while a film is made
        profile = replace(profile, text_encoder="streamed")
    if doing in (None, "decoding"):
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
    """Sizes to choose instead, the largest first: the model's own that lie the same way, then others of about the same shape."""
    area, lies = size[0] * size[1], _lies(size)
    own = [known for known in model.sizes if known[0] * known[1] < area and _lies(known) == lies]
    yield from sorted(own, key=lambda known: known[0] * known[1], reverse=True)
    least = min((known[0] * known[1] for known in own), default=area)
    yield from (other for other in smaller_sizes(size) if other[0] * other[1] < least)


def _lies(size: Size) -> int:
    """1 for a landscape, -1 for a portrait, 0 for a square."""
    return (size[0] > size[1]) - (size[0] < size[1])


def smaller_sizes(size: Size) -> Iterator[Size]:
    """Smaller sizes of about the same shape, in multiples of 32 pixels, the largest first; no edge below SMALLEST_EDGE."""
    long, short = max(size), min(size)
    for less in range((long - 1) // 32 * 32, SMALLEST_EDGE - 1, -32):
        other = round(short * less / long / 32) * 32
        if SMALLEST_EDGE <= other <= short:
            yield (less, other) if size[0] >= size[1] else (other, less)


def _not_on_a_processor(machine: Machine, model: ModelSizes, size: Size) -> str:
    hours = model.steps * model.step_flops(size) / (1e12 * machine.tflops) / 3600
    what = "Apple's graphics units are not planned for yet" if machine.metal else "no CUDA graphics card was found"
    return (
        f"{model.title} is not sensible here: {what}, and a section at {_named(size)} would take this processor about "
        f"{hours:,.0f} hours (an estimate). Use the embedded model, or a computer with a graphics card from 6 GB."
    )


def _shortage(
    machine: Machine, model: ModelSizes, size: Size, candidates: list[Plan], choices: Sequence[Profile], exact: bool
) -> str:
    """What the nearest candidate is short of, and what would make it fit."""
    if not candidates:
        return f"There is no profile for a graphics card. {model.title} needs one: get presets/profiles again (git checkout)."
    nearest = min(candidates, key=lambda plan: (plan.vram_shortage + plan.ram_shortage, plan.peak))
    told, remedies = [], []
    if nearest.vram_shortage and machine.gpu:
        told.append(
            f"it needs {_gb(nearest.peak)} of graphics memory and may use {_gb(nearest.budget)} ({_gb(machine.gpu.free)} are free, "
            f"some of it is kept for the system): {_gb(nearest.vram_shortage)} short."
        )
    if nearest.ram_shortage:
        told.append(_ram_words(nearest))
    def possible(less: Size) -> bool:
        return any(plan.fits for profile in choices for plan in _candidates(machine, model, less, profile, exact))

    sizes = list(alternative_sizes(model, size))
    less = next(filter(possible, sizes), None) if sizes and possible(sizes[-1]) else None
    if less:
        remedies.append(f"choose {_named(less)} or smaller")
    if nearest.profile.weights != "int8":
        remedies.append("use int8 weights")
    if exact:
        remedies.append("let the studio choose the profile")
    remedies.append(f"close other programs that use {'the graphics card' if nearest.vram_shortage else 'memory'}")
    if not less:
        remedies.append("use a card with more memory" if nearest.vram_shortage else "add memory")
    return f"{model.title} at {_named(size)} does not fit: {' '.join(told)} What to change: {', or '.join(remedies)}."


def _ram_words(plan: Plan) -> str:
    machine = plan.machine
    if plan.pinned > machine.pinnable and plan.ram <= ram_budget(machine):
        return f"Windows lets {_gb(machine.pinnable)} of memory be pinned and {_gb(plan.pinned)} are needed."
    return (
        f"it needs {_gb(plan.ram)} of memory and may use {_gb(ram_budget(machine))} ({_gb(machine.ram_free)} are free): "
        f"{_gb(plan.ram_shortage)} short."
    )


def _named(size: Size) -> str:
    return f"{size[0]} x {size[1]}"


def _gb(amount: int) -> str:
    return f"{amount / GB:.1f} GB"
