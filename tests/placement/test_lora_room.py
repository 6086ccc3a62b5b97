"""Room for LoRAs in the plan of a large model: nothing moves without need, and the precision of the weights stays."""

from __future__ import annotations

from typing import Any

import pytest

from studio.backbones.framepack.sizes import published_sizes
from studio.placement.choose import PlanError, choose_plan
from studio.placement.device.model_placement import ModelPlacement
from studio.placement.machine import GB, imagine_machine
from studio.placement.plan import Plan

SIZE = (640, 640)


class Backbone:
    """Counts how often a new plan would move weights."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.moves = plan, 0

    def set_plan(self, plan: Plan) -> None:
        self.moves += (plan.profile.resident, plan.profile.weights) != (self.plan.profile.resident, self.plan.profile.weights)
        self.plan = plan


class Codec:
    """Accepts any size of tiles."""

    codec: Any

    def __init__(self) -> None:
        self.codec = self

    def set_tile_size(self, edge: int) -> None:
        """Does nothing."""


def model_and_backbone(card: float) -> tuple[ModelPlacement, Backbone]:
    backbone = Backbone(choose_plan(imagine_machine(card, 64, "Linux"), published_sizes(), SIZE))
    return ModelPlacement(backbone, Codec()), backbone                         # type: ignore[arg-type]


@pytest.mark.parametrize("card", [8, 12, 16, 24, 48])
def test_every_card_has_room_and_is_given_back_what_it_had(card: float) -> None:
    model, backbone = model_and_backbone(card)
    before = backbone.plan
    for loras in (GB // 4, GB, GB // 2):
        model.replan(SIZE, lora_bytes=loras)
        assert backbone.plan.fits and backbone.plan.model.lora_bytes == loras
        assert backbone.plan.profile.weights == before.profile.weights
    moved = backbone.moves
    model.replan(SIZE)
    assert backbone.plan.model.lora_bytes == 0 and backbone.plan.profile.weights == before.profile.weights
    assert backbone.moves == moved, "what fits stays where it is"


def test_room_that_is_there_moves_nothing() -> None:
    model, backbone = model_and_backbone(48)
    model.replan(SIZE, lora_bytes=GB // 4)
    model.replan(SIZE)
    assert backbone.moves == 0


def test_no_room_is_a_sentence_and_changes_nothing() -> None:
    model, backbone = model_and_backbone(8)
    before = backbone.plan
    with pytest.raises(PlanError, match=r"The LoRAs of this segment take 9\.0 GB of graphics memory.*Take one off.*does not fit"):
        model.replan(SIZE, lora_bytes=9 * GB)
    assert backbone.plan is before and backbone.moves == 0


def test_weights_that_had_to_change_come_back() -> None:
    model, backbone = model_and_backbone(48)
    before = backbone.plan
    assert before.profile.weights == "bf16"
    for loras in range(60 * GB, 0, -GB // 8):
        try:
            model.replan(SIZE, lora_bytes=loras)
            break
        except PlanError:
            continue
    assert backbone.plan.fits and backbone.plan.profile.weights == "int8", "the most that fits at all"
    model.replan(SIZE, lora_bytes=GB)
    assert backbone.plan.fits and backbone.plan.profile.weights == "bf16"
    model.replan(SIZE, lora_bytes=loras)
    model.replan(SIZE)
    assert backbone.plan.fits and backbone.plan.profile.weights == "bf16"
