"""A large model as it is placed: its plan, and how the plan changes with the film's size and with what the card can bear.

It knows no takes. Whoever renders asks it to `suit` a size first, and to `lighten` when memory ran out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from studio.engine.placement.backbone import PlacedBackbone
from studio.engine.placement.laid import Plan, lay
from studio.engine.placement.parts import PlacedCodec
from studio.engine.placement.plan import Doing, PlanError, plan
from studio.engine.placement.profile import Profile, find_profiles
from studio.engine.placement.rungs import descend, told
from studio.engine.placement.sizes import Size
from studio.engine.placement.words import gigabytes, placed


class PlacedModel:
    """Backbone and codec of one model, where one plan says."""

    def __init__(
        self, backbone: PlacedBackbone, codec: PlacedCodec, override: Profile | None = None,
        profiles: Sequence[Profile] | None = None,
    ) -> None:
        """`override` and `profiles` as for `plan`: what the backbone's plan was made with."""
        self.backbone = backbone
        self.codec = codec
        self._override = override
        self._profiles = profiles
        self.forget_encoders: Callable[[], None] = lambda: None
        """Called when the text encoder lies elsewhere: whoever has opened it opens it anew."""
        codec.codec.tiles(self.plan.profile.vae_tile)

    @property
    def plan(self) -> Plan:
        return self.backbone.plan

    @property
    def sentences(self) -> tuple[str, ...]:
        """The plan in words, and how previews are made."""
        look = self.codec.codec.look
        return (*placed(self.plan), *([] if look is None else [look.sentence]))

    def suit(self, size: Size, caching: bool = False, loras: int = 0) -> None:
        """Plan for films of this size, with room for a step cache where one is used, and for so many bytes of LoRAs.

        Nothing is moved where the plan that there is will do.

        Raises:
            PlanError: this does not fit; the message says what to change.
        """
        now, wanted = self.plan, caching or (self._override is not None and self._override.cache != "none")
        model = replace(now.model, loras=loras)
        if size == now.asked and wanted == (now.profile.cache != "none"):
            if loras == now.model.loras:
                return
            kept = lay(now.machine, model, now.size, now.profile, now.asked)
            if kept.fits:
                self._follow(kept)
                return
        override, profiles = self._override, self._profiles
        if caching:
            override = override and replace(override, cache="first-block")
            profiles = [replace(profile, cache="first-block") for profile in profiles or find_profiles()]
        try:
            self._follow(plan(now.machine, model, size, override, profiles))
        except PlanError as error:
            if not loras:
                raise
            raise PlanError(
                f"The LoRAs of this segment take {gigabytes(loras)} of graphics memory beside the model. Take one off, or use "
                f"LoRAs of a lower rank. {error}"
            ) from error

    def lighten(self, doing: Doing) -> str:
        """One rung down after the device ran out of memory at something; says what changed.

        Raises:
            NoRungError: there is none left.
        """
        before = self.plan
        after = descend(before, doing)
        self._follow(after)
        return told(before, after, doing)

    def release(self) -> None:
        """Give the device back for good."""
        self.backbone.release()

    def _follow(self, plan: Plan) -> None:
        moved = plan.profile.text_encoder != self.plan.profile.text_encoder
        self.backbone.follow(plan)
        if moved:
            self.forget_encoders()
        self.codec.codec.tiles(plan.profile.vae_tile)
