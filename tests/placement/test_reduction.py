"""Plans that need less GPU memory: what changes first, what only the artist may change, and that the GPU's real limit is kept."""

from __future__ import annotations

from dataclasses import replace

from studio.backbones.framepack.sizes import published_sizes
from studio.placement.choose import Stage, choose_plan
from studio.placement.machine import imagine_machine
from studio.placement.plan import Plan
from studio.placement.profile import PROFILES, read_profile
from studio.placement.reduction import CannotReduceError, describe_change, reduce_plan

F1 = published_sizes()


def down(plan: Plan, doing: Stage) -> tuple[list[Plan], str]:
    """Every plan until none needs less, and the message then."""
    plans = [plan]
    while True:
        try:
            plans.append(reduce_plan(plans[-1], doing))
        except CannotReduceError as error:
            return plans, f"{error} {error.remedy}"


def test_decoding_gives_up_tiles_and_then_blocks() -> None:
    plans, _ = down(choose_plan(imagine_machine(12, 32, "Linux"), F1, (640, 640)), "decoding")
    assert [plan.profile.vae_tile for plan in plans[:3]] == [256, 192, 128]
    assert plans[2].profile.resident == plans[0].profile.resident > plans[3].profile.resident
    assert describe_change(plans[0], plans[1], "decoding") == (
        "The graphics card ran out of memory while decoding: from now on frames are decoded in tiles of 192 pixels. "
        "Nothing is lost."
    )


def test_denoising_gives_up_blocks_and_neither_tiles_nor_the_film() -> None:
    first = choose_plan(imagine_machine(12, 32, "Linux"), F1, (640, 640))
    plans, message = down(first, "denoising")
    assert {(plan.profile.vae_tile, plan.profile.weights, plan.size) for plan in plans} == {(256, "int8", (640, 640))}
    residents = [plan.profile.resident for plan in plans]
    assert residents == sorted(set(residents), reverse=True) and residents[-1] == 0
    assert "even with 0 of 60 blocks on it" in message and message.endswith("or choose the size 608 x 608 or a smaller one.")
    change = describe_change(plans[0], plans[1], "denoising")
    assert "of 60 blocks stay on the card, and the others are streamed from memory" in change


def test_reading_gives_up_the_text_encoders_place_and_then_blocks() -> None:
    first = choose_plan(imagine_machine(24, 64, "Linux"), F1, (640, 640))
    plans, message = down(first, "reading")
    assert [plan.profile.text_encoder for plan in plans[:4]] == ["gpu", "streamed", "cpu", "cpu"]
    assert [plan.profile.resident for plan in plans[:4]] == [60, 60, 60, 45] and plans[-1].profile.resident == 0
    assert plans[1].text_peak < first.text_peak and not plans[2].text_peak
    assert describe_change(plans[0], plans[1], "reading") == (
        "The graphics card ran out of memory while reading the prompt and the picture: from now on the text encoder passes "
        "through the card layer by layer, from disk. Nothing is lost."
    )
    assert "prompts are read on the processor" in describe_change(plans[1], plans[2], "reading")
    assert "choose a profile with int8 weights, or choose the size 608 x 608 or a smaller one" in message


def test_text_does_not_move_to_a_memory_that_has_no_room_for_it() -> None:
    lean = replace(read_profile(PROFILES / "card-12gb.toml"), resident=60, text_weights="bf16")
    first = choose_plan(imagine_machine(16, 12, "Linux"), F1, (640, 640), override=lean)
    assert first.profile.text_encoder == "streamed"
    lower = reduce_plan(first, "reading")
    assert (lower.profile.text_encoder, lower.profile.resident) == ("streamed", 45)


def test_other_weights_are_the_artists_choice() -> None:
    plans, message = down(choose_plan(imagine_machine(24, 64, "Linux"), F1, (640, 640)), "denoising")
    assert {plan.profile.weights for plan in plans} == {"bf16"} and "choose a profile with int8 weights" in message


def test_where_no_film_is_smaller_another_card_is_the_remedy() -> None:
    plan = choose_plan(imagine_machine(6, 32, "Linux"), F1, (256, 256))
    assert "use a card with more memory" in down(plan, "denoising")[1]


def test_the_card_is_as_large_as_it_proved_to_be() -> None:
    first = choose_plan(imagine_machine(12, 32, "Linux"), F1, (640, 640))
    lower = reduce_plan(first, "denoising")
    assert lower.fits and lower.budget == lower.peak < first.peak
    again = choose_plan(lower.machine, F1, (640, 640))
    assert again.peak <= lower.peak
    assert choose_plan(replace(first.machine), F1, (640, 640)).peak > lower.peak
