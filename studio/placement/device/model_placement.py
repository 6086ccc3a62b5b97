"""The placement of a large model: its plan, and how the plan changes with the film's size and when GPU memory runs out.

The engine calls `replan` before a film and `reduce` when memory ran out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from studio.language import sentence
from studio.placement.choose import PlanError, Stage, choose_plan
from studio.placement.description import describe, gigabytes
from studio.placement.growth import describe_growth
from studio.placement.plan import Plan, plan_of
from studio.placement.profile import FIT, Profile, find_profiles
from studio.placement.reduction import describe_change, reduce_plan
from studio.placement.sizes import ModelSizes, Size, planned_sections


class PlaceableBackbone(Protocol):
    """A backbone whose weights are kept where a plan says."""

    @property
    def plan(self) -> Plan:
        """The current plan."""

    @property
    def is_in_place(self) -> bool:
        """Whether the weights are where the plan says; if not, `apply_plan` puts them there."""

    def apply_plan(self) -> object:
        """Puts the weights where the plan says, unless they are there.

        Raises:
            torch.OutOfMemoryError, MemoryError: they do not fit.
        """

    def set_plan(self, plan: Plan) -> None:
        """Uses another plan from now on; `apply_plan` puts the weights where it says."""

    def release(self) -> None:
        """Frees device and host. The backbone cannot be used afterwards."""


class TiledCodec(Protocol):
    """A codec that decodes in tiles."""

    @property
    def preview_note(self) -> str:
        """A sentence that says how previews are made, or an empty text."""

    def set_tile_size(self, edge: int) -> None:
        """Decodes in tiles of `edge` pixels from now on."""


Choice = tuple[Profile | None, Sequence[Profile] | None]
"""The last arguments of `choose_plan`."""


def _plan_like(plan: Plan, model: ModelSizes, size: Size, choice: Choice) -> Plan:
    """A plan for a model that needs more: one that differs from `plan` only in fewer resident blocks, if that is enough.

    Raises:
        PlanError: nothing fits.
    """
    try:
        return choose_plan(plan.machine, model, size, replace(plan.profile, resident=FIT))
    except PlanError:
        return choose_plan(plan.machine, model, size, *choice)


def _plan_with_loras(bare: Plan, model: ModelSizes, size: Size, choice: Choice) -> Plan:
    """A plan with room for the LoRAs that `model` counts.

    It differs from the plan without LoRAs (`bare`) only in fewer resident blocks, if that is enough. So the precision of the
    weights, which changes the film, depends on a segment's LoRAs only where nothing else fits.
    """
    try:
        return _plan_like(bare, model, size, choice)
    except PlanError as error:
        raise PlanError(sentence(
            "The LoRAs of this segment take {size} of graphics memory beside the model. Take one off, or use LoRAs of a lower "
            "rank. {error}", size=gigabytes(model.lora_bytes), error=str(error))) from error


class ModelPlacement:
    """The plan that backbone and codec of one large model follow."""

    def __init__(
        self, backbone: PlaceableBackbone, codec: TiledCodec, override: Profile | None = None,
        profiles: Sequence[Profile] | None = None,
    ) -> None:
        """Makes the codec follow the backbone's plan.

        Args:
            backbone: its plan is the first one.
            codec: decodes in the plan's tiles.
            override, profiles: as for `choose_plan`; those that the backbone's plan was chosen with.
        """
        self.backbone = backbone
        self.codec = codec
        self._override = override
        self._profiles = profiles
        self.close_text_encoders: Callable[[], None] = lambda: None
        """Called when the plan moves the text encoder, so that it is loaded anew. The owner of the encoder sets it."""
        self._weights = self.plan.profile.weights       # of the plan without LoRAs
        self._growth = self._describe_growth(self.plan)
        codec.set_tile_size(self.plan.profile.vae_tile)

    @property
    def plan(self) -> Plan:
        """The current plan."""
        return self.backbone.plan

    @property
    def sentences(self) -> tuple[str, ...]:
        """Sentences for people: the plan, and how previews are made."""
        return (*describe(self.plan), *(sentence for sentence in (self._growth, self.codec.preview_note) if sentence))

    def replan(self, size: Size, step_cache: bool = False, lora_bytes: int = 0, sections: int = 0, film: int = 0) -> None:
        """Changes the plan for the next film, if the current plan does not suffice.

        Args:
            size: width and height of the film in pixels.
            step_cache: reserve room for a step cache.
            lora_bytes: bytes of the LoRAs that will be active.
            sections: of the film when the next take is made; of a memory that grows so many must fit.
            film: sections of the whole timeline, for which there is room where so many fit. Plans follow it in large steps.

        Raises:
            PlanError: it does not fit; the message says what to change.
        """
        now = self.plan
        least = now.model.sections if size == now.requested_size else 1
        if not now.model.psi_grows:
            self._replan(size, step_cache, lora_bytes, now.model.sections)
            return
        try:
            self._replan(size, step_cache, lora_bytes, max(least, planned_sections(max(sections, film))))
        except PlanError:
            self._replan(size, step_cache, lora_bytes, max(least, sections))

    def _replan(self, size: Size, step_cache: bool, lora_bytes: int, length: int) -> None:
        """As `replan`, for a film of `length` sections."""
        now, cache = self.plan, step_cache or (self._override is not None and self._override.cache != "none")
        same, longer = size == now.requested_size and cache == (now.profile.cache != "none"), length != now.model.sections
        if same and not longer and lora_bytes == now.model.lora_bytes:
            return
        override, profiles = self._override, self._profiles
        if step_cache:
            override = override and replace(override, cache="first-block")
            profiles = [replace(profile, cache="first-block") for profile in profiles or find_profiles()]
        unchanged, model = same and now.profile.weights == self._weights, replace(now.model, lora_bytes=lora_bytes, sections=length)
        candidate = plan_of(now.machine, model, now.size, now.profile, now.requested_size)
        if unchanged and candidate.fits:
            self._set_plan(candidate)
            return
        choice, without = (override, profiles), replace(model, lora_bytes=0)
        if unchanged:
            bare = _plan_like(now, without, size, choice) if longer else now
        else:
            bare = choose_plan(now.machine, without, size, *choice)
        self._set_plan(_plan_with_loras(bare, model, size, choice) if lora_bytes else bare)
        self._weights = bare.profile.weights

    def reduce(self, stage: Stage) -> str:
        """Changes to a plan that needs less GPU memory, after memory ran out.

        Args:
            stage: what the engine was doing.

        Returns:
            A sentence that says what changed.

        Raises:
            CannotReduceError: there is no such plan.
        """
        before = self.plan
        after = reduce_plan(before, stage)
        self._set_plan(after)
        return describe_change(before, after, stage)

    def release(self) -> None:
        """Frees device and host. The model cannot be used afterwards."""
        self.backbone.release()

    def _set_plan(self, plan: Plan) -> None:
        moved = plan.profile.text_encoder != self.plan.profile.text_encoder
        self.backbone.set_plan(plan)
        if moved:
            self.close_text_encoders()
        self.codec.set_tile_size(plan.profile.vae_tile)
        self._growth = self._describe_growth(plan)

    def _describe_growth(self, plan: Plan) -> str:
        return describe_growth(plan.machine, plan.model, plan.size, self._override, self._profiles)
