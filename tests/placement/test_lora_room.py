"""Room for LoRAs in the plan of a large model: nothing moves without need, and weights stay what they are."""

from __future__ import annotations

from typing import Any

import pytest

from studio.backbones.framepack.family import framepack_f1
from studio.placement.device.placed_model import PlacedModel
from studio.placement.machine import GB, imagine
from studio.placement.needs import Plan
from studio.placement.plan import PlanError, choose_plan

SIZE = (640, 640)


class Backbone:
    """Follows plans, and counts how often something would move."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.moves = plan, 0

    def follow(self, plan: Plan) -> None:
        self.moves += (plan.profile.resident, plan.profile.weights) != (self.plan.profile.resident, self.plan.profile.weights)
        self.plan = plan


class Codec:
    """Says nothing."""

    codec: Any

    def __init__(self) -> None:
        self.codec = self

    def tiles(self, edge: int) -> None:
        """Any."""


def placed(card: float) -> tuple[PlacedModel, Backbone]:
    backbone = Backbone(choose_plan(imagine(card, 64, "Linux"), framepack_f1(), SIZE))
    return PlacedModel(backbone, Codec()), backbone                         # type: ignore[arg-type]


@pytest.mark.parametrize("card", [8, 12, 16, 24, 48])
def test_every_card_has_room_and_is_given_back_what_it_had(card: float) -> None:
    model, backbone = placed(card)
    before = backbone.plan
    for loras in (GB // 4, GB, GB // 2):
        model.suit(SIZE, loras=loras)
        assert backbone.plan.fits and backbone.plan.model.loras == loras
        assert backbone.plan.profile.weights == before.profile.weights
    moved = backbone.moves
    model.suit(SIZE)
    assert backbone.plan.model.loras == 0 and backbone.plan.profile.weights == before.profile.weights
    assert backbone.moves == moved, "what fits stays where it is"


def test_room_that_is_there_moves_nothing() -> None:
    model, backbone = placed(48)
    model.suit(SIZE, loras=GB // 4)
    model.suit(SIZE)
    assert backbone.moves == 0


def test_no_room_is_a_sentence_and_changes_nothing() -> None:
    model, backbone = placed(8)
    before = backbone.plan
    with pytest.raises(PlanError, match=r"The LoRAs of this segment take 9\.0 GB of graphics memory.*Take one off.*does not fit"):
        model.suit(SIZE, loras=9 * GB)
    assert backbone.plan is before and backbone.moves == 0


def test_weights_that_had_to_change_come_back() -> None:
    model, backbone = placed(48)
    before = backbone.plan
    assert before.profile.weights == "bf16"
    for loras in range(60 * GB, 0, -GB // 8):
        try:
            model.suit(SIZE, loras=loras)
            break
        except PlanError:
            continue
    assert backbone.plan.fits and backbone.plan.profile.weights == "int8", "the most that fits at all"
    model.suit(SIZE, loras=GB)
    assert backbone.plan.fits and backbone.plan.profile.weights == "bf16"
    model.suit(SIZE, loras=loras)
    model.suit(SIZE)
    assert backbone.plan.fits and backbone.plan.profile.weights == "bf16"
