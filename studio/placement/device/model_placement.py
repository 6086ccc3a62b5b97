"""A large model as it is placed: its plan, and how the plan changes with the film's size and with what the card can bear.

It knows no takes. Whoever renders asks it to `replan` a size first, and to `reduce` when memory ran out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from studio.placement.choose import PlanError, Stage, choose_plan
from studio.placement.description import describe, gigabytes
from studio.placement.plan import Plan, plan_of
from studio.placement.profile import FIT, Profile, find_profiles
from studio.placement.reduction import describe_change, reduce_plan
from studio.placement.sizes import ModelSizes, Size


class PlaceableBackbone(Protocol):
    """A backbone whose weights lie where a plan says."""

    @property
    def plan(self) -> Plan:
        """Where they lie."""

    @property
    def is_in_place(self) -> bool:
        """Whether the weights are where the plan says."""

    def apply_plan(self) -> object:
        """Put the weights where the plan says, unless they are there. Raises torch.OutOfMemoryError, MemoryError."""

    def set_plan(self, plan: Plan) -> None:
        """Use another plan from now on."""

    def release(self) -> None:
        """Free device and host for good."""


class TiledCodec(Protocol):
    """A codec that decodes in tiles."""

    @property
    def preview_note(self) -> str:
        """How previews are made, as a sentence; empty where nothing is to be said."""

    def set_tile_size(self, edge: int) -> None:
        """Decode in tiles of `edge` pixels from now on."""


def _beside(bare: Plan, model: ModelSizes, size: Size, choice: tuple[Profile | None, Sequence[Profile] | None]) -> Plan:
    """Room for the LoRAs in `model`: of the placement without them fewer blocks stay, and only if need be it is another one.

    So what the weights are kept as, which changes the film, depends on a segment's LoRAs only where nothing else is possible.
    """
    try:
        return choose_plan(bare.machine, model, size, replace(bare.profile, resident=FIT))
    except PlanError:
        pass
    try:
        return choose_plan(bare.machine, model, size, *choice)
    except PlanError as error:
        raise PlanError(
            f"The LoRAs of this segment take {gigabytes(model.lora_bytes)} of graphics memory beside the model. Take one off, "
            f"or use LoRAs of a lower rank. {error}"
        ) from error


class ModelPlacement:
    """Backbone and codec of one model, where one plan says."""

    def __init__(
        self, backbone: PlaceableBackbone, codec: TiledCodec, override: Profile | None = None,
        profiles: Sequence[Profile] | None = None,
    ) -> None:
        """`override` and `profiles` as for `plan`: what the backbone's plan was made with."""
        self.backbone = backbone
        self.codec = codec
        self._override = override
        self._profiles = profiles
        self.close_text_encoders: Callable[[], None] = lambda: None
        """Called when the text encoder lies elsewhere: whoever has opened it opens it anew."""
        self._weights = self.plan.profile.weights       # without LoRAs
        codec.set_tile_size(self.plan.profile.vae_tile)

    @property
    def plan(self) -> Plan:
        return self.backbone.plan

    @property
    def sentences(self) -> tuple[str, ...]:
        """The plan in words, and how previews are made."""
        note = self.codec.preview_note
        return (*describe(self.plan), *([note] if note else []))

    def replan(self, size: Size, step_cache: bool = False, lora_bytes: int = 0) -> None:
        """Plan for films of this size, with room for a step cache where one is used, and for so many bytes of LoRAs.

        Nothing is moved where the plan that there is will do.

        Raises:
            PlanError: this does not fit; the message says what to change.
        """
        now, wanted = self.plan, step_cache or (self._override is not None and self._override.cache != "none")
        same = size == now.requested_size and wanted == (now.profile.cache != "none")
        if same and lora_bytes == now.model.lora_bytes:
            return
        override, profiles = self._override, self._profiles
        if step_cache:
            override = override and replace(override, cache="first-block")
            profiles = [replace(profile, cache="first-block") for profile in profiles or find_profiles()]
        usual, model = same and now.profile.weights == self._weights, replace(now.model, lora_bytes=lora_bytes)
        kept = plan_of(now.machine, model, now.size, now.profile, now.requested_size)
        if usual and kept.fits:
            self._follow(kept)
            return
        bare = now if usual else choose_plan(now.machine, replace(now.model, lora_bytes=0), size, override, profiles)
        self._follow(_beside(bare, model, size, (override, profiles)) if lora_bytes else bare)
        self._weights = bare.profile.weights

    def reduce(self, doing: Stage) -> str:
        """One rung down after the device ran out of memory at something; says what changed.

        Raises:
            CannotReduceError: there is none left.
        """
        before = self.plan
        after = reduce_plan(before, doing)
        self._follow(after)
        return describe_change(before, after, doing)

    def release(self) -> None:
        """Give the device back for good."""
        self.backbone.release()

    def _follow(self, plan: Plan) -> None:
        moved = plan.profile.text_encoder != self.plan.profile.text_encoder
        self.backbone.set_plan(plan)
        if moved:
            self.close_text_encoders()
        self.codec.set_tile_size(plan.profile.vae_tile)
